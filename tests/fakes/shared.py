"""Where test data that is not ours lies: beside the project, never inside it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

__all__ = ["shared_path"]

_DEFAULT = Path(__file__).resolve().parents[3] / "shared"


def shared_path(*parts: str) -> Path:
    """Return a path below the shared folder (`$SCOP_SHARED`, else `../shared`); skip aloud where it is absent."""
    path = Path(os.environ.get("SCOP_SHARED") or _DEFAULT).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"SHARED DATA ABSENT: {'/'.join(parts)} (set SCOP_SHARED to the folder that has it)")
    return path

"""The TSIG key that a cell shares with the primary: one copy in the state folder of each, written by `scop init`."""

from __future__ import annotations

from pathlib import Path

from scop.dns.tsig import TsigKey

__all__ = ["TSIG_FILE", "read_tsig_key"]

TSIG_FILE = "tsig.key"


def read_tsig_key(folder: Path) -> TsigKey:
    """Return the key in a cell's folder; raises `ValueError` that names the file and the fix."""
    path = folder / TSIG_FILE
    try:
        return TsigKey.parse(path.read_text(encoding="ascii"))
    except FileNotFoundError as error:
        raise ValueError(f"{path} is missing: the primary holds the same, copy its twin") from error
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error

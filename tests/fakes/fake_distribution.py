"""Lays down a distribution as an installer does: a module, and metadata that names an entry point."""

from __future__ import annotations

import re
from pathlib import Path

__all__ = ["install", "shown_extension"]

_PAGE = Path(__file__).parents[2] / "docs" / "smtp-extensions.md"


def install(folder: Path, group: str, name: str, code: str, value: str) -> None:
    """Put module `name` and the metadata of `name`-dist 1.2 into a folder that is to stand in the path."""
    (folder / f"{name}.py").write_text(code)
    metadata = folder / f"{name}_dist-1.2.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}-dist\nVersion: 1.2\n")
    (metadata / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")


def shown_extension() -> str:
    """Return the extension that docs/smtp-extensions.md shows."""
    found = re.search(r"```python\n(.*?)```", _PAGE.read_text(), re.DOTALL)
    assert found is not None
    return found[1]

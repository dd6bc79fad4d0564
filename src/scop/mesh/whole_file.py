"""Writes a small file of a cell's own so that it is whole after any end: a kill, a full disk, a power cut.

Standards: POSIX rename(2) and fsync(2): the old file or the new one, never half of one.
"""

from __future__ import annotations

import os
from pathlib import Path

__all__ = ["write_whole"]


def write_whole(path: Path, octets: bytes) -> None:
    """Put a file that others cannot read in the place of the old one; durable when it returns. Raises `OSError`."""
    beside = path.with_name(f"{path.name}.new")
    beside.unlink(missing_ok=True)  # of a start that was cut off
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)  # the rename itself
    finally:
        os.close(folder)

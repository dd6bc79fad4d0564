"""What a fault of the disk or the database means: no room, trouble that may pass, or a bug.

Standards: none; https://sqlite.org/rescode.html
"""

from __future__ import annotations

import errno
import sqlite3

__all__ = ["is_disk_trouble", "is_full"]

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_PASSING = {
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_READONLY,
}


def is_full(fault: BaseException) -> bool:
    """Tell whether there was no room."""
    if isinstance(fault, OSError):
        return fault.errno in _FULL
    return isinstance(fault, sqlite3.Error) and _primary_code(fault) == sqlite3.SQLITE_FULL


def is_disk_trouble(fault: BaseException) -> bool:
    """Tell whether the disk is at fault, which may be mended while we run."""
    return isinstance(fault, OSError) or (isinstance(fault, sqlite3.Error) and _primary_code(fault) in _PASSING)


def _primary_code(fault: sqlite3.Error) -> int:
    # Faults that Python itself raises bear no code.
    return getattr(fault, "sqlite_errorcode", 0) & 0xFF

"""Bringing many files to the disk at once: a sync costs the same for one as for hundreds.

`fsync` of each of 50 small files takes 12 ms here, one `syncfs` over them 2 ms: the journal is written
once. But it also writes what others have left unwritten on that file system. So few files are synced one by one,
and many too for a while after a `syncfs` took longer than that would have.

Standards: none; syncfs(2), fsync(2), sync_file_range(2).
"""

from __future__ import annotations

import ctypes
import errno
import os
import time
from collections.abc import Sequence

__all__ = ["FileSync", "sync_folder"]

FEW = 3  # files for which their own syncs cost less than one of the whole file system
FILE_SECONDS = 0.00025  # what the sync of one file among many costs
AVOID_SECONDS = 5.0  # after a slow one
_TELLS_FAULTS = (5, 8)  # syncfs(2): before this Linux a fault of the disk was not reported
_BEGIN_TO_WRITE = ctypes.c_uint(2)  # SYNC_FILE_RANGE_WRITE

_libc = ctypes.CDLL(None, use_errno=True)


class FileSync:
    """Syncs files and folders, in the way that was quicker lately; in a confined cell one by one."""

    def __init__(self) -> None:
        self._avoid_until = 0.0 if _can_sync_file_systems() else float("inf")

    def sync(self, descriptors: Sequence[int]) -> None:
        """Return once what was written to these files, or entered in these folders, is durable; raises `OSError`."""
        started = time.monotonic()
        if len(descriptors) <= FEW or started < self._avoid_until:
            _sync_each(descriptors)
            return
        for descriptor in {os.fstat(each).st_dev: each for each in descriptors}.values():
            if _libc.syncfs(ctypes.c_int(descriptor)) != 0:
                code = ctypes.get_errno()
                if code != errno.EPERM:
                    raise OSError(code, os.strerror(code))
                self._avoid_until = float("inf")  # a confined cell may not
                _sync_each(descriptors)
                return
        now = time.monotonic()
        if now - started > FILE_SECONDS * len(descriptors):
            self._avoid_until = now + AVOID_SECONDS


def _sync_each(descriptors: Sequence[int]) -> None:
    if len(descriptors) > 1:  # let the disk begin with all, before the first is waited for
        for descriptor in descriptors:
            _libc.sync_file_range(ctypes.c_int(descriptor), ctypes.c_int64(0), ctypes.c_int64(0), _BEGIN_TO_WRITE)
    for descriptor in descriptors:
        os.fsync(descriptor)


def sync_folder(path: str) -> None:
    """Return once the entries of one folder are on the disk."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _can_sync_file_systems() -> bool:
    release = os.uname().release.split(".")
    numbers = tuple(int(each) for each in release[:2] if each.isdecimal())
    return hasattr(_libc, "syncfs") and numbers >= _TELLS_FAULTS

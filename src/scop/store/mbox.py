"""An mbox: all mails in one file, appended durably under its lock.

Mails that come in while one sync runs are appended together and share the next. Where the disk is full the
file is cut back to what it was. Lines end with LF alone; one that could be taken for the beginning of
a mail is quoted reversibly (`mboxrd`).

Standards: RFC 4155 (the format, its separator line); fcntl(2) for the lock, which mutt and Postfix take too.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import time
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from scop.store.lane import Failed, Lane, Outcome, Returned
from scop.store.sync import sync_folder

__all__ = ["Mbox", "entry"]

MAX_GROUP = 256  # mails that share one sync
LOCK_SECONDS = 10.0  # that a mail program may hold the file
LOCK_PAUSE_SECONDS = 0.05

_FROM = re.compile(rb"^(>*From )", re.MULTILINE)


def entry(sender: str, unix: float, octets: bytes) -> bytes:
    """Return a mail with lines ended by LF as it stands in the file: separator, quoted lines, an empty line."""
    # RFC 4155 appendix A: the address without brackets, and the time in UTC as asctime writes it.
    separator = f"From {sender or 'MAILER-DAEMON'} {_asctime(int(unix))}\n".encode()
    text = _FROM.sub(rb">\1", octets) if b"From " in octets else octets
    return b"".join((separator, text, b"\n" if text.endswith(b"\n") else b"\n\n"))


@lru_cache(maxsize=4)  # thousands of mails come in one second
def _asctime(unix: int) -> str:
    return time.asctime(time.gmtime(unix))


class Mbox:
    """One file; several processes may append to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._descriptor = -1
        self._identity = (0, 0)  # of the file that is open
        self._lane: Lane[bytes] = Lane("mbox", self._append_all, self._end, max_batch=MAX_GROUP)

    def prepare(self) -> None:
        """Make the file now, which `keep` else does; blocks; raises `OSError`."""
        if self._descriptor < 0:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC
            self._descriptor = os.open(self._path, flags, 0o600)
            ours = os.fstat(self._descriptor)
            self._identity = (ours.st_dev, ours.st_ino)
            sync_folder(str(self._path.parent.absolute()))

    async def keep(self, octets: bytes) -> None:
        """Return once an `entry` is durable at the end of the file; raises `OSError`, and then it is not there."""
        await self._lane.do(octets)

    async def close(self) -> None:
        """Finish what was asked."""
        await self._lane.close()

    # On the lane's thread

    def _append_all(self, entries: Sequence[bytes]) -> list[Outcome]:
        try:
            before = self._lock_where_it_is_now()
            try:
                self._append(before, b"".join(entries))
            finally:
                fcntl.lockf(self._descriptor, fcntl.LOCK_UN)
        except OSError as fault:
            return [Failed(fault)] * len(entries)
        return [Returned(None)] * len(entries)

    def _append(self, before: int, octets: bytes) -> None:
        gap = _gap(os.pread(self._descriptor, 2, max(0, before - 2)))
        try:
            rest = gap + octets
            while rest:
                rest = rest[os.write(self._descriptor, rest) :]
            os.fdatasync(self._descriptor)  # with the size, which is needed to read it
        except OSError:
            os.ftruncate(self._descriptor, before)
            raise

    def _lock_where_it_is_now(self) -> int:
        """Lock the file, return its size; while we wait a mail program may put another in its place, as `mv` does."""
        self.prepare()
        self._lock()
        while (there := self._there()) is None or (there.st_dev, there.st_ino) != self._identity:
            self._end()  # and with it our lock
            self.prepare()
            self._lock()
        return there.st_size

    def _lock(self) -> None:
        deadline = time.monotonic() + LOCK_SECONDS
        while True:
            try:
                fcntl.lockf(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as fault:
                if fault.errno not in (errno.EACCES, errno.EAGAIN) or time.monotonic() > deadline:
                    raise
                time.sleep(LOCK_PAUSE_SECONDS)
            else:
                return

    def _there(self) -> os.stat_result | None:
        try:
            return os.stat(self._path)  # noqa: PTH116 - beside fstat
        except FileNotFoundError:
            return None

    def _end(self) -> None:
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _gap(tail: bytes) -> bytes:
    """Return what has to stand before a separator: a writer that died may have left half a mail."""
    if not tail or tail == b"\n\n":
        return b""
    return b"\n" if tail.endswith(b"\n") else b"\n\n"

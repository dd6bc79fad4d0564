"""A lock that processes hold in turn: who lets it go and wants it again comes after those who wait already.

It is three files beside what it guards. Whoever wants the turn holds `next` first and keeps it until the turn is
theirs, so that nobody who comes back at once overtakes. Whoever has had it shares `users` until it is closed, so that
what is guarded is removed by the last of them alone. The kernel lets all go with the process that held them, however it
ended. Those who wait for `next` are in no order.

Standards: none; flock(2).
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from pathlib import Path

__all__ = ["TurnLock"]

_LOOK_SECONDS = 0.01


class TurnLock:
    """The turn at `path`, not taken yet; for one thread."""

    def __init__(self, path: Path) -> None:
        self._places = tuple(path.with_name(f"{path.name}.{part}") for part in ("next", "lock", "users"))
        self._next = self._turn = self._users = -1
        self._process = os.getpid()

    def take(self, patience_seconds: float) -> bool:
        """Take the turn, waiting so long at most; return whether it was taken."""
        deadline = time.monotonic() + patience_seconds
        try:
            while not self._is_taken() or self._was_removed():
                if time.monotonic() >= deadline:
                    self.close()
                    return False
                time.sleep(_LOOK_SECONDS)
        except BaseException:  # who is interrupted holds nobody up
            self.close()
            raise
        return True

    async def take_back(self) -> bool:
        """Take the turn again, however long others have it; return whether what it guards is there still."""
        try:
            while not self._is_taken():  # noqa: ASYNC110 - another process lets it go, which tells us nothing
                await asyncio.sleep(_LOOK_SECONDS)
        except BaseException:  # who is cancelled holds nobody up
            fcntl.flock(self._next, fcntl.LOCK_UN)
            raise
        return bool(os.fstat(self._turn).st_nlink)

    def let_go(self) -> None:
        """Let others have it."""
        fcntl.flock(self._turn, fcntl.LOCK_UN)

    def is_alone(self) -> bool:
        """Return whether nobody else has what it guards open; for who has the turn, and removes that or closes."""
        return _is_locked(self._users)

    def remove(self) -> None:
        """Remove its files, after what they guard; for who has the turn, and is alone."""
        for place in self._places:
            place.unlink(missing_ok=True)

    def close(self) -> None:
        """Let it go for good; closing twice is fine."""
        for descriptor in (self._users, self._turn, self._next):
            if descriptor < 0:
                continue
            if self._process == os.getpid():  # a child that was forked shares the lock, and may live on
                fcntl.flock(descriptor, fcntl.LOCK_UN)
            os.close(descriptor)
        self._next = self._turn = self._users = -1

    def _is_taken(self) -> bool:
        """Take the turn if nobody has it; what was reached of the way to it is kept."""
        if self._turn < 0:
            self._next, self._turn, self._users = map(_opened, self._places)
        if not _is_locked(self._next) or not _is_locked(self._turn):
            return False
        fcntl.flock(self._users, fcntl.LOCK_SH)  # at once: only who has the turn ever wants it alone
        fcntl.flock(self._next, fcntl.LOCK_UN)
        return True

    def _was_removed(self) -> bool:
        """Return whether somebody removed the files while we waited; then these guard nothing, and are let go."""
        if os.fstat(self._turn).st_nlink:
            return False
        self.close()
        return True


def _opened(path: Path) -> int:
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_locked(descriptor: int) -> bool:
    """Lock a file, unless another process has it; a lock of our own stays."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True

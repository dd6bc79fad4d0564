"""Large bodies as files, named by the hash of what is in them: many mails with one body share one file.

A file is written under another name, synced and renamed, and its folder synced, before a row of the database may
refer to it; bodies that arrive together share the syncs. It goes when no row refers to it any more.

Theory of operation: whoever is about to refer to a body holds it from before its file is looked for until after its
row is committed. To remove a file, one asks under the same lock whether it is held and whether a row refers to it.
So either the file goes first and the newcomer writes it again, or it stays.
"""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from hashlib import sha256
from pathlib import Path

from scop.store.lane import Failed, Lane, Outcome, Returned

__all__ = ["Bodies", "BodyLost"]

MAX_GROUP = 64  # bodies that share a sync of the folder: 1 MiB at least are in memory meanwhile
SYNCS_AT_ONCE = 4  # the file system joins them; measured: three times as many mails per second as one after the other
_NEW = ".new"


class BodyLost(Exception):
    """A body that a row refers to is not there, or not whole: the disk has lost it."""


class Bodies:
    """One folder, owned by one process. `hold` is awaited; the rest blocks, and may be called on any thread."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        for left in folder.glob(f"*{_NEW}"):  # by a process that was killed
            left.unlink()
        _sync_folder(folder.parent)
        # Every file is reached from the open folder: whatever becomes of the path to it, mail goes on.
        self._folder = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        os.fsync(self._folder)
        self._lock = threading.Lock()
        self._held: Counter[bytes] = Counter()
        self._pool = ThreadPoolExecutor(SYNCS_AT_ONCE, "body sync")
        self._writer: Lane[memoryview] = Lane("body writer", self._write_group, self._end, max_batch=MAX_GROUP)

    async def hold(self, octets: memoryview) -> bytes:
        """Return the key of a body that is durable, and stays until as many `release` as `hold`.

        Raises `OSError` where the disk cannot take it.
        """
        key = await self._writer.do(octets)
        assert isinstance(key, bytes)
        return key

    def release(self, key: bytes) -> None:
        """Let go of a body: from here on only rows of the database keep it."""
        with self._lock:
            self._held[key] -= 1
            if self._held[key] <= 0:
                del self._held[key]

    def read(self, key: bytes, size_octets: int) -> bytes:
        """Return a body; raises `BodyLost`."""
        try:
            with os.fdopen(os.open(key.hex(), os.O_RDONLY | os.O_CLOEXEC, dir_fd=self._folder), "rb") as file:
                octets = file.read()
        except OSError as fault:
            raise BodyLost(f"the body {key.hex()} cannot be read: {fault.strerror}") from fault
        if len(octets) != size_octets:
            raise BodyLost(f"the body {key.hex()} has {len(octets)} octets instead of {size_octets}")
        return octets

    def remove(self, key: bytes, is_referred_to: Callable[[bytes], bool]) -> None:
        """Remove a file unless it is held or referred to; `is_referred_to` sees all that is committed by now."""
        with self._lock:
            if key not in self._held and not is_referred_to(key):
                self._unlink(key.hex())

    def free_octets(self) -> int:
        """Return how much the disk can still take."""
        disk = os.fstatvfs(self._folder)
        return disk.f_bavail * disk.f_frsize

    def keys(self) -> Iterator[bytes]:
        """Yield the keys of all files."""
        with os.scandir(self._folder) as found:
            for each in found:
                with suppress(ValueError):  # what is being written
                    yield bytes.fromhex(each.name)

    async def close(self) -> None:
        """Finish what was asked for."""
        await self._writer.close()

    def _end(self) -> None:
        self._pool.shutdown()
        os.close(self._folder)

    def _exists(self, key: bytes) -> bool:
        return os.access(key.hex(), os.F_OK, dir_fd=self._folder)

    def _unlink(self, name: str) -> None:
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=self._folder)

    def _write_group(self, bodies: Sequence[memoryview]) -> Sequence[Outcome]:
        keys = [sha256(body).digest() for body in bodies]
        with self._lock:
            self._held.update(keys)
        missing = {key: body for key, body in zip(keys, bodies, strict=True) if not self._exists(key)}
        faults = dict(zip(missing, self._pool.map(self._write, missing, missing.values()), strict=True))
        try:
            self._name([key.hex() for key in missing if faults[key] is None])
        except OSError as fault:
            faults |= dict.fromkeys(missing, fault)
        return [self._outcome(key, faults.get(key)) for key in keys]

    def _outcome(self, key: bytes, fault: OSError | None) -> Outcome:
        if fault is None:
            return Returned(key)
        self.release(key)
        return Failed(fault)

    def _write(self, key: bytes, body: memoryview) -> OSError | None:
        """Write a file and sync it; a part of one takes no room on a disk that is full."""
        name = f"{key.hex()}{_NEW}"
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC
        try:
            descriptor = os.open(name, flags, 0o600, dir_fd=self._folder)
            with os.fdopen(descriptor, "wb", buffering=0) as file:
                _write_all(file.fileno(), body)
                os.fdatasync(file.fileno())
        except OSError as fault:
            with suppress(OSError):
                self._unlink(name)
            return fault
        return None

    def _name(self, names: Sequence[str]) -> None:
        """Give files their names, durably, or remove them all."""
        try:
            for name in names:
                os.rename(f"{name}{_NEW}", name, src_dir_fd=self._folder, dst_dir_fd=self._folder)
            if names:
                os.fsync(self._folder)
        except OSError:
            for name in names:
                self._unlink(name)
                self._unlink(f"{name}{_NEW}")
            raise


def _write_all(descriptor: int, octets: memoryview) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)

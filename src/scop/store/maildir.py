"""Maildirs: one file a mail, written by us and read and moved by any mail program, without locks.

`keep` returns once the mail is whole on the disk, under a name in `new` that the disk knows too. Mails that
come in while one sync runs share the next. A mail for several maildirs is in all of them, or in none.

Lines end with LF alone there, as programs that read maildirs expect: a mail without bare CR and
LF comes back octet for octet.

Standards: none; maildir(5), and Maildir++ for the size in the name.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scop.store.lane import Failed, Lane, Outcome, Returned
from scop.store.sync import FileSync, sync_folder

__all__ = ["Maildirs", "folder_name"]

MAX_GROUP = 256  # mails that share one sync; more only adds to the latency of the first
MAX_NAME_OCTETS = 200  # of a folder; file systems take 255

_UNFINISHED, _NEW, _SEEN = "tmp", "new", "cur"

_count = itertools.count(1)


@dataclass(slots=True)
class _Copy:
    """One file on its way."""

    folder: str
    name: str
    descriptor: int = -1
    place: str = ""  # where it stands at the moment, '' for nowhere


@dataclass(slots=True)
class _Work:
    """One mail, by folder what its file holds."""

    files: Mapping[str, bytes]
    copies: list[_Copy] = field(default_factory=list)
    fault: OSError | None = None


class Maildirs:
    """Maildirs below one folder; the name '' stands for that folder itself.

    `host` makes names unique where several machines deliver into one folder.
    """

    def __init__(self, root: Path, host: str) -> None:
        self._root = os.path.abspath(root)  # noqa: PTH100 - the paths of a busy place are plain text
        self._host = host.replace("/", "\\057").replace(":", "\\072")
        self._made: set[str] = set()
        self._disk = FileSync()
        self._lane: Lane[_Work] = Lane("maildir", self._keep_all, lambda: None, max_batch=MAX_GROUP)

    def prepare(self, *folders: str) -> None:
        """Make maildirs now, which `keep` else does at need; blocks; raises `OSError`."""
        for folder in folders:
            self._make(folder)

    async def keep(self, files: Mapping[str, bytes]) -> None:
        """Return once each file is durable in its maildir; raises `OSError`, and then none is there."""
        await self._lane.do(_Work(files))

    async def close(self) -> None:
        """Finish what was asked."""
        await self._lane.close()

    # On the lane's thread

    def _keep_all(self, works: Sequence[_Work]) -> list[Outcome]:
        for work in works:
            _attempt(work, self._write)
        self._sync(works, [copy.descriptor for work in works for copy in work.copies])
        for work in works:
            _attempt(work, self._enter)
        self._sync_new(works)
        return [_settle(work) for work in works]

    def _write(self, work: _Work) -> None:
        for folder, octets in work.files.items():
            self._make(folder)
            copy = _Copy(self._path(folder), self._new_name(octets))
            work.copies.append(copy)
            path = f"{copy.folder}/{_UNFINISHED}/{copy.name}"
            copy.descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
            copy.place = path
            _write_whole(copy.descriptor, octets)

    def _enter(self, work: _Work) -> None:
        for copy in work.copies:
            path = f"{copy.folder}/{_NEW}/{copy.name}"
            os.rename(copy.place, path)  # noqa: PTH104 - as above
            copy.place = path

    def _sync_new(self, works: Sequence[_Work]) -> None:
        folders = {copy.folder for work in works if work.fault is None for copy in work.copies}
        descriptors: list[int] = []
        try:
            for folder in folders:
                descriptor = os.open(f"{folder}/{_NEW}", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
                descriptors.append(descriptor)  # one by one: what is open is closed, whatever the next one does
        except OSError as fault:
            _fail(works, fault)
        self._sync(works, descriptors)
        for descriptor in descriptors:
            os.close(descriptor)

    def _sync(self, works: Sequence[_Work], descriptors: Sequence[int]) -> None:
        try:
            self._disk.sync([each for each in descriptors if each >= 0])
        except OSError as fault:  # nobody knows whose octets are lost
            _fail(works, fault)

    def _make(self, folder: str) -> None:
        if folder in self._made:
            return
        path = self._path(folder)
        for part in (_UNFINISHED, _NEW, _SEEN):
            os.makedirs(f"{path}/{part}", mode=0o700, exist_ok=True)  # noqa: PTH103 - as above
        sync_folder(path)
        sync_folder(os.path.dirname(path))  # noqa: PTH120 - as above
        self._made.add(folder)

    def _path(self, folder: str) -> str:
        return f"{self._root}/{folder}" if folder else self._root

    def _new_name(self, octets: bytes) -> str:
        now = time.time_ns()
        unique = f"M{now // 1000 % 1_000_000}P{os.getpid()}Q{next(_count)}"
        return f"{now // 1_000_000_000}.{unique}.{self._host},S={len(octets)}"


def folder_name(user: str) -> str:
    """Return the name of a user's folder: the name itself where a file can be called so, else percent-encoded."""
    safe = "".join(each if each.isalnum() or each in "@+-_=.~" else _escaped(each) for each in user)
    if safe.startswith("."):
        safe = f"%2E{safe[1:]}"
    if not safe or len(safe.encode()) > MAX_NAME_OCTETS:
        raise ValueError("a user's name that no folder can have")
    return safe


def _escaped(character: str) -> str:
    return "".join(f"%{octet:02X}" for octet in character.encode())


def _attempt(work: _Work, step: Callable[[_Work], None]) -> None:
    if work.fault is None:
        try:
            step(work)
        except OSError as fault:
            work.fault = fault


def _write_whole(descriptor: int, octets: bytes) -> None:
    written = os.write(descriptor, octets)
    while written < len(octets):  # the disk is nearly full, or the mail is over 2 GB
        written += os.write(descriptor, octets[written:])


def _fail(works: Sequence[_Work], fault: OSError) -> None:
    for work in works:
        work.fault = work.fault or fault


def _settle(work: _Work) -> Outcome:
    """Close the files; where one of them failed none stays."""
    for copy in work.copies:
        if copy.descriptor >= 0:
            with contextlib.suppress(OSError):  # what matters was said by the sync
                os.close(copy.descriptor)
        if work.fault is not None and copy.place:
            with contextlib.suppress(OSError):
                os.unlink(copy.place)  # noqa: PTH108 - as above
    return Returned(None) if work.fault is None else Failed(work.fault)

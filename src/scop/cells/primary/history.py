"""The history of our zones: a git repository in the primary's state, one master file a zone, one commit a change.

`git -C zones.git log -p -- harbor.test.zone` tells who changed what, when and why (as another user, root too, with
`-c safe.directory='*'`: git does not read what belongs to somebody else before it is told to). What is committed is on
the disk before the change is answered. One process at a time owns the repository; others may read it.

A master file that lies outside, as `scop init` writes it or `--zone NAME=FILE` names it, is *taken in*: as it stands,
comments and all, where the zone is new; otherwise, if it was edited since it was last taken in, what was edited is
merged into the zone as it is by now, so that neither the edit nor the updates since then are lost.

One zone may be *passing*: of what changes with every offender only the last version is kept, in a file of its own, so
that no disk fills with it and no history of ours is slow to read because of it.

Standards: RFC 1035 §5, RFC 2136 §3.5.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from scop.base import RemoteProtocolError, printable
from scop.cells.primary.holdings import Author
from scop.dns.names import normal_name
from scop.dns.rrset import RRset
from scop.dns.zone import Node, Zone
from scop.dns.zone.difference import Merged, merge
from scop.dns.zone.own_form import write_records
from scop.mesh.whole_file import write_whole
from scop.store import GitError, Revision, Store, StoreError

__all__ = ["REPOSITORY", "GitHistory", "Version", "VersionUnknown", "Versions", "file_of", "is_zone_file", "origin_of"]

REPOSITORY = "zones.git"
LOCK = "scop.lock"
COMMITS_PER_PACK = 1_000
MAX_WORDS = 300  # of who and why, in one line
_SUFFIX = ".zone"
_LAST_SUFFIX = ".last"  # of the passing zone's file
_ROOT = "root"  # the file of the root zone, whose own name is empty
_SPELLED = {"/": "%2f", _ROOT: "%72oot"}  # what no file of its own could be named: a slash, and a zone `root`
_SERIAL = re.compile(r"^Serial: (\d{1,10})$", re.MULTILINE)
_UNFIT = re.compile(r"[<>\x00-\x1f]")  # what git does not take in a name


@dataclass(frozen=True, slots=True)
class Version:
    """One change of a zone, as its history tells it; `serial` is None where a stranger committed it."""

    id: str
    who: str
    why: str
    unix: int
    serial: int | None


class VersionUnknown(Exception):
    """There is no such version of the zone."""


def file_of(origin: str) -> str:
    """Return the name of a zone's file."""
    name = _SPELLED.get(origin, origin) or _ROOT
    return f"{name.replace('/', _SPELLED['/'])}{_SUFFIX}"


def origin_of(file: str) -> str:
    """Return the zone that a file of this name holds."""
    name = file.removesuffix(_SUFFIX).lower()
    return {_ROOT: "", _SPELLED[_ROOT]: _ROOT}.get(name, name.replace(_SPELLED["/"], "/"))


class Versions:
    """The history as anybody may read it, while its owner writes too.

    Every method blocks; any thread may call, one is served at a time.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / REPOSITORY
        self._store = Store(self.path)
        self._turn = threading.Lock()
        self._texts: dict[str, dict[int, tuple[Node, str]]] = {}  # by zone: what the records of each name are as text

    def close(self) -> None:
        """Leave it."""

    def zones(self) -> tuple[Zone, ...]:
        """Return every zone as it is now; raises `ValueError` that names the file which is wrong."""
        with self._turn:
            return tuple(self._read(file) for file in self._store.list() if is_zone_file(file))

    def versions(self, origin: str, limit: int) -> tuple[Version, ...]:
        """Return the changes of a zone, newest first."""
        with self._turn:
            found = zip(self._store.history(file_of(origin)), range(limit), strict=False)
            return tuple(_version(revision) for revision, _ in found)

    def text_at(self, origin: str, version: str) -> bytes:
        """Return a zone's master file as a version (its id, or the beginning of it) left it; raises `VersionUnknown`.

        The empty version is the newest.
        """
        with self._turn:
            try:
                snapshot = self._store.at(self._full(origin, version) if version else self._store.head)
            except KeyError:
                raise VersionUnknown(version) from None
            octets = snapshot.get(file_of(origin))
        if octets is None:
            raise VersionUnknown(f"{origin or '.'} was no zone at {version}")
        return octets

    def _full(self, origin: str, version: str) -> str:
        """Return the id that begins so, among the versions of a zone."""
        if len(version) >= 40:
            return version
        found = {each.id for each in self._store.history(file_of(origin)) if each.id.startswith(version)}
        if len(found) != 1:
            raise VersionUnknown(f"{len(found)} versions of {origin or '.'} begin with {version}")
        return found.pop()

    def _read(self, file: str) -> Zone:
        octets = self._store.get(file)
        assert octets is not None, f"{file} was listed and is gone"
        zone = _parse(octets, origin_of(file), f"{REPOSITORY}: {file}")
        self._text(zone)
        return zone

    def _text(self, zone: Zone) -> str:
        """Write a zone as text: only names that the version before it did not hold as they are, are written anew."""
        known = self._texts.get(zone.origin, {})
        texts: dict[int, tuple[Node, str]] = {}
        for name in sorted(zone.nodes):
            node = zone.nodes[name]
            old = known.get(id(node))
            texts[id(node)] = old if old else (node, _node_text(node))
        self._texts[zone.origin] = texts  # holds the nodes too, so that no other takes the place of their ids
        hashed = (zone.hashed[owner] for owner in sorted(zone.hashed))
        return "".join((_written(zone.soa), *(text for _, text in texts.values()), *map(_written, hashed)))


class GitHistory(Versions):
    """What `Holdings` commits to: the history in the hands of its owner; `passing` is the zone without one."""

    def __init__(self, folder: Path, *, passing: str = "") -> None:
        super().__init__(folder)
        self._passing = passing
        self._last = folder / f"{passing}{_LAST_SUFFIX}"
        self._lock = _own(self.path / LOCK)
        self._store.free()
        self._unpacked = 0

    def close(self) -> None:
        """Let another process own it."""
        os.close(self._lock)

    def commit(self, zone: Zone, by: Author) -> None:
        """Make a zone's new version durable; raises `OSError` where it cannot."""
        with self._turn, _as_os_errors():
            text = self._text(zone)
            if self.is_passing(zone.origin):
                write_whole(self._last, text.encode("ascii"))
                return
            self._put(zone.origin, text.encode("ascii"), by, zone.serial)
            self._unpacked += 1
            if self._unpacked >= COMMITS_PER_PACK:
                self._unpacked = 0
                threading.Thread(target=self._pack, name="pack", daemon=True).start()

    def is_passing(self, origin: str) -> bool:
        """Say whether of this zone only the last version is kept."""
        return bool(origin) and origin == self._passing

    def _pack(self) -> None:
        """Pack beside commits that go on; one that fails, on a full disk say, is made up for by the next."""
        with contextlib.suppress(StoreError, GitError, OSError):
            Store(self.path).pack()

    def take_in(self, file: Path, origin: str, by: Author) -> Merged:
        """Take a master file in; return the zone as it is then. Raises `ValueError` and `OSError`."""
        octets = file.read_bytes()
        with self._turn, _as_os_errors():
            found = self._taken_in(octets, origin, by, file.name)
            self._store.mark(file_of(origin), octets)
        return found

    def take_in_folder(
        self, folder: Path, *, wanted: str, tell: Callable[[str, Merged], None] = lambda _file, _merged: None
    ) -> tuple[Zone, ...]:
        """Take in every `<origin>.zone` of a folder and return all zones; raises `ValueError` without the wanted.

        `tell` hears of files in which something had to yield to updates of the meantime.
        """
        for file in sorted(folder.glob(f"*{_SUFFIX}")):
            merged = self.take_in(file, origin_of(file.name), Author("file", f"Take in {file.name}"))
            if merged.conflicts:
                tell(file.name, merged)
        zones = self.zones()
        if self._passing in {zone.origin for zone in zones}:  # one that somebody keeps: it has a history as any other
            self._passing = ""
        zones += self._last_of_passing()
        if wanted not in {zone.origin for zone in zones}:
            missing = folder / file_of(wanted)
            raise ValueError(f"there is no zone {wanted}: {missing} is missing (`scop init --folder` writes one)")
        return zones

    def _last_of_passing(self) -> tuple[Zone, ...]:
        """Return the passing zone as it was last, nothing where it is not there: it is easily made anew."""
        if not self._passing or not self._last.is_file():
            return ()
        with contextlib.suppress(ValueError):
            return (_parse(self._last.read_bytes(), self._passing, self._last.name),)
        return ()

    def _put(self, origin: str, octets: bytes, by: Author, serial: int) -> None:
        who = _UNFIT.sub("?", printable(by.who, limit=MAX_WORDS)).strip() or "somebody"
        why = printable(by.why, limit=MAX_WORDS)
        self._store.put(file_of(origin), octets, author=who, message=f"{why}\n\nSerial: {serial}\n")

    def _taken_in(self, octets: bytes, origin: str, by: Author, name: str) -> Merged:
        file = file_of(origin)
        standing, last = self._store.get(file), self._store.marked(file)
        if standing is not None and octets in (last, standing):
            return Merged(_parse(standing, origin, file))  # a large one is not read at each start
        theirs = _parse(octets, origin, name)
        if standing is None:
            self._put(origin, octets, by, theirs.serial)
            # Once more in our own form, so that the next change shows what it changed and not every line.
            once_more = replace(by, why=f"{by.why}, in our form")
            self._put(origin, self._text(theirs).encode("ascii"), once_more, theirs.serial)
            return Merged(theirs)
        ours = _parse(standing, origin, file)
        merged = merge(_parse(last, origin, name) if last is not None else ours, ours, theirs)
        if merged.zone is not ours:
            self._put(origin, self._text(merged.zone).encode("ascii"), by, merged.zone.serial)
        return merged


def _node_text(node: Node) -> str:
    """Write the records of one name by type, without the SOA, which opens the file."""
    return "".join(_written(node[type_]) for type_ in sorted(node) if type_ != "SOA")


def _written(rrset: RRset) -> str:
    return write_records(rrset.records(with_signatures=True))


def is_zone_file(file: str) -> bool:
    """Say whether a file of the repository is a zone; others may stand beside them.

    Each zone has one name of a file only, so that no other file can be taken for a zone that is there already.
    """
    try:
        return file.endswith(_SUFFIX) and file == file_of(normal_name(origin_of(file)))
    except ValueError:
        return False


def _parse(octets: bytes, origin: str, name: str) -> Zone:
    try:
        return Zone.parse(octets.decode("utf-8"), origin)
    except (RemoteProtocolError, UnicodeDecodeError) as error:
        raise ValueError(f"{name}: {error}") from error


def _version(revision: Revision) -> Version:
    why = revision.message.partition("\n")[0]
    serial = _SERIAL.search(revision.message)
    return Version(revision.id, revision.author, why, revision.unix, int(serial[1]) if serial else None)


def _own(lock: Path) -> int:
    """Return a descriptor that says whose the repository is; it goes with the process, however that ends."""
    descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        raise OSError(f"a primary is at work on {lock.parent}; end it first") from None
    return descriptor


@contextlib.contextmanager
def _as_os_errors() -> Iterator[None]:
    try:
        yield
    except (StoreError, GitError) as error:
        raise OSError(str(error)) from error

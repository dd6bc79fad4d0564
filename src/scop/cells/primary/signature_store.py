"""The signed RRsets that we showed last, on disk: after a restart the same version of a zone bears the same signatures.

Secondaries hold that version; were it another one under the same serial, no difference to the next could be told.
What is kept is written before it is shown. A row is one RRset: its TTL, and each rdata and signature with its length.

Standards: RFC 1995 §4 (a difference has to fit what the secondary has).
"""

from __future__ import annotations

import contextlib
import sqlite3
import struct
from collections.abc import Iterable, Iterator
from itertools import compress
from operator import is_not
from pathlib import Path

from scop.dns.rdata import SOA, Rdata, read_rdata
from scop.dns.rrset import RRset
from scop.dns.zone.signing import gone_names, other_names
from scop.dns.zone.zone import Node, Zone

__all__ = ["FILE", "SignatureStore", "StoredZone"]

FILE = "signatures.sqlite"
_SPOILT = "spoilt-signatures.sqlite"
_HEAD = struct.Struct("!LH")
_LENGTH = struct.Struct("!H")
_NONE: Node = {}
_TABLE = """
CREATE TABLE IF NOT EXISTS rrset (
    origin TEXT NOT NULL, owner TEXT NOT NULL, type TEXT NOT NULL, octets BLOB NOT NULL,
    PRIMARY KEY (origin, owner, type)
) WITHOUT ROWID
"""
_PUT = "INSERT OR REPLACE INTO rrset VALUES (?, ?, ?, ?)"
_REMOVE = "DELETE FROM rrset WHERE origin = ? AND owner = ? AND type = ?"


class StoredZone:
    """What is kept of one zone, to take over signatures from."""

    def __init__(self, rows: Iterable[tuple[str, str, bytes]]) -> None:
        self._octets = {(owner, type_): octets for owner, type_, octets in rows}

    def __len__(self) -> int:
        return len(self._octets)

    def get(self, owner: str, type_: str) -> RRset | None:
        """Return one RRset with its signatures, None where none is kept."""
        octets = self._octets.get((owner, type_))
        return None if octets is None else _read(owner, type_, octets)

    def serial(self, origin: str) -> int | None:
        """Return the serial of the version that is kept, None where there is none."""
        soa = self.get(origin, "SOA")
        rdata = None if soa is None else soa.rdatas[0]
        return rdata.serial if isinstance(rdata, SOA) else None

    def is_shown_by(self, zone: Zone) -> bool:
        """Say whether a zone is exactly what is kept."""
        signed = {(rrset.owner, rrset.type): rrset for rrset in zone.rrsets() if rrset.signatures}
        return signed.keys() == self._octets.keys() and all(
            _written(rrset) == self._octets[key] for key, rrset in signed.items()
        )


class SignatureStore:
    """A file of the primary's own; a kill loses nothing of it, a power cut at most the last versions.

    One that is spoilt is put aside, `why_anew` says so, and all is signed anew: no zone stays away for its signatures.
    Raises `ValueError` for a file that cannot be opened.
    """

    def __init__(self, folder: Path) -> None:
        self.why_anew = ""
        try:
            try:
                self._database = _opened(folder / FILE)
            except sqlite3.OperationalError:  # no fault of the file's
                raise
            except sqlite3.DatabaseError as error:
                self.why_anew = f"{folder / FILE}: {error}"
                for file in folder.glob(f"{FILE}*"):  # with its journal
                    file.replace(file.with_name(file.name.replace(FILE, _SPOILT)))
                self._database = _opened(folder / FILE)
        except sqlite3.Error as error:
            raise ValueError(f"{folder / FILE}: {error}") from error

    def load(self, origin: str) -> StoredZone:
        """Return what is kept of a zone."""
        try:
            rows = self._database.execute("SELECT owner, type, octets FROM rrset WHERE origin = ?", (origin,))
            return StoredZone(rows)
        except sqlite3.DatabaseError as error:
            self.why_anew = str(error)
            return StoredZone(())

    def keep(self, zone: Zone, before: Zone | None) -> None:
        """Keep a version; `before` is the one that was kept last, None to write all of it. Raises `OSError`."""
        put, removed = _differences(zone, before)
        self._write(zone.origin, put, removed, is_whole=before is None)

    def keep_unsigned(self, zone: Zone) -> None:
        """Keep of a zone that is shown as it was written which version that is. Raises `OSError`."""
        self._write(zone.origin, [zone.soa], [], is_whole=True)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def _write(self, origin: str, put: list[RRset], removed: list[tuple[str, str]], *, is_whole: bool) -> None:
        try:
            with self._transaction():
                if is_whole:
                    self._database.execute("DELETE FROM rrset WHERE origin = ?", (origin,))
                self._database.executemany(_REMOVE, ((origin, *key) for key in removed))
                self._database.executemany(_PUT, ((origin, r.owner, r.type, _written(r)) for r in put))
        except sqlite3.Error as error:
            raise OSError(f"signatures cannot be kept: {error}") from error

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[None]:
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")


def _opened(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode = WAL")
        # Not FULL: what a power cut takes is made anew under the next serial, and an UPDATE waits for one disk only.
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute(_TABLE)
    except sqlite3.Error:
        database.close()
        raise
    return database


def _differences(zone: Zone, before: Zone | None) -> tuple[list[RRset], list[tuple[str, str]]]:
    """Return which RRsets are new, and which are gone; signing leaves what is the same the same object."""
    if before is None:
        return [rrset for rrset in zone.rrsets() if rrset.signatures], []
    put: list[RRset] = []
    removed: list[tuple[str, str]] = []
    for name in (*other_names(before.nodes, zone.nodes), *gone_names(before.nodes, zone.nodes)):
        old, new = before.nodes.get(name, _NONE), zone.nodes.get(name, _NONE)
        put += [rrset for type_, rrset in new.items() if rrset.signatures and old.get(type_) is not rrset]
        removed += [(name, type_) for type_ in old if type_ not in new or not new[type_].signatures]
    links = compress(zone.hashed.values(), map(is_not, zone.hashed.values(), map(before.hashed.get, zone.hashed)))
    return [*put, *links], [*removed, *((owner, "NSEC3") for owner in before.hashed.keys() - zone.hashed.keys())]


def _written(rrset: RRset) -> bytes:
    parts = [rdata.to_wire() for rdata in (*rrset.rdatas, *rrset.signatures)]
    head = _HEAD.pack(rrset.ttl_seconds, len(rrset.rdatas))
    return head + b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def _read(owner: str, type_: str, octets: bytes) -> RRset:
    ttl, count = _HEAD.unpack_from(octets)
    parts: list[bytes] = []
    at = _HEAD.size
    while at < len(octets):
        (length,) = _LENGTH.unpack_from(octets, at)
        at += _LENGTH.size + length
        parts.append(octets[at - length : at])
    rdatas: tuple[Rdata, ...] = tuple(read_rdata(type_, part) for part in parts[:count])
    return RRset(owner, type_, ttl, rdatas, tuple(read_rdata("RRSIG", part) for part in parts[count:]))

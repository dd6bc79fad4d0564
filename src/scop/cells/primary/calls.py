"""What the operator asks of the primary: to look at zones and their history, to import and roll back, to update.

An UPDATE comes signed as on any other way in: being the operator grants no key. What blocks or computes (git, reading
and writing master files) runs on threads, while port 53 goes on answering.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.base import printable
from scop.cells.primary.history import Versions, VersionUnknown
from scop.cells.primary.holdings import Author, Change, Edit, Holdings
from scop.dns.message import Record
from scop.dns.names import normal_name
from scop.dns.words import Opcode
from scop.dns.zone import Zone
from scop.dns.zone.answer import opcode_of
from scop.dns.zone.difference import Difference, difference
from scop.dns.zone.own_form import write_records
from scop.dns.zone.serial import is_later, moved, with_serial
from scop.mesh.calls import Answers
from scop.mesh.vocabulary.primary import (
    ImportZone,
    ListZones,
    ReadZone,
    ReadZoneLog,
    RollBackZone,
    SendUpdate,
    UpdateReply,
    ZoneChange,
    ZoneList,
    ZonePiece,
    ZoneSummary,
    ZoneVersion,
    ZoneVersions,
)
from scop.net.dns_server import Response
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.net.peer import Peer

__all__ = ["ZoneDesk", "replacing"]

PIECE_OCTETS = 1_048_576  # of a zone, in one answer
MAX_ZONE_OCTETS = 67_108_864  # of one that is imported: a million records
MAX_LINES = 1_000  # of a change that are told; the rest is counted
MAX_VERSIONS = 1_000
PROOFS = frozenset({"RRSIG", "NSEC", "NSEC3"})  # what a signer makes of a change, which nobody asked for

AnswerNeighbour: TypeAlias = Callable[[bytes, str], Response | Awaitable[Response]]


@dataclass(slots=True)
class _Import:
    """What has come of a master file so far."""

    octets: bytearray = field(default_factory=bytearray)
    total_octets: int = 0


@dataclass(frozen=True, slots=True)
class ZoneDesk:
    """Answers the operator; `answer_neighbour` is the name server's, as on a pipe of DNS."""

    holdings: Holdings
    history: Versions
    answer_neighbour: AnswerNeighbour
    log: Log
    _imports: dict[str, _Import] = field(default_factory=dict)

    def answers(self) -> Answers:
        """Return who answers which question."""
        return {
            ListZones: self.list_zones,
            ReadZone: self.read_zone,
            ReadZoneLog: self.read_log,
            RollBackZone: self.roll_back,
            ImportZone: self.import_zone,
            SendUpdate: self.send_update,
        }

    async def list_zones(self, _asked: ListZones, _peer: Peer) -> ZoneList:
        """Return all zones."""
        shown = self.holdings.shown.by_origin
        return ZoneList(tuple(_summary(shown[origin]) for origin in sorted(shown)))

    async def read_zone(self, asked: ReadZone, _peer: Peer) -> ZonePiece:
        """Return a piece of a zone's master file."""
        origin = self._origin(asked.origin)
        if asked.shown:
            octets = (await asyncio.to_thread(self.holdings.shown.by_origin[origin].to_text)).encode("ascii")
            return _piece(octets, asked.offset, "")
        version = asked.version or await self._newest(origin)
        octets = await self._at(origin, version)
        return _piece(octets, asked.offset, version)

    async def read_log(self, asked: ReadZoneLog, _peer: Peer) -> ZoneVersions:
        """Return the changes of a zone."""
        limit = max(1, min(asked.limit, MAX_VERSIONS))
        found = await asyncio.to_thread(self.history.versions, self._origin(asked.origin), limit)
        return ZoneVersions(tuple(ZoneVersion(v.id, v.who, v.why, v.unix, v.serial) for v in found))

    async def roll_back(self, asked: RollBackZone, peer: Peer) -> ZoneChange:
        """Let a zone be as it was."""
        origin = self._origin(asked.origin)
        zone = await self._parsed(origin, await self._at(origin, asked.version))
        why = asked.why or f"Roll back to {asked.version}"
        return await self._change(origin, rolling_back(zone), _author(peer, asked.who, why))

    async def import_zone(self, asked: ImportZone, peer: Peer) -> ZoneChange:
        """Gather the pieces of a master file, and replace the zone by the last one."""
        octets = self._gathered(asked)
        origin = self._name(asked.origin)
        if octets is None:
            return ZoneChange(origin, 0)
        zone = await self._parsed(origin, octets)
        by = _author(peer, asked.who, asked.why or "Import a master file")
        if self.holdings.source(origin) is None:
            return await self._added(zone, by)
        return await self._change(origin, replacing(zone), by)

    async def send_update(self, asked: SendUpdate, peer: Peer) -> UpdateReply:
        """Have the name server judge an UPDATE."""
        if opcode_of(asked.octets) != Opcode.UPDATE:
            raise PermanentFailure("this is no UPDATE")
        found = self.answer_neighbour(asked.octets, peer.cell)
        reply = await found if isinstance(found, Awaitable) else found
        if not isinstance(reply, bytes):
            raise PermanentFailure("the UPDATE cannot be read")
        return UpdateReply(reply)

    def _gathered(self, asked: ImportZone) -> bytes | None:
        if not 0 < asked.total_octets <= MAX_ZONE_OCTETS:
            raise PermanentFailure(f"a master file has 1 to {MAX_ZONE_OCTETS} octets, not {asked.total_octets}")
        if asked.offset == 0:
            self._imports.clear()  # one at a time: another one that was begun is given up
            self._imports[asked.origin] = _Import(total_octets=asked.total_octets)
        begun = self._imports.get(asked.origin)
        if begun is None or begun.total_octets != asked.total_octets or len(begun.octets) != asked.offset:
            raise PermanentFailure("another import came between; begin again")
        begun.octets += asked.octets
        if len(begun.octets) < asked.total_octets:
            return None
        del self._imports[asked.origin]
        return bytes(begun.octets)

    async def _added(self, zone: Zone, by: Author) -> ZoneChange:
        try:
            return self._told(zone.origin, await self.holdings.add(zone, by))
        except OSError as error:
            raise TemporaryFailure(f"cannot store the zone: {error}") from error

    async def _change(self, origin: str, edit: Edit, by: Author) -> ZoneChange:
        try:
            change = await self.holdings.change(origin, edit, by)
        except OSError as error:
            raise TemporaryFailure(f"cannot store the zone: {error}") from error
        except ValueError as error:
            raise PermanentFailure(str(error)) from error
        return self._told(origin, change)

    def _told(self, origin: str, change: Change | None) -> ZoneChange:
        if change is None:
            return ZoneChange(origin, self.holdings.shown.by_origin[origin].serial)
        self.log.info("zone.changed", zone=origin, serial=change.after.serial, who=change.by.who, why=change.by.why)
        what = difference(change.before, change.after)
        return told(origin, change.after.serial, what.without(PROOFS) if self.holdings.is_signed_here(origin) else what)

    async def _newest(self, origin: str) -> str:
        found = await asyncio.to_thread(self.history.versions, origin, 1)
        if not found:
            raise PermanentFailure(f"{origin or '.'} has no history: it is copied from another server, or our list")
        return found[0].id

    async def _at(self, origin: str, version: str) -> bytes:
        try:
            return await asyncio.to_thread(self.history.text_at, origin, version)
        except VersionUnknown as unknown:
            raise PermanentFailure(f"no such version: {unknown}; see `scop dns zone log {origin or '.'}`") from unknown

    async def _parsed(self, origin: str, octets: bytes) -> Zone:
        try:
            return await asyncio.to_thread(Zone.parse, octets.decode("utf-8"), origin)
        except ValueError as error:  # what cannot be read, and what is no UTF-8
            raise PermanentFailure(printable(str(error))) from error

    def _origin(self, name: str) -> str:
        """Return the origin of a zone of ours that was named."""
        origin = self._name(name)
        if origin not in self.holdings.shown.by_origin:
            raise PermanentFailure(f"not a zone of ours: {origin or '.'}")
        return origin

    def _name(self, name: str) -> str:
        try:
            return normal_name(name)
        except ValueError as error:
            raise PermanentFailure(printable(str(error))) from error


def replacing(new: Zone) -> Edit:
    """Return the edit that puts another zone in the place of what stands, its serial moved where it is not later."""

    def edit(now: Zone) -> Zone:
        if not difference(now, with_serial(new, now.serial)) and not is_later(new.serial, now.serial):
            return now
        return moved(new, now)

    return edit


def rolling_back(old: Zone) -> Edit:
    """Return the edit that puts an older version in the place of what stands, under the next serial."""

    def edit(now: Zone) -> Zone:
        as_now = with_serial(old, now.serial)
        return moved(as_now, now) if difference(now, as_now) else now

    return edit


def told(origin: str, serial: int, what: Difference) -> ZoneChange:
    """Return a difference as the operator is told it."""
    removed, added = _lines(what.removed), _lines(what.added)
    return ZoneChange(origin, serial, removed, added, len(what.removed), len(what.added))


def _lines(records: tuple[Record, ...]) -> tuple[str, ...]:
    return tuple(write_records(records[:MAX_LINES]).splitlines())


def _summary(zone: Zone) -> ZoneSummary:
    return ZoneSummary(zone.origin, zone.serial, len(zone.nodes), bool(zone.soa.signatures))


def _piece(octets: bytes, offset: int, version: str) -> ZonePiece:
    start = max(0, offset)
    return ZonePiece(octets[start : start + PIECE_OCTETS], len(octets), version)


def _author(peer: Peer, who: str, why: str) -> Author:
    name = peer.cell or "somebody"  # '' where a primary without a mesh knows no names
    return Author(f"{name} ({printable(who)})" if who else name, why)

"""What the primary answers to the operator: its zones, their history, and changes of them."""

from __future__ import annotations

import msgspec

from scop.mesh.calls import Call

__all__ = [
    "ImportZone",
    "ListZones",
    "ReadZone",
    "ReadZoneLog",
    "RollBackZone",
    "SendUpdate",
    "UpdateReply",
    "ZoneChange",
    "ZoneList",
    "ZonePiece",
    "ZoneSummary",
    "ZoneVersion",
    "ZoneVersions",
]


class ZoneSummary(msgspec.Struct, frozen=True):
    """One zone; its name has no trailing dot, the root's is empty."""

    origin: str
    serial: int
    names: int
    signed: bool  # what is shown bears signatures


class ZoneList(msgspec.Struct, frozen=True):
    """All zones, by name."""

    zones: tuple[ZoneSummary, ...]


class ListZones(Call[ZoneList], frozen=True):
    """Which zones are yours?"""


class ZonePiece(msgspec.Struct, frozen=True):
    """A part of a zone as a master file."""

    octets: bytes
    size_octets: int  # of the whole file
    version: str  # its id, which has to be asked for to get further pieces of the same; '' for what is shown


class ReadZone(Call[ZonePiece], frozen=True):
    """What stands in this zone, from `offset` on?"""

    origin: str
    version: str = ""  # an id, or the beginning of one; empty: the newest
    offset: int = 0
    shown: bool = False  # as the world sees it, with signatures; there is only the newest of it


class ZoneVersion(msgspec.Struct, frozen=True):
    """One change of a zone; `serial` is None where somebody else committed it."""

    id: str
    who: str
    why: str
    unix: int
    serial: int | None


class ZoneVersions(msgspec.Struct, frozen=True):
    """Changes, newest first."""

    versions: tuple[ZoneVersion, ...]


class ReadZoneLog(Call[ZoneVersions], frozen=True):
    """Who changed this zone, when and why?"""

    origin: str
    limit: int = 50


class ZoneChange(msgspec.Struct, frozen=True):
    """What a change did; the lines are those of a master file, the first ones where they are many."""

    origin: str
    serial: int
    removed: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed_count: int = 0
    added_count: int = 0


class RollBackZone(Call[ZoneChange], frozen=True):
    """Let a zone be as that version left it, under a new serial."""

    origin: str
    version: str
    who: str = ""  # the person, as the operator's machine knows them
    why: str = ""


class ImportZone(Call[ZoneChange], frozen=True):
    """Take this piece of a master file; the last one (offset + piece = total) replaces the zone, or adds it."""

    origin: str
    offset: int
    total_octets: int
    octets: bytes
    who: str = ""
    why: str = ""


class UpdateReply(msgspec.Struct, frozen=True):
    """The answer to an UPDATE, as DNS writes it."""

    octets: bytes


class SendUpdate(Call[UpdateReply], frozen=True):
    """Do as this UPDATE (RFC 2136) says, under the rights of the key that signed it (RFC 8945)."""

    octets: bytes

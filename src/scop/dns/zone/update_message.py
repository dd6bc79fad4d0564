"""UPDATE messages as a server reads them: sections of another meaning, classes that say what to do, empty records.

Standards: RFC 2136 §2; RFC 6891 §6.1.1 (OPT).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from scop.base import LimitExceeded, RemoteProtocolError
from scop.dns.edns import read_options
from scop.dns.names import read_name
from scop.dns.rdata import CLASSES, Opaque, Rdata, type_name

__all__ = [
    "CLASS_ANY",
    "CLASS_IN",
    "CLASS_NONE",
    "UpdateMessage",
    "UpdateRecord",
    "changes_in_words",
    "parse_update",
    "parse_zone_section",
]

CLASS_IN, CLASS_NONE, CLASS_ANY = 1, 254, 255
MAX_UPDATE_RECORDS = 4096  # what 64 KiB hold of small ones; a limit that an honest client never meets

_HEADER = struct.Struct("!6H")
_ZONE = struct.Struct("!HH")
_RECORD = struct.Struct("!HHLH")
_MAX_ZONES = 2  # one too many, so that the second is refused by who knows how
_TYPE_OPT = 41
_MAX_TTL = 0x7FFF_FFFF
_MAX_TOLD = 6  # changes that are named in one line


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """One record of the prerequisite or update section; without `rdata` it had no octets of data."""

    owner: str
    type: str
    class_: int
    ttl_seconds: int
    rdata: Rdata | None

    @property
    def is_empty(self) -> bool:
        """Whether it had no octets of data; a record of an unknown type may have none and still be one."""
        return self.rdata is None or not self.rdata.to_wire()


@dataclass(frozen=True, slots=True)
class UpdateMessage:
    """An UPDATE: the zones it names, each with type and class, and its two sections."""

    zones: tuple[tuple[str, str, int], ...]
    prerequisites: tuple[UpdateRecord, ...]
    updates: tuple[UpdateRecord, ...]


def parse_update(octets: bytes) -> UpdateMessage:
    """Read an UPDATE whose TSIG was taken off; raises `RemoteProtocolError` for anything that is not wholly one."""
    try:
        return _Reader(octets).message()
    except (IndexError, struct.error):
        raise RemoteProtocolError("the message ends early") from None


def parse_zone_section(octets: bytes) -> tuple[tuple[str, str, int], ...]:
    """Read only which zones an UPDATE names, for what is refused anyway; raises `RemoteProtocolError`."""
    try:
        return _Reader(octets).zones()
    except (IndexError, struct.error):
        raise RemoteProtocolError("the message ends early") from None


def changes_in_words(update: UpdateMessage) -> str:
    """Return what an UPDATE asks for in a line, as `+ www A, - @ TXT and 3 more`; names as they are in the zone."""
    origin = update.zones[0][0]
    signs = {CLASS_IN: "+"}
    told = dict.fromkeys(
        f"{signs.get(each.class_, '-')} {_below(each.owner, origin)}{'' if each.type == 'ANY' else f' {each.type}'}"
        for each in update.updates
    )
    named = ", ".join(list(told)[:_MAX_TOLD])
    return f"{named} and {len(told) - _MAX_TOLD} more" if len(told) > _MAX_TOLD else named


def _below(owner: str, origin: str) -> str:
    """Return a name without its zone's; `@` is the zone itself."""
    if owner == origin:
        return "@"
    return owner.removesuffix(f".{origin}") if origin else owner


class _Reader:
    """Reads one message from the front to the back."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._position = _HEADER.size
        self._known: dict[int, str] = {}

    def message(self) -> UpdateMessage:
        _id, _flags, _zones, prerequisites, updates, additional = _HEADER.unpack_from(self._octets)
        if prerequisites + updates + additional > MAX_UPDATE_RECORDS:
            raise LimitExceeded(f"more than {MAX_UPDATE_RECORDS} records")
        named = self.zones()
        before = tuple(self._record() for _ in range(prerequisites))
        after = tuple(self._record() for _ in range(updates))
        # Lenient: what else is in the additional section is glue that "might be needed" (RFC 2136 §2.6)
        types = [self._passed_over() for _ in range(additional)]
        if self._position != len(self._octets):
            raise RemoteProtocolError("octets after the end of the message")
        if types.count(_TYPE_OPT) > 1:  # RFC 6891 §6.1.1
            raise RemoteProtocolError("two OPT records")
        return UpdateMessage(named, before, after)

    def zones(self) -> tuple[tuple[str, str, int], ...]:
        count = int.from_bytes(self._octets[4:6])
        if count > _MAX_ZONES:
            raise RemoteProtocolError(f"{count} zones in one UPDATE")
        return tuple(self._zone() for _ in range(count))

    def _name(self) -> str:
        name, self._position = read_name(self._octets, self._position, self._known)
        return name

    def _zone(self) -> tuple[str, str, int]:
        name = self._name()
        type_, class_ = _ZONE.unpack_from(self._octets, self._position)
        self._position += _ZONE.size
        return name, type_name(type_), class_

    def _head(self) -> tuple[str, int, int, int, int]:
        owner = self._name()
        number, class_, ttl, size = _RECORD.unpack_from(self._octets, self._position)
        start = self._position + _RECORD.size
        self._position = start + size
        if self._position > len(self._octets):
            raise RemoteProtocolError("a record runs past the end of the message")
        return owner, number, class_, ttl, start

    def _record(self) -> UpdateRecord:
        owner, number, class_, ttl, start = self._head()
        rdata = self._rdata(number, class_, start)
        # RFC 2181 §8: a TTL with its high bit set is zero; but RFC 2136 §3 wants a zero that was meant as one.
        kept_ttl = ttl if ttl <= _MAX_TTL or class_ != CLASS_IN else 0
        return UpdateRecord(owner, type_name(number), class_, kept_ttl, rdata)

    def _rdata(self, number: int, class_: int, start: int) -> Rdata | None:
        stop = self._position
        read = CLASSES.get(number)
        if start == stop and (read is not None or class_ == CLASS_ANY):
            return None  # RFC 2136 §2.4.1, §2.5.2
        if read is None or class_ == CLASS_ANY:  # what a class of ANY holds is refused, whatever it is
            return Opaque(type_name(number), self._octets[start:stop])
        try:
            return read(self._octets, start, stop, self._known)
        except ValueError as error:
            raise RemoteProtocolError(str(error)) from None

    def _passed_over(self) -> int:
        owner, number, _class, _ttl, start = self._head()
        if number == _TYPE_OPT:
            if owner:
                raise RemoteProtocolError("OPT belongs to the root")
            read_options(self._octets[start : self._position])
        return number

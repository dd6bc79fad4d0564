"""UPDATE messages: how a zone is changed over the wire; building one, signing it, reading the reply.

What a server does with one is `scop.dns.zone.update`. This module needs neither dnspython nor a
clock, so that the cell which publishes keys stays small.

Standards: RFC 2136 §2, RFC 8945.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from scop.dns.names import name_to_wire
from scop.dns.rdata import Rdata, type_number
from scop.dns.tsig import SignedRequest, TsigKey, sign_request
from scop.dns.words import Opcode, Rcode

__all__ = ["Addition", "Change", "Deletion", "Prerequisite", "build_update", "read_update_reply"]

_CLASS_IN, _CLASS_NONE, _CLASS_ANY = 1, 254, 255
_HEADER = struct.Struct("!HHHHHH")
_RCODE = 0x0F


@dataclass(frozen=True, slots=True)
class Addition:
    """Add one record to its RRset (RFC 2136 §2.5.1)."""

    owner: str
    ttl_seconds: int
    rdata: Rdata

    def to_octets(self) -> bytes:
        """Write the update record."""
        return _record(self.owner, self.rdata.type, _CLASS_IN, self.ttl_seconds, self.rdata.to_wire())


@dataclass(frozen=True, slots=True)
class Deletion:
    """Take one record out of its RRset, or with no `rdata` the whole RRset (RFC 2136 §2.5.2, §2.5.4).

    The type ANY takes all that stands at the name (§2.5.3).
    """

    owner: str
    type: str
    rdata: Rdata | None = None

    def to_octets(self) -> bytes:
        """Write the update record."""
        if self.rdata is None:
            return _record(self.owner, self.type, _CLASS_ANY, 0, b"")
        return _record(self.owner, self.type, _CLASS_NONE, 0, self.rdata.to_wire())


Change: TypeAlias = Addition | Deletion


@dataclass(frozen=True, slots=True)
class Prerequisite:
    """What has to be so, or nothing is changed (RFC 2136 §2.4).

    A name is in use, or not, where the type is ANY; an RRset is there, or not; with `rdata` it is exactly of the values
    that all prerequisites of its owner and type give together.
    """

    owner: str
    type: str = "ANY"
    rdata: Rdata | None = None
    exists: bool = True

    def to_octets(self) -> bytes:
        """Write the prerequisite's record."""
        if self.rdata is not None:
            return _record(self.owner, self.type, _CLASS_IN, 0, self.rdata.to_wire())
        return _record(self.owner, self.type, _CLASS_ANY if self.exists else _CLASS_NONE, 0, b"")


def build_update(
    zone: str,
    changes: Sequence[Change],
    key: TsigKey,
    *,
    now_unix: int,
    message_id: int,
    prerequisites: Sequence[Prerequisite] = (),
) -> SignedRequest:
    """Build the UPDATE that makes these changes in this order, signed; `message_id` should be random."""
    header = _HEADER.pack(message_id, Opcode.UPDATE << 11, 1, len(prerequisites), len(changes), 0)
    zone_section = name_to_wire(zone) + struct.pack("!HH", type_number("SOA"), _CLASS_IN)
    records = b"".join(record.to_octets() for record in (*prerequisites, *changes))
    return sign_request(header + zone_section + records, key, now_unix)


def read_update_reply(sent: SignedRequest, reply: bytes, now_unix: int) -> Rcode:
    """Return how an UPDATE ended; raises `RemoteProtocolError` where the reply cannot be believed."""
    rcode = sent.open_reply(reply, now_unix)[3] & _RCODE
    return Rcode(rcode) if rcode in Rcode._value2member_map_ else Rcode.SERVFAIL


def _record(owner: str, type_: str, class_: int, ttl_seconds: int, rdata: bytes) -> bytes:
    head = struct.pack("!HHIH", type_number(type_), class_, ttl_seconds, len(rdata))
    return name_to_wire(owner) + head + rdata

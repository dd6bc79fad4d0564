"""UPDATE messages: how a zone is changed over the wire; building one, signing it, reading the reply.

What a server does with one is `scop.dns.zone_update`. This module needs neither dnspython nor a
clock, so that the cell which publishes keys stays small.

Standards: RFC 2136 §2, RFC 8945, RFC 3597 §4.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import TypeAlias

from scop.dns.tsig import SignedRequest, TsigKey, sign_request
from scop.dns.tsig_record import name_octets

__all__ = ["Addition", "Change", "Deletion", "UpdateRcode", "build_update", "read_update_reply", "txt_rdata"]

MAX_STRING_OCTETS = 255  # RFC 1035 §3.3: one character-string
_OPCODE_UPDATE = 5 << 11
_CLASS_IN, _CLASS_NONE, _CLASS_ANY = 1, 254, 255
_TYPE_SOA = 6
_TYPES = {"A": 1, "NS": 2, "CNAME": 5, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28, "TLSA": 52}
_HEADER = struct.Struct("!HHHHHH")


class UpdateRcode(IntEnum):
    """How an UPDATE ended (RFC 2136 §2.2)."""

    NOERROR = 0
    FORMERR = 1
    SERVFAIL = 2
    NXDOMAIN = 3
    NOTIMP = 4
    REFUSED = 5
    YXDOMAIN = 6
    YXRRSET = 7
    NXRRSET = 8
    NOTAUTH = 9
    NOTZONE = 10


@dataclass(frozen=True, slots=True)
class Addition:
    """Add one record to its RRset (RFC 2136 §2.5.1)."""

    owner: str
    type: str
    ttl_seconds: int
    rdata: bytes

    def to_octets(self) -> bytes:
        """Write the update record."""
        return _record(self.owner, self.type, _CLASS_IN, self.ttl_seconds, self.rdata)


@dataclass(frozen=True, slots=True)
class Deletion:
    """Take one record out of its RRset, or with no `rdata` the whole RRset (RFC 2136 §2.5.2, §2.5.4)."""

    owner: str
    type: str
    rdata: bytes = b""

    def to_octets(self) -> bytes:
        """Write the update record."""
        return _record(self.owner, self.type, _CLASS_NONE if self.rdata else _CLASS_ANY, 0, self.rdata)


Change: TypeAlias = Addition | Deletion


def build_update(
    zone: str, changes: Sequence[Change], key: TsigKey, *, now_unix: int, message_id: int
) -> SignedRequest:
    """Build the UPDATE that makes these changes in this order, signed; `message_id` should be random."""
    header = _HEADER.pack(message_id, _OPCODE_UPDATE, 1, 0, len(changes), 0)
    zone_section = name_octets(zone) + struct.pack("!HH", _TYPE_SOA, _CLASS_IN)
    message = header + zone_section + b"".join(change.to_octets() for change in changes)
    return sign_request(message, key, now_unix)


def read_update_reply(sent: SignedRequest, reply: bytes, now_unix: int) -> UpdateRcode:
    """Return how an UPDATE ended; raises `RemoteProtocolError` where the reply cannot be believed."""
    message = sent.open_reply(reply, now_unix)
    rcode = message[3] & 0x0F
    return UpdateRcode(rcode) if rcode in UpdateRcode._value2member_map_ else UpdateRcode.SERVFAIL


def txt_rdata(text: bytes) -> bytes:
    """Cut a text into the character-strings of one TXT record, 255 octets each (RFC 1035 §3.3.14)."""
    pieces = [text[start : start + MAX_STRING_OCTETS] for start in range(0, len(text), MAX_STRING_OCTETS)] or [b""]
    return b"".join(bytes((len(piece),)) + piece for piece in pieces)


def _record(owner: str, type_: str, class_: int, ttl_seconds: int, rdata: bytes) -> bytes:
    number = _TYPES.get(type_) or int(type_.removeprefix("TYPE"))  # RFC 3597 §5
    return name_octets(owner) + struct.pack("!HHIH", number, class_, ttl_seconds, len(rdata)) + rdata

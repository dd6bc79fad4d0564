"""Authoritative answers: a query's octets in, a response's octets out, from the zones we hold.

Answers are minimal: what was asked, the SOA where there is nothing, glue where a delegation needs
it, and no favours beside it; small answers fit datagrams and are of little use to amplify attacks.
There are no zone transfers and no recursion.

Standards: RFC 1034 §4.3.2, RFC 1035 §4, RFC 2308 §3, RFC 6604, RFC 6891, RFC 7766 §8, RFC 8482, RFC 8906,
RFC 9471, RFC 9619.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scop.base import RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.message import Edns, Flag, Message, Record, build_message, parse_message
from scop.dns.names import parent_name
from scop.dns.rrset import RRset
from scop.dns.words import Opcode, Rcode
from scop.dns.zone.lookup import Found, Match, find, glue
from scop.dns.zone.zone import Zone

__all__ = ["MAX_DATAGRAM_OCTETS", "MAX_STREAM_OCTETS", "Zones", "expects_response", "header_reply", "opcode_of"]

MAX_DATAGRAM_OCTETS = 1232  # DNS Flag Day 2020: passes every usual path without fragments
MAX_STREAM_OCTETS = 65_535  # RFC 1035 §4.2.2
MAX_ALIASES = 16  # BIND's bound on a chain
_PLAIN_DATAGRAM_OCTETS = 512  # RFC 1035 §4.2.1: what an asker without EDNS can take
_HEADER = struct.Struct("!HHHHHH")
_QR, _RD, _OPCODE = 0x8000, 0x0100, 0x7800
_TRANSFERS = frozenset({"AXFR", "IXFR"})
_META_TYPES = frozenset({"OPT", "TSIG", "TYPE249", "TYPE253", "TYPE254"})  # RFC 6895 §3.1: TKEY, MAILB, MAILA


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of one server by origin; the longest match answers."""

    by_origin: Mapping[str, Zone]

    @classmethod
    def of(cls, zones: Iterable[Zone]) -> Zones:
        """Build from zones, each origin once."""
        return cls({zone.origin: zone for zone in zones})

    def replaced(self, zone: Zone) -> Zones:
        """Return the same zones with this one in place of its older version."""
        return Zones({**self.by_origin, zone.origin: zone})

    def holding(self, qname: str, qtype: str = "") -> Zone | None:
        """Return the zone that answers for a name, the one nearest to it."""
        name = qname
        while True:
            zone = self.by_origin.get(name)
            if zone is not None and not self._parent_answers(zone, qname, qtype):
                return zone
            if not name:
                return None
            name = parent_name(name)

    def _parent_answers(self, zone: Zone, qname: str, qtype: str) -> bool:
        """RFC 4035 §3.1.4.1: a DS lies in the parent, if we hold that too."""
        if qtype != "DS" or zone.origin != qname or not qname:
            return False
        return self.holding(parent_name(qname)) is not None

    def answer(self, query: bytes, *, max_octets: int) -> bytes | None:
        """Return the response to a query's octets, or None where nothing must be said.

        `max_octets` is what the transport carries: `MAX_STREAM_OCTETS`, or `MAX_DATAGRAM_OCTETS`,
        which the asker's own EDNS size then lowers. Never raises.
        """
        if not expects_response(query):
            return None
        refusal = _refused_by_header(query)
        if refusal is not None:
            return refusal
        try:
            message = parse_message(query)
        except RemoteProtocolError:
            return header_reply(query, Rcode.FORMERR)
        return _fitted(message, self._draft(message), _limit(message, max_octets))

    def _draft(self, query: Message) -> _Draft:
        draft = _Draft()
        if query.edns is not None and query.edns.version > 0:
            draft.rcode = Rcode.BADVERS  # RFC 6891 §6.1.3
        elif query.question is None:
            draft.rcode = Rcode.FORMERR  # RFC 9619 §4
        else:
            draft.rcode = _refused_by_type(query.question)
            if draft.rcode is Rcode.NOERROR:
                self._follow(draft, query.question.name, query.question.type)
        return draft

    def _follow(self, draft: _Draft, qname: str, qtype: str) -> None:
        """Answer for a name and go on along its aliases, as long as they stay with us."""
        zone = self.holding(qname, qtype)
        if zone is None:
            draft.rcode = Rcode.REFUSED
            return
        seen = {qname}
        for _ in range(MAX_ALIASES):
            found = find(zone, qname, qtype)
            draft.take(zone, found)
            if found.target is None or found.target in seen:
                return
            qname = found.target
            seen.add(qname)
            next_zone = self.holding(qname, qtype)
            if next_zone is None:
                return
            zone = next_zone


@dataclass(slots=True)
class _Draft:
    """A response in the making."""

    rcode: Rcode = Rcode.NOERROR
    authoritative: bool = False
    answer: list[RRset] = field(default_factory=list)
    authority: list[RRset] = field(default_factory=list)
    additional: list[RRset] = field(default_factory=list)

    def take(self, zone: Zone, found: Found) -> None:
        """Note what one zone said about one name of the chain."""
        if found.match is Match.REFERRAL:
            # RFC 1035 §4.1.1: AA speaks of the first owner, so an alias before the referral keeps it
            self.authority += found.rrsets
            self.additional += glue(zone, found.rrsets[0])
            return
        self.authoritative = True
        self.answer += found.rrsets
        if found.match in (Match.NO_DATA, Match.NO_NAME):
            self.authority.append(_negative_soa(zone))
        if found.match is Match.NO_NAME:
            self.rcode = Rcode.NXDOMAIN  # RFC 6604 §3: the last name of the chain decides
        elif found.match is Match.TOO_LONG:
            self.rcode = Rcode.YXDOMAIN  # RFC 6672 §2.2


def header_reply(query: bytes, rcode: int) -> bytes:
    """Return a response of twelve octets: for what cannot or shall not be read further (RFC 8906 §3)."""
    id_, flags = struct.unpack_from("!HH", query)
    return _HEADER.pack(id_, _QR | (flags & (_OPCODE | _RD)) | rcode, 0, 0, 0, 0)


def expects_response(query: bytes) -> bool:
    """Say whether there is anything to answer to: half a header has no id, and a response could loop."""
    return len(query) >= _HEADER.size and not query[2] << 8 & _QR


def opcode_of(query: bytes) -> int:
    """Return the kind of a message that has a header, as `Opcode` numbers it."""
    return (query[2] << 8 & _OPCODE) >> 11


def _refused_by_header(query: bytes) -> bytes | None:
    """Return the refusal of what is no query, None for what is one."""
    opcode = opcode_of(query)
    if opcode == Opcode.UPDATE:
        return header_reply(query, Rcode.REFUSED)
    return None if opcode == Opcode.QUERY else header_reply(query, Rcode.NOTIMP)


def _refused_by_type(asked: Question) -> Rcode:
    if asked.type in _TRANSFERS:
        return Rcode.REFUSED
    return Rcode.NOTIMP if asked.type in _META_TYPES else Rcode.NOERROR


def _negative_soa(zone: Zone) -> RRset:
    # RFC 2308 §3: the lesser of the SOA's own TTL and its MINIMUM says how long "no" is remembered
    ttl = min(zone.soa.ttl_seconds, zone.soa_rdata.minimum_seconds)
    return RRset(zone.origin, "SOA", ttl, zone.soa.rdatas, zone.soa.signatures)


def _limit(query: Message, max_octets: int) -> int:
    if max_octets > MAX_DATAGRAM_OCTETS:
        return max_octets  # RFC 6891 §6.2.3 speaks of datagrams only
    if query.edns is None:
        return min(_PLAIN_DATAGRAM_OCTETS, max_octets)
    return min(max(query.edns.datagram_octets, _PLAIN_DATAGRAM_OCTETS), max_octets)


def _fitted(query: Message, draft: _Draft, limit: int) -> bytes:
    """Write the response; what does not fit is answered empty with TC, so that the asker comes by TCP."""
    response = _response(query, draft)
    octets = build_message(response)
    if len(octets) <= limit and not octets[2] & Flag.TRUNCATED >> 8:
        return octets
    # RFC 9471 §3: a referral without its glue is of no use either
    empty = response._replace(answers=(), authority=(), additional=(), flags=response.flags | Flag.TRUNCATED)
    return build_message(empty)


def _response(query: Message, draft: _Draft) -> Message:
    flags = Flag.RESPONSE | (query.flags & Flag.RECURSION_DESIRED)
    if draft.authoritative:
        flags |= Flag.AUTHORITATIVE
    return Message(
        query.id,
        flags,
        Opcode.QUERY,
        draft.rcode,
        query.question,
        _records(draft.answer),
        _records(draft.authority),
        _records(draft.additional),
        edns=None if query.edns is None else Edns(MAX_DATAGRAM_OCTETS),  # RFC 6891 §6.1.1
    )


def _records(rrsets: list[RRset]) -> tuple[Record, ...]:
    return tuple(record for rrset in rrsets for record in rrset.records())

"""Authoritative answers: a query's octets in, a response's octets out, from the zones we hold.

There are no zone transfers and no recursion here; what a response holds is `draft`'s to say.

Standards: RFC 1034 §4.3.2, RFC 1035 §4, RFC 4035 §3.1, RFC 5001, RFC 6891, RFC 7766 §8, RFC 7828, RFC 7830,
RFC 8482, RFC 8906, RFC 8914, RFC 9471, RFC 9619.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from scop.base import RemoteProtocolError
from scop.dns.answer import Question
from scop.dns.edns import MAX_DATAGRAM_OCTETS, Edns, OptionCode, keepalive_option
from scop.dns.header import expects_response, header_reply, opcode_of
from scop.dns.message import MAX_MESSAGE_OCTETS, Flag, Message, build_message, parse_message
from scop.dns.names import parent_name
from scop.dns.words import Ede, Opcode, Rcode
from scop.dns.zone.draft import Draft
from scop.dns.zone.identity import ANONYMOUS, Identity
from scop.dns.zone.lookup import Match, find
from scop.dns.zone.zone import Zone

__all__ = [
    "MAX_DATAGRAM_OCTETS",
    "MAX_STREAM_OCTETS",
    "Manners",
    "Zones",
    "expects_response",
    "header_reply",
    "opcode_of",
]

MAX_STREAM_OCTETS = MAX_MESSAGE_OCTETS
MAX_ALIASES = 16  # BIND's bound on a chain
_PLAIN_DATAGRAM_OCTETS = 512  # RFC 1035 §4.2.1: what an asker without EDNS can take
_TRANSFERS = frozenset({"AXFR", "IXFR"})
_META_TYPES = frozenset({"OPT", "TSIG", "TKEY", "MAILB", "MAILA"})  # RFC 6895 §3.1: no data of a zone


@dataclass(frozen=True, slots=True)
class Manners:
    """What an asker on a stream may want beside an answer: how long the stream is kept when idle (RFC 7828 §3.3).

    And under TLS, that a response's length is a multiple of some octets (RFC 8467 §4.1).
    """

    idle_seconds: float = 0.0
    block_octets: int = 0


_NO_MANNERS = Manners()  # a datagram's


@dataclass(frozen=True, slots=True)
class Zones:
    """The zones of one server by origin; the longest match answers.

    `unready` are those that we should have and cannot answer from now, each with the reason to tell, as a secondary
    before its first transfer or after its zone has expired.
    """

    by_origin: Mapping[str, Zone]
    unready: Mapping[str, Ede] = field(default_factory=dict)
    identity: Identity = ANONYMOUS

    @classmethod
    def of(cls, zones: Iterable[Zone]) -> Zones:
        """Build from zones, each origin once."""
        return cls({zone.origin: zone for zone in zones})

    def replaced(self, zone: Zone) -> Zones:
        """Return the same zones with this one in place of its older version."""
        unready = {origin: reason for origin, reason in self.unready.items() if origin != zone.origin}
        return replace(self, by_origin={**self.by_origin, zone.origin: zone}, unready=unready)

    def withheld(self, origin: str, reason: Ede) -> Zones:
        """Return the same zones, one of which cannot be answered from (RFC 8914 §4.15, §4.25)."""
        kept = {name: zone for name, zone in self.by_origin.items() if name != origin}
        return replace(self, by_origin=kept, unready={**self.unready, origin: reason})

    def holding(self, qname: str, qtype: str = "") -> Zone | None:
        """Return the zone that answers for a name, the one nearest to it."""
        held = self.nearest(qname, qtype)
        return held if isinstance(held, Zone) else None

    def nearest(self, qname: str, qtype: str = "") -> Zone | Ede | None:
        """Return the zone that answers for a name, or why none does that should; None where it is not ours."""
        name = qname
        while True:
            held = self.by_origin.get(name) or self.unready.get(name)
            if held is not None and not self._parent_answers(name, qname, qtype):
                return held
            if not name:
                return None
            name = parent_name(name)

    def _parent_answers(self, origin: str, qname: str, qtype: str) -> bool:
        """RFC 4035 §3.1.4.1: a DS lies in the parent, if we hold that too and not only what is above it."""
        if qtype != "DS" or origin != qname or not qname:
            return False
        above = self.holding(parent_name(qname))
        return above is not None and find(above, qname, "DS").match is not Match.REFERRAL

    def answer(self, query: bytes, *, max_octets: int, manners: Manners = _NO_MANNERS) -> bytes | None:
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
        draft = self._draft(message)
        response = self._response(message, draft, manners)
        block_octets = manners.block_octets if message.edns is not None and message.edns.wants_padding else 0
        return _fitted(response, draft, _limit(message, max_octets), block_octets)

    def _draft(self, query: Message) -> Draft:
        draft = Draft(dnssec_ok=query.edns is not None and query.edns.dnssec_ok)
        if query.edns is not None and query.edns.version > 0:
            draft.rcode = Rcode.BADVERS  # RFC 6891 §6.1.3
        elif query.question is None:
            draft.rcode = Rcode.FORMERR  # RFC 9619 §4
        elif query.question.qclass != "IN":
            self.identity.tell(draft, query.question)
        elif not _refused_by_type(draft, query.question):
            self._follow(draft, query.question.name, query.question.type)
        return draft

    def _follow(self, draft: Draft, qname: str, qtype: str) -> None:
        """Answer for a name and go on along its aliases, as long as they stay with us."""
        zone = self.nearest(qname, qtype)
        if zone is None:
            draft.refuse(Rcode.REFUSED, Ede.NOT_AUTHORITATIVE)  # RFC 8914 §4.21
        elif not isinstance(zone, Zone):
            draft.refuse(Rcode.SERVFAIL, zone)
        seen = {qname}
        for _ in range(MAX_ALIASES):
            if not isinstance(zone, Zone):
                return
            found = find(zone, qname, qtype)
            draft.take(zone, found, qname)
            if found.target is None or found.target in seen:
                return
            qname = found.target
            seen.add(qname)
            zone = self.nearest(qname, qtype)

    def _response(self, query: Message, draft: Draft, manners: Manners) -> Message:
        # RFC 4035 §3.1.6: AD and CD are for resolvers
        flags = Flag.RESPONSE | (query.flags & Flag.RECURSION_DESIRED)
        if draft.authoritative:
            flags |= Flag.AUTHORITATIVE
        return Message(
            query.id,
            flags,
            Opcode.QUERY,
            draft.rcode,
            query.question,
            draft.records(draft.answer),
            draft.records(draft.authority),
            draft.records((*draft.required, *draft.additional)),
            edns=None if query.edns is None else self._edns(query.edns, draft, manners),  # RFC 6891 §6.1.1
        )

    def _edns(self, asked: Edns, draft: Draft, manners: Manners) -> Edns:
        options = [error.to_option() for error in draft.errors]
        if asked.wants_server_id and self.identity.server_id:
            options.append((OptionCode.NSID, self.identity.server_id.encode("utf-8")))
        if asked.speaks_keepalive and manners.idle_seconds:
            options.append(keepalive_option(manners.idle_seconds))
        return Edns(MAX_DATAGRAM_OCTETS, asked.dnssec_ok, options=tuple(options))  # RFC 3225 §3: DO is repeated


def _fitted(response: Message, draft: Draft, limit: int, block_octets: int) -> bytes:
    """Write the response; what does not fit is answered empty with TC, so that the asker comes by TCP."""
    # RFC 9471 §3: a referral without its glue is of no use either
    required = sum(len(rrset.rdatas) for rrset in draft.required)
    octets = build_message(response, max_octets=limit, required_additional=required, block_octets=block_octets)
    return build_message(response.emptied()) if octets[2] & Flag.TRUNCATED >> 8 else octets


def _refused_by_header(query: bytes) -> bytes | None:
    """Return the refusal of what is no query, None for what is one."""
    opcode = opcode_of(query)
    if opcode == Opcode.UPDATE:
        return header_reply(query, Rcode.REFUSED)
    return None if opcode == Opcode.QUERY else header_reply(query, Rcode.NOTIMP)


def _refused_by_type(draft: Draft, asked: Question) -> bool:
    if asked.type in _TRANSFERS:
        draft.refuse(Rcode.REFUSED, Ede.PROHIBITED)
    elif asked.type in _META_TYPES:
        draft.refuse(Rcode.NOTIMP, Ede.INVALID_QUERY_TYPE)
    else:
        return False
    return True


def _limit(query: Message, max_octets: int) -> int:
    if max_octets > MAX_DATAGRAM_OCTETS:
        return max_octets  # RFC 6891 §6.2.3 speaks of datagrams only
    if query.edns is None:
        return min(_PLAIN_DATAGRAM_OCTETS, max_octets)
    return min(max(query.edns.datagram_octets, _PLAIN_DATAGRAM_OCTETS), max_octets)

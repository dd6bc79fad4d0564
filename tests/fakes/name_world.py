"""A world of name servers in memory: authorities with their zones, and servers that misbehave as a test says.

It answers what a resolver's generator asks; nothing is sent anywhere, and every question is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeAlias, TypeVar

from fakes.jumping_clock import JumpingClock
from scop.dns.answer import Question
from scop.dns.asking import Ask, Step
from scop.dns.message import Flag, Message, Record
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.rdata import AAAA, CNAME, NS, SOA, A, Rdata
from scop.dns.words import Rcode

__all__ = ["TTL", "Behaviour", "NameWorld", "Zone", "authority", "reply", "start"]

TTL = 300
MAX_ASKS = 2000  # a generator that asks more than that does not end

Zone: TypeAlias = Mapping[str, tuple[Rdata, ...]]  # name → its records
Behaviour: TypeAlias = Callable[[Ask], Message | None]
_Outcome = TypeVar("_Outcome")


def reply(
    question: Question,
    answers: tuple[Record, ...] = (),
    authority: tuple[Record, ...] = (),
    additional: tuple[Record, ...] = (),
    *,
    rcode: Rcode = Rcode.NOERROR,
    flags: int = Flag.AUTHORITATIVE,
) -> Message:
    """Return a response; authoritative unless `flags` say otherwise."""
    return Message(
        1,
        Flag.RESPONSE | flags,
        rcode=rcode,
        question=question,
        answers=answers,
        authority=authority,
        additional=additional,
    )


def start(apex: str) -> SOA:
    """Return a zone's SOA."""
    return SOA(f"ns.{apex}" if apex else "ns", "mail.test", 1, 3600, 600, 86_400, 60)


def authority(zones: Mapping[str, Zone]) -> Behaviour:
    """Return a server of these zones: answers, referrals with glue, NXDOMAIN and NODATA with SOA, REFUSED elsewhere."""

    def said(ask: Ask) -> Message | None:
        name, type_ = ask.question.name, ask.question.type
        apexes = [apex for apex in zones if is_at_or_below(name, apex) and not (type_ == "DS" and name == apex)]
        if not apexes:
            return reply(ask.question, rcode=Rcode.REFUSED, flags=0)
        apex = max(apexes, key=len)
        zone = zones[apex]
        return _referral(ask, apex, zone) or _said(ask, apex, zone)

    return said


def _said(ask: Ask, apex: str, zone: Zone) -> Message:
    name, type_ = ask.question.name, ask.question.type
    held = zone.get(name, ())
    found = [rdata for rdata in held if type_ in (rdata.type, "ANY")] or [r for r in held if isinstance(r, CNAME)]
    if found:
        return reply(ask.question, tuple(Record(name, TTL, rdata) for rdata in found))
    exists = any(is_at_or_below(other, name) for other in zone)
    soa = (Record(apex, TTL, start(apex)),)
    return reply(ask.question, (), soa, rcode=Rcode.NOERROR if exists else Rcode.NXDOMAIN)


def _referral(ask: Ask, apex: str, zone: Zone) -> Message | None:
    cut = ask.question.name if ask.question.type != "DS" else parent_name(ask.question.name)
    cuts = []
    while cut != apex:
        if any(isinstance(rdata, NS) for rdata in zone.get(cut, ())):
            cuts.append(cut)
        cut = parent_name(cut)
    if not cuts:
        return None
    servers = [rdata for rdata in zone[cuts[-1]] if isinstance(rdata, NS)]
    records = tuple(Record(cuts[-1], TTL, server) for server in servers)
    glue = tuple(
        Record(server.target, TTL, rdata)
        for server in servers
        for rdata in zone.get(server.target, ())
        if isinstance(rdata, (A, AAAA))
    )
    return reply(ask.question, (), records, glue, flags=0)


class NameWorld:
    """Servers by address; what nobody serves is silence."""

    def __init__(self, clock: JumpingClock | None = None, *, rtt_seconds: float = 0.0) -> None:
        self.clock = clock or JumpingClock()
        self.rtt_seconds = rtt_seconds
        self.servers: dict[str, Behaviour] = {}
        self.asks = list[Ask]()

    def run(self, step: Step[_Outcome]) -> _Outcome:
        """Drive a generator to its end."""
        try:
            ask = next(step)
            while True:
                self.asks.append(ask)
                assert len(self.asks) < MAX_ASKS
                self.clock.jump(self.rtt_seconds)
                ask = step.send(self.servers.get(ask.server.address, _silence)(ask))
        except StopIteration as stop:
            outcome: _Outcome = stop.value
            return outcome

    def asked(self, address: str | None = None) -> list[tuple[str, str]]:
        """Return what was asked, of one server or of all of them."""
        return [(a.question.name, a.question.type) for a in self.asks if address in (None, a.server.address)]


def _silence(ask: Ask) -> Message | None:
    return None

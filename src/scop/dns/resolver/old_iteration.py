"""Resolving without I/O: down from the closest known zone, referral by referral, alias by alias.

Theory of operation. `Iteration.resolve` is a generator. It yields whom to ask what and is sent the
message that came back, or None where none did. What it learns goes into the `Memory`, so the next
question starts further down. Each referral leads strictly further down, aliases and look-ups of
servers' own addresses are counted, and every question has one budget of queries: however a hostile
zone is built, resolving it ends soon (RFC 1034 §5.3.3 "bound the amount of work").

Standards: RFC 1034 §5.3.3, RFC 2308, RFC 4035 §4.2 (where a DS stands), RFC 5452 §6, RFC 6604.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeVar

from scop.dns import AAAA, CNAME, A, Question, Rcode
from scop.dns.message import Edns, Message, Record
from scop.dns.names import parent_name
from scop.dns.resolver.asking import Ask, Server, Step, Unanswered
from scop.dns.resolver.memory import Delegation, Known, Memory
from scop.dns.resolver.old_responses import Learned, Referral, read_response
from scop.dns.resolver.old_special import special_answer

__all__ = ["Ask", "Iteration", "Resolution", "Step", "World"]

MAX_QUERIES = 48  # of one question, all detours included
MAX_ALIASES = 16  # links of one chain
MAX_DEPTH = 3  # a server's address, whose server's address, whose server's address is wanted
MAX_NAMES_LOOKED_UP = 4  # servers of one zone whose addresses are looked up (NXNSAttack)

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class World:
    """Which servers there are to ask: where they listen, and whether the root is one of our own."""

    port: int = 53
    has_own_root: bool = False

    def may_ask(self, place: Server) -> bool:
        """Say whether a server that a referral names may be sent to.

        The Internet's zones cannot make us speak to our own network.
        """
        return self.has_own_root or ipaddress.ip_address(place.address).is_global


@dataclass(frozen=True, slots=True)
class Resolution:
    """The whole answer: aliases and records in order, or the SOA that vouches for there being none."""

    rcode: Rcode
    records: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    reason: str = ""  # of a failure; for the log


class Iteration:
    """Resolves one question, with the budget of one."""

    def __init__(self, memory: Memory, world: World, now: Callable[[], float]) -> None:
        self._memory = memory
        self._world = world
        self._now = now
        self._queries_left = MAX_QUERIES

    def resolve(self, question: Question, depth: int = 0) -> Step[Resolution]:
        """Return the resolution; raises `Unanswered` where no server could or would say."""
        trail, name = list[Record](), question.name
        for _ in range(MAX_ALIASES + 1):
            known = yield from self._find(Question(name, question.type), depth)
            trail += known.records
            target = _alias(known, question.type)
            if target is None:
                return Resolution(known.rcode, tuple(trail), known.authority)
            name = target
        raise Unanswered(f"more than {MAX_ALIASES} aliases")

    def _find(self, question: Question, depth: int) -> Step[Known]:
        now = self._now()
        known = self._memory.find(question, now)
        if known is not None:
            return known.at(now)
        # RFC 4035 §4.2: a DS stands above the cut.
        delegation = self._memory.closest(parent_name(question.name) if question.type == "DS" else question.name, now)
        if not delegation.zone and not self._world.has_own_root:
            special = special_answer(question)
            if special is not None:
                return special
        return (yield from self._descend(delegation, question, depth))

    def _descend(self, delegation: Delegation, question: Question, depth: int) -> Step[Known]:
        while True:
            found = yield from self._ask_zone(delegation, question, depth)
            now = self._now()
            if not isinstance(found, Referral):
                # The first speaks of the question's own name; the rest of a chain is found by its names.
                learned = [self._memory.learn(asked, known, now) for asked, known in found]
                return learned[0].at(now)
            delegation = found.delegation
            self._memory.learn_delegation(delegation, found.ttl_seconds, now)

    def _ask_zone(self, delegation: Delegation, question: Question, depth: int) -> Step[Learned | Referral]:
        """Ask the zone's servers until one is of use, the silent ones a second time."""
        silent = list[Server]()
        found = yield from self._ask_each(delegation.places, delegation.zone, question, silent)
        for name in delegation.names[:MAX_NAMES_LOOKED_UP]:
            if found is not None:
                break
            places = yield from self._places_of(name, depth)
            found = yield from self._ask_each(places, delegation.zone, question, silent)
        if found is None:
            found = yield from self._ask_each(silent, delegation.zone, question, [])
        if found is None:
            raise Unanswered(f"no server of {delegation.zone or 'the root'} gives an answer")
        return found

    def _ask_each(
        self, places: Iterable[Server], zone: str, question: Question, silent: list[Server]
    ) -> Step[Learned | Referral | None]:
        for place in self._memory.in_order(places, self._now()):
            message = yield from self._ask(place, question)
            if message is None:
                silent.append(place)
                continue
            found = read_response(message, zone, question, self._world.port)
            if found is not None:
                return self._permitted(found)
        return None

    def _ask(self, place: Server, question: Question) -> Step[Message | None]:
        if not self._queries_left:
            raise Unanswered(f"more than {MAX_QUERIES} queries")
        self._queries_left -= 1
        message = yield Ask(place, question, edns=Edns())
        if message is None:
            self._memory.note_silent(place, self._now())
        return message

    def _permitted(self, found: Learned | Referral) -> Learned | Referral:
        if not isinstance(found, Referral):
            return found
        delegation = found.delegation
        places = tuple(place for place in delegation.places if self._world.may_ask(place))
        return Referral(Delegation(delegation.zone, places, delegation.names), found.ttl_seconds)

    def _places_of(self, name: str, depth: int) -> Step[list[Server]]:
        """Look up a server's addresses; none where that fails, since the zone has other servers."""
        places = list[Server]()
        if depth == MAX_DEPTH:
            return places
        for type_ in (A.type, AAAA.type):
            try:
                resolution = yield from self.resolve(Question(name, type_), depth + 1)
            except Unanswered:
                continue
            addresses = [record.rdata.address for record in resolution.records if isinstance(record.rdata, (A, AAAA))]
            places += [place for address in addresses if self._world.may_ask(place := self._place(address))]
        return places

    def _place(self, address: str) -> Server:
        return Server(address, self._world.port)


def _alias(known: Known, type_: str) -> str | None:
    if type_ == CNAME.type or not known.records:
        return None
    first = known.records[0].rdata
    return first.target if isinstance(first, CNAME) else None

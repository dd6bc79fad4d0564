"""What the resolver remembers: answers, absences, delegations, and servers that were silent.

Delegations (and the addresses that came with them) lead to servers and are never given as answers
(RFC 2181 §5.4.1). All of it is bounded; when it is full, the oldest goes first.

Standards: RFC 2181 §5.2, RFC 2308 §5 and §7, RFC 9520 §3.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from scop.dns import Question, Rcode
from scop.dns.chain import negative_ttl
from scop.dns.message import Record
from scop.dns.names import parent_name
from scop.dns.resolver.asking import Server

__all__ = ["Delegation", "Known", "Memory"]

MAX_TTL_SECONDS = 86_400  # RFC 8767 §4 lets a week; a day lets mistakes of others heal
MAX_NEGATIVE_TTL_SECONDS = 3600  # RFC 2308 §5: one to three hours work well
FAILURE_TTL_SECONDS = 1  # RFC 9520 §3.2: at least one second, so that trouble is not multiplied
SILENT_SECONDS = 15.0  # a server that did not answer is asked last for so long
MAX_ANSWER_OCTETS = 16 * 1024 * 1024
MAX_DELEGATIONS = 10_000
MAX_SILENT = 1000
ENTRY_OCTETS = 700  # measured: an entry's own objects
RECORD_OCTETS = 400  # measured: a record's

_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Known:
    """What stands at one name for one type, an alias instead of it, or that there is nothing.

    `authority` holds the SOA that vouches for nothing being there; `until` is by the monotonic clock.
    """

    rcode: Rcode
    records: tuple[Record, ...] = ()
    authority: tuple[Record, ...] = ()
    until: float = 0.0

    def at(self, now: float) -> Known:
        """Return the same with TTLs that count down to `until`."""
        left = max(0, round(self.until - now))
        return replace(self, records=_with_ttl(self.records, left), authority=_with_ttl(self.authority, left))


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone's servers: addresses that are known, and names whose addresses have to be looked up."""

    zone: str
    places: tuple[Server, ...]
    names: tuple[str, ...] = ()
    until: float = float("inf")


class _Bounded(Generic[_Value]):
    """Keyed values of bounded weight in the order of their coming."""

    def __init__(self, max_weight: int) -> None:
        self._max_weight = max_weight
        self._weight = 0
        self._entries: dict[object, tuple[_Value, int]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def get(self, key: object) -> _Value | None:
        entry = self._entries.get(key)
        return None if entry is None else entry[0]

    def put(self, key: object, value: _Value, weight: int = 1) -> None:
        self.drop(key)
        if weight > self._max_weight:
            return
        while self._weight + weight > self._max_weight:
            self.drop(next(iter(self._entries)))
        self._entries[key] = value, weight
        self._weight += weight

    def drop(self, key: object) -> None:
        _, weight = self._entries.pop(key, (None, 0))
        self._weight -= weight


class Memory:
    """All of it; `now` is the time of a monotonic clock."""

    def __init__(
        self, roots: Delegation, stubs: Iterable[Delegation] = (), *, max_octets: int = MAX_ANSWER_OCTETS
    ) -> None:
        self._fixed = {delegation.zone: delegation for delegation in (roots, *stubs)}
        self._answers: _Bounded[Known] = _Bounded(max_octets)
        self._delegations: _Bounded[Delegation] = _Bounded(MAX_DELEGATIONS)
        self._silent: _Bounded[float] = _Bounded(MAX_SILENT)

    def find(self, question: Question, now: float) -> Known | None:
        """Return what is known of a question, its alias or its absence included."""
        name = question.name
        for type_ in (question.type, "CNAME", ""):  # "": nothing at all is at this name
            known = self._answers.get((name, type_))
            if known is not None and known.until > now:
                return known
        return None

    def learn(self, question: Question, known: Known, now: float) -> Known:
        """Remember, and return it with its time."""
        known = replace(known, until=now + _ttl(known))
        if known.until > now:
            self._answers.put((question.name, _kind(question, known)), known, _weight(known))
        return known

    def closest(self, name: str, now: float) -> Delegation:
        """Return the deepest known zone at or above `name`."""
        while True:
            fixed = self._fixed.get(name)
            if fixed is not None:
                return fixed
            learned = self._delegations.get(name)
            if learned is not None and learned.until > now:
                return learned
            name = parent_name(name)

    def learn_delegation(self, delegation: Delegation, ttl_seconds: int, now: float) -> None:
        """Remember who serves a zone."""
        if delegation.zone not in self._fixed:
            until = now + min(ttl_seconds, MAX_TTL_SECONDS)
            self._delegations.put(delegation.zone, replace(delegation, until=until))

    def note_silent(self, place: Server, now: float) -> None:
        """Ask this server last for a while."""
        self._silent.put(place, now + SILENT_SECONDS)

    def in_order(self, places: Iterable[Server], now: float) -> list[Server]:
        """Return the servers with those last that were silent of late."""
        return sorted(places, key=lambda place: (self._silent.get(place) or 0.0) > now)


def _kind(question: Question, known: Known) -> str:
    if known.rcode is Rcode.NXDOMAIN:
        return ""  # RFC 2308 §5: of every type
    return known.records[0].type if known.records else question.type


def _ttl(known: Known) -> int:
    if known.rcode not in (Rcode.NOERROR, Rcode.NXDOMAIN):
        return FAILURE_TTL_SECONDS
    if not known.records:
        return min(MAX_NEGATIVE_TTL_SECONDS, negative_ttl(known.authority))
    # RFC 2181 §5.2: TTLs that differ within a set are an error; the lowest holds.
    return min(MAX_TTL_SECONDS, *(record.ttl_seconds for record in known.records))


def _weight(known: Known) -> int:
    records = (*known.records, *known.authority)
    return ENTRY_OCTETS + sum(RECORD_OCTETS + len(record.rdata.to_wire()) for record in records)


def _with_ttl(records: tuple[Record, ...], ttl_seconds: int) -> tuple[Record, ...]:
    return tuple([Record(name, ttl_seconds, rdata) for name, _, rdata in records])

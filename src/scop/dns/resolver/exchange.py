"""One server after the other: how each is asked, what its silence or its words mean for the next question to it.

Standards: RFC 1035 §7.3, RFC 2308 §7, RFC 6891 §6.2.2 and §7 (EDNS fall-back), RFC 7766 §5 (TC, then TCP).
"""

from __future__ import annotations

import ipaddress
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TypeAlias

from scop.base import Clock
from scop.dns.answer import Question
from scop.dns.asking import Ask, Overspent, Protocol, Server, Step
from scop.dns.known import Known
from scop.dns.message import Edns, Message
from scop.dns.resolver.addresses import Address, is_public
from scop.dns.resolver.limits import MAX_TRIES
from scop.dns.resolver.nat64 import translated
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Note, NoteKind
from scop.dns.resolver.responses import Asked, Found, Outcome, Referral, Useless, Why, read_response
from scop.dns.resolver.scrubbing import without_private
from scop.dns.resolver.servers import FAILED_SECONDS, LAME_SECONDS, MAX_TIMEOUT_SECONDS, Servers
from scop.dns.words import Rcode

__all__ = ["Exchange", "Round"]

Read: TypeAlias = Callable[[Message, Asked], Outcome]  # how a response is read

# Old servers say one of these to EDNS (RFC 6891 §7, RFC 1035 §4.1.1).
_NO_EDNS = (Rcode.FORMERR, Rcode.NOTIMP, Rcode.BADVERS)
EMPTY_ANSWERS_BELIEVED = 2  # so many servers with nothing at all to say are believed; as Unbound does
_USELESS_SECONDS = {Why.FAILED: FAILED_SECONDS, Why.REFUSED: LAME_SECONDS, Why.LAME: LAME_SECONDS}


@dataclass(frozen=True, slots=True)
class _Source:
    server: Server
    zone: str
    has_others: bool


class Exchange:
    """Asks servers, within one question's budget, and writes down each step."""

    def __init__(self, options: ResolverOptions, servers: Servers, clock: Clock, *, validates: bool = False) -> None:
        self.options = options
        self._validates = validates
        self.notes = list[Note]()
        self._servers = servers
        self._clock = clock
        self._queries_left = options.max_queries
        self._sources: dict[Question, _Source] = {}

    def note(
        self, kind: NoteKind, question: Question, text: str, *, server: Server | None = None, depth: int = 0
    ) -> None:
        """Write down a step."""
        self.notes.append(Note(kind, question, text, server, depth))

    def round(self, asked: Asked, depth: int, *, ends_at_useless: bool = False, read: Read = read_response) -> Round:
        """Return a new round of questions to the servers of one zone."""
        return Round(self, asked, depth, ends_at_useless=ends_at_useless, read=read)

    def in_order(self, places: Iterable[Server], zone: str) -> list[Server]:
        """Return the servers in the order in which they are to be asked."""
        return self._servers.in_order(places, zone, self._clock.monotonic())

    def is_useless(self, server: Server, zone: str) -> bool:
        """Whether a server is asked for a zone only where nobody else is left."""
        return self._servers.is_useless(server, zone, self._clock.monotonic())

    def ask(self, server: Server, asked: Asked, depth: int) -> Step[Message | None]:
        """Return the server's message, None where it is silent; EDNS and datagrams are given up where they must be."""
        takes_edns = self._servers.takes_edns(server, self._clock.monotonic())
        message = yield from self._send(server, asked, depth, takes_edns=takes_edns)
        if message is not None and takes_edns and message.rcode in _NO_EDNS and message.edns is None:
            plain = yield from self._send(server, asked, depth, takes_edns=False)
            if plain is not None and plain.rcode not in _NO_EDNS:
                self._servers.note_plain(server, self._clock.monotonic())
                message, takes_edns = plain, False
        if message is not None and message.is_truncated:
            whole = yield from self._send(server, asked, depth, takes_edns=takes_edns, protocol=Protocol.TCP)
            return message if whole is None else whole
        return message

    def note_useless(self, server: Server, zone: str, useless: Useless) -> None:
        """Ask this server of this zone last for a while, if that is what its words mean."""
        seconds = _USELESS_SECONDS.get(useless.why)
        if seconds is not None:
            self._servers.note_useless(server, zone, self._clock.monotonic(), seconds)

    def doubt(self) -> bool:
        """Ask the servers last for a while that gave answers and keys, as something is false; say if there are others.

        Which of them it was nobody knows: the answer, a key or a DS may be at fault.
        """
        doubtful = [source for source in self._sources.values() if source.has_others]
        for source in doubtful:
            self._servers.note_useless(source.server, source.zone, self._clock.monotonic(), FAILED_SECONDS)
        self._sources.clear()
        return bool(doubtful)

    def note_source(self, question: Question, server: Server, zone: str, *, has_others: bool) -> None:
        """Remember who gave an answer."""
        self._sources[question] = _Source(server, zone, has_others)

    def _send(
        self, server: Server, asked: Asked, depth: int, *, takes_edns: bool, protocol: Protocol = Protocol.UDP
    ) -> Step[Message | None]:
        if not self._queries_left:
            raise Overspent(f"more than {self.options.max_queries} queries")
        self._queries_left -= 1
        begun, is_datagram = self._clock.monotonic(), protocol is Protocol.UDP
        message = yield Ask(
            server,
            asked.question,
            protocol,
            Edns(dnssec_ok=True) if takes_edns else None,
            asked.is_forward,
            self._servers.timeout_seconds(server) if is_datagram else MAX_TIMEOUT_SECONDS,
            checking_disabled=asked.is_forward and self._validates,
        )
        now = self._clock.monotonic()
        if message is None:
            self._servers.note_silent(server, now)
            self.note(NoteKind.ASKED, asked.question, f"by {protocol.value}: silence", server=server, depth=depth)
        elif is_datagram:
            self._servers.note_answer(server, now - begun, now)
        return message


class Round:
    """One question to the servers of one zone, until one is of use."""

    def __init__(self, exchange: Exchange, asked: Asked, depth: int, *, ends_at_useless: bool, read: Read) -> None:
        self._exchange = exchange
        self._asked = asked
        self._depth = depth
        self._ends_at_useless = ends_at_useless
        self._read = read
        self._tried = set[Server]()
        self._again = list[Server]()
        self._usable = set[Server]()
        self._failures = Counter[str]()
        self._empty = 0
        self.resolvers = list[Server]()  # those that speak from their memory

    @property
    def summary(self) -> str:
        """What the servers said instead of an answer."""
        said = [f"{text} ({count}×)" if count > 1 else text for text, count in self._failures.items()]
        return ", ".join(said) or "none is known"

    def ask_each(self, places: Iterable[Server]) -> Step[Outcome | None]:
        """Ask one after the other; None if none of them is of use."""
        usable = [place for place in map(self._reached, places) if place is not None and place not in self._tried]
        self._usable.update(usable)
        for place in self._exchange.in_order(usable, self._asked.zone):
            if len(self._tried) >= MAX_TRIES:
                return None
            self._tried.add(place)
            outcome = yield from self._ask(place)
            if outcome is not None:
                return outcome
        return None

    def ask_again(self) -> Step[Outcome | None]:
        """Ask those once more that were silent or had nothing to say: a datagram is lost now and then."""
        for place in self._again[:]:
            outcome = yield from self._ask(place)
            if outcome is not None:
                return outcome
        return None

    def _ask(self, place: Server) -> Step[Outcome | None]:
        message = yield from self._exchange.ask(place, self._asked, self._depth)
        if message is None:
            self._failures["silence"] += 1
            self._again.append(place)
            return None
        outcome = self._read(message, self._asked)
        self._write_down(place, outcome)
        if isinstance(outcome, Found):
            has_others = max(len(self._usable), self._asked.servers) > 1
            self._exchange.note_source(self._asked.question, place, self._asked.zone, has_others=has_others)
            return without_private(outcome, self._exchange.options)
        if isinstance(outcome, Referral):
            return outcome
        return self._useless(place, outcome)

    def _useless(self, place: Server, useless: Useless) -> Outcome | None:
        self._failures[useless.text] += 1
        if useless.why is Why.RECURSIVE:
            self.resolvers.append(place)
        if useless.why is Why.EMPTY:
            self._empty += 1
            self._again.append(place)
            if self._empty >= EMPTY_ANSWERS_BELIEVED:
                return Found(Known(Rcode.NOERROR, zone=self._asked.zone))
        if self._ends_at_useless:
            return useless
        self._exchange.note_useless(place, self._asked.zone, useless)
        return None

    def _write_down(self, place: Server, outcome: Outcome) -> None:
        kind = NoteKind.REFERRED if isinstance(outcome, Referral) else NoteKind.ASKED
        self._exchange.note(kind, self._asked.question, _in_words(outcome), server=place, depth=self._depth)

    def _reached(self, place: Server) -> Server | None:
        """Return where a server is sent to, None where it may not or cannot be."""
        options = self._exchange.options
        if place in options.configured_servers:
            return place
        address = ipaddress.ip_address(place.address)
        if any(address in network for network in options.excluded_servers) or not self._may_ask(address):
            return None
        place = translated(place, options.nat64_prefix)
        has_way = options.ask_ipv6 if ":" in place.address else options.ask_ipv4
        return place if has_way else None

    def _may_ask(self, address: Address) -> bool:
        # The Internet's zones cannot make us speak to our own network; zones that are ours may have servers there.
        options = self._exchange.options
        return is_public(address) or options.ask_private or options.has_own_root or self._asked.is_own


def _in_words(outcome: Outcome) -> str:
    if isinstance(outcome, Referral):
        names = [server.name for server in outcome.delegation.servers]
        return f"{outcome.delegation.zone} is served by {', '.join(names[:3])}{' …' if len(names) > 3 else ''}"
    if isinstance(outcome, Useless):
        return f"{outcome.why.value}: {outcome.text}"
    found = [f"{len(rrset.rdatas)} {rrset.type}" for rrset in outcome.known.rrsets]
    return ", ".join(found) or ("there is no such name" if outcome.known.rcode is Rcode.NXDOMAIN else "no such records")

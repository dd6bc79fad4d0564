"""Plays a scenario: a resolver's generators against mock servers by address and step, under a clock that stands still.

Nothing is sent anywhere. A question of the play goes through the resolver's own reader of octets, its manners, its
cache and its judge; what its generator asks is answered by the first entry of the server's ranges that matches at this
step. As testbound does, a pending question is answered at the step after the one that raised it.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from fakes.jumping_clock import JumpingClock
from scenarios.comparing import Mismatch, compare
from scenarios.judging import judge_of
from scenarios.rpl import Entry, Scenario
from scenarios.rpl import Step as Move
from scenarios.settings import Settings, settings_of
from scop.base import RemoteProtocolError
from scop.dns.asking import Ask, Protocol
from scop.dns.asking import Step as Asking
from scop.dns.header import header_reply
from scop.dns.message import Flag, Message, build_message, parse_message
from scop.dns.names import is_at_or_below, normal_name
from scop.dns.resolver.cache import Cache, CacheOptions
from scop.dns.resolver.reply import refusal, reply
from scop.dns.resolver.resolution import Note, Resolution
from scop.dns.resolver.resolver import Resolver
from scop.dns.words import Rcode

__all__ = ["Mismatch", "Replay", "matching_entry", "play"]

MAX_ASKS = 5000  # of one scenario; the largest takes some hundreds
_ID = 4711


@dataclass
class _Client:
    """One question of the play, until it is answered."""

    query: Message
    step: Asking[Resolution] | None = None
    ask: Ask | None = None
    answer: bytes | None = None


def play(scenario: Scenario) -> None:
    """Play it to the end; raises `Mismatch` where it goes differently, `NotSupported` where it is not for us."""
    Replay(scenario, settings_of(scenario)).run()


class Replay:
    """One scenario and the resolver in it."""

    def __init__(self, scenario: Scenario, settings: Settings) -> None:
        self._scenario = scenario
        self._settings = settings
        self._clock = JumpingClock(settings.unix)
        negative = settings.negative_anchors
        apart = (*(zone.name for zone in settings.resolver.zones), *negative)
        kept = CacheOptions(apart=apart, aggressive=settings.aggressive, max_ttl_seconds=settings.max_ttl_seconds)
        cache = Cache(kept)
        self._resolver = Resolver(settings.resolver, cache, self._clock, judge_of(settings, self._clock))
        self._clients = list[_Client]()
        self._asks = 0
        self.notes = list[Note]()

    def run(self) -> None:
        """Play all moves."""
        for move in self._scenario.steps:
            if not self._answers_now(move):
                self._pump(move.number)
                self._make(move)

    def _make(self, move: Move) -> None:
        match move.kind:
            case "QUERY":
                assert move.entry is not None
                self._begin(move.entry)
            case "CHECK_ANSWER":
                assert move.entry is not None
                self._check(move)
            case "TRAFFIC" | "NOTHING" | "INFRA_RTT":  # how quick a server is, is measured
                pass
            case "REPLY":
                raise Mismatch(f"step {move.number}: nothing is asked that it answers")
            case "TIME_PASSES":
                self._clock.jump(float(move.words[-1]))
            case "TIMEOUT" | "ERROR":
                pending = next((client for client in self._clients if client.ask is not None), None)
                if pending is not None:  # who asks less often has fewer questions to be silent to
                    self._send(pending, None)
            case "CHECK_OUT_QUERY":
                assert move.entry is not None
                if not any(_matches(move.entry, c.ask) for c in self._clients if c.ask is not None):
                    raise Mismatch(f"step {move.number}: it was not asked what it should have been")
            case _:
                raise Mismatch(f"step {move.number}: {move.kind} is no move that is known here")

    def _answers_now(self, move: Move) -> bool:
        """Make a move that answers a pending question before its server's ranges can."""
        if move.kind not in {"REPLY", "CHECK_OUT_QUERY"} or move.entry is None:
            return False
        for client in self._clients:
            if client.ask is not None and _matches(move.entry, client.ask):
                if move.kind == "REPLY":
                    self._send(client, _said(move.entry, client.ask))
                return True
        return False

    def _begin(self, entry: Entry) -> None:
        octets = entry.to_octets(_ID)
        try:
            query = parse_message(octets)
        except RemoteProtocolError:
            self._clients.append(_Client(Message(_ID), answer=header_reply(octets, Rcode.FORMERR)))
            return
        client = _Client(query)
        self._clients.append(client)
        manners = self._settings.manners
        refused = refusal(query, manners)
        if refused is not None:
            client.answer = build_message(refused)
            return
        assert query.question is not None
        client.step = self._resolver.resolve(
            query.question, checking_disabled=bool(query.flags & Flag.CHECKING_DISABLED)
        )
        self._advance(client, first=True, message=None)

    def _pump(self, number: int) -> None:
        """Answer what is pending by what the servers say at this step."""
        progress = True
        while progress:
            progress = False
            for client in self._clients:
                if client.ask is None:
                    continue
                entry = matching_entry(self._scenario, client.ask, number)
                if entry is not None:
                    self._send(client, _said(entry, client.ask))
                    progress = True

    def _send(self, client: _Client | None, message: Message | None) -> None:
        if client is None or client.step is None:
            raise Mismatch("nothing is pending")
        self._advance(client, first=False, message=message)

    def _advance(self, client: _Client, *, first: bool, message: Message | None) -> None:
        assert client.step is not None
        self._asks += 1
        if self._asks > MAX_ASKS:
            raise Mismatch(f"more than {MAX_ASKS} questions to servers")
        try:
            client.ask = next(client.step) if first else client.step.send(message)
        except StopIteration as stop:
            client.ask = None
            resolution: Resolution = stop.value
            self.notes += resolution.trace
            client.answer = build_message(reply(client.query, resolution, self._settings.manners))

    def _check(self, move: Move) -> None:
        assert move.entry is not None
        if not self._clients:
            raise Mismatch(f"step {move.number}: there was no question")
        client = self._clients.pop(0)
        while client.answer is None:  # what no server answers is lost
            self._pump_one(client, move.number)
        try:
            compare(move.entry, parse_message(client.answer))
        except Mismatch as fault:
            raise Mismatch(f"step {move.number}: {fault}") from None

    def _pump_one(self, client: _Client, number: int) -> None:
        assert client.ask is not None
        entry = matching_entry(self._scenario, client.ask, number)
        self._send(client, None if entry is None else _said(entry, client.ask))


def matching_entry(scenario: Scenario, ask: Ask, number: int) -> Entry | None:
    """Return what the server that is asked says at this step; None where it is silent."""
    for range_ in scenario.ranges:
        if not range_.first <= number <= range_.last:
            continue
        if range_.addresses and not any(_same(address, ask.server.address) for address in range_.addresses):
            continue
        for entry in range_.entries:
            if _matches(entry, ask):
                return entry
    return None


def _matches(entry: Entry, ask: Ask) -> bool:
    """Say whether a server's entry is for this question (testbound's MATCH); words that are not named always fit."""
    question = entry.question or ("", "", "")
    is_name, is_type = ask.question.name == normal_name(question[0]), ask.question.type == question[1]
    facts = {
        "qname": is_name,
        "qtype": is_type,
        "question": is_name and is_type,
        "subdomain": is_at_or_below(ask.question.name, normal_name(question[0])),
        "UDP": ask.protocol is Protocol.UDP,
        "TCP": ask.protocol is Protocol.TCP,
        "DO": ask.edns is not None and ask.edns.dnssec_ok,
        "noedns": ask.edns is None,
    }
    return all(facts.get(word, True) for word in entry.match)


def _said(entry: Entry, ask: Ask) -> Message | None:
    copied = (ask.question.name, ask.question.type, "IN") if "copy_query" in entry.adjust else None
    try:
        return parse_message(entry.to_octets(_ID, copied), skips_malformed=True)
    except RemoteProtocolError:
        return None  # as if nothing had come


def _same(first: str, second: str) -> bool:
    return ipaddress.ip_address(first) == ipaddress.ip_address(second)

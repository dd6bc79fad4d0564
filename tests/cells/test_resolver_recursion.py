"""Resolving with I/O: one question in flight once, failures that end, hot names and stale ones."""

from __future__ import annotations

import asyncio

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from scop.cells.resolver import recursion as recursion_module
from scop.cells.resolver.recursion import MAX_LOGGED_A_SECOND, Recursion, Surroundings
from scop.dns import CNAME, A, Question, Rcode, Security
from scop.dns.asking import Ask, Server
from scop.dns.known import Known
from scop.dns.message import Flag, Message, Record
from scop.dns.resolver.cache import Cache
from scop.dns.resolver.options import ResolverOptions
from scop.dns.resolver.resolution import Resolution
from scop.dns.rrset import RRset
from scop.dns.words import Ede

ASKED = Question("www.lagoon.test", "A")
ROOT = Server("127.0.30.1")
TTL = 60
INSECURE = Security.INSECURE
HOST = A("127.0.10.1")
SETTINGS = ResolverOptions(roots=(ROOT,), has_own_root=True, minimise=False, prime=False)


def said(question: Question = ASKED) -> Message:
    """Return an authority's answer."""
    return Message(
        1, Flag.RESPONSE | Flag.AUTHORITATIVE, question=question, answers=(Record(question.name, TTL, HOST),)
    )


class HeldServer:
    """A server that answers when it is let, None as silence."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.reply: asyncio.Future[Message | None] = asyncio.get_running_loop().create_future()

    async def ask(self, ask: Ask) -> Message | None:
        """Wait to be let."""
        self.asked.append(ask.question)
        return await asyncio.shield(self.reply)

    def will_say(self, message: Message | None) -> None:
        """Let it answer, and from now on at once."""
        if self.reply.done():
            self.reply = asyncio.get_running_loop().create_future()
        self.reply.set_result(message)

    def hold(self) -> None:
        """Have it answer nothing for now."""
        self.reply = asyncio.get_running_loop().create_future()


class Resolving:
    """A recursion whose root is a held server."""

    def __init__(self) -> None:
        self.server, self.clock, self.log = HeldServer(), JumpingClock(), KeptLog()
        surroundings = Surroundings(self.server.ask, self.clock, self.log.log())
        self.cache = Cache()
        self.recursion = Recursion(SETTINGS, self.cache, surroundings)

    async def settled(self) -> None:
        """Wait until nothing is in flight."""
        await self.recursion.drained(5.0)


def answer(ttl: int = TTL) -> tuple[RRset, ...]:
    """Return what the host's address is."""
    return (RRset(ASKED.name, "A", ttl, (HOST,)),)


async def test_resolver_asks_the_same_question_once_however_many_want_to_know() -> None:
    """RFC 5452 §5; who hangs up does not take the answer from the others."""
    on = Resolving()
    assert on.recursion.recall(ASKED) is None
    waiting = [asyncio.create_task(on.recursion.resolve(ASKED)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting.pop(0).cancel()
    on.server.will_say(said())
    found = await asyncio.gather(*waiting)
    assert [resolution.answers for resolution in found] == [answer()] * 4
    assert on.server.asked == [ASKED]
    recalled = on.recursion.recall(ASKED)
    assert recalled is not None
    assert recalled.answers == answer()


async def test_resolver_says_servfail_where_nobody_answers_and_logs_why() -> None:
    """The failure is remembered for seconds (RFC 9520 §3.2), and its reason stays in the log."""
    on = Resolving()
    on.server.will_say(None)
    resolution = await on.recursion.resolve(ASKED)
    assert resolution.rcode is Rcode.SERVFAIL
    assert resolution.reason is not None
    assert [resolution.reason.text] == on.log.reasons("dns.failed")
    recalled = on.recursion.recall(ASKED)
    assert recalled is not None
    assert recalled.reason is not None
    assert (recalled.rcode, recalled.reason.ede) == (Rcode.SERVFAIL, Ede.CACHED_ERROR)
    on.clock.jump(5)
    assert on.recursion.recall(ASKED) is None


async def test_resolver_does_not_fill_the_log_with_failures() -> None:
    """Whoever may ask can make names fail: a second has its share of lines, then there is a count."""
    on = Resolving()
    on.server.will_say(None)
    for number in range(MAX_LOGGED_A_SECOND + 5):
        await on.recursion.resolve(Question(f"n{number}.test", "A"))
    assert MAX_LOGGED_A_SECOND == len(on.log.reasons("dns.failed"))
    on.clock.jump(1)
    await on.recursion.resolve(Question("later.test", "A"))
    assert MAX_LOGGED_A_SECOND + 1 == len(on.log.reasons("dns.failed"))
    assert [5] == [line["count"] for line in on.log.lines if line["event"] == "dns.failed.more"]


async def test_resolver_fetches_a_hot_name_before_it_runs_out() -> None:
    """In the last tenth of its time a name that is asked for is said at once and fetched again meanwhile."""
    on = Resolving()
    on.server.will_say(said())
    await on.recursion.resolve(ASKED)
    on.clock.jump(TTL * 0.8)
    assert on.recursion.recall(ASKED) is not None
    await on.settled()
    assert on.server.asked == [ASKED]
    on.clock.jump(TTL * 0.15)
    for _ in range(3):
        recalled = on.recursion.recall(ASKED)
        assert recalled is not None
        assert recalled.answers == answer(3)
    await on.settled()
    assert on.server.asked == [ASKED, ASKED]
    fresh = on.recursion.recall(ASKED)
    assert fresh is not None
    assert fresh.answers == answer()


async def test_resolver_fetches_what_a_hot_alias_leads_to_before_it_runs_out() -> None:
    """Of a chain the link is asked for that runs out, and no other."""
    on = Resolving()
    alias = Question("alias.lagoon.test", "A")
    now = on.clock.monotonic()
    link = Known(Rcode.NOERROR, (RRset(alias.name, "CNAME", 3600, (CNAME(ASKED.name),)),), security=INSECURE)
    on.cache.learn(alias, link, now)
    on.cache.learn(ASKED, Known(Rcode.NOERROR, answer(), security=INSECURE), now)
    on.server.will_say(said())
    on.clock.jump(TTL * 0.95)
    assert on.recursion.recall(alias) is not None
    await on.settled()
    assert on.server.asked == [ASKED]


async def test_resolver_says_what_was_true_of_late_when_no_server_answers() -> None:
    """RFC 8767 §4 and §5: with a short TTL and a word for it, and again at once while the failure is remembered."""
    on = Resolving()
    on.server.will_say(said())
    await on.recursion.resolve(ASKED)
    on.server.will_say(None)
    on.clock.jump(TTL + 1)
    assert on.recursion.recall(ASKED) is None
    for resolution in (await on.recursion.resolve(ASKED), on.recursion.recall(ASKED)):
        assert resolution is not None
        assert resolution.reason is not None
        assert (resolution.rcode, resolution.reason.ede) == (Rcode.NOERROR, Ede.STALE_ANSWER)
        assert resolution.answers == answer(30)


async def test_resolver_does_not_let_an_asker_wait_for_slow_servers(monkeypatch: pytest.MonkeyPatch) -> None:
    """RFC 8767 §5: after 1.8 s who can be told something is told it; the answer that comes later is for the next."""
    monkeypatch.setattr(recursion_module, "PATIENCE_SECONDS", 0.001)
    on = Resolving()
    on.server.will_say(said())
    await on.recursion.resolve(ASKED)
    on.server.hold()
    on.clock.jump(TTL + 1)
    resolution = await on.recursion.resolve(ASKED)
    assert resolution.answers == answer(30)
    on.server.will_say(said())
    await on.settled()
    fresh = on.recursion.recall(ASKED)
    assert fresh is not None
    assert fresh.answers == answer()


async def test_resolver_that_shall_not_say_old_things_says_none() -> None:
    """`serve_stale = false`: a failure is a failure."""
    on = Resolving()
    surroundings = Surroundings(on.server.ask, on.clock, on.log.log())
    recursion = Recursion(SETTINGS, Cache(), surroundings, serves_stale=False)
    on.server.will_say(said())
    await recursion.resolve(ASKED)
    on.server.will_say(None)
    on.clock.jump(TTL + 1)
    assert (await recursion.resolve(ASKED)).rcode is Rcode.SERVFAIL


async def test_resolver_bounds_the_questions_in_flight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who asks beyond that hears SERVFAIL at once, and that we are not ready (RFC 8914 §4.15)."""
    monkeypatch.setattr(recursion_module, "MAX_IN_FLIGHT", 1)
    on = Resolving()
    waiting = asyncio.create_task(on.recursion.resolve(ASKED))
    await asyncio.sleep(0)
    resolution = await on.recursion.resolve(Question("other.test", "A"))
    assert resolution.reason is not None
    assert (resolution.rcode, resolution.reason.ede) == (Rcode.SERVFAIL, Ede.NOT_READY)
    on.server.will_say(said())
    assert (await waiting).answers == answer()


async def test_resolver_gives_up_what_is_in_flight_when_it_ends() -> None:
    """Nothing is left running, and who waits hears that the resolver ends."""
    on = Resolving()
    waiting = asyncio.create_task(on.recursion.resolve(ASKED))
    await asyncio.sleep(0)
    await on.recursion.drained(0.001)
    await on.recursion.close()
    resolution: Resolution = await waiting
    assert resolution.rcode is Rcode.SERVFAIL

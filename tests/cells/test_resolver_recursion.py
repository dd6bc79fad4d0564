"""Resolving with I/O: one question in flight once, failures that end."""

from __future__ import annotations

import asyncio

from fakes.jumping_clock import JumpingClock
from fakes.mesh import KeptLog
from scop.cells.resolver.recursion import Recursion
from scop.dns import A, Question, Rcode
from scop.dns.message import Flag, Message, Record
from scop.dns.resolver.asking import Server
from scop.dns.resolver.memory import Delegation, Memory
from scop.dns.resolver.old_iteration import Resolution, World
from scop.net.faults import TemporaryFailure

ASKED = Question("www.lagoon.test", "A")
HOST = Record("www.lagoon.test", 60, A("127.0.10.1"))


class HeldServer:
    """A server that answers when it is let, `None` as failure."""

    def __init__(self) -> None:
        self.asked: list[Question] = []
        self.reply: asyncio.Future[Message] = asyncio.get_running_loop().create_future()

    async def ask(self, place: Server, question: Question) -> Message:
        """Wait to be let."""
        self.asked.append(question)
        return await asyncio.shield(self.reply)


def recursion_of(server: HeldServer, log: KeptLog, clock: JumpingClock) -> Recursion:
    """Return a recursion whose root is that server."""
    memory = Memory(Delegation("", (Server("127.0.30.1"),)))
    return Recursion(memory, World(53, has_own_root=True), clock, log.log(), ask=server.ask)


async def test_resolver_asks_the_same_question_once_however_many_want_to_know() -> None:
    """RFC 5452 §5; who hangs up does not take the answer from the others."""
    server = HeldServer()
    recursion = recursion_of(server, KeptLog(), JumpingClock())
    assert recursion.recall(ASKED) is None
    waiting = [asyncio.create_task(recursion.resolve(ASKED)) for _ in range(5)]
    await asyncio.sleep(0)
    waiting.pop(0).cancel()
    server.reply.set_result(Message(1, Flag.RESPONSE | Flag.AUTHORITATIVE, question=ASKED, answers=(HOST,)))
    assert [Resolution(Rcode.NOERROR, (HOST,))] * 4 == await asyncio.gather(*waiting)
    assert [ASKED] == server.asked
    assert Resolution(Rcode.NOERROR, (HOST,)) == recursion.recall(ASKED)


async def test_resolver_says_servfail_where_nobody_answers_and_logs_why() -> None:
    """The failure is remembered for a second (RFC 9520 §3.2), and its reason stays in the log."""
    server, log, clock = HeldServer(), KeptLog(), JumpingClock()
    server.reply.set_exception(TemporaryFailure("down"))
    recursion = recursion_of(server, log, clock)
    reason = "no server of the root gives an answer"
    assert Resolution(Rcode.SERVFAIL, reason=reason) == await recursion.resolve(ASKED)
    assert [reason] == log.reasons("dns.failed")
    assert Resolution(Rcode.SERVFAIL) == recursion.recall(ASKED)
    clock.jump(1)
    assert recursion.recall(ASKED) is None


async def test_resolver_gives_up_what_is_in_flight_when_it_ends() -> None:
    """Nothing is left running."""
    server = HeldServer()
    recursion = recursion_of(server, KeptLog(), JumpingClock())
    waiting = asyncio.create_task(recursion.resolve(ASKED))
    await asyncio.sleep(0)
    await recursion.close()
    assert [True] == [
        isinstance(found, BaseException) for found in await asyncio.gather(waiting, return_exceptions=True)
    ]

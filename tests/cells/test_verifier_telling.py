"""What the verifier tells the reporter and the firewall, and that no mail waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace

import msgspec

from fakes.loops import PATIENCE_SECONDS, jump
from fakes.mesh import KeptLog
from fakes.verifier_neighbours import SHORT_LIMITS, verifier_neighbours
from scop.mesh.calls.outbox import Outbox
from scop.mesh.vocabulary.receiver import Deed, NotedDeed
from scop.mesh.vocabulary.reporter import JudgedMail, PublishedPolicy
from scop.net.faults import PermanentFailure, TemporaryFailure

FORGED = NotedDeed(Deed.FORGERY, "198.51.100.66", trace="t1")
HONEST = NotedDeed(Deed.HAM, "192.0.2.1", "lagoon.test", "t2")
JUDGED = JudgedMail(
    1.0,
    "t1",
    "192.0.2.1",
    "lagoon.test",
    "lagoon.test",
    "harbor.test",
    PublishedPolicy("lagoon.test", p="reject"),
    "pass",
    dkim_aligned=True,
    spf_aligned=True,
    spf_domain="lagoon.test",
    spf_scope="mfrom",
    spf_result="pass",
)


class _Listener:
    """A neighbour that writes down what it is told, and is away as long as it is told to."""

    def __init__(self, *faults: Exception) -> None:
        self._faults = list(faults)
        self.batches: list[tuple[int, ...]] = []

    async def __call__(self, batch: tuple[int, ...]) -> None:
        await asyncio.sleep(0)
        if self._faults:
            raise self._faults.pop(0)
        self.batches.append(batch)


async def _told(listener: Callable[[tuple[int, ...]], Awaitable[None]], *values: int) -> KeptLog:
    kept = KeptLog()
    outbox = Outbox[int](listener, "reporter", kept.log("verifier"), SHORT_LIMITS)
    for value in values:
        outbox.put(value)
    await outbox.close()
    return kept


async def test_outbox_tells_in_order_and_in_batches() -> None:
    """Everything is told, oldest first, as many at once as one frame holds; the end waits for it."""
    listener = _Listener()
    kept = await _told(listener, 1, 2, 3)
    assert [(1, 2), (3,)] == listener.batches
    assert [] == kept.lines


async def test_outbox_tells_again_when_the_neighbour_is_back() -> None:
    """A neighbour that is away costs nothing but time."""
    listener = _Listener(TemporaryFailure("away"), TemporaryFailure("away"))
    await _told(listener, 1, 2, 3)
    assert [(1, 2), (3,)] == listener.batches


async def test_outbox_forgets_nothing_that_comes_as_it_ends() -> None:
    """What is put between the last look at what waits and the end of the task waits for no other value."""
    loop, told = asyncio.get_running_loop(), asyncio.Queue[tuple[int, ...]]()

    async def send(batch: tuple[int, ...]) -> None:
        told.put_nowait(batch)
        if batch == (1,):
            loop.call_soon(outbox.put, 2)

    outbox = Outbox[int](send, "reporter", KeptLog().log("verifier"), SHORT_LIMITS)
    outbox.put(1)
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert [(1,), (2,)] == [await told.get(), await told.get()]
    await outbox.close()


async def test_outbox_is_bounded() -> None:
    """Where too much waits the oldest is let go, and the log says how many."""
    listener = _Listener()
    kept = await _told(listener, *range(6))
    assert [(2, 3), (4, 5)] == listener.batches
    assert [("told.dropped", "reporter", 2)] == [(one["event"], one["peer"], one["count"]) for one in kept.lines]


async def test_outbox_lets_go_what_is_refused() -> None:
    """What the neighbour will not have is not told again."""
    listener = _Listener(PermanentFailure("no such call"))
    kept = await _told(listener, 1, 2, 3)
    assert [(3,)] == listener.batches
    assert [(2, "no such call")] == [(one["count"], one["reason"]) for one in kept.lines]


async def test_outbox_ends_though_nobody_listens() -> None:
    """The end waits for a bounded time, and says what was not told."""

    async def silent(_batch: tuple[int, ...]) -> None:
        await asyncio.get_running_loop().create_future()

    kept = KeptLog()
    outbox = Outbox[int](silent, "reporter", kept.log("verifier"), replace(SHORT_LIMITS, flush_seconds=0.0))
    for value in range(3):
        outbox.put(value)
    await outbox.close()
    assert [3] == [one["count"] for one in kept.lines]


async def test_telling_reaches_bothverifier_neighbours() -> None:
    """The reporter is told of mails and the firewall of deeds; at the end nothing is left untold."""
    async with verifier_neighbours() as (found, telling):
        telling.judged(JUDGED)
        telling.did(HONEST)
        await telling.did_now(FORGED)
        assert FORGED in found.deeds
    assert [JUDGED] == found.judgements
    assert {Deed.HAM, Deed.FORGERY} == {deed.deed for deed in found.deeds}


async def test_telling_leaves_headers_out_where_many_mails_wait() -> None:
    """Headers for failure reports are large; they do not fill the memory while the reporter is away."""
    async with verifier_neighbours() as (found, telling):
        for _ in range(3):
            telling.judged(msgspec.structs.replace(JUDGED, header=b"Subject: x\r\n"))
    assert [True, True, False] == [bool(one.header) for one in found.judgements]


async def test_telling_waits_a_bounded_time_for_the_firewall() -> None:
    """A firewall that is silent keeps no refusal from the client; it is told later."""
    async with verifier_neighbours() as (found, telling):
        found.answers_deeds.clear()
        saying = asyncio.create_task(telling.did_now(FORGED))
        await found.hears_deeds.wait()
        assert not saying.done()
        jump(SHORT_LIMITS.urgent_seconds)
        await saying
        assert [] == found.deeds
    assert FORGED in found.deeds


async def test_telling_says_nothing_of_our_own_networks_nor_of_nobody() -> None:
    """Our own hosts can't be shut out by what they forward, and a unix socket has no address."""
    async with verifier_neighbours("198.51.100.0/24") as (found, telling):
        await telling.did_now(FORGED)
        await telling.did_now(NotedDeed(Deed.FORGERY, ""))
        telling.did(NotedDeed(Deed.HAM, "unknown"))
    assert [] == found.deeds

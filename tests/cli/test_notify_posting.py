"""Bringing the queue into rooms while servers are away, busy, and refuse."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scop.cli.matrix.notify_posting import NeverTaken, Posting, PostingOptions, TooMuch
from scop.matrix.json_values import JsonObject
from scop.matrix.notifier import Audience, Report, Room, Status
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.store.notices import Notices

CI, OPS = Room(room="#ci:example.org"), Room(room="#ops:example.org")
NOW = 1_700_000_000.0


@dataclass
class FakePoster:
    """A homeserver that fails as it is told: faults in the order in which they are met."""

    faults: list[Exception] = field(default_factory=list)
    away: set[str] = field(default_factory=set)  # rooms that are not reached
    sent: list[tuple[str, str]] = field(default_factory=list)  # room and transaction id, as the server takes them
    prepared: list[str] = field(default_factory=list)
    lost: bool = False  # the answer to the next message

    async def prepare(self, room: Room) -> str:
        """Prepare a room."""
        if room.room in self.away:
            raise TemporaryFailure("no connection")
        self.prepared.append(room.room)
        return room.room

    async def send(self, room_id: str, transaction_id: str, content: JsonObject) -> str:
        """Take a message."""
        assert content["msgtype"] == "m.notice"
        if self.faults:
            raise self.faults.pop(0)
        if (room_id, transaction_id) not in self.sent:
            self.sent.append((room_id, transaction_id))
        if self.lost:
            self.lost = False
            raise TemporaryFailure("the connection broke off")
        return f"${transaction_id}"


@dataclass
class World:
    """A queue, a poster, and the pauses that were made."""

    notices: Notices
    poster: FakePoster = field(default_factory=FakePoster)
    pauses: list[float] = field(default_factory=list)

    async def pause(self, seconds: float) -> None:
        """Note a pause; when a room waits for long, it is reached again."""
        self.pauses.append(seconds)
        if len(self.pauses) > 20:
            self.poster.away.clear()
        await asyncio.sleep(0)

    async def hear(self, *pipelines: int) -> None:
        """Take reports in."""
        for number in pipelines:
            report = Report(source="github", project="acme/shop", pipeline=str(number), status=Status.RUNNING)
            await self.notices.take(None, report, Audience((CI, OPS), {}), NOW)

    async def post(self) -> Posting:
        """Post until all rooms are in step."""
        log = Log("notifier", lambda _line: None)
        posting = Posting(PostingOptions(self.notices, self.poster, (CI, OPS), log, self.pause))
        task = asyncio.create_task(posting.run())
        await posting.idle()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return posting

    def sent_to(self, room: Room) -> list[str]:
        """Return the transactions that a room took."""
        return [transaction for where, transaction in self.poster.sent if where == room.room]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give an empty world."""
    notices = Notices.open(tmp_path / "notices.db")
    yield World(notices)
    await notices.close()


async def test_posting_brings_all_into_every_room(world: World) -> None:
    """Each room hears of each pipeline once, in order."""
    await world.hear(1, 2, 3)
    await world.post()
    assert (3, 3) == (len(world.sent_to(CI)), len(world.sent_to(OPS)))
    assert {} == await world.notices.waiting()


async def test_posting_sends_again_what_lost_its_answer(world: World) -> None:
    """The same transaction goes again, so the server has it once; the pause grows."""
    await world.hear(1, 2)
    world.poster.lost = True
    posting = await world.post()
    assert (2, 2, [1.0]) == (len(world.sent_to(CI)), len(world.sent_to(OPS)), world.pauses)
    assert "the connection broke off" in posting.trouble(CI.room) + posting.trouble(OPS.room)


async def test_posting_waits_as_long_as_a_server_asks(world: World) -> None:
    """A rate limit is waited out for what it says, up to an hour, and nothing is passed over."""
    await world.hear(1, 2)
    world.poster.faults = [TooMuch("slow down", 7.5), TooMuch("slow down", 1e9)]
    await world.post()
    assert [7.5, 3600.0] == sorted(world.pauses)
    assert 4 == len(world.poster.sent)


async def test_posting_waits_for_room_on_the_disk(world: World) -> None:
    """A full disk is one more reason to wait, and drops nothing."""
    await world.hear(1)
    world.poster.faults = [sqlite3.OperationalError("database or disk is full")] * 2
    await world.post()
    assert [1.0, 1.0] == world.pauses
    assert (1, 1) == (len(world.sent_to(CI)), len(world.sent_to(OPS)))


async def test_posting_to_one_room_does_not_wait_for_another(world: World) -> None:
    """A room that cannot be reached holds up no other, with pauses that grow to a bound."""
    world.poster.away = {CI.room}
    await world.hear(1)
    await world.post()
    assert OPS.room == world.poster.sent[0][0]
    assert 1 == len(world.sent_to(CI))
    assert ([1.0, 2.0, 4.0], 30.0) == (world.pauses[:3], max(world.pauses))


async def test_posting_says_when_it_has_tried_and_when_a_room_refuses(world: World) -> None:
    """Who calls once waits for no room that is away, and not for one that does not let us in."""
    never = asyncio.Event()

    async def pause(_seconds: float) -> None:
        await never.wait()

    await world.hear(1)
    world.poster.away = {CI.room}
    world.poster.faults = [PermanentFailure("M_FORBIDDEN")]
    posting = Posting(
        PostingOptions(world.notices, world.poster, (CI, OPS), Log("notifier", lambda _line: None), pause)
    )
    task = asyncio.create_task(posting.run())
    await posting.settled(OPS.room)
    await posting.tried()
    assert ("no connection", "M_FORBIDDEN") == (posting.trouble(CI.room), posting.trouble(OPS.room))
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0):
            await posting.settled(CI.room)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_posting_prepares_a_room_anew_where_it_is_refused(world: World) -> None:
    """Who was put out of a room comes back, and posts then."""
    await world.hear(1)
    world.poster.faults = [PermanentFailure("M_FORBIDDEN"), PermanentFailure("M_FORBIDDEN")]
    await world.post()
    assert (4, 2) == (len(world.poster.prepared), len(world.poster.sent))


async def test_posting_leaves_behind_what_is_never_taken(world: World) -> None:
    """One message that a server cannot take does not hold up the others."""
    await world.hear(1, 2)
    world.poster.faults = [NeverTaken("M_TOO_LARGE")]
    await world.post()
    assert 3 == len(world.poster.sent)
    assert {} == await world.notices.waiting()


async def test_posting_goes_on_when_it_is_rung(world: World) -> None:
    """What comes while all is in step is posted at once."""
    log = Log("notifier", lambda _line: None)
    posting = Posting(PostingOptions(world.notices, world.poster, (CI,), log, world.pause))
    task = asyncio.create_task(posting.run())
    for number in range(3):
        await world.hear(number)
        posting.ring()
        await posting.idle()
        assert number + 1 == len(world.sent_to(CI))
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

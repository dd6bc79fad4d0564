"""The receiver's list in its zone: written by UPDATE, fetched to compare, whatever happened to either side."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS, jump
from fakes.named_inlet import NamedInlet
from fakes.watched_log import WatchedLog
from fakes.zone_folder import Folder
from scop.cells.primary.holdings import Author, Change, Holdings, Unsigned
from scop.cells.primary.list_zone import list_grant
from scop.cells.primary.listeners import neighbour_stream
from scop.cells.primary.name_server import NameServer, Rights
from scop.cells.receiver.published_list import ListRegistry, PublishedList
from scop.dns.rdata import TXT, A
from scop.dns.tsig import TsigKey
from scop.dns.zone.serial import following, with_serial
from scop.dns.zone.zone import Zone
from scop.mesh.protocol import PipeProtocol
from scop.reputation import Action, Cause, Entry
from scop.reputation.entries import Entries

NAME = "bl.harbor.test"
KEY = TsigKey("receiver.harbor.test", b"r" * 32)
EMPTY = f"{NAME}. 300 IN SOA mx.harbor.test. h.harbor.test. 1 3600 600 604800 10\n{NAME}. 300 IN NS mx.harbor.test.\n"
STALE = f'9.2.0.192.{NAME}. 300 IN A 127.0.0.3\n*.9.0.192.{NAME}. 300 IN TXT "long ago"\n'
TESTS = {f"2.0.0.127.{NAME}", f"test.{NAME}"}


@dataclass
class World:
    """A primary with the list's zone, and the entries that it is to show."""

    holdings: Holdings
    inlet: NamedInlet
    answered: WatchedLog  # the primary's
    clock: JumpingClock
    entries: Entries = field(default_factory=Entries)
    log: WatchedLog = field(default_factory=WatchedLog)
    changes: list[Change] = field(default_factory=list)
    _waiting: asyncio.Event = field(default_factory=asyncio.Event)

    def note(self, change: Change) -> None:
        """Hear of a change of the zone."""
        self.changes.append(change)
        self._waiting.set()

    async def until(self, *owners: str) -> None:
        """Return once exactly these are listed, beside the test entries."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while self.listed() != set(owners):
                self._waiting.clear()
                await self._waiting.wait()

    def listed(self) -> set[str]:
        """Return the names that the zone has."""
        nodes = self.holdings.shown.by_origin[NAME].nodes
        return {name.removesuffix(f".{NAME}") for name in nodes if name not in {NAME, *TESTS} and "f.f.f.f" not in name}

    def put(self, subject: str, seconds: float | None = None) -> None:
        """Shut the door to somebody."""
        now = self.clock.unix()
        until = None if seconds is None else now + seconds
        assert self.entries.put(Entry(subject, Action.BLOCK, Cause.OPERATOR, now, until))


@asynccontextmanager
async def world(folder: Path, text: str = EMPTY, *, may_write: bool = True) -> AsyncIterator[World]:
    """Run a primary that the receiver reaches."""
    clock = JumpingClock()
    holdings = Holdings([Zone.parse(text, NAME)], Folder(folder), Unsigned(), clock.unix)
    grants = (list_grant(KEY.name, NAME),) if may_write else ()
    rights = Rights(grants=grants, pipe_keys=(KEY,), own_zones={KEY.name: NAME})
    answered = WatchedLog()
    server = NameServer(holdings, rights, answered.log("primary"), clock)
    inlet = NamedInlet({"receiver": PipeProtocol.DOT})
    made = World(holdings, inlet, answered, clock)
    holdings.watch(made.note)
    await inlet.serve({PipeProtocol.DOT: lambda peer: neighbour_stream(server, peer)})
    try:
        yield made
    finally:
        await inlet.end()


@asynccontextmanager
async def publishing(here: World, zone: str = NAME) -> AsyncIterator[PublishedList]:
    """Keep the zone as the entries are."""
    registry = ListRegistry(zone, here.inlet.dial("receiver"), KEY, gather_seconds=0.01)
    published = PublishedList(lambda: here.entries, registry, here.log.log("receiver"), here.clock)
    task = asyncio.create_task(published.keep())
    try:
        yield published
    finally:
        task.cancel()
        await asyncio.wait({task})


async def test_list_is_published_and_follows(tmp_path: Path) -> None:
    """What is shut out comes, what is let in again goes; RFC 5782 §5 always stands there."""
    async with world(tmp_path) as here, publishing(here) as published:
        here.put("192.0.2.7")
        here.put("198.51.100.0/24")
        published.notice()
        await here.until("7.2.0.192", "*.100.51.198")
        nodes = here.holdings.shown.by_origin[NAME].nodes
        assert set(nodes) > TESTS
        node = nodes[f"7.2.0.192.{NAME}"]
        assert ((A("127.0.0.2"),), (TXT((b"192.0.2.7: operator",)),)) == (node["A"].rdatas, node["TXT"].rdatas)
        here.entries.withdraw("192.0.2.7")
        published.notice()
        await here.until("*.100.51.198")


async def test_list_lets_an_entry_go_when_it_ends(tmp_path: Path) -> None:
    """By itself, and caches hold it no longer than it lasts."""
    async with world(tmp_path) as here:
        here.put("192.0.2.7", 20)
        async with publishing(here):
            await here.until("7.2.0.192")
            assert 20 == here.holdings.shown.by_origin[NAME].nodes[f"7.2.0.192.{NAME}"]["A"].ttl_seconds
            for _ in range(19):  # by the second: the list may wait for the end by now, or not yet
                here.clock.jump(1)
                jump(1)
                await asyncio.sleep(0)
            assert {"7.2.0.192"} == here.listed()
            here.clock.jump(1)
            jump(1)
            await here.until()


async def test_list_lets_an_entry_go_that_ended_while_it_was_written(tmp_path: Path) -> None:
    """Between the writing and the look at what ends next it is neither written as gone nor still to come."""
    async with world(tmp_path) as here:
        here.put("192.0.2.7", 20)
        async with publishing(here):
            await here.until("7.2.0.192")
            here.clock.jump(20)
            await here.until()


async def test_list_removes_what_is_stale(tmp_path: Path) -> None:
    """What stands there from another life of ours goes with the first UPDATE; who is listed still, stays."""
    async with world(tmp_path, EMPTY + STALE) as here:
        here.put("192.0.2.7")
        async with publishing(here):
            await here.until("7.2.0.192")
            assert 1 == len(here.changes)


async def test_list_gathers_many_into_few_updates(tmp_path: Path) -> None:
    """A hundred names each, so that no message grows too large."""
    async with world(tmp_path) as here:
        for number in range(1, 241):
            here.put(f"192.0.2.{number}")
        async with publishing(here):
            await here.until(*(f"{number}.2.0.192" for number in range(1, 241)))
            assert 3 == len(here.changes)


async def test_list_writes_names_as_long_as_spammers_like(tmp_path: Path) -> None:
    """RFC 1035 §2.3.4: 110 domains of 238 characters are more than one message holds."""
    domains = {f"d{number:03}.{'.'.join(['a' * 60] * 3)}.{'b' * 44}.test" for number in range(110)}
    async with world(tmp_path) as here:
        now = here.clock.unix()
        for domain in domains:
            here.entries.put(Entry(domain, Action.BLOCK, Cause.SPAM, now, None, "r" * 150))
        async with publishing(here):
            await here.until(*domains)


async def test_list_is_put_back_after_somebody_took_it_away(tmp_path: Path) -> None:
    """A zone that is rolled back: the next look at it, here that of a receiver that starts anew, repairs it."""
    async with world(tmp_path) as here:
        here.put("192.0.2.7")
        async with publishing(here):
            await here.until("7.2.0.192")
        await here.holdings.change(NAME, _without_list, Author("operator", "roll back"))
        await here.until()
        async with publishing(here):
            await here.until("7.2.0.192")


def _without_list(zone: Zone) -> Zone:
    gone = [(owner, type_) for owner, node in zone.nodes.items() if owner != NAME for type_ in node]
    return with_serial(zone.changed(removed=gone), following(zone.serial))


async def test_list_says_once_that_the_primary_refuses_it(tmp_path: Path) -> None:
    """And goes on asking, at longer and longer pauses."""
    async with world(tmp_path, may_write=False) as here:
        here.put("192.0.2.7")
        async with publishing(here):
            await here.log.until("list.unpublished")
            await here.answered.until("zone.refused", 3)
        assert ["the primary answers the UPDATE with REFUSED"] == here.log.reasons("list.unpublished")


@pytest.mark.parametrize("zone", ["harbor.test", "lagoon.test"])
async def test_list_key_fetches_no_other_zone(zone: str, tmp_path: Path) -> None:
    """What the receiver may see whole is its own zone."""
    ours = Zone.parse(EMPTY.replace(NAME, "harbor.test"), "harbor.test")
    async with world(tmp_path) as here:
        await here.holdings.add(ours, Author("test", "one more"))
        async with publishing(here, zone):
            await here.log.until("list.unpublished")
        assert ["the server says REFUSED"] == here.log.reasons("list.unpublished")

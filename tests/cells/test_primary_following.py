"""NOTIFY out and zones of other primaries, with a clock that stands and servers that fail."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.loops import PATIENCE_SECONDS
from fakes.mesh import KeptLog
from scop.base import Clock
from scop.cells.primary import notifying, secondary
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.journals import Journals
from scop.cells.primary.name_server import NameServer, Rights
from scop.cells.primary.notifying import Notifier, Target
from scop.cells.primary.secondary import Secondaries, SecondaryZone, wait_seconds
from scop.dns.asking import Server
from scop.dns.header import header_reply
from scop.dns.message import parse_message
from scop.dns.tsig import TsigKey, Verifier
from scop.dns.words import Ede, Rcode
from scop.dns.zone.serial import with_serial
from scop.dns.zone.zone import Zone
from scop.net.dialer import Dialer, tcp_dialer
from scop.net.dns_server import DnsStreamServer, Response
from scop.net.faults import TemporaryFailure

NOW = 1_800_000_000.0
ORIGIN = "harbor.test"
KEY = TsigKey("both", b"k" * 32)
PLACE = Server("192.0.2.1")
V1 = Zone.parse("$TTL 300\n@ SOA mx hostmaster 7 3600 600 1209600 10\n@ NS mx\nmx A 127.0.20.1\n", ORIGIN)
V2, V3 = with_serial(V1, 8), with_serial(V1, 9)


@dataclass
class StandingClock:
    """A clock that stands until it is moved."""

    now: float = NOW

    def unix(self) -> float:
        """Return the time."""
        return self.now

    def monotonic(self) -> float:
        """Return the time."""
        return self.now


@dataclass
class Post:
    """A secondary that answers some datagrams and loses others."""

    replies: list[Rcode | None] = field(default_factory=list)  # in turn, None loses one; then all are NOERROR
    serials: list[int] = field(default_factory=list)
    gate: asyncio.Event | None = None

    async def exchange(self, _server: Server, octets: bytes) -> bytes:
        """Answer a NOTIFY."""
        opened = Verifier([KEY]).open(octets, int(NOW))
        soa = parse_message(opened.message).answers[0].rdata
        self.serials.append(soa.serial)  # type: ignore[union-attr]  # a NOTIFY of ours has an SOA
        if self.gate is not None:
            await self.gate.wait()
        rcode = self.replies.pop(0) if self.replies else Rcode.NOERROR
        if rcode is None:
            raise TemporaryFailure("lost")
        return opened.seal(header_reply(opened.message, rcode), int(NOW))


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let time pass at once."""
    monkeypatch.setattr(notifying, "PAUSES_SECONDS", (0.0,) * 6)


def notifier(post: Post, log: KeptLog, key: TsigKey | None = KEY) -> Notifier:
    """Return who tells one secondary."""
    return Notifier([Target(PLACE, key)], post.exchange, log.log(), StandingClock())


async def test_notify_is_sent_until_it_is_heard() -> None:
    """A datagram that is lost is sent again, an answer ends it (RFC 1996 §3.6)."""
    post, log = Post([None, None]), KeptLog()
    teller = notifier(post, log)
    teller.tell(V1)
    await teller.told()
    assert ([7, 7, 7], []) == (post.serials, log.lines)
    teller.tell(V1)
    await teller.told()
    assert 3 == len(post.serials)


@pytest.mark.parametrize(
    ("replies", "event", "count"), [([None] * 9, "notify.unheard", 6), ([Rcode.REFUSED], "notify.refused", 1)]
)
async def test_notify_that_nobody_wants_is_given_up(replies: list[Rcode | None], event: str, count: int) -> None:
    """After so many tries, or a refusal, it is left at that, and said."""
    post, log = Post(replies), KeptLog()
    teller = notifier(post, log)
    teller.tell(V1)
    await teller.told()
    assert ([7] * count, [event]) == (post.serials, [line["event"] for line in log.lines])


async def test_notify_that_is_refused_each_time_is_said_once() -> None:
    """A zone that changes with every offender fills no log because of a secondary that does not keep it."""
    refused, taken = Rcode.REFUSED, Rcode.NOERROR
    post, log = Post([refused, refused, taken, refused]), KeptLog()
    teller = notifier(post, log)
    for zone in (V1, V2, V3, V1):
        teller.tell(zone)
        await teller.told()
    assert ([7, 8, 9, 7], ["notify.refused"] * 2) == (post.serials, [line["event"] for line in log.lines])


async def test_notify_of_many_versions_is_told_of_the_newest() -> None:
    """What changes while a secondary is being told is told once, by the newest version."""
    post, log = Post(gate=asyncio.Event()), KeptLog()
    teller = notifier(post, log)
    for zone in (V1, V2, V3):
        teller.tell(zone)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
    assert post.gate is not None
    post.gate.set()
    await teller.told()
    assert [7, 9] == post.serials


async def test_notify_of_news_waits_for_no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever was down when it was told of a version is told of the next one when that is shown."""
    monkeypatch.setattr(notifying, "PAUSES_SECONDS", (3600.0,))
    post = Post([None])
    teller = notifier(post, KeptLog())
    teller.tell(V1)
    for _ in range(3):
        await asyncio.sleep(0)
    assert [7] == post.serials  # now it pauses
    teller.tell(V2)
    async with asyncio.timeout(PATIENCE_SECONDS):
        await teller.told()
    assert [7, 8] == post.serials


async def test_notify_closes() -> None:
    """Who is told when we end is left alone."""
    teller = notifier(Post(gate=asyncio.Event()), KeptLog())
    teller.tell(V1)
    await asyncio.sleep(0)
    await teller.close()


class Primary:
    """Another server that keeps the zone, on a real stream."""

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.log = KeptLog()
        self.journals = Journals(None, self.log.log())
        self.holdings = Holdings([V1], _Nowhere(), Unsigned(), clock.unix)
        self.journals.begin(V1)
        self.holdings.watch(self.journals.note)
        rights = Rights((KEY,), transfer_keys=frozenset({KEY.name}))
        self.server = NameServer(self.holdings, rights, self.log.log(), clock, journals=self.journals)
        self.is_down = False
        self.spoil: Callable[[bytes], bytes] = bytes

    async def show(self, zone: Zone) -> None:
        """Change the zone."""
        await self.holdings.change(ORIGIN, lambda _: zone, Author("a", "b"))

    async def answer(self, query: bytes) -> Response:
        """Answer as it stands."""
        found = self.server.answer_public(query, 65535)
        response = await found if isinstance(found, Awaitable) else found
        return map(self.spoil, response) if isinstance(response, Iterator) else response


class _Nowhere:
    def commit(self, zone: Zone, by: Author) -> None:
        """Keep nothing."""


class Following:
    """Our secondary of that server."""

    def __init__(self, folder: Path, clock: Clock, dial: Dialer) -> None:
        self.log = KeptLog()
        self.journals = Journals(folder, self.log.log())
        self.holdings = Holdings([], _Nowhere(), Unsigned(), clock.unix)
        self.holdings.watch(self.journals.note)
        zone = SecondaryZone(ORIGIN, PLACE, KEY)
        self.zones = Secondaries([zone], self.holdings, self.journals, self.log.log(), clock, dial=lambda _server: dial)
        self.changed = asyncio.Condition()

    @property
    def serial(self) -> int | None:
        """What is shown."""
        zone = self.holdings.shown.by_origin.get(ORIGIN)
        return None if zone is None else zone.serial

    async def has(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            while not holds():  # noqa: ASYNC110 - what is waited for is in another task's hands
                await asyncio.sleep(0.005)


@asynccontextmanager
async def following(folder: Path, primary: Primary, clock: Clock) -> AsyncIterator[Following]:
    """Follow until the block ends."""
    loop = asyncio.get_running_loop()
    listening = await loop.create_server(
        lambda: DnsStreamServer(lambda query, _peer, _transport: primary.answer(query)), "127.0.0.1", 0
    )
    port = listening.sockets[0].getsockname()[1]

    async def dial(new_protocol: Callable[[], asyncio.BaseProtocol]) -> object:
        if primary.is_down:
            raise TemporaryFailure("down")
        return await tcp_dialer("127.0.0.1", port)(new_protocol)

    ours = Following(folder, clock, dial)  # type: ignore[arg-type]  # a closure is not generic
    running = asyncio.ensure_future(ours.zones.run())
    try:
        yield ours
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        listening.close()


async def test_secondary_fetches_follows_and_remembers(tmp_path: Path) -> None:
    """The first look brings the zone, a NOTIFY what changed; a restart shows it before its primary is heard."""
    clock = StandingClock()
    primary = Primary(tmp_path, clock)
    async with following(tmp_path, primary, clock) as ours:
        await ours.has(lambda: ours.serial == 7)
        await primary.show(V2)
        assert not ours.zones.notice(ORIGIN, "another")
        assert ours.zones.notice(ORIGIN, KEY.name)
        await ours.has(lambda: ours.serial == 8)
        kinds = [line["kind"] for line in ours.log.lines if line["event"] == "zone.fetched"]
        assert ["whole", "changes"] == kinds
    primary.is_down = True
    async with following(tmp_path, primary, clock) as ours:
        await ours.has(lambda: ours.serial == 8)
        await ours.has(lambda: ours.log.reasons("zone.unreachable") == ["down"])


async def test_secondary_answers_servfail_until_it_has_the_zone(tmp_path: Path) -> None:
    """A zone that never came is not ready; one whose primary was silent for too long is withheld until it is heard."""
    clock = StandingClock()
    primary = Primary(tmp_path, clock)
    primary.is_down = True
    async with following(tmp_path, primary, clock) as ours:
        await ours.has(lambda: bool(ours.log.reasons("zone.unreachable")))
        assert {ORIGIN: Ede.NOT_READY} == ours.holdings.shown.unready
        primary.is_down = False
        ours.zones.notice(ORIGIN, KEY.name)
        await ours.has(lambda: ours.serial == 7)
        primary.is_down = True
        clock.now += 1_209_601
        ours.zones.notice(ORIGIN, KEY.name)
        await ours.has(lambda: ours.holdings.shown.unready == {ORIGIN: Ede.INVALID_DATA})
        primary.is_down = False
        ours.zones.notice(ORIGIN, KEY.name)
        await ours.has(lambda: ours.serial == 7)


async def test_secondary_fetches_the_whole_where_changes_do_not_fit(tmp_path: Path) -> None:
    """A primary whose history is another one than ours is believed, by a whole transfer."""
    clock = StandingClock()
    primary = Primary(tmp_path, clock)
    async with following(tmp_path, primary, clock) as ours:
        await ours.has(lambda: ours.serial == 7)
        strange = Zone.parse(V1.to_text().replace("127.0.20.1", "127.0.20.9"), ORIGIN)
        await ours.holdings.adopt(strange, Author("a", "b"))
        await primary.show(Zone.parse(V2.to_text().replace("127.0.20.1", "127.0.20.2"), ORIGIN))
        ours.zones.notice(ORIGIN, KEY.name)
        await ours.has(lambda: ours.serial == 8)
        assert ours.holdings.shown.by_origin == primary.holdings.shown.by_origin
        assert 1 == len(ours.log.reasons("zone.fetched_whole"))


async def test_secondary_believes_no_forged_transfer(tmp_path: Path) -> None:
    """One changed octet on the way, and nothing is shown."""
    clock = StandingClock()
    primary = Primary(tmp_path, clock)
    primary.spoil = lambda message: message.replace(b"\x7f\0\x14\1", b"\x7f\0\x42\1")
    async with following(tmp_path, primary, clock) as ours:
        await ours.has(lambda: ours.log.reasons("zone.unreachable") == ["the signature of the reply is wrong"])
        assert ours.serial is None


def test_secondary_waits_as_the_soa_says() -> None:
    """REFRESH, and RETRY after failures; without a zone ever longer, and never in a flood (RFC 1034 §4.3.5)."""
    assert [3600.0, 600.0] == [wait_seconds(V1, 0), wait_seconds(V1, 3)]
    hasty = Zone.parse("@ 60 SOA a. b. 1 0 0 9 9\n@ 60 NS a.\n", ORIGIN)
    assert [secondary.MIN_WAIT_SECONDS] * 2 == [wait_seconds(hasty, 0), wait_seconds(hasty, 1)]
    assert [5.0, 5.0, 10.0, 600.0, 600.0] == [wait_seconds(None, failures) for failures in (0, 1, 2, 9, 10**6)]


@pytest.mark.parametrize(("silent_seconds", "wait"), [(0, 600.0), (1_209_000, 600.0), (1_209_100, 500.0), (2e9, 2.0)])
def test_secondary_looks_when_its_zone_expires(silent_seconds: float, wait: float) -> None:
    """Not one RETRY later: a zone is answered for up to EXPIRE and no longer (RFC 1034 §4.3.5)."""
    assert wait == wait_seconds(V1, 1, silent_seconds)

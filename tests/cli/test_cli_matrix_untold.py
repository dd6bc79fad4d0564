"""What `scop matrix listen` tells of what other commands took in."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain, count
from pathlib import Path

import pytest

from fakes.command_line import Said, scop, sentence
from fakes.homeserver import FakeHomeserver
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix.listen import Shown, Teller, Wanted
from scop.cli.matrix.untold import MAX_UNTOLD, KeepingClient, Untold
from scop.matrix.client.event import Event
from scop.matrix.client.happenings import (
    InvitedTo,
    JoinedRoom,
    KnockedOn,
    LeftRoom,
    MembershipChanged,
    Redacted,
    RoomEvent,
    StateChanged,
    TimelineGap,
    TypingChanged,
    Undecryptable,
)
from scop.matrix.encryption.trust import Shield
from scop.matrix.encryption.values import Decrypted, Device, KeySource, RoomKeyInfo
from scop.matrix.steps import Change, Shelf
from scop.net.matrix import AsyncClient, NetworkOptions
from scop.net.matrix.keeping import MemoryShelves
from scop.net.matrix.whole_sync import News

ALICE, BOB = "@alice:example.org", "@bob:example.org"
SEA = "!sea:example.org"
EVENT = Event("$1", "m.room.message", BOB, {"body": "Hello."}, origin_server_ts=7, unknown={"org.example": [1]})
DEVICE = Device(user_id=BOB, device_id="B", curve25519="c", ed25519="e", keys={"keys": {"ed25519:B": "e"}})
KEY = RoomKeyInfo(
    room_id=SEA,
    session_id="s",
    sender_key="c",
    sender_ed25519="e",
    sender_id=BOB,
    source=KeySource.DIRECT,
    first_index=0,
)
OPENED = Decrypted(SEA, "$1", BOB, EVENT.type, EVENT.content, EVENT.json, KEY, 3, DEVICE, Shield.UNSIGNED_DEVICE)
STATE = Event("$2", "m.room.topic", BOB, {"topic": "Tides"}, state_key="")


@dataclass
class Terminal:
    """Bob's terminal, and rooms that alice speaks in."""

    server: FakeHomeserver
    folder: Path
    rooms: tuple[str, str]

    def scop(self, *words: str, stdin: str = "") -> Said:
        """Run `scop matrix` as bob."""
        return scop("matrix", *words, "--store", str(self.folder), stdin=stdin)

    def heard(self, *words: str) -> list[str]:
        """Return the messages that `listen` tells now."""
        said = self.scop("listen", "--once", "--json", *words)
        assert 0 == said.status, said.err
        told = [json.loads(line) for line in said.out.splitlines()]
        return [
            each["event"]["content"]["body"]
            for each in told
            if each["kind"] == "RoomEvent" and each["event"]["type"] == "m.room.message"
        ]


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    """Log bob in, who is in two rooms with alice."""
    server = FakeHomeserver()
    server.register("bob")
    with served_homeserver(server) as url:
        rooms = (server.rooms.make(ALICE), server.rooms.make(ALICE))
        for room_id in rooms:
            server.rooms.set_membership(room_id, BOB, BOB, "join")
            server.rooms.say(room_id, ALICE, "before")
        made = Terminal(server, tmp_path, rooms)
        assert 0 == made.scop("login", BOB, "--homeserver", url, stdin="secret\n").status
        yield made


def test_matrix_listen_tells_what_other_commands_took_in(terminal: Terminal) -> None:
    """Whatever ran in between, each message is told, once, in order; what was there at login is no news."""
    sea, _ = terminal.rooms
    terminal.server.rooms.say(sea, ALICE, "one")
    assert 0 == terminal.scop("rooms").status
    terminal.server.rooms.say(sea, ALICE, "two")
    assert 0 == terminal.scop("history", sea).status
    terminal.server.rooms.say(sea, ALICE, "three")
    assert ["one", "two", "three"] == terminal.heard()
    assert [] == terminal.heard()


def test_matrix_listen_in_one_room_keeps_the_others_for_later(terminal: Terminal) -> None:
    """What --room leaves out is told by a later listen, and nothing is lost to a name that is no room's."""
    sea, lake = terminal.rooms
    terminal.server.rooms.say(lake, ALICE, "of the lake")
    assert 0 == terminal.scop("rooms").status
    terminal.server.rooms.say(lake, ALICE, "also of the lake")
    terminal.server.rooms.say(sea, ALICE, "of the sea")
    assert "no room of ours is called river" == sentence(terminal.scop("listen", "--once", "--room", "river"))
    assert ["of the sea"] == terminal.heard("--room", sea)
    assert ["of the lake", "also of the lake"] == terminal.heard()


async def _loaded(keeper: MemoryShelves) -> Untold:
    untold = Untold(keeper)
    await untold.entries()
    return untold


async def _added(untold: Untold, news: Sequence[News]) -> None:
    await untold.put(untold.noted(news))


async def test_untold_news_are_the_same_afterwards() -> None:
    """Each kind comes back as it was; what is of the moment is not kept."""
    news: tuple[News, ...] = (
        RoomEvent(SEA, EVENT, push=("notify", {"set_tweak": "highlight"})),
        RoomEvent(SEA, EVENT, was_encrypted=True, is_late=True, encryption=OPENED),
        StateChanged(SEA, STATE, STATE),
        MembershipChanged(SEA, BOB, "join", None, STATE),
        JoinedRoom(SEA),
        InvitedTo(SEA, ALICE),
        KnockedOn(SEA),
        LeftRoom(SEA, ALICE, "rain", was_banned=True),
        Redacted(SEA, "$1", EVENT),
        TimelineGap(SEA, "t1"),
        Undecryptable(SEA, EVENT, "no key", "m.unverified"),
    )
    keeper = MemoryShelves()
    await _added(await _loaded(keeper), (TypingChanged(SEA, (BOB,)), *news))
    untold = await _loaded(keeper)
    assert list(news) == list(untold.all().values())
    await untold.told(untold.all())
    assert {} == keeper.kept[Shelf.UNTOLD]


async def test_untold_news_are_bounded_and_go_on_in_order() -> None:
    """The newest stay; what comes later is later, also where some were told in between."""
    keeper = MemoryShelves()
    for start in (0, MAX_UNTOLD):
        await _added(await _loaded(keeper), [JoinedRoom(f"!{start + each}") for each in range(MAX_UNTOLD)])
    untold = await _loaded(keeper)
    await untold.told(list(untold.all())[1:])
    await _added(untold, [JoinedRoom("!last")])
    assert [JoinedRoom(f"!{MAX_UNTOLD}"), JoinedRoom("!last")] == list((await _loaded(keeper)).all().values())


async def test_untold_news_of_another_release_stop_nothing() -> None:
    """What cannot be read is known to be there, so that it is let go."""
    keeper = MemoryShelves()
    await keeper.put([Change(Shelf.UNTOLD, "000000000000001", octets) for octets in (b"{",)])
    await keeper.put([Change(Shelf.UNTOLD, "000000000000002", b'{"kind":"Sunrise","news":{}}')])
    assert [None, None] == list((await _loaded(keeper)).all().values())


async def test_untold_news_that_were_taken_away_are_not_kept() -> None:
    """Who redacts a message before it is told leaves only that, and nothing of it on the disk."""
    keeper = MemoryShelves()
    untold = await _loaded(keeper)
    await _added(untold, [RoomEvent(SEA, EVENT), RoomEvent(SEA, STATE)])
    redaction = Redacted(SEA, "$1", Event("$3", "m.room.redaction", BOB, {"redacts": "$1"}))
    await _added(untold, [redaction])
    assert [RoomEvent(SEA, STATE), redaction] == list((await _loaded(keeper)).all().values())


class _Reader(Shown):
    """Takes what is told, of a room or all of them."""

    def __init__(self, client: AsyncClient, room_id: str = "") -> None:
        super().__init__(client, Wanted())
        self.room_ids = {room_id} if room_id else set()
        self.heard: list[News] = []

    def lines(self, news: News) -> list[Callable[[], object]]:
        """Return what takes one thing."""
        return [partial(self.heard.append, news)] if self.is_of_rooms(news) else []


async def test_untold_news_are_told_once_whatever_the_clock_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """What another command takes in after the clock was set back is told by the `listen` that runs, and once."""
    keeper = MemoryShelves()
    untold, elsewhere = Untold(keeper), JoinedRoom("!lake:example.org")
    async with KeepingClient(untold, NetworkOptions()) as client:
        reader = _Reader(client, SEA)
        teller = Teller(client, untold, reader)
        for now, number in ((7_000_000_000, 1), (7_000_000_000, 2), (1_000_000, 3), (7_000_000_000, 4)):
            monkeypatch.setattr(time, "time_ns", lambda now=now: now)
            theirs, ours = JoinedRoom(SEA), LeftRoom(SEA, None, str(number))
            await _added(await _loaded(keeper), [theirs, elsewhere])
            await untold.entries()
            await _added(untold, [ours])
            await teller.tell([ours])
            assert [theirs, ours] == reader.heard[-2:]
            assert 2 * number == len(reader.heard)
    assert [elsewhere] * 4 == list((await _loaded(keeper)).all().values())


class _Killed(BaseException):
    """The process ends here."""


class _Mortal(MemoryShelves):
    """Is killed when so many changes are durable."""

    def __init__(self, kept: dict[Shelf, dict[str, bytes]], steps: int | None = None) -> None:
        super().__init__()
        self.kept = kept
        self._steps = steps

    async def put(self, changes: Sequence[Change]) -> None:
        await super().put(changes)
        if self._steps is not None:
            self._steps -= 1
            if self._steps == 0:
                raise _Killed


async def test_matrix_news_outlive_a_command_that_is_killed_anywhere() -> None:
    """After whichever durable step a command ends, each message that it may have taken in is told by the next."""
    server = FakeHomeserver()
    server.register("bob")
    room_id = server.rooms.make(ALICE)
    server.rooms.set_membership(room_id, BOB, BOB, "join")
    kept = MemoryShelves().kept
    with served_homeserver(server) as url:
        async with KeepingClient(Untold(_Mortal(kept)), NetworkOptions()) as bob:
            await bob.login("bob", "secret", url)
            await bob.sync()
        for steps in chain((MAX_UNTOLD,), count(1)):  # at first there are keys to keep, too
            server.rooms.say(room_id, ALICE, f"number {steps}")
            was_killed = False
            try:
                async with KeepingClient(Untold(_Mortal(kept, steps)), NetworkOptions()) as bob:
                    await bob.sync()
            except _Killed:
                was_killed = True
            untold = Untold(_Mortal(kept))
            async with KeepingClient(untold, NetworkOptions()) as bob:
                await bob.sync()
                told = [one.event.body for one in untold.all().values() if isinstance(one, RoomEvent)]
                await untold.told(untold.all())
            assert [f"number {steps}"] == told
            if not was_killed and steps < MAX_UNTOLD:
                break
    assert 1 < steps

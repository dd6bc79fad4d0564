"""An account that several clients use in turn, each as a process of its own would: one store on the disk."""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from contextlib import aclosing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from fakes.homeserver import FakeHomeserver
from fakes.loops import PATIENCE_SECONDS
from fakes.served_homeserver import served_homeserver
from scop.matrix.client.happenings import RoomEvent
from scop.net.matrix import AsyncClient, MemoryShelves, SyncClient
from scop.net.matrix.turns import Turns
from scop.store.sealed_shelves import SealedShelves

ALICE, BOB = "@alice:example.org", "@bob:example.org"


def _client(folder: Path) -> AsyncClient:
    """Return a client of alice's store, as another process has it."""
    return AsyncClient(SealedShelves.open(folder / "store", None, patience_seconds=PATIENCE_SECONDS))


async def _room(homeserver: FakeHomeserver, url: str, folder: Path) -> tuple[str, AsyncClient]:
    """Log alice in to her store, and bob; return an encrypted room of theirs, and bob's client, in use."""
    async with _client(folder) as alice:
        await alice.login("alice", "secret", url)
    room_id = homeserver.rooms.make(ALICE, is_encrypted=True)
    homeserver.rooms.set_membership(room_id, BOB, BOB, "join")
    bob = await AsyncClient(MemoryShelves()).__aenter__()
    await bob.login("bob", "secret", url)
    await bob.sync()
    async with _client(folder) as alice:
        await alice.sync()
    return room_id, bob


async def _read(bob: AsyncClient) -> list[str]:
    """Return what bob reads of what is new."""
    events = [news for news in await bob.sync() if isinstance(news, RoomEvent)]
    return [news.event.body for news in events if news.event.type == "m.room.message" and news.event.body is not None]


async def _listened(alice: AsyncClient, heard: asyncio.Queue[str]) -> None:
    async with alice.working(), aclosing(alice.listen_in_turns()) as coming:
        async for batch in coming:
            for news in batch:
                if isinstance(news, RoomEvent) and news.event.body is not None:
                    heard.put_nowait(news.event.body)


async def test_client_that_listens_in_turns_lets_others_send(
    homeserver: FakeHomeserver, url: str, tmp_path: Path
) -> None:
    """While one client listens, others of the account say what they have to; all of it can be read, once, in order."""
    room_id, bob = await _room(homeserver, url, tmp_path)
    heard = asyncio.Queue[str]()
    async with _client(tmp_path) as listens:
        listening = asyncio.create_task(_listened(listens, heard))
        async with listens.resting(), asyncio.timeout(PATIENCE_SECONDS):
            for number in range(5):
                other = await asyncio.to_thread(_client, tmp_path)  # as it waits for its turn, the loop goes on
                async with other as sends:
                    await sends.send_text(room_id, f"alice {number}")
                assert f"alice {number}" == await heard.get()
                homeserver.rooms.say(room_id, BOB, f"bob {number}")
                assert f"bob {number}" == await heard.get()
        listening.cancel()
    assert heard.empty()
    assert [f"{who} {number}" for number in range(5) for who in ("alice", "bob")] == await _read(bob)
    await bob.__aexit__(None, None, None)


async def _spoken_in_turns(folder: Path, chance: random.Random) -> None:
    server = FakeHomeserver()
    server.register("alice")
    server.register("bob")
    with served_homeserver(server) as url:
        room_id, bob = await _room(server, url, folder)
        said = list[str]()

        async def speak(client: AsyncClient, name: str) -> None:
            for number in range(4):
                async with client.resting():
                    for _ in range(chance.randrange(20)):  # turns of the loop: any may come first
                        await asyncio.sleep(0)
                await client.sync()
                said.append(f"{name} {number}")
                await client.send_text(room_id, said[-1])
            async with client.resting():  # none waits for one that has nothing more to say
                done.release()
                await ended.wait()

        done, ended = asyncio.Semaphore(0), asyncio.Event()

        async def live(name: str) -> None:
            client = await asyncio.to_thread(_client, folder)
            async with client:
                await speak(client, name)

        async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
            for name in ("one", "two", "three"):
                group.create_task(live(name))
            for _ in range(3):
                await done.acquire()
            ended.set()
        assert said == await _read(bob)
        sent = server.rooms.of_type(room_id, "m.room.encrypted")
        indices = Counter(str(event["content"]) for event in sent)
        assert {1} == set(indices.values())
        await bob.__aexit__(None, None, None)


@given(st.randoms(use_true_random=False))
@drawn(3)
def test_clients_in_turns_use_nothing_twice(chance: random.Random) -> None:
    """Whoever speaks in which order, resting in between: each message is there once, and can be read by the other."""
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_spoken_in_turns(Path(folder), chance))


async def test_client_that_rests_is_not_to_be_used(homeserver: FakeHomeserver, url: str, tmp_path: Path) -> None:
    """What is done with an account that may be another's now is a mistake, and is told before anything is asked."""
    room_id, bob = await _room(homeserver, url, tmp_path)
    await bob.__aexit__(None, None, None)
    async with _client(tmp_path) as alice:
        core = alice.core
        async with alice.resting():
            for use in (lambda: alice.core, lambda: alice.media, lambda: alice.identity, lambda: alice.session):
                with pytest.raises(RuntimeError, match="`working` waits for it"):
                    use()
            asked = len(homeserver.asked)
            with pytest.raises(RuntimeError, match="`working` waits for it"):
                await alice.do(core.send_text, room_id, "Hello.")
            assert asked == len(homeserver.asked)
            async with alice.working():
                assert alice.core is core  # nobody changed anything
                await alice.send_text(room_id, "Hello.")


def test_client_without_a_loop_takes_turns(homeserver: FakeHomeserver, url: str, tmp_path: Path) -> None:
    """A program in which nothing is asynchronous lets others have the account, too, and goes on from what they did."""
    room_id = homeserver.rooms.make(ALICE, is_encrypted=True)
    with SyncClient(SealedShelves.open(tmp_path / "store", None)) as alice:
        alice.login("alice", "secret", url)
        alice.sync()
        with alice.resting():
            with SyncClient(SealedShelves.open(tmp_path / "store", None)) as other:
                other.send_text(room_id, "Hello.")
            with alice.working():
                alice.send_text(room_id, "And again.")
        assert () == alice.core.outbox.waiting
        batch = next(batch for batch in alice.listen_in_turns() if batch)
    assert ["Hello.", "And again."] == [news.event.body for news in batch if isinstance(news, RoomEvent)][-2:]


class _Watched(MemoryShelves):
    """Says who has it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_ours, self.is_free, self.others_changed = True, asyncio.Event(), False
        self.is_free.set()

    async def let_go(self) -> None:
        self.is_ours = False

    async def take_back(self) -> bool:
        await self.is_free.wait()
        self.is_ours = True
        return self.others_changed


async def test_turns_are_let_go_when_nobody_is_at_work() -> None:
    """As long as one of several tasks works, the process has it; what others changed is loaded once."""
    keeper, loads = _Watched(), list[bool]()

    async def load() -> None:
        loads.append(keeper.is_ours)

    turns = Turns(keeper, load)
    async with turns.working():
        async with turns.resting():
            assert keeper.is_ours
        async with turns.resting(), turns.resting():
            assert (False, False) == (keeper.is_ours, turns.is_ours)
            keeper.others_changed = True
            async with turns.working(), turns.working():
                assert (True, True, [True]) == (keeper.is_ours, turns.is_ours, loads)
            keeper.others_changed = False
    assert (True, [True]) == (keeper.is_ours, loads)


async def test_turns_do_not_hold_up_who_is_cancelled() -> None:
    """Whoever ends while it rests does not wait for another process; whoever goes on waits, and knows what it needs."""
    keeper = _Watched()
    keeper.others_changed = True
    loads, rests = list[str](), asyncio.Event()

    async def load() -> None:
        loads.append("loaded")
        if len(loads) == 1:
            raise OSError("the disk")

    turns = Turns(keeper, load)

    async def rest() -> None:
        async with turns.resting():
            rests.set()
            await asyncio.Event().wait()

    resting = asyncio.create_task(rest())
    await rests.wait()
    keeper.is_free.clear()
    resting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await resting
    known = [turns.is_ours]
    keeper.is_free.set()
    with pytest.raises(OSError, match="the disk"):
        async with turns.working():
            pass
    known.append(turns.is_ours)  # what could not be loaded is not known
    async with turns.working():
        known.append(turns.is_ours)
    assert ([False, False, True], ["loaded", "loaded"]) == (known, loads)

"""A real Synapse and matrix-nio beside us: what is said encrypted is read by all, and what is sent is sent once."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing
from pathlib import Path

import pytest

from fakes.synapse import PASSWORD, Synapse, running_synapse
from fakes.talking_nio import talking_nio
from scop.matrix.api.client_server.keys import QueryKeys
from scop.matrix.client.happenings import InvitedTo, RoomEvent, Undecryptable
from scop.matrix.client.joining import NewRoom
from scop.matrix.encryption import Decrypted
from scop.matrix.encryption.trust import Shield
from scop.matrix.steps import Shelf, ask
from scop.net.faults import TemporaryFailure
from scop.net.matrix import AsyncClient, MediaKind, MemoryShelves, NetworkOptions, Stream, SyncClient
from scop.net.matrix.client import LONG_POLL_SECONDS
from scop.store.sealed_shelves import SealedShelves

pytestmark = pytest.mark.interop

_TIMES = 60  # syncs that something may take
PASSPHRASE = "the sea is wide"

# Sends one message; says so when it is durable, and waits to be killed before the request goes out, or its answer.
KILLED = """
import asyncio, sys, threading
from pathlib import Path
from textwrap import dedent
from scop.matrix.api.client_server.room_send import SendMessage
from scop.net.faults import TemporaryFailure
from scop.net.matrix import AsyncClient
from scop.net.matrix.carrier import Carrier
from scop.net.matrix.client import LONG_POLL_SECONDS
from scop.store.sealed_shelves import SealedShelves

store, room, moment = sys.argv[1:]
carry = Carrier.carry

async def carry_and_stop(self, url, request, token):
    if not isinstance(request, SendMessage):
        return await carry(self, url, request, token)
    if moment == "after":
        await carry(self, url, request, token)
    print("stopped", flush=True)
    threading.Event().wait()

async def main():
    Carrier.carry = carry_and_stop
    async with AsyncClient(SealedShelves.open(Path(store), "the sea is wide")) as client:
        await client.sync()
        await client.send_text(room, "once")

asyncio.run(main())
"""


@pytest.fixture(scope="module")
def homeserver() -> Iterator[Synapse]:
    """Run one homeserver for all of these."""
    with running_synapse() as server:
        yield server


async def _heard(client: AsyncClient, count: int) -> list[str]:
    """Return the next messages of others, in order; each must have been encrypted, and read."""
    own, heard = client.session.user_id, list[str]()
    for _ in range(_TIMES):
        for news in await client.sync(0.5):
            assert not (isinstance(news, Undecryptable) and news.event.sender != own), news
            if isinstance(news, RoomEvent) and news.event.type == "m.room.message" and news.event.sender != own:
                assert news.was_encrypted
                heard.append(news.event.body)
        if len(heard) >= count:
            break
    return heard


async def _room(alice: AsyncClient, others: Sequence[str]) -> str:
    new = NewRoom(name="The sea", invited=tuple(others), preset="private_chat", is_encrypted=True)
    return await alice.do(alice.core.joining.create, new)


async def test_real_clients_read_each_other_and_nio(homeserver: Synapse) -> None:
    """Two of ours and one matrix-nio: each reads what each says, also after a new device and a new key."""
    alice_id, bob_id, nio_id = (homeserver.new_user(word) for word in ("alice", "bob", "nio"))
    async with AsyncClient() as alice, AsyncClient() as bob, talking_nio(homeserver, nio_id) as nio:
        for client, user_id in ((alice, alice_id), (bob, bob_id)):
            await client.login(user_id, PASSWORD, homeserver.url)
            await client.sync()
        room_id = await _room(alice, (bob_id, nio_id))
        await bob.do(bob.core.joining.join, room_id)
        await nio.ask("join", room=room_id)
        for client in (alice, bob):
            await client.sync()
        await alice.send_text(room_id, "from alice")
        assert ["from alice"] == await _heard(bob, 1)
        await bob.send_text(room_id, "from bob")
        assert ["from bob"] == await _heard(alice, 1)
        said = [{"sender": alice_id, "text": "from alice", "is_encrypted": True}]
        assert [*said, {"sender": bob_id, "text": "from bob", "is_encrypted": True}] == (
            await nio.ask("hear", count=2)
        )["heard"]
        await nio.ask("say", room=room_id, text="from nio")
        assert [["from nio"]] * 2 == [await _heard(client, 1) for client in (alice, bob)]

        # A new device of Bob, and a new key of Alice: all read on.
        async with AsyncClient() as second:
            await second.login(bob_id, PASSWORD, homeserver.url)
            await second.sync()
            await alice.sync()
            machine = alice.core.encryption
            assert machine is not None
            before = {info.session_id for info in machine.sessions()}
            await alice.run(machine.discard_session(room_id))
            await alice.send_text(room_id, "with a new key")
            assert before < {info.session_id for info in machine.sessions()}
            assert [["with a new key"]] * 2 == [await _heard(client, 1) for client in (bob, second)]
            await nio.ask("say", room=room_id, text="nio, to all devices")
            assert [["nio, to all devices"]] * 3 == [await _heard(client, 1) for client in (alice, bob, second)]
            heard = (await nio.ask("hear", count=1))["heard"]
            assert [{"sender": alice_id, "text": "with a new key", "is_encrypted": True}] == heard
            await second.logout()
        await alice.send_text(room_id, "the device is gone")
        assert ["the device is gone"] == await _heard(bob, 1)


@pytest.mark.parametrize("moment", ["before", "after"])
async def test_real_send_that_is_killed_is_sent_once(homeserver: Synapse, tmp_path: Path, moment: str) -> None:
    """A process that was killed after a message was durable, before or after the server had it: it is there once."""
    alice_id, bob_id = homeserver.new_user("alice"), homeserver.new_user("bob")
    store = tmp_path / "store"
    async with AsyncClient() as bob:
        await bob.login(bob_id, PASSWORD, homeserver.url)
        await bob.sync()
        async with AsyncClient(SealedShelves.open(store, PASSPHRASE)) as alice:
            await alice.login(alice_id, PASSWORD, homeserver.url)
            await alice.sync()
            room_id = await _room(alice, (bob_id,))
            await bob.do(bob.core.joining.join, room_id)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(store), room_id, moment, stdout=PIPE
        )
        assert process.stdout is not None
        assert b"stopped\n" == await asyncio.wait_for(process.stdout.readline(), 60)
        process.kill()
        await process.wait()
        async with AsyncClient(SealedShelves.open(store, PASSPHRASE)) as alice:
            assert {} != (await alice._keeper.entries())[Shelf.OUTBOX]
            await alice.sync()
            assert {} == (await alice._keeper.entries())[Shelf.OUTBOX]
            await alice.send_text(room_id, "afterwards")
        assert ["once", "afterwards"] == await _heard(bob, 2)


async def test_real_listener_outlasts_a_server_that_stands_still(homeserver: Synapse) -> None:
    """A homeserver that answers nobody is noticed within a long poll, and what was said meanwhile is heard after it."""
    alice_id, bob_id = homeserver.new_user("alice"), homeserver.new_user("bob")
    told = list[bool]()
    gone = asyncio.Event()

    def on_trouble(failure: TemporaryFailure | None) -> None:
        told.append(failure is not None)
        gone.set()

    network = NetworkOptions(silence_seconds=1 - LONG_POLL_SECONDS)
    async with AsyncClient() as alice, AsyncClient(network=network) as bob:
        for client, user_id in ((alice, alice_id), (bob, bob_id)):
            await client.login(user_id, PASSWORD, homeserver.url)
            await client.sync()
        room_id = await _room(alice, (bob_id,))
        await bob.do(bob.core.joining.join, room_id)
        await bob.sync()

        heard = asyncio.Queue[str]()

        async def hear() -> None:
            async with aclosing(bob.listen(on_trouble)) as coming:
                async for news in coming:
                    if isinstance(news, RoomEvent) and news.event.type == "m.room.message":
                        heard.put_nowait(news.event.body)

        hearing = asyncio.create_task(hear())
        await alice.send_text(room_id, "said before")
        assert "said before" == await asyncio.wait_for(heard.get(), 60)
        homeserver.process.send_signal(signal.SIGSTOP)
        try:
            await asyncio.wait_for(gone.wait(), 30)
        finally:
            homeserver.process.send_signal(signal.SIGCONT)
        await alice.send_text(room_id, "said afterwards")
        assert "said afterwards" == await asyncio.wait_for(heard.get(), 60)
        hearing.cancel()
        await asyncio.wait([hearing])
    assert True is told[0]


async def test_real_files_go_up_and_down_in_pieces(homeserver: Synapse, tmp_path: Path) -> None:
    """A file goes from a disk, a stream or memory through the server to a disk, sealed where the room is."""
    octets = bytes(range(256)) * 4096
    (tmp_path / "file.bin").write_bytes(octets)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(octets), 1000):
            yield octets[start : start + 1000]

    async with AsyncClient() as alice:
        await alice.login(homeserver.new_user("alice"), PASSWORD, homeserver.url)
        await alice.sync()
        for source in (tmp_path / "file.bin", octets, Stream(pieces(), len(octets))):
            uri = await alice.media.upload(source, MediaKind("application/x-test", "file.bin"))
            assert len(octets) == await alice.media.save(uri, tmp_path / "copy.bin")
            assert octets == (tmp_path / "copy.bin").read_bytes()
        sealed = await alice.media.upload_encrypted(tmp_path / "file.bin")
        await alice.media.save(sealed.url, tmp_path / "sealed.bin")
        assert octets != (tmp_path / "sealed.bin").read_bytes()
        await alice.media.save(sealed, tmp_path / "copy.bin")
        assert octets == (tmp_path / "copy.bin").read_bytes()


async def test_real_tokens_are_renewed_by_one_at_a_time(homeserver: Synapse) -> None:
    """An access token that has ended is renewed once for all who need it, and the new one is kept."""
    shelves = MemoryShelves()
    async with AsyncClient(shelves) as alice:
        session = await alice.login(homeserver.new_user("alice"), PASSWORD, homeserver.url)
        stale = alice.session.renewed("a-token-that-has-ended", None, None)
        alice.core._core.session = stale
        whoami = alice.core.login.whoami
        answers = await asyncio.gather(*(alice.do(whoami) for _ in range(5)))
        assert {session.user_id} == {answer.user_id for answer in answers}
        assert "a-token-that-has-ended" != alice.session.access_token
        assert alice.session.access_token.encode() in shelves.kept[Shelf.SESSION]["session"]


async def test_real_readme_sends_an_encrypted_message(homeserver: Synapse, tmp_path: Path) -> None:
    """The ten lines of README.md do what they say, run as they stand but for names of this world."""
    alice_id, bob_id = homeserver.new_user("alice"), homeserver.new_user("bob")
    readme = Path(__file__).resolve().parents[2] / "README.md"
    lines = readme.read_text().partition("<!-- ten lines -->\n```python\n")[2].partition("```")[0]
    for old, new in (
        ('"@ann:example.org", "her password"', f"{alice_id!r}, {PASSWORD!r}, {homeserver.url!r}"),
        ("@bob:example.org", bob_id),
        ("ann.store", str(tmp_path / "ann.store")),
    ):
        assert old in lines
        lines = lines.replace(old, new)
    async with AsyncClient() as bob:
        await bob.login(bob_id, PASSWORD, homeserver.url)
        await bob.sync()
        process = await asyncio.create_subprocess_exec(sys.executable, "-c", lines, stdout=PIPE)
        out, _ = await process.communicate()
        assert out.startswith(b"$")
        (invited,) = [news for news in await bob.sync() if isinstance(news, InvitedTo)]
        await bob.do(bob.core.joining.join, invited.room_id)
        (heard,) = [news for news in await bob.sync() if isinstance(news, RoomEvent) and news.was_encrypted]
        assert (alice_id, "High water at nine.") == (heard.event.sender, heard.event.body)
        # The device is at the server with its keys, and nobody is warned of what it says more than of one unsigned.
        published = (await bob.run(ask(QueryKeys(device_keys={alice_id: ()})))).device_keys or {}
        assert isinstance(heard.encryption, Decrypted)
        assert heard.encryption.device is not None
        assert [heard.encryption.device.device_id] == list(published[alice_id])
        assert Shield.UNSIGNED_DEVICE == heard.encryption.shield


def test_real_sync_client_waits_for_each_call(homeserver: Synapse, tmp_path: Path) -> None:
    """A program without an event loop says something, and hears it."""
    with SyncClient(SealedShelves.open(tmp_path / "store", None), network=NetworkOptions()) as client:
        client.login(homeserver.new_user("alice"), PASSWORD, homeserver.url)
        client.sync()
        room_id = client.do(client.core.joining.create, NewRoom(name="alone", is_encrypted=True))
        client.sync()
        event_id = client.send_text(room_id, "Hello.")
        client.redact(room_id, client.react(room_id, client.reply(room_id, event_id, "And you?"), "👍"))
        client.edit(room_id, event_id, "Hello!")
        (tmp_path / "chart").write_bytes(b"a chart")
        client.send_file(room_id, tmp_path / "chart")
        assert 7 == client.save(client.upload_encrypted(tmp_path / "chart"), tmp_path / "copy")
        assert b"a chart" == (tmp_path / "copy").read_bytes()
        coming = client.listen()
        for news in coming:
            if isinstance(news, RoomEvent) and news.event.event_id == event_id:
                assert ("Hello.", True) == (news.event.body, news.was_encrypted)
                break
        client.logout()

"""Devices go and others come, at a real Synapse: what is encrypted goes on, and what was said before is read again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AsyncExitStack

import pytest

from fakes.meeting_clients import MANY_SYNCS, logged_in, told, trusts
from fakes.synapse import PASSWORD, Synapse, running_synapse
from fakes.talking_nio import Nio, talking_nio
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.client.joining import NewRoom
from scop.matrix.confirming import Credentials
from scop.matrix.encryption import KeySource
from scop.matrix.encryption.trust import Trust
from scop.matrix.verification import (
    StringsShown,
    VerificationAsked,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.key_backup import Restored
from scop.net.matrix import AsyncClient
from scop.net.matrix.whole_sync import News

pytestmark = pytest.mark.interop


@pytest.fixture(scope="module")
def homeserver() -> Iterator[Synapse]:
    """Run one homeserver for all of these."""
    with running_synapse() as server:
        yield server


def _words(told: Sequence[News], own: str) -> list[tuple[str, bool]]:
    """Return what others said, and whether it was late; all of it must have been encrypted."""
    events = [one for one in told if isinstance(one, RoomEvent) and one.event.type == "m.room.message"]
    said = [one for one in events if one.event.sender != own and one.event.content.get("msgtype") == "m.text"]
    assert all(one.was_encrypted for one in said)
    return [(one.event.body, one.is_late) for one in said]


async def _heard(client: AsyncClient, count: int = 1) -> list[str]:
    """Return the next words of others."""
    heard: list[str] = []
    for _ in range(MANY_SYNCS):
        heard += [body for body, _ in _words(await client.sync(0.5), client.session.user_id)]
        if len(heard) >= count:
            break
    return heard


async def _verify(one: AsyncClient, other: AsyncClient) -> None:
    """Compare strings in the room in which two talk alone."""
    room_id = await one.do(one.core.direct.open, other.session.user_id)
    await other.do(other.core.joining.join, room_id)
    for client in (one, other):
        await client.sync()
    flow_id = await one.run(one.identity.verifications.request_in_room(other.session.user_id, room_id), room_id)
    await told([other], VerificationAsked)
    await other.run(other.identity.verifications.accept(flow_id))
    await told([one], VerificationReady)
    await one.run(one.identity.verifications.start_sas(flow_id))
    first, second = await told([one, other], StringsShown)
    assert first.emoji == second.emoji
    await one.run(one.identity.verifications.confirm(flow_id))
    await other.run(other.identity.verifications.confirm(flow_id))  # done: it has all that it needs
    await told([one], VerificationDone)


async def _until_it_trusts(client: AsyncClient, user_id: str, expected: set[Trust]) -> None:
    """Sync until a user's devices are trusted so."""
    for _ in range(MANY_SYNCS):
        await client.sync(0.2)
        if trusts(client, user_id) == expected:
            return
    raise AssertionError(trusts(client, user_id))


async def _until_devices(client: AsyncClient, user_id: str, count: int) -> None:
    machine = client.core.encryption
    assert machine is not None
    for _ in range(MANY_SYNCS):
        await client.sync(0.2)
        if len(machine.devices.of(user_id)) == count:
            return
    raise AssertionError(machine.devices.of(user_id))


def _own_sessions(client: AsyncClient, room_id: str) -> set[str]:
    machine = client.core.encryption
    assert machine is not None
    own = (info for info in machine.sessions() if info.source is KeySource.OWN)
    return {info.session_id for info in own if info.room_id == room_id}


async def _with_identity(client: AsyncClient) -> AsyncClient:
    credentials = Credentials(client.session.user_id, PASSWORD)
    await client.run(client.identity.cross_signing.bootstrap(credentials))
    await client.sync()
    return client


async def _backed_up(client: AsyncClient) -> str:
    """Make a backup and secret storage; return the recovery key."""
    await client.run(client.identity.backup.create())
    key = await client.run(client.identity.storage.create())
    await client.run(client.identity.store_secrets(key))
    return key.recovery_key()


async def _recovered(client: AsyncClient, recovery_key: str) -> Restored:
    await client.run(client.identity.load_secrets(await client.run(client.identity.storage.unlock(recovery_key))))
    return await client.run(client.identity.backup.restore())


async def _nio_heard(nio: Nio, count: int) -> list[object]:
    heard = (await nio.ask("hear", count=count))["heard"]
    assert isinstance(heard, list)
    assert all(one["is_encrypted"] for one in heard)
    return [one["text"] for one in heard]


async def _room_of_three(alice: AsyncClient, bob: AsyncClient, nio: Nio, nio_id: str) -> str:
    """Make an encrypted room, in which all say something that all read."""
    invited = (bob.session.user_id, nio_id)
    room_id = await alice.do(
        alice.core.joining.create, NewRoom(name="The sea", invited=invited, preset="private_chat", is_encrypted=True)
    )
    await bob.do(bob.core.joining.join, room_id)
    await nio.ask("join", room=room_id)
    for client in (alice, bob):
        await client.sync()
    await alice.send_text(room_id, "one")
    assert ["one"] == await _heard(bob)
    await nio.ask("say", room=room_id, text="two")
    assert [["two"]] * 2 == [await _heard(client) for client in (alice, bob)]
    await bob.send_text(room_id, "three")
    assert ["three"] == await _heard(alice)
    assert ["one", "three"] == await _nio_heard(nio, 2)
    return room_id


async def test_real_device_goes_and_another_comes(homeserver: Synapse) -> None:
    """Bob's only device logs out. No key that it had is used again; a new one recovers, is verified, and talks on."""
    alice_id, bob_id, nio_id = (homeserver.new_user(word) for word in ("alice", "bob", "nio"))
    async with AsyncExitStack() as stack:
        alice, old, new = [await stack.enter_async_context(AsyncClient()) for _ in range(3)]
        nio = await stack.enter_async_context(talking_nio(homeserver, nio_id))
        for client, user_id in ((alice, alice_id), (old, bob_id)):
            await _with_identity(await logged_in(client, homeserver, user_id))
        recovery_key = await _backed_up(old)
        await _verify(alice, old)
        room_id = await _room_of_three(alice, old, nio, nio_id)
        while await old.run(old.identity.backup.upload()):
            pass
        before = _own_sessions(alice, room_id)

        await old.logout()
        await _until_devices(alice, bob_id, 0)
        await alice.send_text(room_id, "Bob is away")
        after = _own_sessions(alice, room_id)
        assert (1, 2) == (len(before), len(after))
        assert before < after

        await logged_in(new, homeserver, bob_id)
        restored = await _recovered(new, recovery_key)
        assert (restored.found, 0) == (restored.taken, restored.broken)
        assert [("one", True), ("two", True)] == _words(await new.sync(), bob_id)
        await _until_it_trusts(alice, bob_id, {Trust.VERIFIED})  # by its identity, which Alice verified
        await _until_it_trusts(new, alice_id, {Trust.VERIFIED})
        await _verify(new, alice)

        await alice.send_text(room_id, "four")
        assert ["four"] == await _heard(new)
        await new.send_text(room_id, "five")
        assert ["five"] == await _heard(alice)
        await nio.ask("say", room=room_id, text="six")
        assert [["six"]] * 2 == [await _heard(client) for client in (alice, new)]
        assert ["Bob is away", "four", "five"] == await _nio_heard(nio, 3)
        assert after == _own_sessions(alice, room_id)  # who comes is given the key as it is by then

        # The same with a device that knows no cross-signing.
        nio_again = await stack.enter_async_context(talking_nio(homeserver, nio_id))
        await nio_again.ask("hear", count=0)  # what was said before it came, which it cannot read
        await nio.ask("logout")
        await _until_devices(alice, nio_id, 1)
        await alice.send_text(room_id, "seven")
        assert (["seven"], ["seven"]) == (await _heard(new), await _nio_heard(nio_again, 1))
        assert after < _own_sessions(alice, room_id)
        await nio_again.ask("say", room=room_id, text="eight")
        assert [["eight"]] * 2 == [await _heard(client) for client in (alice, new)]

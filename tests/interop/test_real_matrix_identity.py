"""Identities at a real Synapse: our clients verify each other, restore and share keys, and verify matrix-nio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from fakes.meeting_clients import MANY_SYNCS, logged_in, told, trusts
from fakes.synapse import PASSWORD, Synapse, chat_python, running_synapse
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.client.joining import NewRoom
from scop.matrix.confirming import Credentials
from scop.matrix.encryption.trust import Trust
from scop.matrix.verification import (
    CodeScanned,
    FlowOptions,
    IdentityChanged,
    SasOptions,
    SecretReceived,
    StringsShown,
    VerificationAsked,
    VerificationDone,
    VerificationReady,
)
from scop.matrix.verification.key_backup import Restored
from scop.matrix.verification.secret_storage import LEAST_ROUNDS
from scop.net.matrix import AsyncClient

pytestmark = pytest.mark.interop

_NIO = Path(__file__).parent / "programs/nio_verifier.py"
_Told = TypeVar("_Told")


@pytest.fixture(scope="module")
def synapse() -> Iterator[Synapse]:
    """Run one homeserver for all of these."""
    with running_synapse() as server:
        yield server


async def _next(client: AsyncClient, kind: type[_Told]) -> _Told:
    for _ in range(MANY_SYNCS):
        for news in await client.sync(0.5):
            if isinstance(news, kind):
                return news
    raise AssertionError(f"no {kind.__name__} came")


async def test_real_history_is_read_by_who_is_asked_in_later(synapse: Synapse) -> None:
    """The keys of what was said before go up with the invitation, and come down where it is accepted."""
    alice_id, bob_id = synapse.new_user("alice"), synapse.new_user("bob")
    async with AsyncClient() as alice, AsyncClient() as bob:
        for client, user_id in ((alice, alice_id), (bob, bob_id)):
            await client.login(user_id, PASSWORD, synapse.url)
            await client.sync()
            await client.do(client.identity.cross_signing.bootstrap, Credentials(user_id, PASSWORD))
        room_id = await alice.do(alice.core.joining.create, NewRoom(preset="private_chat", is_encrypted=True))
        await alice.sync()
        said = await alice.send_text(room_id, "the tide was low")
        await alice.do(alice.core.joining.invite, room_id, bob_id)
        await bob.sync()
        await bob.do(bob.core.joining.join, room_id)
        late = [news for _ in range(3) for news in await bob.sync() if isinstance(news, RoomEvent)]
        assert [(said, "the tide was low")] == [
            (news.event.event_id, news.event.body) for news in late if news.was_encrypted
        ]


async def test_users_verify_each_other_in_an_encrypted_room(synapse: Synapse) -> None:
    """Cross-signing keys are published, SAS goes through Megolm, and Synapse takes the signatures."""
    ada, ben = synapse.new_user("ada"), synapse.new_user("ben")
    async with AsyncClient() as one, AsyncClient() as other:
        people = [await logged_in(one, synapse, ada), await logged_in(other, synapse, ben)]
        for client, user_id in zip(people, (ada, ben), strict=True):
            await client.run(client.identity.cross_signing.bootstrap(Credentials(user_id, PASSWORD)))
            await client.sync()
        room = await one.do(one.core.joining.create, NewRoom(is_direct=True, invited=(ben,), is_encrypted=True))
        await other.sync()
        await other.do(other.core.joining.join, room)
        for client in people:
            await client.sync()
        flow_id = await one.run(one.identity.verifications.request_in_room(ben, room))
        assert (await _next(other, VerificationAsked)).flow_id == flow_id
        await other.run(other.identity.verifications.accept(flow_id))
        await _next(one, VerificationReady)
        await one.run(one.identity.verifications.start_sas(flow_id))
        shown = await told(people, StringsShown)
        assert shown[0].emoji == shown[1].emoji
        done = [news for client in people for news in await client.run(client.identity.verifications.confirm(flow_id))]
        while len([news for news in done if isinstance(news, VerificationDone)]) < 2:
            done += [news for client in people for news in await client.sync(0.1) if isinstance(news, VerificationDone)]
        for client in people:
            await client.sync(0.5)
        assert [trusts(one, ben), trusts(other, ada)] == [{Trust.VERIFIED}, {Trust.VERIFIED}]
        # A new identity at the server: the other side is alarmed.
        await one.run(one.identity.cross_signing.reset(Credentials(ada, PASSWORD)))
        assert (await _next(other, IdentityChanged)).was_verified
        assert trusts(other, ada) == {Trust.CHANGED}


async def test_a_new_device_gets_everything_by_recovery_key_or_qr_code(synapse: Synapse) -> None:
    """Secret storage, key backup, and secrets from a verified device, through Synapse."""
    ada = synapse.new_user("ada")
    async with AsyncClient() as old, AsyncClient() as second, AsyncClient() as third:
        await logged_in(old, synapse, ada)
        await old.run(old.identity.cross_signing.bootstrap(Credentials(ada, PASSWORD)))
        room = await old.do(old.core.joining.create, NewRoom(is_encrypted=True))
        await old.sync()
        await old.send_text(room, "before the others came")
        await old.run(old.identity.backup.create())
        key = await old.run(old.identity.storage.create("the tide is full", rounds=LEAST_ROUNDS))
        assert len(await old.run(old.identity.store_secrets(key))) == 4
        assert await old.run(old.identity.backup.upload()) == 1

        await logged_in(second, synapse, ada)
        opened = await second.run(second.identity.storage.unlock("the tide is full"))
        assert opened == await second.run(second.identity.storage.unlock(key.recovery_key()))
        assert len(await second.run(second.identity.load_secrets(opened))) == 4
        assert await second.run(second.identity.backup.restore()) == Restored(1, 1, 0)

        await logged_in(third, synapse, ada)
        await old.sync()
        flow_id = await third.run(third.identity.verifications.request(ada))
        await _next(old, VerificationAsked)
        await old.run(old.identity.verifications.accept(flow_id))
        await _next(third, VerificationReady)
        octets = third.identity.verifications.qr_code(flow_id)
        assert octets is not None
        await old.run(old.identity.verifications.scan(flow_id, octets))
        await _next(third, CodeScanned)
        await third.run(third.identity.verifications.confirm(flow_id))
        names = set()
        for _ in range(MANY_SYNCS):
            for client in (old, third):
                names |= {news.name for news in await client.sync(0.1) if isinstance(news, SecretReceived)}
            if len(names) == 4:
                break
        assert third.identity.cross_signing.is_whole
        assert await third.run(third.identity.backup.restore()) == Restored(1, 0, 0)  # it was, with the key
        assert trusts(third, ada) == {Trust.VERIFIED}


@pytest.mark.parametrize("role", ["start", "accept"])
async def test_matrix_nio_is_verified_by_sas(synapse: Synapse, role: str) -> None:
    """Both ways, with the one leniency that its encodings need; it shows right numbers and wrong pictures."""
    ada, nio = synapse.new_user("ada"), synapse.new_user("nio")
    async with AsyncClient() as client:
        await logged_in(client, synapse, ada)
        verifications = client.identity.verifications
        verifications.options = FlowOptions(sas=SasOptions(takes_nio=True))
        process = await asyncio.create_subprocess_exec(
            *(str(chat_python()), str(_NIO), synapse.url, nio, PASSWORD, ada, role), stdout=asyncio.subprocess.PIPE
        )
        assert process.stdout is not None
        try:
            device_id = json.loads(await process.stdout.readline())["device"]
            if role == "start":
                flow_id = (await _next(client, VerificationAsked)).flow_id
                await client.run(verifications.accept(flow_id))
            else:
                flow_id = await client.run(verifications.begin_sas(nio, device_id))
            shown = await _next(client, StringsShown)
            told = list(await client.run(verifications.confirm(flow_id)))
            if not any(isinstance(news, VerificationDone) for news in told):
                told.append(await _next(client, VerificationDone))
            said = [json.loads(line) async for line in process.stdout]
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()
        assert said == [{"decimals": list(shown.decimals)}, {"verified": [client.session.device_id]}]
        assert trusts(client, nio) == {Trust.VERIFIED}

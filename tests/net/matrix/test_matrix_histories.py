"""The keys of a room's history, from one client with sockets to another."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from fakes.homeserver import FakeHomeserver, refusal
from fakes.homeserver_media import give_out_files
from fakes.odd_server import JumpingRest
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.client_server.authed_content_repo import GetContentAuthed
from scop.matrix.client.happenings import RoomEvent
from scop.net.matrix import AsyncClient, NetworkOptions

_ALICE, _BOB = "@alice:example.org", "@bob:example.org"


@asynccontextmanager
async def _asked_in(homeserver: FakeHomeserver) -> AsyncIterator[tuple[AsyncClient, str]]:
    """Give Bob, whom Alice asks into a room where she said something before."""
    homeserver.register("alice")
    homeserver.register("bob")
    give_out_files(homeserver)
    with served_homeserver(homeserver) as url:
        network = NetworkOptions(patience_seconds=1)
        async with AsyncClient() as alice, AsyncClient(None, None, network, JumpingRest()) as bob:
            for client, name in ((alice, "alice"), (bob, "bob")):
                await client.login(name, "secret", url)
                await client.sync()
                await client.do(client.identity.cross_signing.bootstrap)
            room_id = homeserver.rooms.make(_ALICE, is_encrypted=True)
            await alice.sync()
            await alice.send_text(room_id, "the tide was low")
            await alice.do(alice.core.joining.invite, room_id, _BOB)
            await bob.sync()
            await bob.do(bob.core.joining.join, room_id)
            yield bob, room_id


async def _heard(client: AsyncClient) -> list[str]:
    news = [one for one in await client.sync() if isinstance(one, RoomEvent) and one.was_encrypted]
    return [one.event.body for one in news]


async def test_guest_reads_what_was_said_before_as_soon_as_they_come() -> None:
    """Matrix v1.19 CS §Sharing keys between users: fetched after the sync that follows, read in the next."""
    homeserver = FakeHomeserver()
    async with _asked_in(homeserver) as (bob, _):
        assert ([], ["the tide was low"]) == (await _heard(bob), await _heard(bob))


@pytest.mark.parametrize("what", ["gone", "changed", "huge"])
async def test_guest_is_not_held_up_by_keys_that_are_none(what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Matrix v1.19 CS §Receiving a key bundle event: they are given up, and what is new comes."""
    homeserver = FakeHomeserver()
    async with _asked_in(homeserver) as (bob, room_id):
        if what == "huge":
            monkeypatch.setattr("scop.net.matrix.histories._MAX_OCTETS", 100)
        for uri, octets in list(homeserver.media.items()):
            homeserver.media[uri] = octets[::-1] if what == "changed" else octets
        if what == "gone":
            homeserver.media.clear()
        await bob.sync()
        assert () == bob.core.shared_history.due()
        homeserver.rooms.put(room_id, _ALICE, "m.room.message", {"msgtype": "m.text", "body": "hello"})
        assert "hello" in [one.event.body for one in await bob.sync() if isinstance(one, RoomEvent)]


async def test_guest_is_not_held_up_for_ever_by_who_does_not_give_them() -> None:
    """A server that fails is asked after three syncs, and at the next start again."""
    homeserver = FakeHomeserver()
    async with _asked_in(homeserver) as (bob, _):

        def busy(_device: object, _request: object) -> bytes:
            raise refusal(502, "M_UNKNOWN")

        homeserver.answers[GetContentAuthed] = busy
        asked = []
        for _ in range(5):
            before = len(homeserver.asked)
            await bob.sync()
            asked.append(any(isinstance(one, GetContentAuthed) for one in homeserver.asked[before:]))
        assert [True, True, True, False, False] == asked
        assert 1 == len(bob.core.shared_history.due())

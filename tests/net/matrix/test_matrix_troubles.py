"""What goes wrong between a client and its homeserver for a while loses nothing and ends nobody who listens."""

from __future__ import annotations

from contextlib import aclosing

import pytest
from aiohttp import web

from fakes.homeserver import FakeHomeserver, refusal
from fakes.odd_server import Answering, Asked, JumpingRest, OddServer, odd_server, says
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.client import ClientOptions
from scop.matrix.client.discovery import check_homeserver
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.steps import Change, Shelf, keep
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import AsyncClient, MemoryShelves, NetworkOptions, SessionEnded

LOGGED_IN = says({"user_id": "@me:example.org", "device_id": "D", "access_token": "t"})
FILTER = says({"filter_id": "1"})
PLAIN = ClientOptions(encrypts=False)
HASTY = NetworkOptions(patience_seconds=1.0)
PRESENCE = {"type": "m.presence", "sender": "@bob:example.org", "content": {"presence": "online"}}


def _page(status: int) -> Answering:
    """Answer as what stands before a homeserver does while that is not there."""

    async def answer(_request: web.BaseRequest) -> web.StreamResponse:
        return web.Response(status=status, text="<html>Back soon.</html>", content_type="text/html")

    return answer


class World:
    """Alice's client at a homeserver that does not take messages for a while."""

    def __init__(self) -> None:
        self.server = FakeHomeserver()
        self.server.register("alice")
        self.room_id = self.server.rooms.make("@alice:example.org")
        self.shelves = MemoryShelves()
        self.refusals = 0
        takes = self.server.answers[SendMessage]

        def answer(device: object, request: object) -> object:
            if self.refusals:
                self.refusals -= 1
                raise refusal(429, "M_LIMIT_EXCEEDED", retry_after_ms=60_000)
            return takes(device, request)

        self.server.answers[SendMessage] = answer  # type: ignore[assignment]

    def client(self) -> AsyncClient:
        """Return a client of what is kept."""
        return AsyncClient(self.shelves, PLAIN, HASTY, JumpingRest())


async def test_what_came_is_told_though_what_waits_cannot_go_out() -> None:
    """A server that takes no messages after a restart takes no news away; they go out after a later sync."""
    world = World()
    with served_homeserver(world.server) as url:
        async with world.client() as alice:
            await alice.login("alice", "secret", url)
            await alice.sync()
            await alice.do(alice.core.queue, world.room_id, "m.room.message", {"msgtype": "m.text", "body": "kept"})
        world.server.rooms.say(world.room_id, "@bob:example.org", "hello")
        world.refusals = 1
        async with world.client() as alice:
            news = await alice.sync()
            assert ["hello"] == [one.event.body for one in news if isinstance(one, RoomEvent)]
            await alice.sync()
    assert (["hello", "kept"], {}) == (world.server.rooms.bodies(world.room_id), world.shelves.kept[Shelf.OUTBOX])


async def test_what_could_not_be_sent_goes_out_when_it_can() -> None:
    """A message whose sending failed for now goes out after the next sync, once, without a restart."""
    world = World()
    with served_homeserver(world.server) as url:
        async with world.client() as alice:
            await alice.login("alice", "secret", url)
            await alice.sync()
            world.refusals = 1
            with pytest.raises(TemporaryFailure):
                await alice.send_text(world.room_id, "patience")
            for _ in range(2):
                await alice.sync()
    assert ["patience"] == world.server.rooms.bodies(world.room_id)


@pytest.mark.parametrize("status", [200, 302, 403, 404, 502])
async def test_listening_goes_on_after_pages_of_proxies(status: int) -> None:
    """What a proxy says while the homeserver is not there is no answer of the homeserver, whatever its status is."""
    answers = [LOGGED_IN, FILTER, says({"next_batch": "s1"}), _page(status)]
    answers.append(says({"next_batch": "s2", "presence": {"events": [PRESENCE]}}))
    told: list[TemporaryFailure | None] = []
    async with odd_server(*answers) as server, AsyncClient(None, PLAIN, None, JumpingRest()) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        async with aclosing(alice.listen(told.append)) as coming:
            news = await anext(coming)
    assert "@bob:example.org" == getattr(news, "user_id", None)
    assert [True, False] == [failure is not None for failure in told]


async def test_a_message_survives_the_page_of_a_proxy() -> None:
    """A 404 that the homeserver did not say is no refusal of a message: it goes out later."""
    shelves = MemoryShelves()
    state = says([])
    answers = [LOGGED_IN, state, _page(404), FILTER, says({"next_batch": "s1"}), says({"event_id": "$sent"})]
    async with odd_server(*answers) as server, AsyncClient(shelves, PLAIN, HASTY, JumpingRest()) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        with pytest.raises(TemporaryFailure, match=r"^what stands before the homeserver answers 404$"):
            await alice.send_text("!sea:example.org", "hello")
        assert 1 == len(shelves.kept[Shelf.OUTBOX])
        await alice.sync()
        assert {} == shelves.kept[Shelf.OUTBOX]
        assert 1 == len({asked.target for asked in _sends(server)})


def _sends(server: OddServer) -> list[Asked]:
    return [asked for asked in server.asked if "/send/m.room.message/" in asked.target]


@pytest.mark.parametrize("is_soft", [True, False])
async def test_listening_ends_with_its_session(is_soft: bool) -> None:
    """Whoever listens hears that the session ended, and whether softly (§Soft logout)."""
    over = says({"errcode": "M_UNKNOWN_TOKEN", "error": "over", "soft_logout": is_soft}, 401)
    async with odd_server(LOGGED_IN, FILTER, over) as server, AsyncClient(None, PLAIN) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        with pytest.raises(SessionEnded, match="log in again as the same user") as ended:
            await anext(alice.listen())
    assert is_soft is ended.value.is_soft


async def test_client_says_where_there_is_no_homeserver() -> None:
    """A place that is no homeserver is said in a sentence, not raised as a thing that nobody knows."""
    async with odd_server(says({}, 404)) as server, AsyncClient(None, PLAIN) as alice:
        with pytest.raises(PermanentFailure, match=r"^there is no homeserver at http://127"):
            await alice.do(check_homeserver, server.url)


async def test_listening_goes_on_until_an_account_is_unlocked() -> None:
    """Whoever listens with a locked account hears of it, and again when it is unlocked (§Account locking)."""
    locked = says({"errcode": "M_USER_LOCKED", "error": "locked", "soft_logout": True}, 401)
    answers = [LOGGED_IN, FILTER, locked, says({"next_batch": "s2", "presence": {"events": [PRESENCE]}})]
    told: list[TemporaryFailure | None] = []
    async with odd_server(*answers) as server, AsyncClient(None, PLAIN, None, JumpingRest()) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        async with aclosing(alice.listen(told.append)) as coming:
            await anext(coming)
    assert ["the homeserver says M_USER_LOCKED: locked", "None"] == [str(failure) for failure in told]


async def test_what_was_put_off_is_not_written_over_what_was_kept_since() -> None:
    """What a full disk did not take of a sync gives way to what others keep before the next one."""
    world = World()
    with served_homeserver(world.server) as url:
        async with world.client() as alice:
            await alice.login("alice", "secret", url)
            alice.core.syncing.keep_first(tuple(Change(Shelf.TRUST, name, b"old") for name in ("one", "two")))
            await alice.do(keep, Change(Shelf.TRUST, "one", b"new"))
            await alice.sync()
    assert {"one": b"new", "two": b"old"} == world.shelves.kept[Shelf.TRUST]

"""A real Synapse beside us: every method of the client is called there once at least."""

from __future__ import annotations

import asyncio
import inspect
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from typing import ParamSpec, TypeVar

import pytest

from fakes.chat_service import SERVICE_TOKEN, service_settings
from fakes.synapse import PASSWORD, Synapse, running_synapse
from scop.matrix.api.client_server.pusher import PostPusher
from scop.matrix.client import Presence
from scop.matrix.client.alerts import WantedRule
from scop.matrix.client.contents import Attachment, Message
from scop.matrix.client.joining import NewRoom
from scop.matrix.client.logging_in import Registration
from scop.matrix.client.media import ThumbnailSize
from scop.matrix.confirming import Credentials
from scop.matrix.steps import Steps
from scop.net.matrix import AsyncClient, Refused

pytestmark = pytest.mark.interop

_P = ParamSpec("_P")
_Outcome = TypeVar("_Outcome")
# What Synapse does not know, or not without parts that a test does not set up (a mail server, a TURN server).
MAY_BE_UNKNOWN = {"M_UNRECOGNIZED", "M_UNKNOWN", "M_NOT_FOUND", "M_THREEPID_NOT_FOUND"}
WITHIN_OTHERS = {
    # Part of others that are called: by syncs, by sends, and by `AsyncClient.sync`.
    "Client.sync_with",
    "Loading.gap",
    "Loading.room",
    "Syncing.sync_with",
    "SharedHistory.accepted",  # by Joining.join
    "SharedHistory.share",  # by Joining.invite
    # At a Synapse that leaves logins to an authorization server: test_real_matrix_logins.
    "OAuthLogin.account_url",
    "OAuthLogin.begin_code",
    "OAuthLogin.begin_device",
    "OAuthLogin.end_code",
    "OAuthLogin.poll",
    "OAuthLogin.renew",
    "OAuthLogin.revoke",
    "OAuthLogin.server",
    "SharedHistory.take",  # by `AsyncClient.sync` where keys came, in test_real_matrix_identity
}


class Noting:
    """Calls methods of a client and notes which."""

    def __init__(self, client: AsyncClient, called: set[str]) -> None:
        self.client = client
        self.core = client.core
        self.called = called

    async def do(self, what: Callable[_P, Steps[_Outcome]], *things: _P.args, **named: _P.kwargs) -> _Outcome:
        """Call one."""
        self.called.add(what.__qualname__)
        return await self.client.do(what, *things, **named)

    async def may(self, what: Callable[_P, Steps[_Outcome]], *things: _P.args, **named: _P.kwargs) -> _Outcome | None:
        """Call one that the server may not know."""
        try:
            return await self.do(what, *things, **named)
        except Refused as refused:
            if refused.errcode not in MAY_BE_UNKNOWN:
                raise
            return None


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """Run a homeserver with an application service."""
    settings = {
        **service_settings(tmp_path_factory.mktemp("service")),
        "user_directory": {"search_all_users": True},
        "login_via_existing_session": {"enabled": True},
        "experimental_features": {"msc2666_enabled": True, "msc3823_account_suspension": True},
    }
    with running_synapse(settings) as server:
        yield server


def _faces(client: AsyncClient) -> set[str]:
    """Return the names of all methods that are steps."""
    faces = [face for name, face in vars(client.core).items() if not name.startswith("_")]
    found = set()
    for face in [client.core, *faces]:
        for name, method in inspect.getmembers(type(face), inspect.isfunction):
            if not name.startswith("_") and "Steps[" in str(inspect.signature(method).return_annotation):
                found.add(method.__qualname__)
    return found


async def test_real_homeserver_takes_every_call_of_the_client(homeserver: Synapse) -> None:
    """Each public method of `Client` and its faces does at Synapse what it says."""
    called: set[str] = set()
    alice, bob = homeserver.new_user("alice", admin=True), homeserver.new_user("bob")
    async with AsyncClient() as first, AsyncClient() as second:
        me, other = Noting(first, called), Noting(second, called)
        await me.do(me.core.login_with_password, homeserver.url, alice, PASSWORD)
        await other.do(other.core.login.with_password, homeserver.url, bob, PASSWORD)
        room_id = await _rooms(me, other, bob)
        await _messages(me, room_id)
        await _states(me, room_id, bob)
        await _directory(me, room_id, homeserver)
        await _reading(me, other, room_id)
        await _notes(me, room_id, bob)
        await _direct(me, bob)
        await _alerts(me, room_id)
        await _media(me, room_id)
        await _people(me, other, bob)
        await _leaving(me, other, room_id, bob)
        await _sessions(me, other, homeserver)
        await _ends(homeserver, called)
        expected = _faces(first)
    assert set() == expected - called - WITHIN_OTHERS


async def _rooms(me: Noting, other: Noting, bob: str) -> str:
    new = NewRoom(name="The sea", topic="Water", invited=(bob,), preset="private_chat", is_encrypted=True)
    room_id = await me.do(me.core.joining.create, new)
    await other.do(other.core.sync)
    assert "invite" == other.core.rooms[room_id].membership
    assert room_id == await other.do(other.core.joining.join, room_id)
    assert (room_id,) == await other.do(other.core.joining.joined)
    await me.do(me.core.syncing.sync)
    assert "The sea" == me.core.rooms[room_id].name
    return room_id


async def _messages(me: Noting, room_id: str) -> None:
    core, sending = me.core, me.core.sending
    first = await me.do(core.send_text, room_id, "Hello.")
    second = await me.do(core.send, room_id, "m.room.message", {"msgtype": "m.text", "body": "plainly"})
    await me.do(core.edit, room_id, first, "Hello!")
    await me.do(core.reply, room_id, first, "And you?")
    await me.do(core.react, room_id, first, "👍")
    await me.do(core.redact, room_id, second, "said too much")
    transaction_id = await me.do(core.queue, room_id, "m.room.message", {"msgtype": "m.text", "body": "queued"})
    assert await me.do(core.deliver, transaction_id)
    for one in (sending.text, sending.notice, sending.emote):
        await me.do(one, room_id, "words")
    await me.do(sending.message, room_id, Message("bold", "<b>bold</b>"))
    await me.do(sending.event, room_id, "org.example.thing", {"a": 1})
    await me.do(sending.edit, room_id, first, "Hello?")
    await me.do(sending.reply, room_id, first, "Yes.")
    in_thread = await me.do(sending.in_thread, room_id, first, "in a thread")
    await me.do(sending.react, room_id, in_thread, "👎")
    await me.do(sending.file, room_id, Attachment("a.txt", "text/plain", 1, url="mxc://example.org/a"))
    await me.do(sending.redact, room_id, in_thread)
    queued = await me.do(sending.queue, room_id, "m.room.message", {"msgtype": "m.text", "body": "later"})
    assert await me.do(core.outbox.deliver, queued)
    put = await me.do(core.outbox.put, room_id, "m.room.message", {"msgtype": "m.text", "body": "never"})
    await me.do(core.outbox.cancel, put)
    await me.do(core.outbox.put, room_id, "org.example.thing", {"b": 2})
    assert 1 == len(await me.do(core.resume))
    assert () == await me.do(core.outbox.resume)
    await _history(me, room_id, first)


async def _history(me: Noting, room_id: str, event_id: str) -> None:
    history = me.core.history
    page = await me.do(history.page, room_id)
    assert page.events
    await me.do(history.page_forward, room_id)
    await me.do(history.event, room_id, event_id)
    await me.do(history.around, room_id, event_id)
    now = int(time.time() * 1000)
    await me.do(history.before_time, room_id, now)
    await me.do(history.at_time, room_id, now - 60_000)
    await me.do(history.relations, room_id, event_id)
    await me.do(history.threads, room_id)
    await me.do(history.search, "water")


async def _states(me: Noting, room_id: str, bob: str) -> None:
    state = me.core.state
    await me.do(state.set_name, room_id, "The wide sea")
    await me.do(state.set_topic, room_id, "More water")
    assert "The wide sea" == (await me.do(state.get, room_id, "m.room.name") or {})["name"]
    assert {"m.room.name", "m.room.topic"} <= {event.type for event in await me.do(state.all, room_id)}
    assert bob in await me.do(state.members, room_id)
    assert bob in (await me.do(me.core.loading.members, room_id)).members
    await me.do(state.set, room_id, "org.example.state", {"a": 1}, "key")
    await me.do(state.set_avatar, room_id, "mxc://example.org/a")
    await me.do(state.set_join_rule, room_id, "knock")
    await me.do(state.set_history_visibility, room_id, "joined")
    await me.do(state.set_powers, room_id, {"events_default": 0})
    await me.do(state.set_power_of, room_id, bob, 50)
    await me.do(state.pin, room_id, ["$1"])
    space = await me.do(me.core.joining.create, NewRoom(name="Waters", is_space=True, is_encrypted=False))
    server = room_id.partition(":")[2] or bob.partition(":")[2]
    await me.do(state.add_child, space, room_id, [server])
    await me.do(state.set_parent, room_id, space, [server])
    assert {space, room_id} == {chunk.room_id for chunk in await me.do(me.core.directory.space, space)}
    await me.do(state.remove_child, space, room_id)
    plain = await me.do(me.core.joining.create, NewRoom(name="plain", is_encrypted=False))
    await me.do(state.encrypt, plain)


async def _directory(me: Noting, room_id: str, homeserver: Synapse) -> None:
    directory, alias = me.core.directory, f"#sea:{homeserver.server_name}"
    await me.do(directory.add_alias, alias, room_id)
    await me.do(me.core.state.set_canonical_alias, room_id, alias)
    place = await me.do(directory.resolve, alias)
    assert place is not None
    assert room_id == place.room_id
    assert (alias,) == await me.do(directory.aliases_of, room_id)
    await me.do(directory.publish, room_id)
    assert await me.do(directory.is_published, room_id)
    await me.do(directory.public_rooms, "sea")
    await me.do(directory.unpublish, room_id)
    await me.may(directory.summary, alias)
    await me.do(directory.users, "bob")
    await me.may(directory.mutual_rooms, f"@nobody:{homeserver.server_name}")
    await me.do(me.core.state.set_canonical_alias, room_id, None)
    await me.do(directory.remove_alias, alias)
    assert None is await me.do(directory.resolve, alias)


async def _reading(me: Noting, other: Noting, room_id: str) -> None:
    reading = other.core.reading
    await other.do(other.core.sync)
    newest = other.core.rooms[room_id].head.recent[-1]
    await other.do(reading.read, room_id, newest)
    await other.do(reading.read_privately, room_id, newest)
    await other.do(reading.mark_fully_read, room_id, newest)
    await other.do(reading.typing, room_id)
    await other.do(reading.stopped_typing, room_id)
    await other.do(other.core.presence.set, Presence.ONLINE, "here")
    assert "here" == (await me.do(me.core.presence.get, other.client.session.user_id)).status_message


async def _notes(me: Noting, room_id: str, bob: str) -> None:
    notes = me.core.notes
    await me.do(notes.put, "org.example.note", {"a": 1})
    assert {"a": 1} == await me.do(notes.get, "org.example.note")
    await me.do(notes.ignore, bob)
    await me.do(notes.heed, bob)
    await me.do(notes.mark_direct, bob, room_id)
    await me.do(notes.mark_unread, room_id)
    await me.do(notes.mark_seen, room_id)
    await me.do(notes.tag, room_id, "m.favourite", 0.5)
    assert {"m.favourite"} == set(await me.do(notes.tags, room_id))
    await me.do(notes.untag, room_id, "m.favourite")


async def _direct(me: Noting, bob: str) -> None:
    direct = me.core.direct
    room_id = await me.do(direct.create, NewRoom(invited=(bob,), preset="trusted_private_chat"))
    await me.do(me.core.sync)
    assert [room_id] * 2 == [await me.do(direct.find, bob), await me.do(direct.open, bob)]


async def _alerts(me: Noting, room_id: str) -> None:
    push = me.core.push
    await me.do(push.put, WantedRule("content", "org.example.word", ("notify",), pattern="word"))
    await me.do(push.disable, "content", "org.example.word")
    assert not await me.do(push.is_enabled, "content", "org.example.word")
    await me.do(push.enable, "content", "org.example.word")
    await me.do(push.set_actions, "content", "org.example.word", ())
    assert () == await me.do(push.actions, "content", "org.example.word")
    assert "org.example.word" == (await me.do(push.rule, "content", "org.example.word")).rule_id
    await me.do(push.rules)
    await me.do(push.delete, "content", "org.example.word")
    await me.do(push.mute, room_id)
    await me.do(push.unmute, room_id)
    await me.do(push.notifications)
    pusher = PostPusher(
        pushkey="k", kind=None, app_id="org.example", app_display_name="a", device_display_name="d", lang="en"
    )
    await me.do(push.set_pusher, pusher)
    assert () == await me.do(push.pushers)


def _picture() -> bytes:
    """Return a PNG of 64 by 64 grey points."""

    def chunk(kind: bytes, octets: bytes) -> bytes:
        return struct.pack(">I", len(octets)) + kind + octets + struct.pack(">I", zlib.crc32(kind + octets))

    lines = zlib.compress((b"\0" + b"\x80" * 64) * 64)
    head = struct.pack(">IIBBBBB", 64, 64, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", lines) + chunk(b"IEND", b"")


async def _media(me: Noting, room_id: str) -> None:
    media = me.core.media
    assert (await me.do(media.limit_octets) or 0) > 1_000_000
    uri = await me.do(media.upload, _picture(), "image/png", "grey.png")
    assert _picture() == (await me.do(media.download, uri)).octets
    small = await me.do(media.thumbnail, uri, ThumbnailSize(32, 32))
    async with me.client.media.opened(uri, ThumbnailSize(32, 32)) as pieces:
        assert small.octets == b"".join([piece async for piece in pieces])
    reserved = await me.do(media.reserve)
    await me.do(media.upload_to, reserved.content_uri, b"later", "text/plain")
    assert b"later" == (await me.do(media.download, reserved.content_uri)).octets
    await me.may(media.preview, "http://example.invalid/")
    await me.do(me.core.state.set_avatar, room_id, uri)


async def _people(me: Noting, other: Noting, bob: str) -> None:
    profiles, devices, account, admin = me.core.profiles, me.core.devices, me.core.account, me.core.admin
    alice = me.client.session.user_id
    await me.do(profiles.set_display_name, "Alice")
    await me.do(profiles.set_avatar, "mxc://example.org/face")
    await me.may(profiles.set_field, "m.tz", "Europe/Paris")
    await me.may(profiles.delete_field, "m.tz")
    assert "Alice" == (await me.do(profiles.get, alice)).displayname
    assert "Alice" == await me.do(profiles.field, alice, "displayname")
    assert 1 == len([one for one in await me.do(devices.all) if one.device_id == me.client.session.device_id])
    await me.do(devices.rename, me.client.session.device_id, "my own")
    assert "my own" == (await me.do(devices.get, me.client.session.device_id)).device.display_name
    for one in (account.capabilities, account.contacts, account.openid_token, account.turn_server, account.versions):
        await me.may(one)
    await me.may(account.delete_contact, "email", "alice@example.org")
    assert bob == (await me.do(admin.whois, bob)).user_id
    for judge in (admin.suspend, admin.is_suspended, admin.resume, admin.lock, admin.is_locked, admin.unlock):
        await me.may(judge, bob)
    await other.may(other.core.admin.report_user, alice, "a test")


async def _leaving(me: Noting, other: Noting, room_id: str, bob: str) -> None:
    joining = me.core.joining
    newest = other.core.rooms[room_id].head.recent[-1]
    await other.do(other.core.admin.report_event, room_id, newest, "a test")
    await other.may(other.core.admin.report_room, room_id, "a test")
    await me.do(joining.kick, room_id, bob, "out")
    await me.do(joining.ban, room_id, bob)
    await me.do(joining.unban, room_id, bob)
    await me.do(me.core.state.set_join_rule, room_id, "knock")
    await other.do(other.core.joining.knock, room_id)
    await me.do(joining.invite, room_id, bob)
    await other.do(other.core.joining.join, room_id)
    assert await me.do(joining.upgrade, room_id, "12") != room_id
    await other.do(other.core.joining.leave, room_id)
    await other.do(other.core.joining.forget, room_id)


async def _sessions(me: Noting, other: Noting, homeserver: Synapse) -> None:
    assert (await me.do(me.core.login.ways, homeserver.url)).takes_passwords
    assert me.client.session.user_id == (await me.do(me.core.login.whoami)).user_id
    assert await me.do(me.core.renew)
    assert await me.do(me.core.login.renew)
    await me.do(me.core.login.whoami)
    token = (await me.do(me.core.login.token_for_another, PASSWORD)).login_token
    async with AsyncClient() as third, AsyncClient() as fourth:
        again, more = Noting(third, me.called), Noting(fourth, me.called)
        await again.do(again.core.login_with_token, homeserver.url, token)
        # A user is given one a minute.
        another = (await other.do(other.core.login.token_for_another, PASSWORD)).login_token
        await more.do(more.core.login.with_token, homeserver.url, another)
        ours, theirs = (Credentials(one.client.session.user_id, PASSWORD) for one in (me, other))
        await me.do(me.core.devices.end, third.session.device_id, ours)
        await other.do(other.core.devices.end_all, [fourth.session.device_id], theirs)
        for ended in (again, more):
            with pytest.raises(Refused) as refused:
                await ended.do(ended.core.login.whoami)
            assert "M_UNKNOWN_TOKEN" == refused.value.errcode
            await ended.do(ended.core.login.forget)
            assert None is ended.core.session
    await other.do(other.core.account.change_password, PASSWORD, "another one")
    await other.do(other.core.login.logout)


async def _ends(homeserver: Synapse, called: set[str]) -> None:
    async with AsyncClient() as plain:
        new = Noting(plain, called)
        session = await new.do(new.core.login.register, homeserver.url, Registration("carol", PASSWORD))
        assert session is not None
        assert session.user_id.startswith("@carol:")
        with pytest.raises(Exception, match=r"well-known|cannot be reached|no address"):
            await asyncio.wait_for(new.do(new.core.discover, "nowhere.invalid"), 30)
        await new.do(new.core.login.logout_everywhere)
        await new.do(new.core.login_with_password, homeserver.url, session.user_id, PASSWORD)
        await new.do(new.core.account.deactivate, PASSWORD)
    async with AsyncClient() as service:
        serving = Noting(service, called)
        user = homeserver.new_user("service")
        async with AsyncClient() as bare:
            await bare.run(bare.core.login.register(homeserver.url, Registration("dave", PASSWORD)))
            called.add("Client.logout")
            await bare.logout()
        for login in (serving.core.login_as_service, serving.core.login.as_service):
            await serving.do(login, homeserver.url, user, SERVICE_TOKEN)

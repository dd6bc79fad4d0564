"""The client with sockets and store against a homeserver in memory: order, restarts, tokens, troubles, files."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

import pytest

from fakes.homeserver import FakeHomeserver
from fakes.homeserver_media import give_out_files
from fakes.odd_server import JumpingRest, leads_to, odd_server, says, stays_silent
from scop.matrix.client import ClientOptions
from scop.matrix.client.happenings import RoomEvent
from scop.matrix.client.logging_in import Registration
from scop.matrix.client.media import ThumbnailSize
from scop.matrix.encryption.attachments import EncryptedFile, encrypt_file
from scop.matrix.steps import Shelf, Steps, Stretch
from scop.matrix.verification import Identity
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix import (
    AsyncClient,
    MediaKind,
    MemoryShelves,
    NetworkOptions,
    NotLoggedIn,
    Refused,
    Stream,
    SyncClient,
)

LOGGED_IN = says({"user_id": "@me:example.org", "device_id": "D", "access_token": "t"})
PLAIN = ClientOptions(encrypts=False)


async def _room(homeserver: FakeHomeserver, client: AsyncClient) -> str:
    room_id = homeserver.rooms.make("@alice:example.org", is_encrypted=False)
    await client.sync()
    return room_id


async def test_client_sends_in_the_order_in_which_it_was_asked(homeserver: FakeHomeserver, url: str) -> None:
    """What many tasks send into one room at once comes in the order in which they asked."""
    async with AsyncClient(options=PLAIN) as alice:
        await alice.login("alice", "secret", url)
        room_id = await _room(homeserver, alice)
        words = [f"word {number}" for number in range(20)]
        await asyncio.gather(*(alice.send_text(room_id, word) for word in words))
    assert words == homeserver.rooms.bodies(room_id)


async def test_client_resumes_after_a_restart(homeserver: FakeHomeserver, url: str) -> None:
    """What was queued and not sent goes out after the next sync, once, by the same session."""
    shelves = MemoryShelves()
    async with AsyncClient(shelves, PLAIN) as alice:
        session = await alice.login("alice", "secret", url)
        room_id = await _room(homeserver, alice)
        await alice.do(alice.core.queue, room_id, "m.room.message", {"msgtype": "m.text", "body": "kept"})
        assert 1 == len(shelves.kept[Shelf.OUTBOX])
    async with AsyncClient(shelves, PLAIN) as alice:
        assert session == alice.session
        for _ in range(2):
            await alice.sync()
    assert (["kept"], {}) == (homeserver.rooms.bodies(room_id), shelves.kept[Shelf.OUTBOX])


async def test_client_renews_a_token_once_for_all(homeserver: FakeHomeserver, url: str) -> None:
    """Many requests whose token has ended bring about one renewal, and all succeed (CS §Refreshing access tokens)."""
    homeserver.expires_in_ms = 3_600_000
    async with AsyncClient(options=PLAIN) as alice:
        stale = (await alice.login("alice", "secret", url)).access_token
        homeserver.end_token(stale)
        whoami = alice.core.login.whoami
        answers = await asyncio.gather(*(alice.do(whoami) for _ in range(10)))
        assert {"@alice:example.org"} == {answer.user_id for answer in answers}
        assert 1 == [type(request).__name__ for request in homeserver.asked].count("Refresh")
        assert stale != alice.session.access_token


async def test_client_says_that_nobody_is_logged_in(url: str) -> None:
    """What needs a session is refused in a sentence where there is none, and after logging out."""
    async with AsyncClient() as alice:
        with pytest.raises(NotLoggedIn, match=r"^nobody is logged in here$"):
            _ = alice.session
        with pytest.raises(PermanentFailure, match="nobody is logged in"):
            await alice.sync()
        await alice.login("alice", "secret", url)
        await alice.logout()
        with pytest.raises(NotLoggedIn):
            _ = alice.session


async def test_client_has_an_identity_however_it_was_logged_in(url: str) -> None:
    """Whom we believe is known after any login, of the client or of its core, and is forgotten with the session."""
    async with AsyncClient() as client:
        core, seen = client.core, list[Identity]()

        def look() -> None:
            seen.append(client.identity)
            assert core.encryption is not None
            assert client.identity.trust is core.encryption.trusting

        await client.do(core.login_as_service, url, "alice", "t")
        look()
        await client.do(core.login.with_password, url, "bob", "secret")
        look()
        await client.run(core.login.with_token(url, "@alice:example.org"))
        look()
        await client.login_as_service("@bob:example.org", "t", url)
        look()
        await client.sync()
        look()
        assert 4 == len({id(identity) for identity in seen})
        await client.do(core.login.forget)
        with pytest.raises(NotLoggedIn):
            _ = client.identity


async def test_client_registers() -> None:
    """An account is made and logged in to at once, unless the server wants a login by itself."""
    async with odd_server(LOGGED_IN, says({"user_id": "@me:example.org"})) as server, AsyncClient() as client:
        session = await client.register(server.url, Registration("me", "secret"))
        assert session == client.session
        assert client.identity is not None
        assert None is await client.register(server.url, Registration("me", "secret"))
    assert {"/_matrix/client/v3/register?kind=user"} == {asked.target for asked in server.asked}


async def test_client_says_why_a_login_is_refused(url: str) -> None:
    """A refusal is a permanent failure with the server's word; a name without a server says what is missing."""
    async with AsyncClient() as alice:
        with pytest.raises(Refused, match="M_FORBIDDEN") as refused:
            await alice.login("alice", "wrong", url)
        assert "M_FORBIDDEN" == refused.value.errcode
        with pytest.raises(
            PermanentFailure, match=r"^alice does not say at which homeserver: @alice:example\.org does$"
        ):
            await alice.login("alice", "secret")


async def test_client_listens_through_a_dead_network() -> None:
    """A listener hears of the trouble and of its end once each, and goes on where it was."""
    answers = [
        LOGGED_IN,
        says({"filter_id": "1"}),
        says({"next_batch": "s1"}),
        stays_silent,
        says({}, 502),
        says({"errcode": "M_LIMIT_EXCEEDED", "error": "too much", "retry_after_ms": 7000}, 429),
        says({"next_batch": "s2", "presence": {"events": [_presence("@bob:example.org")]}}),
    ]
    told: list[TemporaryFailure | None] = []
    network = NetworkOptions(silence_seconds=-29.95)  # a long poll of 30 s ends after 50 ms
    rest = JumpingRest()
    async with odd_server(*answers) as server, AsyncClient(None, PLAIN, network, rest) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        async with aclosing(alice.listen(told.append)) as coming:
            news = await anext(coming)
        assert "@bob:example.org" == getattr(news, "user_id", None)
    assert [True, False] == [failure is not None for failure in told]
    syncs = [asked.target for asked in server.asked if "/sync" in asked.target]
    assert 5 == len(syncs)
    assert (3, 7.0) == (len(rest.slept), rest.slept[-1])
    assert all("since=s1" in target for target in syncs[1:])


class _Held(Stretch):
    """A key that is made when the event loop went on meanwhile."""

    went_on = threading.Event()

    def key(self) -> bytes:
        assert self.went_on.wait(10), "the event loop stood still"
        return b"a key"


async def test_client_goes_on_while_a_key_is_made_of_a_passphrase() -> None:
    """Hundreds of thousands of rounds hold up nothing else."""

    def steps() -> Steps[object]:
        return (yield _Held("tide", b"salt", 500_000, 32))

    async with AsyncClient() as alice:
        asyncio.get_running_loop().call_soon(_Held.went_on.set)
        assert b"a key" == await alice.run(steps())


def _presence(user_id: str) -> dict[str, object]:
    return {"type": "m.presence", "sender": user_id, "content": {"presence": "online"}}


async def _pieces(octets: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(octets), 1000):
        yield octets[start : start + 1000]


async def test_client_sends_files_in_pieces_with_their_length(tmp_path: Path) -> None:
    """From disk, memory or a stream the same octets go up, and the server knows beforehand how many."""
    octets = bytes(range(256)) * 1000
    (tmp_path / "file").write_bytes(octets)
    up = says({"content_uri": "mxc://example.org/a"})
    async with odd_server(LOGGED_IN, up) as server, AsyncClient(options=PLAIN) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        for source in (tmp_path / "file", octets, Stream(_pieces(octets), len(octets))):
            assert "mxc://example.org/a" == await alice.media.upload(source, MediaKind("image/png", "a.png"))
    for asked in server.asked[1:]:
        assert (octets, str(len(octets))) == (asked.body, asked.headers["Content-Length"])
        assert ("image/png", "Bearer t") == (asked.headers["Content-Type"], asked.headers["Authorization"])


async def test_client_sends_a_file_again_but_no_stream(tmp_path: Path) -> None:
    """After a fault a file begins anew; what comes but once is not half repeated."""
    (tmp_path / "file").write_bytes(b"octets")
    up, broken = says({"content_uri": "mxc://example.org/a"}), says({}, 500)
    rest = JumpingRest()
    async with odd_server(LOGGED_IN, broken, up, broken) as server, AsyncClient(None, PLAIN, rest=rest) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        await alice.media.upload(tmp_path / "file")
        assert [b"octets"] * 2 == [asked.body for asked in server.asked[1:]]
        with pytest.raises(TemporaryFailure):
            await alice.media.upload(Stream(_pieces(b"octets"), 6))
    assert 4 == len(server.asked)


async def test_client_seals_each_upload_with_a_key_of_its_own() -> None:
    """A file that is sent again is sealed anew: no two ciphertexts under one key and counter."""
    up, broken = says({"content_uri": "mxc://example.org/a"}), says({}, 500)
    async with odd_server(LOGGED_IN, broken, up) as server, AsyncClient(None, PLAIN, rest=JumpingRest()) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        await alice.media.upload_encrypted(b"octets")
    first, second = (asked.body for asked in server.asked[1:])
    assert 6 == len(first) == len(second)
    assert first != second
    assert b"octets" not in (first, second)


async def test_client_writes_a_file_whole_or_not_at_all(tmp_path: Path) -> None:
    """A download that is not what the event says leaves nothing behind, and what was there stays."""
    ciphertext, file = encrypt_file(b"a secret file", bytes)
    file = EncryptedFile(url="mxc://example.org/a", key=file.key, counter_block=file.counter_block, sha256=file.sha256)
    target = tmp_path / "file"
    target.write_bytes(b"as it was")
    async with odd_server(LOGGED_IN, says(ciphertext[:-1] + b"!"), says(ciphertext)) as server, AsyncClient() as alice:
        await alice.login("@me:example.org", "secret", server.url)
        with pytest.raises(PermanentFailure, match="its hash differs"):
            await alice.media.save(file, target)
        assert ([target], b"as it was") == (list(tmp_path.iterdir()), target.read_bytes())
        assert 13 == await alice.media.save(file, target)
    assert b"a secret file" == target.read_bytes()


async def test_client_fetches_files_from_where_the_server_leads(tmp_path: Path) -> None:
    """A download may be led to another server, which hears no token (CS §Content repository)."""
    async with odd_server(says(b"octets")) as other, AsyncClient(options=PLAIN) as alice:
        async with odd_server(LOGGED_IN, leads_to(f"{other.url}/cdn/a", 307)) as server:
            await alice.login("@me:example.org", "secret", server.url)
            assert 6 == await alice.media.save("mxc://example.org/a", tmp_path / "a")
        (asked,) = other.asked
        assert ("/cdn/a", False) == (asked.target, "Authorization" in asked.headers)


async def test_client_asks_old_servers_the_old_way(tmp_path: Path) -> None:
    """Where media with a token are not known, they are asked for as before Matrix v1.11."""
    unknown = says({"errcode": "M_UNRECOGNIZED", "error": "what?"}, 404)
    async with odd_server(LOGGED_IN, unknown, says(b"octets")) as server, AsyncClient(options=PLAIN) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        assert 6 == await alice.media.save("mxc://example.org/a", tmp_path / "a")
    assert "/_matrix/media/v3/download/example.org/a" == server.asked[-1].target


async def test_client_writes_thumbnails_piece_by_piece(tmp_path: Path) -> None:
    """A small picture comes to the disk as downloads do, whole or not at all, and of old servers the old way."""
    unknown = says({"errcode": "M_UNRECOGNIZED", "error": "what?"}, 404)
    size, uri = ThumbnailSize(32, 24, "crop"), "mxc://example.org/a"
    answers = [LOGGED_IN, says(b"small"), unknown, says(b"older"), says({"errcode": "M_NOT_FOUND"}, 404)]
    async with odd_server(*answers) as server, AsyncClient(options=PLAIN) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        for expected in (b"small", b"older"):
            assert 5 == await alice.media.save_thumbnail(uri, size, tmp_path / "a")
            assert expected == (tmp_path / "a").read_bytes()
        with pytest.raises(Refused, match="M_NOT_FOUND"):
            await alice.media.save_thumbnail(uri, size, tmp_path / "b")
    assert [tmp_path / "a"] == list(tmp_path.iterdir())
    wanted = "thumbnail/example.org/a?width=32&height=24&method=crop"
    assert [f"/_matrix/client/v1/media/{wanted}", f"/_matrix/media/v3/{wanted}"] == [
        asked.target for asked in server.asked[2:4]
    ]


@pytest.mark.parametrize("uri", ["https://example.org/a", "mxc://example.org", "mxc://example.org/../a", "mxc://a b/c"])
async def test_client_asks_for_no_odd_addresses_of_files(tmp_path: Path, uri: str) -> None:
    """An address that is none is refused before anything is asked."""
    async with odd_server(LOGGED_IN) as server, AsyncClient(options=PLAIN) as alice:
        await alice.login("@me:example.org", "secret", server.url)
        with pytest.raises(PermanentFailure):
            await alice.media.save(uri, tmp_path / "a")
    assert 1 == len(server.asked)


def test_sync_client_does_the_same_without_a_loop(homeserver: FakeHomeserver, url: str) -> None:
    """Each call waits; what happens is given one by one."""
    with SyncClient(options=PLAIN) as alice:
        assert "@alice:example.org" == alice.login("alice", "secret", url).user_id
        room_id = homeserver.rooms.make("@alice:example.org", is_encrypted=False)
        alice.sync()
        event_id = alice.send_text(room_id, "Hello.")
        for news in alice.listen():
            if isinstance(news, RoomEvent) and news.event.event_id == event_id:
                break
        alice.logout()
        with pytest.raises(NotLoggedIn):
            _ = alice.session


def test_sync_client_has_the_face_of_the_other(homeserver: FakeHomeserver, url: str, tmp_path: Path) -> None:
    """What is sent, edited, answered, annotated and taken away, files, and any login: all without a loop."""
    give_out_files(homeserver)
    (tmp_path / "chart.txt").write_bytes(b"a chart")
    with SyncClient(options=PLAIN) as alice:
        alice.login_as_service("alice", "t", url)
        assert "@alice:example.org" == alice.login_with_token("@alice:example.org", url).user_id
        room_id = homeserver.rooms.make("@alice:example.org", is_encrypted=False)
        alice.sync()
        first = alice.send(room_id, "m.room.message", {"msgtype": "m.text", "body": "Hello."})
        alice.edit(room_id, first, "Hello!")
        alice.redact(room_id, alice.react(room_id, alice.reply(room_id, first, "And you?"), "👍"))
        alice.send_file(room_id, tmp_path / "chart.txt")
        uris = [alice.upload(tmp_path / "chart.txt"), alice.upload(b"a chart", MediaKind("text/plain"))]
        files: list[str | EncryptedFile] = [*uris, alice.upload_encrypted(b"a chart")]
        for what in files:
            assert 7 == alice.save(what, tmp_path / "copy")
            assert b"a chart" == (tmp_path / "copy").read_bytes()
        assert uris[0] in homeserver.media
        assert 7 == alice.wait(lambda inner: inner.media.save(uris[0], tmp_path / "copy"))
        with pytest.raises(Refused):  # it makes no small pictures, and nobody registers
            alice.save_thumbnail(uris[0], ThumbnailSize(8, 8), tmp_path / "small")
        with pytest.raises(Refused):
            alice.register(url, Registration("carol", "secret"))
    assert ["Hello.", "* Hello!", "And you?", "chart.txt"] == homeserver.rooms.bodies(room_id)


def test_sync_client_lacks_nothing_of_the_other() -> None:
    """Each method that the one with a loop has, the one without has, with the same arguments."""
    for name, method in vars(AsyncClient).items():
        if not name.startswith("_") and inspect.isfunction(method):
            ours = inspect.signature(getattr(SyncClient, name)).parameters
            assert list(ours) == list(inspect.signature(method).parameters), name

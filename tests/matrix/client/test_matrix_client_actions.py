"""What a client makes of several requests: media, spaces, powers, direct rooms, and rooms that it forgets."""

from __future__ import annotations

import pytest

from fakes.homeserver import Desk, FakeHomeserver, refusal
from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.authed_content_repo import (
    GetConfigAuthed,
    GetContentAuthed,
    GetContentThumbnailAuthed,
)
from scop.matrix.api.client_server.content_repo import GetConfig, GetContent, GetContentThumbnail
from scop.matrix.api.client_server.mutual_rooms import GetMutualRooms
from scop.matrix.api.client_server.space_hierarchy import GetSpaceHierarchy
from scop.matrix.client import Client, ClientOptions
from scop.matrix.client.media import MxcUri, ThumbnailSize
from scop.matrix.json_values import JsonObject

_A = "@al:x"


def _desk() -> tuple[Desk, Client]:
    server = FakeHomeserver()
    server.register("alice")
    desk = Desk(server)
    client = desk.client(ClientOptions(encrypts=False))
    desk.run(client.login_with_password(server.url, "alice", "secret"))
    return desk, client


def test_media_falls_back_to_the_endpoints_of_old_servers() -> None:
    """Servers before v1.11 answer M_UNRECOGNIZED, and are asked as they know it; other refusals stay."""
    desk, client = _desk()
    size = ThumbnailSize(32, 32, "crop")
    desk.server.answers |= {
        GetContent: lambda _device, _request: b"old",
        GetContentThumbnail: lambda _device, _request: b"small",
        GetConfig: lambda _device, _request: {"m.upload.size": 5},
    }
    assert b"old" == desk.run(client.media.download("mxc://example.org/abc")).octets
    assert b"small" == desk.run(client.media.thumbnail("mxc://example.org/abc", size)).octets
    assert 5 == desk.run(client.media.limit_octets())
    desk.server.answers |= {
        GetContentAuthed: lambda _device, _request: b"new",
        GetContentThumbnailAuthed: lambda _device, _request: b"tiny",
        GetConfigAuthed: lambda _device, _request: {"m.upload.size": 6},
    }
    assert b"new" == desk.run(client.media.download("mxc://example.org/abc")).octets
    assert b"tiny" == desk.run(client.media.thumbnail("mxc://example.org/abc", size)).octets
    assert 6 == desk.run(client.media.limit_octets())

    def refuse(_device: object, _request: object) -> JsonObject:
        raise refusal(404, "M_NOT_FOUND")

    desk.server.answers[GetContentAuthed] = refuse
    with pytest.raises(Exception, match="M_NOT_FOUND"):
        desk.run(client.media.download("mxc://example.org/abc"))


@pytest.mark.parametrize(
    "text", ["", "mxc://", "http://x/y", "mxc://x", "mxc://x/", "mxc://x/../y", "mxc://x/a/b", "mxc://x y/z"]
)
def test_mxc_uri_is_strict(text: str) -> None:
    """A URI that could lead anywhere else is refused."""
    with pytest.raises(RemoteProtocolError):
        MxcUri.parse(text)


def test_mxc_uri_is_written_as_it_was_read() -> None:
    """Reading and writing are inverse."""
    assert "mxc://example.org:8448/a-B_9" == str(MxcUri.parse("mxc://example.org:8448/a-B_9"))


def test_upload_and_download_give_the_same() -> None:
    """What was uploaded has a URI, and its body went out as it was."""
    desk, client = _desk()
    uri = desk.run(client.media.upload(b"\x00\xff", "image/png", "a.png"))
    assert b"\x00\xff" == desk.server.media[uri]
    request = client.media.upload_request("image/png", "a.png")
    assert request.to_http("token").body == b""


def test_spaces_and_mutual_rooms_are_read_to_their_end() -> None:
    """Pages are asked for until there are no more."""
    desk, client = _desk()

    def page(_device: object, request: GetSpaceHierarchy) -> JsonObject:
        number = int(request.from_ or 0)
        room = {"room_id": f"!r{number}:x", "num_joined_members": 1, "world_readable": False, "guest_can_join": False}
        more: JsonObject = {"next_batch": str(number + 1)} if number < 2 else {}
        return {"rooms": [{**room, "children_state": []}], **more}

    def mutual(_device: object, request: GetMutualRooms) -> JsonObject:
        return (
            {"joined": ["!b:x"], "count": 2} if request.from_ else {"joined": ["!a:x"], "count": 2, "next_batch": "n"}
        )

    desk.server.answers |= {GetSpaceHierarchy: page, GetMutualRooms: mutual}
    assert ["!r0:x", "!r1:x", "!r2:x"] == [room.room_id for room in desk.run(client.directory.space("!r0:x"))]
    assert ("!a:x", "!b:x") == desk.run(client.directory.mutual_rooms(_A))


def test_powers_are_changed_from_what_the_server_has() -> None:
    """Keys that are not named stay, and a level that is taken away is the usual one again."""
    desk, client = _desk()
    room = desk.server.rooms.make("@alice:example.org")
    desk.run(client.state.set_powers(room, {"events_default": 50}))
    desk.run(client.state.set_power_of(room, _A, 30))
    desk.run(client.state.set_power_of(room, "@b:x", 10))
    desk.run(client.state.set_power_of(room, _A, None))
    levels = desk.run(client.state.get(room, "m.room.power_levels"))
    assert {"users": {"@alice:example.org": 100, "@b:x": 10}, "events_default": 50} == levels


def test_direct_rooms_are_noted_once() -> None:
    """A room is for one person once, and what other devices noted stays."""
    desk, client = _desk()
    desk.server.put_account_data("@alice:example.org", "", "m.direct", {"@b:x": ["!b:x"], "@c:x": 3})
    for _ in range(2):
        desk.run(client.notes.mark_direct(_A, "!a:x"))
    desk.run(client.sync())
    assert {"@b:x": ("!b:x",), "@c:x": (), _A: ("!a:x",)} == client.notes.direct_rooms()


def _talk(desk: Desk, *others: str, **facts: str) -> str:
    room = desk.server.rooms.make("@alice:example.org")
    for user_id in others:
        desk.server.rooms.set_membership(room, user_id, user_id, "join")
    for kind, key in facts.items():
        desk.server.rooms.put_state(room, "@alice:example.org", "m.room.join_rules", {kind: key})
    return room


def test_direct_room_is_the_newest_that_is_noted_and_has_us_two_alone() -> None:
    """Rooms that were left, or that others came into, are for talks between two no longer (§Direct Messaging)."""
    desk, client = _desk()
    rooms = [_talk(desk, _A), _talk(desk, _A), _talk(desk, _A, "@c:x"), _talk(desk)]
    noted = [rooms[0], rooms[2], rooms[3], "!gone:x"]
    desk.server.put_account_data("@alice:example.org", "", "m.direct", {_A: noted})
    desk.run(client.sync())
    assert rooms[0] == desk.run(client.direct.find(_A))
    assert rooms[0] == desk.run(client.direct.open(_A))
    assert desk.run(client.direct.find("@c:x")) is None


def test_direct_room_may_be_one_that_nobody_noted() -> None:
    """A private room of us two is for talks between two; one that everybody may come into is not."""
    desk, client = _desk()
    _talk(desk, _A, join_rule="public")
    private = _talk(desk, _A, join_rule="invite")
    desk.run(client.sync())
    assert private == desk.run(client.direct.find(_A))


def test_direct_room_is_made_where_there_is_none() -> None:
    """They are asked in, told that it is for talks, and it is noted for the next time."""
    desk, client = _desk()
    desk.run(client.sync())
    room = desk.run(client.direct.open(_A))
    (invited,) = [one for one in desk.server.rooms.of_type(room, "m.room.member") if one["state_key"] == _A]
    assert {"membership": "invite", "is_direct": True} == invited["content"]
    desk.run(client.sync())
    assert {_A: (room,)} == client.notes.direct_rooms()
    assert room == desk.run(client.direct.open(_A))


def test_forgetting_a_room_keeps_nothing_of_it() -> None:
    """After forgetting, a room is not known and not kept."""
    desk, client = _desk()
    room = desk.server.rooms.make("@alice:example.org")
    desk.run(client.sync())
    desk.run(client.notes.put("m.tag", {"tags": {}}, room))
    desk.run(client.sync())
    desk.run(client.joining.leave(room))
    desk.run(client.sync())
    assert "leave" == client.rooms[room].membership
    desk.run(client.joining.forget(room))
    assert room not in client.rooms
    assert room not in desk.client(ClientOptions(encrypts=False)).rooms
    assert not any(room in key for names in desk.kept.values() for key in names)


def test_what_is_absent_is_none() -> None:
    """State, account data and aliases that are not there are None, other refusals are raised."""
    desk, client = _desk()
    room = desk.server.rooms.make("@alice:example.org")
    assert desk.run(client.state.get(room, "m.room.name")) is None
    assert desk.run(client.notes.get("org.nothing")) is None
    assert desk.run(client.directory.resolve("#nowhere:x")) is None
    desk.server.tokens.clear()
    for steps in (client.state.get(room, "m.room.name"), client.notes.get("org.nothing")):
        with pytest.raises(Exception, match="M_UNKNOWN_TOKEN"):
            desk.run(steps)

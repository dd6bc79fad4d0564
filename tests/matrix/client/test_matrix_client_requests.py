"""Each thing that a client does asks what the specification says, in the clear words of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from fakes.homeserver import Counting
from fakes.jumping_clock import JumpingClock
from scop.matrix.api.request import Request
from scop.matrix.client import Client, ClientOptions, Presence, Session
from scop.matrix.client.alerts import WantedRule
from scop.matrix.client.joining import NewRoom
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps, Surroundings

_R, _A, _E = "!sea:x", "@al:x", "$e"
_MEGOLM = {"type": "m.room.encryption", "state_key": "", "content": {"algorithm": "m.megolm.v1.aes-sha2"}}


def _client() -> Client:
    session = Session("https://x", "@me:x", "DEVICE", "token")
    return Client(session, {}, Surroundings(JumpingClock(), Counting()), ClientOptions(encrypts=False))


def _asked(steps: Steps[Any]) -> tuple[str, str, JsonObject]:
    """Return method, path with query, and body of the first thing that is asked."""
    needed = next(steps)
    assert isinstance(needed, Request)
    http = needed.to_http("token")
    query = "&".join(f"{name}={value}" for name, value in http.query)
    path = http.path.replace("/_matrix/client/v3", "").replace("/_matrix/client", "")
    return http.method, path + (f"?{query}" if query else ""), msgspec.json.decode(http.body) if http.body else {}


_Do = Callable[[Client], Steps[Any]]
_ROWS: list[tuple[_Do, str, str, JsonObject]] = [
    (lambda c: c.joining.join("#a:x", ["x", "y"], "hi"), "POST", "/join/%23a%3Ax?via=x&via=y", {"reason": "hi"}),
    (lambda c: c.joining.knock("#a:x", ["x"]), "POST", "/knock/%23a%3Ax?via=x", {}),
    (lambda c: c.joining.leave(_R, "bye"), "POST", "/rooms/%21sea%3Ax/leave", {"reason": "bye"}),
    (lambda c: c.joining.forget(_R), "POST", "/rooms/%21sea%3Ax/forget", {}),
    (lambda c: c.joining.invite(_R, _A), "POST", "/rooms/%21sea%3Ax/invite", {"user_id": _A}),
    (lambda c: c.joining.kick(_R, _A, "no"), "POST", "/rooms/%21sea%3Ax/kick", {"user_id": _A, "reason": "no"}),
    (lambda c: c.joining.ban(_R, _A), "POST", "/rooms/%21sea%3Ax/ban", {"user_id": _A}),
    (lambda c: c.joining.unban(_R, _A), "POST", "/rooms/%21sea%3Ax/unban", {"user_id": _A}),
    (
        lambda c: c.joining.upgrade(_R, "12", [_A]),
        "POST",
        "/rooms/%21sea%3Ax/upgrade",
        {"new_version": "12", "additional_creators": [_A]},
    ),
    (lambda c: c.joining.joined(), "GET", "/joined_rooms", {}),
    (lambda c: c.state.get(_R, "m.room.name"), "GET", "/rooms/%21sea%3Ax/state/m.room.name/", {}),
    (lambda c: c.state.all(_R), "GET", "/rooms/%21sea%3Ax/state", {}),
    (lambda c: c.state.members(_R), "GET", "/rooms/%21sea%3Ax/joined_members", {}),
    (lambda c: c.state.set_name(_R, "N"), "PUT", "/rooms/%21sea%3Ax/state/m.room.name/", {"name": "N"}),
    (
        lambda c: c.state.set_topic(_R, "T"),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.topic/",
        {"topic": "T", "m.topic": {"m.text": [{"body": "T"}]}},
    ),
    (
        lambda c: c.state.set_avatar(_R, "mxc://x/y"),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.avatar/",
        {"url": "mxc://x/y"},
    ),
    (
        lambda c: c.state.set_join_rule(_R, "restricted", ["!space:x"]),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.join_rules/",
        {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": "!space:x"}]},
    ),
    (
        lambda c: c.state.set_history_visibility(_R, "joined"),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.history_visibility/",
        {"history_visibility": "joined"},
    ),
    (
        lambda c: c.state.set_canonical_alias(_R, "#a:x", ["#b:x"]),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.canonical_alias/",
        {"alias": "#a:x", "alt_aliases": ["#b:x"]},
    ),
    (lambda c: c.state.set_canonical_alias(_R, None), "PUT", "/rooms/%21sea%3Ax/state/m.room.canonical_alias/", {}),
    (
        lambda c: c.state.encrypt(_R),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.room.encryption/",
        {"algorithm": "m.megolm.v1.aes-sha2"},
    ),
    (lambda c: c.state.pin(_R, [_E]), "PUT", "/rooms/%21sea%3Ax/state/m.room.pinned_events/", {"pinned": [_E]}),
    (
        lambda c: c.state.add_child(_R, "!b:x", ["x"], "a"),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.space.child/%21b%3Ax",
        {"via": ["x"], "order": "a"},
    ),
    (lambda c: c.state.remove_child(_R, "!b:x"), "PUT", "/rooms/%21sea%3Ax/state/m.space.child/%21b%3Ax", {}),
    (
        lambda c: c.state.set_parent(_R, "!b:x", ["x"]),
        "PUT",
        "/rooms/%21sea%3Ax/state/m.space.parent/%21b%3Ax",
        {"via": ["x"], "canonical": True},
    ),
    (lambda c: c.directory.resolve("#a:x"), "GET", "/directory/room/%23a%3Ax", {}),
    (lambda c: c.directory.add_alias("#a:x", _R), "PUT", "/directory/room/%23a%3Ax", {"room_id": _R}),
    (lambda c: c.directory.remove_alias("#a:x"), "DELETE", "/directory/room/%23a%3Ax", {}),
    (lambda c: c.directory.aliases_of(_R), "GET", "/rooms/%21sea%3Ax/aliases", {}),
    (
        lambda c: c.directory.public_rooms("sea", "y"),
        "POST",
        "/publicRooms?server=y",
        {"limit": 50, "filter": {"generic_search_term": "sea"}},
    ),
    (lambda c: c.directory.is_published(_R), "GET", "/directory/list/room/%21sea%3Ax", {}),
    (lambda c: c.directory.publish(_R), "PUT", "/directory/list/room/%21sea%3Ax", {"visibility": "public"}),
    (lambda c: c.directory.unpublish(_R), "PUT", "/directory/list/room/%21sea%3Ax", {"visibility": "private"}),
    (lambda c: c.directory.summary(_R, ["x"]), "GET", "/v1/room_summary/%21sea%3Ax?via=x", {}),
    (lambda c: c.directory.space(_R), "GET", "/v1/rooms/%21sea%3Ax/hierarchy?limit=50", {}),
    (lambda c: c.directory.users("al"), "POST", "/user_directory/search", {"search_term": "al", "limit": 10}),
    (lambda c: c.directory.mutual_rooms(_A), "GET", "/v1/mutual_rooms?user_id=@al:x", {}),
    (lambda c: c.history.page(_R, "t", 9), "GET", "/rooms/%21sea%3Ax/messages?from=t&dir=b&limit=9", {}),
    (lambda c: c.history.page_forward(_R), "GET", "/rooms/%21sea%3Ax/messages?dir=f&limit=50", {}),
    (lambda c: c.history.event(_R, _E), "GET", "/rooms/%21sea%3Ax/event/%24e", {}),
    (lambda c: c.history.around(_R, _E), "GET", "/rooms/%21sea%3Ax/context/%24e?limit=10", {}),
    (lambda c: c.history.at_time(_R, 5), "GET", "/v1/rooms/%21sea%3Ax/timestamp_to_event?ts=5&dir=f", {}),
    (lambda c: c.history.before_time(_R, 5), "GET", "/v1/rooms/%21sea%3Ax/timestamp_to_event?ts=5&dir=b", {}),
    (lambda c: c.history.relations(_R, _E), "GET", "/v1/rooms/%21sea%3Ax/relations/%24e", {}),
    (lambda c: c.history.relations(_R, _E, "m.thread"), "GET", "/v1/rooms/%21sea%3Ax/relations/%24e/m.thread", {}),
    (
        lambda c: c.history.relations(_R, _E, "m.annotation", "m.reaction", "t"),
        "GET",
        "/v1/rooms/%21sea%3Ax/relations/%24e/m.annotation/m.reaction?from=t",
        {},
    ),
    (lambda c: c.history.threads(_R), "GET", "/v1/rooms/%21sea%3Ax/threads?limit=20", {}),
    (
        lambda c: c.history.search("sea", "n"),
        "POST",
        "/search?next_batch=n",
        {"search_categories": {"room_events": {"search_term": "sea", "order_by": "recent"}}},
    ),
    (lambda c: c.reading.read(_R, _E), "POST", "/rooms/%21sea%3Ax/receipt/m.read/%24e", {}),
    (
        lambda c: c.reading.read_privately(_R, _E, "main"),
        "POST",
        "/rooms/%21sea%3Ax/receipt/m.read.private/%24e",
        {"thread_id": "main"},
    ),
    (lambda c: c.reading.mark_fully_read(_R, _E), "POST", "/rooms/%21sea%3Ax/read_markers", {"m.fully_read": _E}),
    (
        lambda c: c.reading.typing(_R, 5),
        "PUT",
        "/rooms/%21sea%3Ax/typing/%40me%3Ax",
        {"typing": True, "timeout": 5000},
    ),
    (lambda c: c.reading.stopped_typing(_R), "PUT", "/rooms/%21sea%3Ax/typing/%40me%3Ax", {"typing": False}),
    (
        lambda c: c.presence.set(Presence.ONLINE, "here"),
        "PUT",
        "/presence/%40me%3Ax/status",
        {"presence": "online", "status_msg": "here"},
    ),
    (lambda c: c.presence.get(_A), "GET", "/presence/%40al%3Ax/status", {}),
    (lambda c: c.notes.get("t"), "GET", "/user/%40me%3Ax/account_data/t", {}),
    (lambda c: c.notes.get("t", _R), "GET", "/user/%40me%3Ax/rooms/%21sea%3Ax/account_data/t", {}),
    (lambda c: c.notes.put("t", {"a": 1}), "PUT", "/user/%40me%3Ax/account_data/t", {"a": 1}),
    (lambda c: c.notes.put("t", {"a": 1}, _R), "PUT", "/user/%40me%3Ax/rooms/%21sea%3Ax/account_data/t", {"a": 1}),
    (lambda c: c.notes.tags(_R), "GET", "/user/%40me%3Ax/rooms/%21sea%3Ax/tags", {}),
    (lambda c: c.notes.tag(_R, "u.a", 0.5), "PUT", "/user/%40me%3Ax/rooms/%21sea%3Ax/tags/u.a", {"order": 0.5}),
    (lambda c: c.notes.untag(_R, "u.a"), "DELETE", "/user/%40me%3Ax/rooms/%21sea%3Ax/tags/u.a", {}),
    (
        lambda c: c.notes.mark_unread(_R),
        "PUT",
        "/user/%40me%3Ax/rooms/%21sea%3Ax/account_data/m.marked_unread",
        {"unread": True},
    ),
    (
        lambda c: c.notes.mark_seen(_R),
        "PUT",
        "/user/%40me%3Ax/rooms/%21sea%3Ax/account_data/m.marked_unread",
        {"unread": False},
    ),
    (lambda c: c.profiles.get(_A), "GET", "/profile/%40al%3Ax", {}),
    (lambda c: c.profiles.field(_A, "m.tz"), "GET", "/profile/%40al%3Ax/m.tz", {}),
    (lambda c: c.profiles.set_display_name("M"), "PUT", "/profile/%40me%3Ax/displayname", {"displayname": "M"}),
    (lambda c: c.profiles.set_avatar("mxc://x/y"), "PUT", "/profile/%40me%3Ax/avatar_url", {"avatar_url": "mxc://x/y"}),
    (lambda c: c.profiles.delete_field("m.tz"), "DELETE", "/profile/%40me%3Ax/m.tz", {}),
    (lambda c: c.devices.all(), "GET", "/devices", {}),
    (lambda c: c.devices.get("D"), "GET", "/devices/D", {}),
    (lambda c: c.devices.rename("D", "N"), "PUT", "/devices/D", {"display_name": "N"}),
    (lambda c: c.devices.end("D"), "DELETE", "/devices/D", {}),
    (lambda c: c.devices.end_all(["D", "E"]), "POST", "/delete_devices", {"devices": ["D", "E"]}),
    (lambda c: c.push.rules(), "GET", "/pushrules/", {}),
    (lambda c: c.push.rule("room", _R), "GET", "/pushrules/global/room/%21sea%3Ax", {}),
    (lambda c: c.push.mute(_R), "PUT", "/pushrules/global/room/%21sea%3Ax", {"actions": []}),
    (lambda c: c.push.unmute(_R), "DELETE", "/pushrules/global/room/%21sea%3Ax", {}),
    (
        lambda c: c.push.put(WantedRule("content", "w", ("notify",), pattern="sea", before="v")),
        "PUT",
        "/pushrules/global/content/w?before=v",
        {"actions": ["notify"], "pattern": "sea"},
    ),
    (lambda c: c.push.is_enabled("content", "w"), "GET", "/pushrules/global/content/w/enabled", {}),
    (lambda c: c.push.enable("content", "w"), "PUT", "/pushrules/global/content/w/enabled", {"enabled": True}),
    (lambda c: c.push.disable("content", "w"), "PUT", "/pushrules/global/content/w/enabled", {"enabled": False}),
    (lambda c: c.push.actions("content", "w"), "GET", "/pushrules/global/content/w/actions", {}),
    (lambda c: c.push.set_actions("content", "w", ()), "PUT", "/pushrules/global/content/w/actions", {"actions": []}),
    (lambda c: c.push.pushers(), "GET", "/pushers", {}),
    (lambda c: c.push.notifications(highlights_only=True), "GET", "/notifications?limit=50&only=highlight", {}),
    (lambda c: c.account.versions(), "GET", "/versions", {}),
    (lambda c: c.account.capabilities(), "GET", "/capabilities", {}),
    (
        lambda c: c.account.change_password("old", "new"),
        "POST",
        "/account/password",
        {"new_password": "new", "logout_devices": False},
    ),
    (lambda c: c.account.deactivate("pw", erases=True), "POST", "/account/deactivate", {"erase": True}),
    (lambda c: c.account.contacts(), "GET", "/account/3pid", {}),
    (
        lambda c: c.account.delete_contact("email", "a@b"),
        "POST",
        "/account/3pid/delete",
        {"medium": "email", "address": "a@b"},
    ),
    (lambda c: c.account.openid_token(), "POST", "/user/%40me%3Ax/openid/request_token", {}),
    (lambda c: c.account.turn_server(), "GET", "/voip/turnServer", {}),
    (lambda c: c.login.token_for_another(), "POST", "/v1/login/get_token", {}),
    (lambda c: c.login.logout_everywhere(), "POST", "/logout/all", {}),
    (lambda c: c.admin.whois(_A), "GET", "/v3/admin/whois/%40al%3Ax".removeprefix("/v3"), {}),
    (lambda c: c.admin.is_locked(_A), "GET", "/v1/admin/lock/%40al%3Ax", {}),
    (lambda c: c.admin.lock(_A), "PUT", "/v1/admin/lock/%40al%3Ax", {"locked": True}),
    (lambda c: c.admin.unlock(_A), "PUT", "/v1/admin/lock/%40al%3Ax", {"locked": False}),
    (lambda c: c.admin.is_suspended(_A), "GET", "/v1/admin/suspend/%40al%3Ax", {}),
    (lambda c: c.admin.suspend(_A), "PUT", "/v1/admin/suspend/%40al%3Ax", {"suspended": True}),
    (lambda c: c.admin.resume(_A), "PUT", "/v1/admin/suspend/%40al%3Ax", {"suspended": False}),
    (lambda c: c.admin.report_event(_R, _E, "bad"), "POST", "/rooms/%21sea%3Ax/report/%24e", {"reason": "bad"}),
    (lambda c: c.admin.report_room(_R, "bad"), "POST", "/rooms/%21sea%3Ax/report", {"reason": "bad"}),
    (lambda c: c.admin.report_user(_A, "bad"), "POST", "/users/%40al%3Ax/report", {"reason": "bad"}),
    (lambda c: c.media.preview("https://a"), "GET", "/v1/media/preview_url?url=https://a", {}),
    (lambda c: c.media.download("mxc://x/y", "a b"), "GET", "/v1/media/download/x/y/a%20b", {}),
]


@pytest.mark.parametrize(("do", "method", "path", "body"), _ROWS, ids=[f"{row[1]} {row[2]}" for row in _ROWS])
def test_client_asks_what_is_written(do: _Do, method: str, path: str, body: JsonObject) -> None:
    """What a method asks is method, path, query and body of the specification."""
    assert (method, path, body) == _asked(do(_client()))


@pytest.mark.parametrize(
    ("new", "body"),
    [
        (NewRoom(), {}),
        (
            NewRoom("N", "T", "a", (_A,), "private_chat", version="12", is_direct=True, is_encrypted=True),
            {
                "name": "N",
                "topic": "T",
                "room_alias_name": "a",
                "invite": [_A],
                "preset": "private_chat",
                "room_version": "12",
                "is_direct": True,
                "initial_state": [_MEGOLM],
            },
        ),
        (
            NewRoom(is_published=True, only_we_speak=True, powers={"invite": 50}),
            {"visibility": "public", "power_level_content_override": {"events_default": 50, "invite": 50}},
        ),
        (
            NewRoom(is_space=True, more_creators=(_A,), state=(("m.room.topic", "", {"topic": "T"}),)),
            {
                "creation_content": {"type": "m.space", "additional_creators": [_A]},
                "initial_state": [{"type": "m.room.topic", "state_key": "", "content": {"topic": "T"}}],
            },
        ),
    ],
)
def test_client_makes_the_room_that_is_wanted(new: NewRoom, body: JsonObject) -> None:
    """A new room is asked for as it is described, and only that."""
    assert ("POST", "/createRoom", body) == _asked(_client().joining.create(new))


def test_rooms_are_encrypted_as_options_want() -> None:
    """Private rooms are encrypted from the start, public ones are not; rooms of a client that cannot are not."""
    session = Session("https://x", "@me:x", "DEVICE", "token")
    surroundings = Surroundings(JumpingClock(), Counting())
    for options, new, is_encrypted in (
        (ClientOptions(), NewRoom(), True),
        (ClientOptions(), NewRoom(preset="public_chat"), False),
        (ClientOptions(), NewRoom(is_space=True), False),
        (ClientOptions(), NewRoom(is_encrypted=False), False),
        (ClientOptions(is_encrypted_by_default=False), NewRoom(), False),
        (ClientOptions(encrypts=False), NewRoom(), False),
    ):
        client = Client(session, {}, surroundings, options)
        assert ("initial_state" in _asked(client.joining.create(new))[2]) == is_encrypted

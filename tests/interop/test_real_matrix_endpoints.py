"""A real Synapse asked by our endpoint classes, one by one: what it answers is of the shape that we say it is."""

from __future__ import annotations

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import pytest
from msgspec.structs import replace

from fakes.synapse import PASSWORD, running_synapse
from scop.matrix.api import read_json
from scop.matrix.api.client_server import (
    account_data,
    admin,
    authed_content_repo,
    banning,
    capabilities,
    content_repo,
    create_room,
    cross_signing,
    device_management,
    directory,
    event_context,
    inviting,
    joining,
    key_backup,
    keys,
    kicking,
    knocking,
    leaving,
    list_joined_rooms,
    list_public_rooms,
    login,
    logout,
    message_pagination,
    mutual_rooms,
    notifications,
    openid,
    presence,
    profile,
    pusher,
    pushrules,
    read_markers,
    receipts,
    redaction,
    refresh,
    registration,
    relations,
    report_content,
    room_event_by_timestamp,
    room_send,
    room_state,
    room_summary,
    room_upgrades,
    rooms,
    search,
    space_hierarchy,
    sync,
    tags,
    third_party_lookup,
    threads_list,
    to_device,
    typing,
    users,
    versions,
    voip,
    wellknown,
    whoami,
)
from scop.matrix.api.client_server import filter as filtering
from scop.matrix.api.client_server.definitions import AuthenticationData, CrossSigningKey
from scop.matrix.api.errors import MatrixError, UserInteractive
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request, Response

pytestmark = pytest.mark.interop

_Answer = TypeVar("_Answer", bound=Response)
_MEGOLM_BACKUP = "m.megolm_backup.v1.curve25519-aes-sha2"


@dataclass
class _Talk:
    """Asks one homeserver, and remembers what was answered and what of it was lost."""

    url: str
    answered: set[str] = field(default_factory=set)
    lost: list[str] = field(default_factory=list)

    def ask(self, request: Request[_Answer], token: str | None = None) -> _Answer:
        http = request.to_http(token)
        query = "?" + urllib.parse.urlencode(http.query) if http.query else ""
        body = http.body if http.method in ("POST", "PUT") or http.body else None
        asked = urllib.request.Request(self.url + http.path + query, body, dict(http.headers), method=http.method)
        try:
            with urllib.request.urlopen(asked, timeout=30) as found:
                answer = _answer(found.status, found.headers, found.read())
        except urllib.error.HTTPError as refusal:
            answer = _answer(refusal.code, refusal.headers, refusal.read())
        read = request.read_response(answer)
        self.answered.add(type(request).__name__)
        written = read.to_http().body
        if answer.body[:1] in (b"{", b"["):
            self.lost += (
                f"{type(request).__name__}{one}" for one in _lost(json.loads(answer.body), json.loads(written))
            )
        return read


def _answer(status: int, headers: object, body: bytes) -> HttpResponse:
    pairs: list[tuple[str, str]] = list(getattr(headers, "items")())  # noqa: B009  # an email.message.Message
    return HttpResponse(status, {name.lower(): value for name, value in pairs}, body)


def _lost(theirs: object, ours: object, at: str = "") -> Iterator[str]:
    """Return where JSON differs; a key that is null is the same as none."""
    if isinstance(theirs, dict) and isinstance(ours, dict):
        for key, one in theirs.items():
            if key in ours or one is not None:
                yield from _lost(one, ours.get(key, "nothing"), f"{at}.{key}")
    elif isinstance(theirs, list) and isinstance(ours, list) and len(theirs) == len(ours):
        for one, same in zip(theirs, ours, strict=True):
            yield from _lost(one, same, f"{at}[]")
    elif theirs != ours:
        yield f"{at}: {theirs!r} became {ours!r}"


@dataclass(frozen=True)
class _User:
    talk: _Talk
    user_id: str
    device_id: str
    token: str

    def ask(self, request: Request[_Answer]) -> _Answer:
        return self.talk.ask(request, self.token)


def _registered(talk: _Talk, name: str) -> _User:
    with pytest.raises(UserInteractive) as caught:
        talk.ask(registration.Register(username=name, password=PASSWORD))
    auth = AuthenticationData(type="m.login.dummy", session=caught.value.session)
    made = talk.ask(registration.Register(username=name, password=PASSWORD, auth=auth))
    assert made.access_token is not None
    assert made.device_id is not None
    return _User(talk, made.user_id, made.device_id, made.access_token)


def _ask_about_accounts(talk: _Talk, ann: _User, bob: _User) -> None:
    talk.ask(versions.GetVersions())
    talk.ask(login.GetLoginFlows())
    talk.ask(wellknown.GetWellknown())
    talk.ask(registration.CheckUsernameAvailability(username="nobody"))
    ann.ask(capabilities.GetCapabilities())
    assert ann.user_id == ann.ask(whoami.GetTokenOwner()).user_id
    ann.ask(device_management.UpdateDevice(device_id=ann.device_id, display_name="a boat"))
    assert "a boat" == ann.ask(device_management.GetDevice(device_id=ann.device_id)).device.display_name
    ann.ask(device_management.GetDevices())
    with pytest.raises(UserInteractive):
        ann.ask(device_management.DeleteDevice(device_id=ann.device_id))
    ann.ask(profile.SetProfileField(user_id=ann.user_id, key_name="displayname", content={"displayname": "Ann"}))
    assert "Ann" == talk.ask(profile.GetUserProfile(user_id=ann.user_id)).displayname
    ann.ask(profile.GetProfileField(user_id=ann.user_id, key_name="displayname"))
    ann.ask(profile.DeleteProfileField(user_id=ann.user_id, key_name="displayname"))
    bob.ask(presence.SetPresence(user_id=bob.user_id, presence="online", status_msg="here"))
    ann.ask(presence.GetPresence(user_id=ann.user_id))
    ann.ask(users.SearchUserDirectory(search_term="bob"))
    ann.ask(openid.RequestOpenIdToken(user_id=ann.user_id))
    ann.ask(voip.GetTurnServer())
    ann.ask(third_party_lookup.GetProtocols())
    ann.ask(admin.GetWhoIs(user_id=ann.user_id))


def _ask_about_settings(ann: _User, room_id: str) -> None:
    user_id = ann.user_id
    ann.ask(account_data.SetAccountData(user_id=user_id, type="org.example", content={"a": 1}))
    assert {"a": 1} == ann.ask(account_data.GetAccountData(user_id=user_id, type="org.example")).content
    ann.ask(account_data.SetAccountDataPerRoom(user_id=user_id, room_id=room_id, type="org.example", content={}))
    ann.ask(account_data.GetAccountDataPerRoom(user_id=user_id, room_id=room_id, type="org.example"))
    ann.ask(tags.SetRoomTag(user_id=user_id, room_id=room_id, tag="m.favourite", order=0.5))
    assert 0.5 == (ann.ask(tags.GetRoomTags(user_id=user_id, room_id=room_id)).tags or {})["m.favourite"].order
    ann.ask(tags.DeleteRoomTag(user_id=user_id, room_id=room_id, tag="m.favourite"))
    wanted = read_json(filtering.Filter, {"room": {"timeline": {"limit": 5}, "state": {"lazy_load_members": True}}})
    kept = ann.ask(filtering.DefineFilter(user_id=user_id, filter=wanted)).filter_id
    assert wanted == ann.ask(filtering.GetFilter(user_id=user_id, filter_id=kept)).filter
    ann.ask(pushrules.GetPushRules())
    ann.ask(pushrules.GetPushRulesGlobal())
    ann.ask(pushrules.SetPushRule(kind="content", rule_id="cats", actions=("notify",), pattern="cat"))
    ann.ask(pushrules.GetPushRule(kind="content", rule_id="cats"))
    ann.ask(pushrules.SetPushRuleEnabled(kind="content", rule_id="cats", enabled=False))
    assert not ann.ask(pushrules.IsPushRuleEnabled(kind="content", rule_id="cats")).enabled
    tweaked: tuple[str | dict[str, object], ...] = ("notify", {"set_tweak": "sound", "value": "default"})
    ann.ask(pushrules.SetPushRuleActions(kind="content", rule_id="cats", actions=tweaked))
    assert tweaked == ann.ask(pushrules.GetPushRuleActions(kind="content", rule_id="cats")).actions
    ann.ask(pushrules.DeletePushRule(kind="content", rule_id="cats"))
    where = pusher.PusherData(url="https://example.org/_matrix/push/v1/notify")
    wanted_pusher = pusher.PostPusher(kind="http", app_id="a", pushkey="k", data=where, lang="en")
    ann.ask(replace(wanted_pusher, app_display_name="a", device_display_name="d"))
    ann.ask(pusher.GetPushers())


def _ask_about_messages(ann: _User, bob: _User, room_id: str) -> None:
    # A transaction id that a client or a proxy would take for a step up, were it not quoted.
    said = ann.ask(_message(room_id, "..", {"msgtype": "m.text", "body": "sail"})).event_id
    thread = {"rel_type": "m.thread", "event_id": said}
    ann.ask(_message(room_id, "a/b?c#d", {"msgtype": "m.text", "body": "on", "m.relates_to": thread}))
    ann.ask(rooms.GetOneRoomEvent(room_id=room_id, event_id=said))
    ann.ask(message_pagination.GetRoomEvents(room_id=room_id, dir="b", limit=5))
    ann.ask(event_context.GetEventContext(room_id=room_id, event_id=said, limit=3))
    ann.ask(relations.GetRelatingEvents(room_id=room_id, event_id=said))
    ann.ask(relations.GetRelatingEventsWithRelType(room_id=room_id, event_id=said, rel_type="m.thread"))
    narrow = relations.GetRelatingEventsWithRelTypeAndEventType(
        room_id=room_id, event_id=said, rel_type="m.thread", event_type="m.room.message"
    )
    assert 1 == len(ann.ask(narrow).chunk)
    assert [said] == [one.event_id for one in ann.ask(threads_list.GetThreadRoots(room_id=room_id)).chunk]
    ann.ask(room_event_by_timestamp.GetEventByTimestamp(room_id=room_id, ts=2**42, dir="b"))
    bob.ask(receipts.PostReceipt(room_id=room_id, receipt_type="m.read", event_id=said))
    bob.ask(read_markers.SetReadMarker(room_id=room_id, unknown={"m.fully_read": said}))
    bob.ask(typing.SetTyping(room_id=room_id, user_id=bob.user_id, typing=True, timeout=3000))
    bob.ask(notifications.GetNotifications())
    context = search.IncludeEventContext(include_profile=True)
    groups = search.Groupings(group_by=(search.Group(key="room_id"),))
    criteria = search.RoomEventsCriteria(
        search_term="sail", event_context=context, include_state=True, groupings=groups
    )
    ann.ask(search.Search(search_categories=search.Categories(room_events=criteria)))
    bob.ask(report_content.ReportEvent(room_id=room_id, event_id=said, reason="too windy"))
    bob.ask(report_content.ReportRoom(room_id=room_id, reason="too windy"))
    ann.ask(redaction.RedactEvent(room_id=room_id, event_id=said, txn_id="r", reason="calm"))
    redacted = ann.ask(rooms.GetOneRoomEvent(room_id=room_id, event_id=said)).event
    assert {} == redacted.content
    assert redacted.unsigned is not None
    assert redacted.unsigned.redacted_because is not None


def _message(room_id: str, txn_id: str, content: dict[str, object]) -> room_send.SendMessage:
    return room_send.SendMessage(room_id=room_id, event_type="m.room.message", txn_id=txn_id, content=content)


def _state(room_id: str, kind: str, content: Mapping[str, object]) -> room_state.SetRoomStateWithKey:
    return room_state.SetRoomStateWithKey(room_id=room_id, event_type=kind, state_key="", content=dict(content))


def _ask_about_rooms(ann: _User, bob: _User, room_id: str, alias: str) -> None:
    assert room_id == ann.ask(directory.GetRoomIdByAlias(room_alias=alias)).room_id
    other = alias.replace("#", "#the/other?")
    ann.ask(directory.SetRoomAlias(room_alias=other, room_id=room_id))
    assert {alias, other} == set(ann.ask(directory.GetLocalAliases(room_id=room_id)).aliases)
    ann.ask(directory.DeleteRoomAlias(room_alias=other))
    ann.ask(list_public_rooms.SetRoomVisibilityOnDirectory(room_id=room_id, visibility="public"))
    ann.ask(list_public_rooms.GetRoomVisibilityOnDirectory(room_id=room_id))
    assert [room_id] == [one.room_id for one in ann.ask(list_public_rooms.GetPublicRooms()).chunk]
    ann.ask(list_public_rooms.QueryPublicRooms(limit=3))
    kind, topic = "m.room.topic", {"topic": "wind"}
    ann.ask(_state(room_id, kind, topic))
    assert topic == ann.ask(rooms.GetRoomStateWithKey(room_id=room_id, event_type=kind, state_key="")).content
    ann.ask(rooms.GetRoomState(room_id=room_id))
    ann.ask(rooms.GetMembersByRoom(room_id=room_id, not_membership="leave"))
    assert {ann.user_id, bob.user_id} == set(ann.ask(rooms.GetJoinedMembersByRoom(room_id=room_id)).joined or {})
    ann.ask(list_joined_rooms.GetJoinedRooms())
    ann.ask(room_summary.GetRoomSummary(room_id_or_alias=room_id))
    ann.ask(space_hierarchy.GetSpaceHierarchy(room_id=room_id))
    ann.ask(mutual_rooms.GetMutualRooms(user_id=bob.user_id))
    ann.ask(kicking.Kick(room_id=room_id, user_id=bob.user_id))
    ann.ask(banning.Ban(room_id=room_id, user_id=bob.user_id))
    ann.ask(banning.Unban(room_id=room_id, user_id=bob.user_id))
    ann.ask(inviting.InviteUser(room_id=room_id, user_id=bob.user_id))
    bob.ask(leaving.LeaveRoom(room_id=room_id))
    bob.ask(leaving.ForgetRoom(room_id=room_id))
    knockable = create_room.StateEvent(type="m.room.join_rules", content={"join_rule": "knock"})
    closed = ann.ask(create_room.CreateRoom(initial_state=(knockable,))).room_id
    server = ann.user_id.partition(":")[2]
    bob.ask(knocking.KnockRoom(room_id_or_alias=closed, via=(server,), reason="let me in"))
    knocked = bob.ask(sync.Sync(full_state=True)).rooms
    assert knocked is not None
    assert [closed] == list(knocked.knock or {})
    ann.ask(room_upgrades.UpgradeRoom(room_id=room_id, new_version="11"))
    ann.ask(sync.Sync(full_state=True))


def _ask_about_keys(ann: _User, bob: _User) -> None:
    one_time = keys.KeyObject(key="k" * 43, signatures={ann.user_id: {f"ed25519:{ann.device_id}": "s"}})
    ann.ask(keys.UploadKeys(one_time_keys={"signed_curve25519:AAAA": one_time}))
    claim = keys.ClaimKeys(one_time_keys={ann.user_id: {ann.device_id: "signed_curve25519"}})
    claimed = bob.ask(claim).one_time_keys[ann.user_id][ann.device_id]
    assert {"signed_curve25519:AAAA": one_time} == claimed
    master = CrossSigningKey(user_id=ann.user_id, usage=("master",), keys={"ed25519:" + "A" * 43: "A" * 43})
    ann.ask(cross_signing.UploadCrossSigningKeys(master_key=master))
    assert {ann.user_id: master} == bob.ask(keys.QueryKeys(device_keys={ann.user_id: ()})).master_keys
    signature: dict[str, object] = {"device_id": ann.device_id}
    ann.ask(cross_signing.UploadCrossSigningSignatures(signatures={ann.user_id: {ann.device_id: signature}}))
    now, bobs = ann.ask(sync.Sync()).next_batch, bob.ask(sync.Sync()).next_batch
    ann.ask(keys.GetKeysChanges(from_=now, to=now))
    ann.ask(to_device.SendToDevice(event_type="org.example", txn_id="1", messages={bob.user_id: {"*": {"a": 1}}}))
    came = bob.ask(sync.Sync(since=bobs)).to_device
    assert came is not None
    assert [({"a": 1}, ann.user_id)] == [(one.content, one.sender) for one in came.events or ()]


def _ask_about_backup(ann: _User, room_id: str) -> None:
    about: dict[str, object] = {"public_key": "x", "signatures": {}}
    version = ann.ask(key_backup.PostRoomKeysVersion(algorithm=_MEGOLM_BACKUP, auth_data=about)).version
    ann.ask(key_backup.GetRoomKeysVersionCurrent())
    ann.ask(key_backup.GetRoomKeysVersion(version=version))
    ann.ask(key_backup.PutRoomKeysVersion(version=version, algorithm=_MEGOLM_BACKUP, auth_data=about))
    key = key_backup.KeyBackupData(first_message_index=0, forwarded_count=0, is_verified=False, session_data={"a": 1})
    one = "s/1"
    ann.ask(key_backup.PutRoomKeyBySessionId(version=version, room_id=room_id, session_id=one, session=key))
    read = key_backup.GetRoomKeyBySessionId(version=version, room_id=room_id, session_id=one)
    assert key == ann.ask(read).session
    ann.ask(key_backup.PutRoomKeysByRoomId(version=version, room_id=room_id, sessions={"s2": key}))
    sessions = ann.ask(key_backup.GetRoomKeysByRoomId(version=version, room_id=room_id)).sessions
    assert {"s/1": key, "s2": key} == sessions
    whole = {room_id: key_backup.RoomKeyBackup(sessions=sessions)}
    assert 2 == ann.ask(key_backup.PutRoomKeys(version=version, rooms=whole)).count
    assert whole == ann.ask(key_backup.GetRoomKeys(version=version)).rooms
    gone = key_backup.DeleteRoomKeyBySessionId(version=version, room_id=room_id, session_id=one)
    assert 1 == ann.ask(gone).count
    ann.ask(key_backup.DeleteRoomKeysByRoomId(version=version, room_id=room_id))
    ann.ask(key_backup.DeleteRoomKeys(version=version))
    ann.ask(key_backup.DeleteRoomKeysVersion(version=version))


def _ask_about_media(ann: _User) -> None:
    ann.ask(authed_content_repo.GetConfigAuthed())
    uploaded = ann.ask(content_repo.UploadContent(content=b"\x00wind", content_type="text/plain", filename="a é.txt"))
    server, _, media_id = uploaded.content_uri.removeprefix("mxc://").partition("/")
    plain = authed_content_repo.GetContentAuthed(server_name=server, media_id=media_id)
    assert b"\x00wind" == ann.ask(plain).content
    renamed = authed_content_repo.GetContentOverrideNameAuthed(
        server_name=server, media_id=media_id, file_name="b é/c.txt"
    )
    assert "c.txt" in (ann.ask(renamed).content_disposition or "")
    later = ann.ask(content_repo.CreateContent()).content_uri.rpartition("/")[2]
    ann.ask(content_repo.UploadContentToMXC(server_name=server, media_id=later, content=b"late"))
    assert b"late" == ann.ask(replace(plain, media_id=later)).content


def _ask_for_the_end(talk: _Talk, ann: _User, bob: _User) -> None:
    name = login.UserIdentifier(type="m.id.user", unknown={"user": ann.user_id})
    again = talk.ask(login.Login(type="m.login.password", identifier=name, password=PASSWORD, refresh_token=True))
    if again.refresh_token is not None:
        talk.ask(refresh.Refresh(refresh_token=again.refresh_token))
    bob.ask(logout.Logout())
    ann.ask(logout.LogoutAll())
    with pytest.raises(MatrixError, match="M_UNKNOWN_TOKEN"):
        ann.ask(whoami.GetTokenOwner())


def test_endpoints_are_answered_by_a_real_synapse() -> None:
    """118 operations are answered in our shapes; of the answers nothing is lost but nulls."""
    with running_synapse() as server:
        talk = _Talk(server.url)
        ann, bob = _registered(talk, "ann"), _registered(talk, "bob")
        _ask_about_accounts(talk, ann, bob)
        wanted = create_room.CreateRoom(name="Sea", room_alias_name="sea", preset="public_chat", invite=(bob.user_id,))
        room_id = ann.ask(wanted).room_id
        alias = f"#sea:{server.server_name}"
        invited = bob.ask(sync.Sync()).rooms
        assert invited is not None
        assert [room_id] == list(invited.invite or {})
        bob.ask(joining.JoinRoom(room_id_or_alias=alias))
        bob.ask(joining.JoinRoomById(room_id=room_id))
        _ask_about_settings(ann, room_id)
        _ask_about_messages(ann, bob, room_id)
        _ask_about_keys(ann, bob)
        _ask_about_backup(ann, room_id)
        _ask_about_media(ann)
        _ask_about_rooms(ann, bob, room_id, alias)
        _ask_for_the_end(talk, ann, bob)
    print(f"\nclient-server API: {len(talk.answered)} of 166 operations answered by a real Synapse")
    assert [] == talk.lost
    assert len(talk.answered) >= 118

"""What the fake homeserver answers, by the type of the request."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import msgspec

from fakes.homeserver_keys import FakeDevice, counts, unused_fallback
from fakes.homeserver_refusal import refusal
from fakes.homeserver_sync import Reader, rooms_since
from scop.matrix.api.client_server import (
    account_data,
    content_repo,
    create_room,
    cross_signing,
    directory,
    filter,  # noqa: A004 - the module of that name
    inviting,
    joining,
    keys,
    leaving,
    login,
    logout,
    message_pagination,
    redaction,
    refresh,
    room_send,
    room_state,
    rooms,
    sync,
    to_device,
    versions,
    wellknown,
    whoami,
)
from scop.matrix.api.request import Request
from scop.matrix.json_values import JsonObject

if TYPE_CHECKING:
    from fakes.homeserver import FakeHomeserver

__all__ = ["Answering", "all_answers"]

Answering = Callable[[Any, Any], JsonObject | bytes]  # Any: the device that asks (or None), and the request by its type


def all_answers(server: FakeHomeserver) -> dict[type[Request[Any]], Answering]:
    """Return what a server answers."""
    groups = (
        SessionsAnswers(server),
        RoomsAnswers(server),
        ReadingAnswers(server),
        DevicesAnswers(server),
        ThingsAnswers(server),
    )
    return {kind: answering for group in groups for kind, answering in group.answers().items()}


class SessionsAnswers:
    """What is answered to requests about sessions."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.server, self.world, self.known = server, server.rooms, server.keys

    def log_in(self, device: FakeDevice | None, request: login.Login) -> JsonObject:
        name = "" if request.identifier is None else str(request.identifier.unknown.get("user", ""))
        user_id = name if name.startswith("@") else f"@{name}:{self.server.server_name}"
        if request.type == "m.login.password" and self.server.passwords.get(user_id) != request.password:
            raise refusal(403, "M_FORBIDDEN")
        if request.type == "m.login.token":
            user_id = str(request.token)
        device_id = request.device_id or f"DEVICE{len(self.server.keys.devices) + 1}"
        found = self.server.device(user_id, device_id)
        found.display_name = request.initial_device_display_name
        return {"user_id": user_id, "device_id": device_id, **self.server.token_answer("login", found)}

    def renew(self, _device: FakeDevice | None, request: refresh.Refresh) -> JsonObject:
        found = self.server.refresh_tokens.pop(request.refresh_token, None)
        if found is None:
            raise refusal(401, "M_UNKNOWN_TOKEN", soft_logout=True)
        return self.server.token_answer("refreshing", found)

    def log_out(self, device: FakeDevice | None, _request: logout.Logout) -> JsonObject:
        assert device is not None
        self.server.tokens = {token: one for token, one in self.server.tokens.items() if one is not device}
        self.server.keys.devices.pop((device.user_id, device.device_id), None)
        return {}

    def who(self, device: FakeDevice | None, _request: whoami.GetTokenOwner) -> JsonObject:
        assert device is not None
        return {"user_id": device.user_id, "device_id": device.device_id}

    def answers(self) -> dict[type[Request[Any]], Answering]:
        """Return the answers by what is asked."""
        return {
            wellknown.GetWellknown: lambda _device, _request: {"m.homeserver": {"base_url": self.server.url + "/"}},
            versions.GetVersions: lambda _device, _request: {"versions": ["v1.18", "v1.19"]},
            login.GetLoginFlows: lambda _device, _request: {"flows": [{"type": "m.login.password"}]},
            login.Login: self.log_in,
            refresh.Refresh: self.renew,
            logout.Logout: self.log_out,
            whoami.GetTokenOwner: self.who,
        }


class RoomsAnswers:
    """What is answered to requests about rooms."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.server, self.world, self.known = server, server.rooms, server.keys

    def once(self, device: FakeDevice, transaction_id: str, room_id: str, make: Callable[[], str]) -> JsonObject:
        if self.world.rooms[room_id].membership(device.user_id, self.world.position) != "join":
            raise refusal(403, "M_FORBIDDEN")
        key = (device.name, transaction_id)
        if key not in self.world.transactions:
            self.world.transactions[key] = make()
        return {"event_id": self.world.transactions[key]}

    def send(self, device: FakeDevice, request: room_send.SendMessage) -> JsonObject:
        return self.once(
            device,
            request.txn_id,
            request.room_id,
            lambda: self.world.put(request.room_id, device.user_id, request.event_type, request.content),
        )

    def redact(self, device: FakeDevice, request: redaction.RedactEvent) -> JsonObject:
        content: JsonObject = {"redacts": request.event_id}
        if request.reason is not None:
            content["reason"] = request.reason
        return self.once(
            device,
            request.txn_id,
            request.room_id,
            lambda: self.world.put(
                request.room_id, device.user_id, "m.room.redaction", content, redacts=request.event_id
            ),
        )

    def set_state(self, device: FakeDevice, request: room_state.SetRoomStateWithKey) -> JsonObject:
        event_id = self.world.put_state(
            request.room_id, device.user_id, request.event_type, request.content, request.state_key
        )
        return {"event_id": event_id}

    def create(self, device: FakeDevice, request: create_room.CreateRoom) -> JsonObject:
        room_id = self.world.make(device.user_id, version=request.room_version or "11")
        if request.name is not None:
            self.world.put_state(room_id, device.user_id, "m.room.name", {"name": request.name})
        if request.topic is not None:
            self.world.put_state(room_id, device.user_id, "m.room.topic", {"topic": request.topic})
        if request.room_alias_name is not None:
            alias = f"#{request.room_alias_name}:{self.server.server_name}"
            self.world.aliases[alias] = room_id
            self.world.put_state(room_id, device.user_id, "m.room.canonical_alias", {"alias": alias})
        for state in request.initial_state or ():
            self.world.put_state(room_id, device.user_id, state.type, state.content, state.state_key or "")
        for user_id in request.invite or ():
            self.world.set_membership(room_id, device.user_id, user_id, "invite", is_direct=bool(request.is_direct))
        return {"room_id": room_id}

    def join(self, device: FakeDevice, request: joining.JoinRoom) -> JsonObject:
        room_id = self.world.aliases.get(request.room_id_or_alias, request.room_id_or_alias)
        if room_id not in self.world.rooms:
            raise refusal(404, "M_NOT_FOUND")
        self.world.set_membership(room_id, device.user_id, device.user_id, "join")
        return {"room_id": room_id}

    def resolve(self, _device: FakeDevice | None, request: directory.GetRoomIdByAlias) -> JsonObject:
        if request.room_alias not in self.world.aliases:
            raise refusal(404, "M_NOT_FOUND")
        return {"room_id": self.world.aliases[request.room_alias], "servers": [self.server.server_name]}

    def invite(self, device: FakeDevice, request: inviting.InviteUser) -> JsonObject:
        self.world.set_membership(request.room_id, device.user_id, request.user_id, "invite")
        return {}

    def leave(self, device: FakeDevice, request: leaving.LeaveRoom) -> JsonObject:
        self.world.set_membership(request.room_id, device.user_id, device.user_id, "leave")
        return {}

    def answers(self) -> dict[type[Request[Any]], Answering]:
        """Return the answers by what is asked."""
        return {
            room_send.SendMessage: self.send,
            redaction.RedactEvent: self.redact,
            room_state.SetRoomStateWithKey: self.set_state,
            create_room.CreateRoom: self.create,
            joining.JoinRoom: self.join,
            directory.GetRoomIdByAlias: self.resolve,
            inviting.InviteUser: self.invite,
            leaving.LeaveRoom: self.leave,
            leaving.ForgetRoom: lambda _device, _request: {},
        }


class ReadingAnswers:
    """What is answered to requests about reading."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.server, self.world, self.known = server, server.rooms, server.keys

    def make_filter(self, _device: FakeDevice, request: filter.DefineFilter) -> JsonObject:
        self.server.filters.append(msgspec.json.decode(request.to_http().body))
        return {"filter_id": str(len(self.server.filters) - 1)}

    def read_sync(self, device: FakeDevice, request: sync.Sync) -> JsonObject:
        after = None if request.since is None else int(request.since[1:])
        wanted = self.server.filters[int(request.filter)] if request.filter is not None else {}
        reader = Reader(
            device.user_id,
            device.name,
            after,
            int(str(_at(wanted, "room", "timeline", "limit") or 10)),
            _at(wanted, "room", "state", "lazy_load_members") is True,
            self.server.has_state_after and request.use_state_after is True,
        )
        device.inbox = [(at, message) for at, message in device.inbox if after is None or at > after]
        news = rooms_since(self.world, reader)
        for room in self.world.with_member(device.user_id):
            if data := _data(self.server, device.user_id, room.room_id, after):
                news.setdefault("join", {}).setdefault(room.room_id, {})["account_data"] = {"events": data}
        answer: JsonObject = {
            "next_batch": f"s{self.world.position}",
            "rooms": news,
            "to_device": {"events": [message for _, message in device.inbox]},
            "account_data": {"events": _data(self.server, device.user_id, "", after)},
            "device_one_time_keys_count": counts(device),
            "device_unused_fallback_key_types": unused_fallback(device),
        }
        changed = sorted({user for at, user in self.server.keys.changes if after is not None and at > after})
        if changed:
            answer["device_lists"] = {"changed": changed}
        return answer

    def read_page(self, device: FakeDevice, request: message_pagination.GetRoomEvents) -> JsonObject:
        start = self.world.position if request.from_ is None else int(request.from_[1:])
        chunk, end = self.world.page(request.room_id, device.user_id, start, request.limit or 10)
        if request.to is not None:
            floor = {
                event["event_id"] for _, event in self.world.rooms[request.room_id].between(-1, int(request.to[1:]))
            }
            chunk = [event for event in chunk if event["event_id"] not in floor]
        seen = [
            {**self.world.seen_by(request.room_id, event, device.name), "room_id": request.room_id} for event in chunk
        ]
        answer: JsonObject = {"start": f"s{start}", "chunk": seen}
        if end is not None:
            answer["end"] = f"s{end}"
        return answer

    def read_members(self, _device: FakeDevice, request: rooms.GetMembersByRoom) -> JsonObject:
        state = self.world.rooms[request.room_id].state_at(self.world.position)
        members = [event for (kind, _), event in state.items() if kind == "m.room.member"]
        return {"chunk": [{**event, "room_id": request.room_id} for event in members]}

    def read_state(self, _device: FakeDevice, request: rooms.GetRoomStateWithKey) -> JsonObject:
        event = (
            self.world.rooms[request.room_id].state_at(self.world.position).get((request.event_type, request.state_key))
        )
        if event is None:
            raise refusal(404, "M_NOT_FOUND")
        return msgspec.convert(event["content"], JsonObject)

    def read_whole_state(self, device: FakeDevice, request: rooms.GetRoomState) -> bytes:
        room = self.world.rooms[request.room_id]
        if room.membership(device.user_id, self.world.position) != "join":
            raise refusal(403, "M_FORBIDDEN")
        state = room.state_at(self.world.position).values()
        return msgspec.json.encode([{**event, "room_id": request.room_id} for event in state])

    def read_event(self, _device: FakeDevice, request: rooms.GetOneRoomEvent) -> JsonObject:
        for _, event in self.world.rooms[request.room_id].events:
            if event["event_id"] == request.event_id:
                return {**event, "room_id": request.room_id}
        raise refusal(404, "M_NOT_FOUND")

    def answers(self) -> dict[type[Request[Any]], Answering]:
        """Return the answers by what is asked."""
        return {
            filter.DefineFilter: self.make_filter,
            sync.Sync: self.read_sync,
            message_pagination.GetRoomEvents: self.read_page,
            rooms.GetMembersByRoom: self.read_members,
            rooms.GetRoomState: self.read_whole_state,
            rooms.GetRoomStateWithKey: self.read_state,
            rooms.GetOneRoomEvent: self.read_event,
        }


class DevicesAnswers:
    """What is answered to requests about devices."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.server, self.world, self.known = server, server.rooms, server.keys

    def upload(self, device: FakeDevice, request: keys.UploadKeys) -> JsonObject:
        return self.known.upload(device, msgspec.json.decode(request.to_http().body), self.world.step())

    def query(self, device: FakeDevice, request: keys.QueryKeys) -> JsonObject:
        return self.known.query(list(request.device_keys), device.user_id)

    def send(self, device: FakeDevice, request: to_device.SendToDevice) -> JsonObject:
        key = (device.name, request.txn_id)
        if key not in self.known.transactions:
            self.known.transactions.add(key)
            self.known.send(device.user_id, request.event_type, request.messages, self.world.step())
        return {}

    def set_signing(self, device: FakeDevice, request: cross_signing.UploadCrossSigningKeys) -> JsonObject:
        self.known.set_cross_signing(device.user_id, msgspec.json.decode(request.to_http().body), self.world.step())
        return {}

    def sign(self, _device: FakeDevice, request: cross_signing.UploadCrossSigningSignatures) -> JsonObject:
        self.known.take_signatures(request.signatures, self.world.step())
        return {"failures": {}}

    def answers(self) -> dict[type[Request[Any]], Answering]:
        """Return the answers by what is asked."""
        return {
            keys.UploadKeys: self.upload,
            keys.QueryKeys: self.query,
            keys.ClaimKeys: lambda _device, request: self.known.claim(request.one_time_keys),
            to_device.SendToDevice: self.send,
            cross_signing.UploadCrossSigningKeys: self.set_signing,
            cross_signing.UploadCrossSigningSignatures: self.sign,
        }


class ThingsAnswers:
    """What is answered to requests about things."""

    def __init__(self, server: FakeHomeserver) -> None:
        self.server, self.world, self.known = server, server.rooms, server.keys

    def put_data(self, device: FakeDevice, request: account_data.SetAccountData) -> JsonObject:
        self.server.put_account_data(device.user_id, "", request.type, request.content)
        return {}

    def put_room_data(self, device: FakeDevice, request: account_data.SetAccountDataPerRoom) -> JsonObject:
        self.server.put_account_data(device.user_id, request.room_id, request.type, request.content)
        return {}

    def get_data(self, device: FakeDevice, request: account_data.GetAccountData) -> JsonObject:
        found = self.server.account_data.get((device.user_id, ""), {}).get(request.type)
        if found is None:
            raise refusal(404, "M_NOT_FOUND")
        return found[1]

    def upload(self, _device: FakeDevice, request: content_repo.UploadContent) -> JsonObject:
        uri = f"mxc://{self.server.server_name}/media{len(self.server.media) + 1}"
        self.server.media[uri] = request.content
        return {"content_uri": uri}

    def answers(self) -> dict[type[Request[Any]], Answering]:
        """Return the answers by what is asked."""
        return {
            account_data.SetAccountData: self.put_data,
            account_data.SetAccountDataPerRoom: self.put_room_data,
            account_data.GetAccountData: self.get_data,
            content_repo.UploadContent: self.upload,
        }


def _data(server: FakeHomeserver, user_id: str, room_id: str, after: int | None) -> list[JsonObject]:
    found = server.account_data.get((user_id, room_id), {})
    return [{"type": kind, "content": content} for kind, (at, content) in found.items() if after is None or at > after]


def _at(json: object, *keys_: str) -> object:
    for key in keys_:
        json = json.get(key) if isinstance(json, dict) else None
    return json

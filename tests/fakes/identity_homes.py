"""Devices with an identity, at a server that keeps cross-signing keys, account data, key backups and rooms in dicts."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field

import msgspec

from fakes.jumping_clock import JumpingClock
from fakes.matrix_keys import KeyServer, Phone
from scop.matrix.api.client_server.account_data import (
    GetAccountData,
    GetAccountDataResponse,
    SetAccountData,
    SetAccountDataResponse,
)
from scop.matrix.api.client_server.cross_signing import (
    UploadCrossSigningKeys,
    UploadCrossSigningKeysResponse,
    UploadCrossSigningSignatures,
    UploadCrossSigningSignaturesResponse,
)
from scop.matrix.api.client_server.key_backup import (
    DeleteRoomKeysVersion,
    DeleteRoomKeysVersionResponse,
    GetRoomKeyBySessionId,
    GetRoomKeyBySessionIdResponse,
    GetRoomKeys,
    GetRoomKeysByRoomId,
    GetRoomKeysByRoomIdResponse,
    GetRoomKeysResponse,
    GetRoomKeysVersionCurrent,
    GetRoomKeysVersionCurrentResponse,
    PostRoomKeysVersion,
    PostRoomKeysVersionResponse,
    PutRoomKeys,
    PutRoomKeysResponse,
)
from scop.matrix.api.client_server.keys import QueryKeys, QueryKeysResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Request, Response
from scop.matrix.api.unknown_keys import read_json, with_unknown
from scop.matrix.encryption import Options
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Keep, Needed, Steps, Surroundings
from scop.matrix.verification import FlowOptions, Identity, IdentityHappening, RoomMessage

__all__ = ["Home", "IdentityServer", "homes", "seeded"]

_KINDS = ("master", "self_signing", "user_signing")


def seeded(word: str) -> Callable[[int], bytes]:
    """Return a chance that is the same in every run, and another for every word."""
    count = 0

    def chance(octets: int) -> bytes:
        nonlocal count
        count += 1
        return hashlib.shake_256(f"{word} {count}".encode()).digest(octets)

    return chance


def _missing() -> MatrixError:
    return MatrixError(404, "M_NOT_FOUND", "not found", {}, None)


@dataclass
class _Backup:
    """One version of a key backup."""

    version: str
    auth_data: JsonObject
    rooms: dict[str, dict[str, JsonObject]] = field(default_factory=dict)


class IdentityServer(KeyServer):
    """A server that keeps all that makes an identity; `password` is what it asks for where keys are replaced."""

    def __init__(self) -> None:
        super().__init__()
        self.public: dict[str, dict[str, JsonObject]] = {}  # by user: kind → key
        self.data: dict[tuple[str, str], JsonObject] = {}
        self.backups: dict[str, list[_Backup]] = {}
        self.messages: list[RoomMessage] = []
        self.password = "tide"
        self.stages = ["m.login.password"]  # of the only way to confirm who one is
        self.refuses_messages = False

    def post(self, sender: str, room_id: str, event_type: str, content: JsonObject) -> str:
        """Put an event into a room."""
        if self.refuses_messages:
            raise MatrixError(403, "M_FORBIDDEN", "not in the room", {}, None)
        event_id = f"${len(self.messages) + 1}"
        now_ms = 1_700_000_000_000
        self.messages.append(RoomMessage(room_id, event_id, sender, event_type, copy.deepcopy(content), now_ms))
        return event_id

    def answer(self, place: tuple[str, str], request: Request[Response]) -> Response:
        """Answer what a device asks."""
        answers: dict[type, Callable[[str, Request[Response]], Response]] = {
            QueryKeys: self._query_of,
            UploadCrossSigningKeys: self._publish,
            UploadCrossSigningSignatures: self._sign,
            GetAccountData: self._get,
            SetAccountData: self._set,
            PostRoomKeysVersion: self._new_backup,
            GetRoomKeysVersionCurrent: self._current_backup,
            DeleteRoomKeysVersion: self._delete_backup,
            PutRoomKeys: self._put_keys,
            GetRoomKeys: self._all_keys,
            GetRoomKeysByRoomId: self._room_keys,
            GetRoomKeyBySessionId: self._one_key,
        }
        found = answers.get(type(request))
        if found is None:
            return super().answer(place, request)
        self.asked.append((place[1], request))
        return found(place[0], request)

    def _query_of(self, user_id: str, request: Request[Response]) -> QueryKeysResponse:
        assert isinstance(request, QueryKeys)
        answer = super()._query(request)
        json: JsonObject = with_unknown(answer)
        for kind in _KINDS:
            keys = {
                whose: found[kind]
                for whose, found in self.public.items()
                if whose in request.device_keys and kind in found
            }
            if kind == "user_signing":
                keys = {whose: key for whose, key in keys.items() if whose == user_id}
            json[f"{kind}_keys"] = {whose: _seen_by(user_id, whose, key) for whose, key in keys.items()}
        return read_json(QueryKeysResponse, json)  # as a network gives it: what no field names is kept

    def _publish(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, UploadCrossSigningKeys)
        body = with_unknown(request)
        keys = {kind: body[f"{kind}_key"] for kind in _KINDS}
        before = self.public.get(user_id)
        is_same = before is not None and all(before[kind]["keys"] == keys[kind]["keys"] for kind in _KINDS)  # type: ignore[index]
        if before is not None and not is_same:
            auth = body.get("auth")
            if not isinstance(auth, dict) or auth.get("password") != self.password or auth.get("session") != "s1":
                wrong = {} if auth is None else {"errcode": "M_FORBIDDEN"}
                flows: JsonObject = {"flows": [{"stages": self.stages}], "session": "s1", **wrong}
                raise MatrixError(401, "M_UNKNOWN", "confirm", flows, None)
        if not is_same:
            self.public[user_id] = keys  # type: ignore[assignment]
            self._announce(user_id)
        return UploadCrossSigningKeysResponse()

    def _sign(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, UploadCrossSigningSignatures)
        for whose, signed in request.signatures.items():
            for key_id, json in signed.items():
                target = self._target(whose, key_id)
                for signer, by_key in json["signatures"].items():  # type: ignore[attr-defined]
                    assert signer == user_id
                    target.setdefault("signatures", {}).setdefault(signer, {}).update(by_key)  # type: ignore[attr-defined]
            self._announce(whose)
        return UploadCrossSigningSignaturesResponse(failures={})

    def _target(self, user_id: str, key_id: str) -> JsonObject:
        stored = self.devices.get((user_id, key_id))
        if stored is not None and stored.keys is not None:
            return stored.keys
        master = self.public[user_id]["master"]
        assert key_id in master["keys"].values()  # type: ignore[attr-defined]
        return master

    def _get(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, GetAccountData)
        content = self.data.get((user_id, request.type))
        if content is None:
            raise _missing()
        return GetAccountDataResponse(content=content)

    def _set(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, SetAccountData)
        self.data[user_id, request.type] = request.content
        return SetAccountDataResponse()

    def _new_backup(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, PostRoomKeysVersion)
        known = self.backups.setdefault(user_id, [])
        known.append(_Backup(str(len(known) + 1), request.auth_data))
        return PostRoomKeysVersionResponse(version=known[-1].version)

    def _latest(self, user_id: str) -> _Backup:
        if not self.backups.get(user_id):
            raise _missing()
        return self.backups[user_id][-1]

    def _current_backup(self, user_id: str, _request: Request[Response]) -> Response:
        latest = self._latest(user_id)
        json = {"algorithm": "m.megolm_backup.v1.curve25519-aes-sha2", "auth_data": latest.auth_data}
        counted = {"count": sum(map(len, latest.rooms.values())), "etag": "e", "version": latest.version}
        return msgspec.convert({**json, **counted}, GetRoomKeysVersionCurrentResponse)

    def _delete_backup(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, DeleteRoomKeysVersion)
        self.backups[user_id] = [one for one in self.backups[user_id] if one.version != request.version]
        return msgspec.convert({"content": {}}, DeleteRoomKeysVersionResponse)

    def _put_keys(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, PutRoomKeys)
        latest = self._latest(user_id)
        if request.version != latest.version:
            raise MatrixError(403, "M_WRONG_ROOM_KEYS_VERSION", "another", {}, None)
        for room_id, room in request.rooms.items():
            for session_id, data in room.sessions.items():
                latest.rooms.setdefault(room_id, {})[session_id] = with_unknown(data)
        return PutRoomKeysResponse(etag="e", count=sum(map(len, latest.rooms.values())))

    def _all_keys(self, user_id: str, _request: Request[Response]) -> Response:
        rooms = {room_id: {"sessions": sessions} for room_id, sessions in self._latest(user_id).rooms.items()}
        return msgspec.convert({"rooms": rooms}, GetRoomKeysResponse)

    def _room_keys(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, GetRoomKeysByRoomId)
        sessions = self._latest(user_id).rooms.get(request.room_id, {})
        return msgspec.convert({"sessions": sessions}, GetRoomKeysByRoomIdResponse)

    def _one_key(self, user_id: str, request: Request[Response]) -> Response:
        assert isinstance(request, GetRoomKeyBySessionId)
        found = self._latest(user_id).rooms.get(request.room_id, {}).get(request.session_id)
        if found is None:
            raise _missing()
        return msgspec.convert({"session": found}, GetRoomKeyBySessionIdResponse)


def _seen_by(user_id: str, whose: str, key: JsonObject) -> JsonObject:
    """Return a key without the signatures that others' user-signing keys made."""
    # Matrix v1.19 CS §Key and signature security: who verified whom is nobody else's business.
    signatures = key.get("signatures")
    if not isinstance(signatures, dict):
        return key
    return {**key, "signatures": {signer: by for signer, by in signatures.items() if signer in (user_id, whose)}}


class Home(Phone):
    """A device with its identity; `told` is what its person was told."""

    def __init__(
        self, server: IdentityServer, clock: JumpingClock, place: tuple[str, str], options: FlowOptions
    ) -> None:
        super().__init__(server, clock, *place, Options())
        self.homeserver = server
        self.clock = clock
        self.told: list[IdentityHappening] = []
        self._flow_options = options
        self._chance = seeded(" ".join(place))
        self._read = 0
        self.spoil_message: Callable[[Needed], Needed] = lambda needed: needed
        self._open()
        self.do(self.machine.upkeep())

    def _open(self) -> None:
        surroundings = Surroundings(self.clock, self._chance)
        self.identity = Identity(self.machine, self.disk, surroundings, self._flow_options)
        self.identity.send_by(self._post)

    def restart(self) -> None:
        """Forget all but the disk."""
        super().restart()
        self._open()

    def _post(self, room_id: str, event_type: str, content: JsonObject) -> Steps[str]:
        yield Keep(())
        return self.homeserver.post(self.place[0], room_id, event_type, content)

    def _answer(self, needed: Needed) -> object:
        return super()._answer(self.spoil_message(needed))

    def hear(self) -> tuple[IdentityHappening, ...]:
        """Sync once, and return what is new."""
        before = len(self.told)
        given = self.sync()
        self.told += self.do(self.identity.receive(given))
        messages, self._read = self.homeserver.messages[self._read :], len(self.homeserver.messages)
        for message in messages:
            self.told += self.do(self.identity.receive_in_room(message))
        self.told += self.do(self.identity.upkeep())
        return tuple(self.told[before:])

    def act(self, steps: Steps[tuple[IdentityHappening, ...]]) -> None:
        """Do what a person does."""
        self.told += self.do(steps)

    def last(self, kind: type[IdentityHappening]) -> IdentityHappening:
        """Return what was told last of a kind."""
        return next(one for one in reversed(self.told) if isinstance(one, kind))


def homes(*places: tuple[str, str], options: FlowOptions | None = None) -> list[Home]:
    """Return devices at one server."""
    server, clock = IdentityServer(), JumpingClock()
    return [Home(server, clock, place, options or FlowOptions()) for place in places]

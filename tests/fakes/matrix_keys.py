"""A homeserver's keys and to-device messages in a dict, and devices that crash and come back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import msgspec

from fakes.jumping_clock import JumpingClock
from scop.matrix.api.client_server.keys import (
    ClaimKeys,
    ClaimKeysResponse,
    QueryKeys,
    QueryKeysResponse,
    UploadKeys,
    UploadKeysResponse,
)
from scop.matrix.api.client_server.sync import DeviceLists, SyncResponse, ToDevice, ToDeviceEvent
from scop.matrix.api.client_server.to_device import SendToDevice, SendToDeviceResponse
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Request, Response
from scop.matrix.encryption import Decrypted, EncryptedRoom, Machine, Options, Undecryptable
from scop.matrix.encryption import ToDevice as Given
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Keep, Needed, Shelf, Steps, Surroundings, run

__all__ = ["Crash", "KeyServer", "Phone", "counted", "room_of"]

_Outcome = TypeVar("_Outcome")
_KIND = "signed_curve25519"
SETTINGS: JsonObject = {"algorithm": "m.megolm.v1.aes-sha2"}


class Crash(BaseException):
    """The power went; nothing catches it."""


def counted() -> Callable[[int], bytes]:
    """Return a chance that counts."""
    count = 0

    def chance(octets: int) -> bytes:
        nonlocal count
        count += 1
        return count.to_bytes(octets, "big")

    return chance


@dataclass
class _Stored:
    """What a server has of one device."""

    keys: JsonObject | None = None
    one_time: dict[str, object] = field(default_factory=dict)
    fallback: dict[str, object] = field(default_factory=dict)
    is_fallback_used: bool = False
    mailbox: list[ToDeviceEvent] = field(default_factory=list)
    changed: set[str] = field(default_factory=set)


class KeyServer:
    """All servers at once: uploads, queries, claims, and to-device messages that wait for a sync."""

    def __init__(self) -> None:
        self.devices: dict[tuple[str, str], _Stored] = {}
        self.cross_signing: dict[str, dict[str, JsonObject]] = {}  # kind of answer → user id → key
        self.unreachable: set[str] = set()  # server names
        self.asked: list[tuple[str, Request[Response]]] = []
        self.spoil: Callable[[Request[Response], Response], Response] = lambda _request, answer: answer
        self.refusal: MatrixError | None = None
        self._seen: set[tuple[str, str]] = set()

    def of(self, place: tuple[str, str]) -> _Stored:
        """Return what is stored of a device."""
        return self.devices.setdefault(place, _Stored())

    def remove(self, place: tuple[str, str]) -> None:
        """Log a device out."""
        del self.devices[place]
        self._announce(place[0])

    def answer(self, place: tuple[str, str], request: Request[Response]) -> Response:
        """Answer what a device asks."""
        self.asked.append((place[1], request))
        if self.refusal is not None:
            raise self.refusal
        if isinstance(request, UploadKeys):
            return self.spoil(request, self._upload(place, request))
        if isinstance(request, QueryKeys):
            return self.spoil(request, self._query(request))
        if isinstance(request, ClaimKeys):
            return self.spoil(request, self._claim(request))
        assert isinstance(request, SendToDevice), request
        return self._send(place, request)

    def sync(self, place: tuple[str, str], *, is_read: bool = True) -> SyncResponse:
        """Return what a device's next sync says; unless it is read, the next one says it again."""
        stored = self.of(place)
        response = SyncResponse(
            next_batch="s",
            to_device=ToDevice(events=tuple(stored.mailbox)),
            device_lists=DeviceLists(changed=tuple(sorted(stored.changed))),
            device_one_time_keys_count={_KIND: len(stored.one_time)},
            device_unused_fallback_key_types=() if stored.is_fallback_used or not stored.fallback else (_KIND,),
        )
        if is_read:
            stored.mailbox, stored.changed = [], set()
        return response

    def _announce(self, user_id: str) -> None:
        for stored in self.devices.values():
            stored.changed.add(user_id)

    def _upload(self, place: tuple[str, str], request: UploadKeys) -> UploadKeysResponse:
        stored = self.of(place)
        if request.device_keys is not None:
            stored.keys = msgspec.to_builtins(request.device_keys)
            stored.keys.pop("…", None)
            self._announce(place[0])
        for key_id, key in (request.one_time_keys or {}).items():
            if stored.one_time.get(key_id, key) != key:
                raise MatrixError(400, "M_UNKNOWN", f"One time key {key_id} already exists", {}, None)
            stored.one_time[key_id] = key
        if request.fallback_keys:
            stored.fallback, stored.is_fallback_used = dict(request.fallback_keys), False
        return UploadKeysResponse(one_time_key_counts={_KIND: len(stored.one_time)})

    def _query(self, request: QueryKeys) -> QueryKeysResponse:
        found: dict[str, dict[str, JsonObject]] = {}
        failures: dict[str, JsonObject] = {}
        for user_id in request.device_keys:
            if (server := user_id.partition(":")[2]) in self.unreachable:
                failures[server] = {}
                continue
            found[user_id] = {
                device_id: stored.keys
                for (owner, device_id), stored in self.devices.items()
                if owner == user_id and stored.keys is not None
            }
        json = {"failures": failures, "device_keys": found, **self.cross_signing}
        return msgspec.convert(json, QueryKeysResponse)

    def _claim(self, request: ClaimKeys) -> ClaimKeysResponse:
        claimed: dict[str, dict[str, dict[str, object]]] = {}
        for user_id, devices in request.one_time_keys.items():
            for device_id in devices:
                stored = self.of((user_id, device_id))
                if stored.one_time:
                    key_id = next(iter(stored.one_time))
                    claimed.setdefault(user_id, {})[device_id] = {key_id: stored.one_time.pop(key_id)}
                elif stored.fallback:
                    stored.is_fallback_used = True
                    claimed.setdefault(user_id, {})[device_id] = dict(stored.fallback)
        return ClaimKeysResponse(one_time_keys=claimed)  # type: ignore[arg-type]  # kept as they were uploaded

    def _send(self, place: tuple[str, str], request: SendToDevice) -> SendToDeviceResponse:
        if (place[1], request.txn_id) not in self._seen:
            self._seen.add((place[1], request.txn_id))
            for user_id, messages in request.messages.items():
                for device_id, content in messages.items():
                    event = ToDeviceEvent(type=request.event_type, sender=place[0], content=content)
                    self.of((user_id, device_id)).mailbox.append(event)
        return SendToDeviceResponse()


class Phone:
    """A device with its machine, its disk, and a power switch: `crash_after` counts what it needs until it goes off."""

    def __init__(self, server: KeyServer, clock: JumpingClock, user_id: str, device_id: str, options: Options) -> None:
        self.server = server
        self.place = user_id, device_id
        self.disk: dict[Shelf, dict[str, bytes]] = {}
        self.kept: list[tuple[Change, ...]] = []
        self.crash_after: int | None = None
        self._surroundings = Surroundings(clock, counted())
        self._options = options
        self.machine, changes = Machine.create(user_id, device_id, self._surroundings, options)
        self._keep(changes)

    @classmethod
    def of(
        cls, server: KeyServer, clock: JumpingClock, user_id: str, device_id: str, options: Options | None = None
    ) -> Phone:
        """Return a device that has uploaded its keys."""
        phone = cls(server, clock, user_id, device_id, options or Options())
        phone.do(phone.machine.upkeep())
        return phone

    def restart(self) -> None:
        """Forget all but the disk."""
        trusting = self.machine.trusting
        self.crash_after = None
        self.machine = Machine.load(*self.place, self.disk, self._surroundings, self._options)
        self.machine.trusting = trusting

    def do(self, steps: Steps[_Outcome]) -> _Outcome:
        """Drive steps."""
        return run(steps, self._answer)

    def sync(self, *, is_read: bool = True) -> tuple[Given, ...]:
        """Receive a sync and do what follows from it."""
        given = self.do(self.machine.receive(self.server.sync(self.place, is_read=is_read)))
        self.do(self.machine.upkeep())
        return given

    def send(self, room: EncryptedRoom, body: str) -> JsonObject:
        """Encrypt a message and return it as an event; its id is its ciphertext's."""
        content = self.do(self.machine.encrypt(room, "m.room.message", {"msgtype": "m.text", "body": body}))
        return self.event(content)

    def event(self, content: JsonObject) -> JsonObject:
        """Return what the server makes of a content."""
        event_id = f"${hash(str(content.get('ciphertext'))) & 0xFFFFFFFF:x}"
        return {
            "type": "m.room.encrypted",
            "sender": self.place[0],
            "event_id": event_id,
            "origin_server_ts": 1,
            "content": content,
        }

    def read(self, room: EncryptedRoom, event: JsonObject) -> Decrypted | Undecryptable:
        """Decrypt an event."""
        return self.do(self.machine.decrypt(room.room_id, event))

    def body(self, room: EncryptedRoom, event: JsonObject) -> object:
        """Return the body of an event that can be decrypted, the obstacle of another."""
        opened = self.read(room, event)
        return opened.content["body"] if isinstance(opened, Decrypted) else opened.obstacle

    def _answer(self, needed: Needed) -> object:
        if self.crash_after is not None:
            if self.crash_after <= 0:
                raise Crash
            self.crash_after -= 1
        if isinstance(needed, Keep):
            self._keep(needed.changes)
            return None
        assert isinstance(needed, Request), needed
        return self.server.answer(self.place, needed)

    def _keep(self, changes: tuple[Change, ...]) -> None:
        self.kept.append(changes)
        for change in changes:
            shelf = self.disk.setdefault(change.shelf, {})
            if change.octets is None:
                shelf.pop(change.key, None)
            else:
                shelf[change.key] = change.octets


def room_of(*user_ids: str, **changes: object) -> EncryptedRoom:
    """Return an encrypted room of these users."""
    room = EncryptedRoom("!sea:example.org", dict(SETTINGS), frozenset(user_ids))
    return replace(room, **changes)  # type: ignore[arg-type]  # what tests change is what there is

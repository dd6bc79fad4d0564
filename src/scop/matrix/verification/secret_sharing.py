"""Secrets that verified devices of one user give each other.

Standards: Matrix v1.19 CS §Secrets (Sharing).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

import msgspec

from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.trust import Trust
from scop.matrix.encryption.values import Device, ToDevice
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf, Steps, Surroundings, ask, keep
from scop.matrix.verification.encrypting import Encrypting
from scop.matrix.verification.happenings import SecretReceived

__all__ = ["SecretSharing", "Secrets"]

_REQUEST = "m.secret.request"
_SEND = "m.secret.send"
_PREFIX = "asked."  # before the request id, on the shelf
_ASK_AGAIN_MS = 60 * 1000
_MAX_WAITING = 50  # requests of devices that are not verified


class Secrets(Protocol):
    """Has the secrets, and takes those that come."""

    def secret(self, name: str) -> str | None:
        """Return a secret, or None where it is not here or not to be shared."""

    def take_secret(self, name: str, secret: str) -> Steps[bool]:
        """Take a secret; False where it is not what it should be."""


class _Asked(msgspec.Struct, frozen=True):
    """A request of ours; it outlives a restart, since the other device may answer later."""

    name: str
    device_ids: tuple[str, ...]
    unix_ms: int


class SecretSharing:
    """Asks for secrets, and gives them to verified devices of our own user only."""

    def __init__(
        self, machine: Encrypting, secrets: Secrets, entries: Mapping[str, bytes], surroundings: Surroundings
    ) -> None:
        self._machine = machine
        self._secrets = secrets
        self._surroundings = surroundings
        self._asked = {  # by request id
            key.removeprefix(_PREFIX): msgspec.msgpack.decode(octets, type=_Asked)
            for key, octets in entries.items()
            if key.startswith(_PREFIX)
        }
        self._waiting: dict[tuple[str, str], str] = {}  # by device and request: names, until the device is verified
        self._given: set[tuple[str, str]] = set()

    @property
    def awaited(self) -> frozenset[str]:
        """The names of the secrets that were asked for and did not come yet."""
        return frozenset(one.name for one in self._asked.values())

    def given_count(self, device_id: str) -> int:
        """Return how many secrets a device was given by this one since it began."""
        return sum(place[0] == device_id for place in self._given)

    def request(self, name: str, devices: Collection[Device] = ()) -> Steps[None]:
        """Ask our user's verified devices (or these) for a secret; an answer comes as `SecretReceived`."""
        own = (self._machine.user_id, self._machine.device_id)
        known = devices or self._machine.devices.of(self._machine.user_id)
        targets = tuple(one.device_id for one in known if one.place != own and self._is_verified(one))
        now = self._surroundings.unix_ms()
        if not targets or any(one.name == name and now < one.unix_ms + _ASK_AGAIN_MS for one in self._asked.values()):
            return
        request_id = unpadded_base64.encode_url_safe(self._surroundings.chance(12))
        old = {key: None for key, one in self._asked.items() if one.name == name}
        yield from self._keep({**old, request_id: _Asked(name, targets, now)})
        yield from self._tell(targets, {"name": name, "action": "request", "request_id": request_id})

    def receive(self, message: ToDevice) -> Steps[tuple[SecretReceived, ...]]:
        """Take a to-device message; those of other kinds are none of ours."""
        if message.sender != self._machine.user_id:
            return ()
        content = message.content
        request_id = content.get("request_id")
        if message.type == _SEND and isinstance(request_id, str):
            return (yield from self._receive_secret(message, request_id))
        device_id = content.get("requesting_device_id")
        if message.type == _REQUEST and isinstance(device_id, str) and isinstance(request_id, str):
            yield from self._receive_request(content, (device_id, request_id))
        return ()

    def answer_waiting(self) -> Steps[None]:
        """Give what devices asked for that were not verified then, and are now."""
        for (device_id, request_id), name in list(self._waiting.items()):
            yield from self._give(name, (device_id, request_id))

    def _receive_request(self, content: Mapping[str, object], place: tuple[str, str]) -> Steps[None]:
        name = content.get("name")
        if content.get("action") == "request_cancellation":
            self._waiting.pop(place, None)
        elif content.get("action") == "request" and isinstance(name, str) and place[0] != self._machine.device_id:
            if len(self._waiting) < _MAX_WAITING:
                self._waiting[place] = name
            yield from self._give(name, place)

    def _give(self, name: str, place: tuple[str, str]) -> Steps[None]:
        device = self._machine.devices.get(self._machine.user_id, place[0])
        # Matrix v1.19 CS §Sharing: "only share secrets with the user's own devices that are verified".
        if device is None or device.is_deleted or not self._is_verified(device):
            return
        self._waiting.pop(place, None)
        secret = self._secrets.secret(name)
        if secret is None or place in self._given:
            return
        self._given.add(place)
        content = {"request_id": place[1], "secret": secret}
        if (yield from self._machine.send_to_devices((device,), _SEND, content)):
            self._given.discard(place)  # not reached: it may ask again

    def _receive_secret(self, message: ToDevice, request_id: str) -> Steps[tuple[SecretReceived, ...]]:
        asked, device, secret = self._asked.get(request_id), message.device, message.content.get("secret")
        # Matrix v1.19 CS §m.secret.send: by Olm, from a verified device of ours that was asked.
        if asked is None or device is None or not message.was_encrypted or not isinstance(secret, str):
            return ()
        if device.user_id != self._machine.user_id or device.device_id not in asked.device_ids:
            return ()
        if not self._is_verified(device) or not (yield from self._secrets.take_secret(asked.name, secret)):
            return ()
        if request_id not in self._asked:
            return ()
        yield from self._keep({request_id: None})
        # Matrix v1.19 CS §Sharing: all others need not answer any more.
        others = tuple(one for one in asked.device_ids if one != device.device_id)
        if others:
            yield from self._tell(others, {"action": "request_cancellation", "request_id": request_id})
        return (SecretReceived(asked.name, device.device_id),)

    def _keep(self, asked: Mapping[str, _Asked | None]) -> Steps[None]:
        changes = []
        for request_id, one in asked.items():
            octets = None if one is None else msgspec.msgpack.encode(one)
            changes.append(Change(Shelf.SECRETS, _PREFIX + request_id, octets))
            if one is None:
                self._asked.pop(request_id, None)
            else:
                self._asked[request_id] = one
        yield from keep(*changes)

    def _tell(self, device_ids: tuple[str, ...], content: JsonObject) -> Steps[None]:
        whole = {**content, "requesting_device_id": self._machine.device_id}
        txn_id = unpadded_base64.encode_url_safe(self._surroundings.chance(12))
        messages = {self._machine.user_id: dict.fromkeys(device_ids, whole)}
        yield from ask(SendToDevice(event_type=_REQUEST, txn_id=txn_id, messages=messages))

    def _is_verified(self, device: Device) -> bool:
        return self._machine.trusting.trust(device) is Trust.VERIFIED

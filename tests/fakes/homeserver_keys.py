"""Keys and messages of devices at the fake homeserver."""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from scop.matrix.json_values import JsonObject

__all__ = ["FakeDevice", "FakeKeys"]


@dataclass
class FakeDevice:
    """One device: its keys, and what waits for it."""

    user_id: str
    device_id: str
    display_name: str | None = None
    keys: JsonObject | None = None
    one_time_keys: dict[str, object] = field(default_factory=dict)
    fallback_keys: dict[str, object] = field(default_factory=dict)
    used_fallback: set[str] = field(default_factory=set)
    inbox: list[tuple[int, JsonObject]] = field(default_factory=list)

    @property
    def name(self) -> str:
        """One word for user and device."""
        return f"{self.user_id} {self.device_id}"


class FakeKeys:
    """Devices of all users."""

    def __init__(self) -> None:
        self.devices: dict[tuple[str, str], FakeDevice] = {}
        self.cross_signing: dict[str, dict[str, JsonObject]] = {}  # by user: master, self_signing, user_signing
        self.changes: list[tuple[int, str]] = []
        self.transactions: set[tuple[str, str]] = set()
        self.failing_servers: set[str] = set()

    def of(self, user_id: str) -> list[FakeDevice]:
        """Return the devices of a user."""
        return [device for (whose, _), device in self.devices.items() if whose == user_id]

    def upload(self, device: FakeDevice, body: JsonObject, at: int) -> JsonObject:
        """Take keys of a device."""
        if isinstance(keys := body.get("device_keys"), dict):
            device.keys = keys
            self.changes.append((at, device.user_id))
        device.one_time_keys |= _object(body.get("one_time_keys"))
        fresh = _object(body.get("fallback_keys"))
        device.fallback_keys |= fresh
        device.used_fallback -= {key.partition(":")[0] for key in fresh}
        return {"one_time_key_counts": counts(device)}

    def query(self, user_ids: list[str], asking: str) -> JsonObject:
        """Return the devices of users and their cross-signing keys."""
        answer: dict[str, JsonObject] = {
            kind: {} for kind in ("device_keys", "master_keys", "self_signing_keys", "user_signing_keys", "failures")
        }
        for user_id in user_ids:
            server = user_id.partition(":")[2]
            if server in self.failing_servers:
                answer["failures"][server] = {}
                continue
            answer["device_keys"][user_id] = {
                device.device_id: {**device.keys, "unsigned": {"device_display_name": device.display_name or ""}}
                for device in self.of(user_id)
                if device.keys is not None
            }
            signing = self.cross_signing.get(user_id, {})
            for kind in ("master", "self_signing", "user_signing"):
                if kind in signing and (kind != "user_signing" or user_id == asking):
                    answer[f"{kind}_keys"][user_id] = signing[kind]
        return dict(answer)

    def claim(self, wanted: dict[str, dict[str, str]]) -> JsonObject:
        """Give one-time keys out, each once; fallback keys where there is none."""
        given: dict[str, dict[str, JsonObject]] = {}
        for user_id, devices in wanted.items():
            for device_id, algorithm in devices.items():
                device = self.devices.get((user_id, device_id))
                key = None if device is None else _take_key(device, algorithm)
                if key is not None:
                    given.setdefault(user_id, {})[device_id] = key
        return {"one_time_keys": given, "failures": {}}

    def send(self, sender: str, kind: str, messages: dict[str, dict[str, JsonObject]], at: int) -> None:
        """Put messages into the inboxes of devices."""
        for user_id, devices in messages.items():
            for device_id, content in devices.items():
                for device in self.of(user_id):
                    if device_id in ("*", device.device_id):
                        device.inbox.append((at, {"type": kind, "sender": sender, "content": content}))

    def set_cross_signing(self, user_id: str, body: JsonObject, at: int) -> None:
        """Take the cross-signing keys of a user."""
        for kind in ("master", "self_signing", "user_signing"):
            if isinstance(key := body.get(f"{kind}_key"), dict):
                self.cross_signing.setdefault(user_id, {})[kind] = key
        self.changes.append((at, user_id))

    def take_signatures(self, signed: dict[str, dict[str, JsonObject]], at: int) -> None:
        """Add signatures to keys that are there."""
        for user_id, objects in signed.items():
            for key_id, signed_object in objects.items():
                for known in self._signed(user_id, key_id):
                    _merge(known, signed_object)
            self.changes.append((at, user_id))

    def _signed(self, user_id: str, key_id: str) -> list[JsonObject]:
        device = self.devices.get((user_id, key_id))
        found = [device.keys] if device is not None and device.keys is not None else []
        signing = self.cross_signing.get(user_id, {}).values()
        return [*found, *(key for key in signing if key_id in _object(key.get("keys")).values())]


def counts(device: FakeDevice) -> dict[str, int]:
    """Return how many one-time keys of each algorithm are left."""
    found: dict[str, int] = {"signed_curve25519": 0}
    for key_id in device.one_time_keys:
        algorithm = key_id.partition(":")[0]
        found[algorithm] = found.get(algorithm, 0) + 1
    return found


def unused_fallback(device: FakeDevice) -> list[str]:
    """Return the algorithms whose fallback key was not given out."""
    kinds = {key_id.partition(":")[0] for key_id in device.fallback_keys}
    return sorted(kinds - device.used_fallback)


def _take_key(device: FakeDevice, algorithm: str) -> JsonObject | None:
    for key_id in device.one_time_keys:
        if key_id.partition(":")[0] == algorithm:
            return {key_id: device.one_time_keys.pop(key_id)}
    for key_id, key in device.fallback_keys.items():
        if key_id.partition(":")[0] == algorithm:
            device.used_fallback.add(algorithm)
            return {key_id: key}
    return None


def _merge(known: JsonObject, signed: JsonObject) -> None:
    signatures = known.setdefault("signatures", {})
    assert isinstance(signatures, dict)
    for signer, keys in _object(signed.get("signatures")).items():
        signatures.setdefault(signer, {}).update(keys)


def _object(value: object) -> JsonObject:
    return msgspec.convert(value, JsonObject) if isinstance(value, dict) else {}

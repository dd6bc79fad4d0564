"""The devices of users we share encrypted rooms with, as their servers tell and their signatures prove.

A user is tracked once there is something to send to them; `changed` of a sync marks them outdated, which is durable
until an answer of /keys/query that was asked for after the mark has come.

Standards: Matrix v1.19 CS §Tracking the device list for a user.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import msgspec

from scop.matrix.api.client_server.keys import QueryKeys, QueryKeysResponse
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.shapes import as_object, is_key, object_at, text_at, texts_at
from scop.matrix.encryption.values import Device, UserKeys
from scop.matrix.json_values import JsonView
from scop.matrix.signing import verify_json
from scop.matrix.steps import Shelf, Steps, Surroundings, ask

__all__ = ["Directory", "read_device"]

_MAX_GONE = 100  # devices of one user that are remembered after they were deleted
_USERS_AT_ONCE = 250
_QUERY_TIMEOUT_MS = 10_000  # the recommended default
_RETRY_MS = 60_000  # a server that could not be reached is asked again after this


class _Tracked(msgspec.Struct):
    """What is kept of one user."""

    devices: dict[str, Device] = msgspec.field(default_factory=dict)  # by device id, deleted ones too
    keys: UserKeys = msgspec.field(default_factory=UserKeys)
    is_outdated: bool = True
    is_followed: bool = True  # we share a room, or have something to send: the server tells of changes


_DECODER = msgspec.msgpack.Decoder(_Tracked)


class Directory:
    """Users and their devices."""

    def __init__(self, own: Device, ledger: Ledger, surroundings: Surroundings) -> None:
        self.own = own
        self._ledger = ledger
        self._surroundings = surroundings
        self._users: dict[str, _Tracked] = {}
        self._marks: dict[str, int] = {}  # how often a user was marked outdated: an answer to an older ask is stale
        self._retry_at: dict[str, int] = {}  # by server name, Unix milliseconds
        self._changed: set[str] = set()

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for user_id, octets in entries.items():
            self._users[user_id] = _DECODER.decode(octets)

    def of(self, user_id: str) -> tuple[Device, ...]:
        """Return the devices of a user that are there now."""
        tracked = self._users.get(user_id)
        return () if tracked is None else tuple(one for one in tracked.devices.values() if not one.is_deleted)

    def get(self, user_id: str, device_id: str) -> Device | None:
        """Return one device, also one that was deleted."""
        tracked = self._users.get(user_id)
        return None if tracked is None else tracked.devices.get(device_id)

    def by_curve25519(self, user_id: str, key: str) -> Device | None:
        """Return the device of a user that has this identity key, also one that was deleted."""
        if user_id == self.own.user_id and key == self.own.curve25519:
            return self.own
        tracked = self._users.get(user_id)
        devices = () if tracked is None else tracked.devices.values()
        return next((one for one in devices if one.curve25519 == key), None)

    def cross_signing_keys(self, user_id: str) -> UserKeys:
        """Return the cross-signing keys of a user, unverified."""
        tracked = self._users.get(user_id)
        return UserKeys() if tracked is None else tracked.keys

    def tracked(self) -> frozenset[str]:
        """Return the user ids whose devices are followed."""
        return frozenset(user_id for user_id, tracked in self._users.items() if tracked.is_followed)

    def is_outdated(self, user_id: str) -> bool:
        """Return whether what is known of a user may have changed, or nothing is known."""
        tracked = self._users.get(user_id)
        return tracked is None or tracked.is_outdated

    def changes(self) -> frozenset[str]:
        """Return whose devices or cross-signing keys changed since this was last asked."""
        changed = frozenset(self._changed)
        self._changed.clear()
        return changed

    def track(self, user_ids: Iterable[str]) -> None:
        """Track users that are not yet."""
        for user_id in user_ids:
            tracked = self._users.get(user_id)
            if tracked is None:
                tracked = self._users[user_id] = _Tracked(is_followed=False)
            if not tracked.is_followed:
                tracked.is_followed = True
                self._put(user_id)

    def mark_changed(self, user_ids: Iterable[str]) -> None:
        """Mark those of them outdated that are tracked."""
        for user_id in user_ids:
            if (tracked := self._users.get(user_id)) is not None:
                self._marks[user_id] = self._marks.get(user_id, 0) + 1
                self._retry_at.pop(_server_name(user_id), None)
                if not tracked.is_outdated:
                    tracked.is_outdated = True
                    self._put(user_id)

    def mark_left(self, user_ids: Iterable[str]) -> None:
        """Track users no longer: nobody tells of their changes. What is known stays, outdated, for old messages."""
        left = [user_id for user_id in user_ids if user_id in self._users and user_id != self.own.user_id]
        self.mark_changed(left)
        for user_id in left:
            self._users[user_id].is_followed = False
            self._put(user_id)

    def query(self, user_ids: Collection[str] | None = None) -> Steps[None]:
        """Ask for those that are outdated, of all that are tracked or of these; servers that were silent rest."""
        now = self._surroundings.unix_ms()
        wanted = sorted(
            user_id
            for user_id in (self.tracked() if user_ids is None else user_ids)
            if self.is_outdated(user_id) and self._retry_at.get(_server_name(user_id), 0) <= now
        )
        for start in range(0, len(wanted), _USERS_AT_ONCE):
            asked = {user_id: self._marks.get(user_id, 0) for user_id in wanted[start : start + _USERS_AT_ONCE]}
            answer = yield from ask(QueryKeys(device_keys=dict.fromkeys(asked, ()), timeout=_QUERY_TIMEOUT_MS))
            self._take(asked, answer)
            yield from self._ledger.flush()

    def _take(self, asked: Mapping[str, int], answer: QueryKeysResponse) -> None:
        """Take in an answer, as far as it is newer than what is known."""
        failed = frozenset(answer.failures or {})
        for user_id, mark in asked.items():
            server_name = _server_name(user_id)
            if server_name in failed:
                self._retry_at[server_name] = self._surroundings.unix_ms() + _RETRY_MS
                continue
            tracked = self._users.setdefault(user_id, _Tracked())
            self._take_devices(user_id, tracked, object_at(answer.device_keys, user_id))
            self._take_keys(user_id, tracked, answer)
            # The user may have been marked again while this was asked: then it is asked again.
            tracked.is_outdated = self._marks.get(user_id, 0) != mark
            self._put(user_id)

    def _take_devices(self, user_id: str, tracked: _Tracked, found: JsonView) -> None:
        before = dict(tracked.devices)
        for device_id, keys in found.items():
            device = read_device(user_id, device_id, keys)
            if device is None or not self._may_be(device, before.get(device_id)):
                continue
            tracked.devices[device_id] = device
        for device_id, device in before.items():
            if device_id not in found and not device.is_deleted:
                tracked.devices[device_id] = msgspec.structs.replace(device, is_deleted=True)
        gone = [device_id for device_id, one in tracked.devices.items() if one.is_deleted]
        for device_id in gone[: max(0, len(gone) - _MAX_GONE)]:
            del tracked.devices[device_id]
        if tracked.devices != before:
            self._changed.add(user_id)

    def _may_be(self, device: Device, known: Device | None) -> bool:
        """Return whether a device is what it was: a device id keeps its keys for ever."""
        if device.place == self.own.place:
            known = self.own
        return known is None or (known.ed25519, known.curve25519) == (device.ed25519, device.curve25519)

    def _take_keys(self, user_id: str, tracked: _Tracked, answer: QueryKeysResponse) -> None:
        keys = UserKeys(
            master=object_at(answer.master_keys, user_id) or None,
            self_signing=object_at(answer.self_signing_keys, user_id) or None,
            user_signing=object_at(answer.user_signing_keys, user_id) or None,
        )
        if keys != tracked.keys:
            tracked.keys = keys
            self._changed.add(user_id)

    def _put(self, user_id: str) -> None:
        self._ledger.put(Shelf.DEVICES, user_id, lambda: msgspec.msgpack.encode(self._users[user_id]))


def read_device(user_id: str, device_id: str, given: object) -> Device | None:
    """Return the device that signed device keys describe, or None where they are not what they should be."""
    keys = as_object(given)
    if keys.get("user_id") != user_id or keys.get("device_id") != device_id:
        return None
    curve25519, ed25519 = (
        text_at(object_at(keys, "keys"), f"{kind}:{device_id}") for kind in ("curve25519", "ed25519")
    )
    if curve25519 is None or ed25519 is None or not (is_key(curve25519) and is_key(ed25519)):
        return None
    if not verify_json(keys, user_id, f"ed25519:{device_id}", ed25519):
        return None
    return Device(
        user_id=user_id,
        device_id=device_id,
        curve25519=curve25519,
        ed25519=ed25519,
        algorithms=texts_at(keys, "algorithms"),
        display_name=text_at(object_at(keys, "unsigned"), "device_display_name"),
        keys=keys,
    )


def _server_name(user_id: str) -> str:
    return user_id.partition(":")[2]

"""Sends to devices: in the clear, or by Olm with sessions that are begun where there is none.

A session is durable before a message by it leaves. What a server does not answer is sent again by whoever drives the
steps, under the same transaction id; what a crash cut off is sent anew by the part that wanted it sent.

Standards: Matrix v1.19 CS §Send-to-Device messaging, /keys/claim.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.keys import ClaimKeys
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.matrix.encryption.account import Account
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.olm_payloads import write_payload
from scop.matrix.encryption.olm_sessions import OlmSessions
from scop.matrix.encryption.shapes import as_object, is_key, object_at, text_at
from scop.matrix.encryption.values import OLM, Device
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.signing import verify_json
from scop.matrix.steps import Shelf, Steps, Surroundings, ask

__all__ = ["Channel", "in_batches"]

_Item = TypeVar("_Item")
_SIGNED_CURVE25519 = "signed_curve25519"
_AT_ONCE = 100  # messages of one request: some 250 kB of keys
_CLAIMS_AT_ONCE = 250
_CLAIM_TIMEOUT_MS = 10_000  # the recommended default
# A device without one-time keys is asked for again after a minute, then after twice as long, up to an hour.
_FIRST_RETRY_MS, _LAST_RETRY_MS = 60_000, 3_600_000
_TOLD_PREFIX = "no-olm:"


class Channel:
    """The way to other devices."""

    def __init__(self, account: Account, sessions: OlmSessions, ledger: Ledger, surroundings: Surroundings) -> None:
        self._own = account.device
        self._sessions = sessions
        self._ledger = ledger
        self._surroundings = surroundings
        self._retries: dict[str, tuple[int, int]] = {}  # by Curve25519 key: when, and how long after the time before
        self._told: set[str] = set()  # whom m.no_olm was said to since the last session

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        self._told = {key.removeprefix(_TOLD_PREFIX) for key in entries if key.startswith(_TOLD_PREFIX)}

    def reach(self, devices: Iterable[Device]) -> Steps[None]:
        """Begin sessions with those that there is none with, and that were not just asked for in vain."""
        now = self._surroundings.unix_ms()
        wanted = [
            device
            for device in devices
            if not self._sessions.has(device.curve25519) and self._retries.get(device.curve25519, (0, 0))[0] <= now
        ]
        yield from self.renew(wanted)

    def renew(self, devices: Sequence[Device]) -> Steps[tuple[Device, ...]]:
        """Begin a new session with each device; return those with which it could be."""
        renewed: list[Device] = []
        for batch in in_batches(devices, _CLAIMS_AT_ONCE):
            wanted: dict[str, dict[str, str]] = {}
            for device in batch:
                wanted.setdefault(device.user_id, {})[device.device_id] = _SIGNED_CURVE25519
            answer = yield from ask(ClaimKeys(one_time_keys=wanted, timeout=_CLAIM_TIMEOUT_MS))
            claimed = answer.one_time_keys
            renewed += [one for one in batch if self._begin(one, object_at(claimed.get(one.user_id), one.device_id))]
            yield from self._ledger.flush()
        return tuple(renewed)

    def _begin(self, device: Device, claimed: JsonView) -> bool:
        for key_id, given in claimed.items():
            signed = as_object(given)
            key = text_at(signed, "key")
            if not key_id.startswith(f"{_SIGNED_CURVE25519}:") or key is None or not is_key(key):
                continue
            if not verify_json(signed, device.user_id, f"ed25519:{device.device_id}", device.ed25519):
                continue
            try:
                self._sessions.begin(device.curve25519, key)
            except RemoteProtocolError:
                continue
            self._retries.pop(device.curve25519, None)
            return True
        before = self._retries.get(device.curve25519, (0, _FIRST_RETRY_MS // 2))[1]
        wait = min(2 * before, _LAST_RETRY_MS)
        self._retries[device.curve25519] = self._surroundings.unix_ms() + wait, wait
        return False

    def seal(self, device: Device, event_type: str, content: JsonView) -> JsonObject | None:
        """Return a message for a device as m.room.encrypted has it, or None where there is no session with it."""
        message = self._sessions.encrypt(device.curve25519, write_payload(self._own, device, event_type, content))
        if message is None:
            return None
        if device.curve25519 in self._told:
            self._told.discard(device.curve25519)
            self._ledger.put(Shelf.OLM, _TOLD_PREFIX + device.curve25519, None)
        return {"algorithm": OLM, "sender_key": self._own.curve25519, "ciphertext": {device.curve25519: message}}

    def send_sealed(self, devices: Iterable[Device], event_type: str, content: JsonView) -> Steps[tuple[Device, ...]]:
        """Send one message by Olm to each device; return those without a session, which get nothing."""
        unreached: list[Device] = []
        for batch in in_batches(list(devices), _AT_ONCE):
            sealed = [(device, self.seal(device, event_type, content)) for device in batch]
            unreached += [device for device, message in sealed if message is None]
            yield from self.send("m.room.encrypted", [(one, message) for one, message in sealed if message is not None])
        return tuple(unreached)

    def send(self, event_type: str, messages: Sequence[tuple[Device, JsonObject]]) -> Steps[None]:
        """Send a message each to devices, as it is, when all that was put into the ledger is durable."""
        yield from self._ledger.flush()
        for batch in in_batches(messages, _AT_ONCE):
            by_user: dict[str, dict[str, JsonObject]] = {}
            for device, content in batch:
                by_user.setdefault(device.user_id, {})[device.device_id] = content
            txn_id = f"{self._surroundings.unix_ms()}.{self._surroundings.chance(8).hex()}"
            yield from ask(SendToDevice(event_type=event_type, txn_id=txn_id, messages=by_user))

    def was_told(self, device: Device) -> bool:
        """Return whether a device was told that there is no session with it, and there was none since."""
        return device.curve25519 in self._told

    def note_told(self, devices: Iterable[Device]) -> None:
        """Note whom that was told."""
        for device in devices:
            self._told.add(device.curve25519)
            self._ledger.put(Shelf.OLM, _TOLD_PREFIX + device.curve25519, bytes)


def in_batches(items: Sequence[_Item], count: int) -> Iterator[Sequence[_Item]]:
    """Yield so many at a time."""
    for start in range(0, len(items), count):
        yield items[start : start + count]

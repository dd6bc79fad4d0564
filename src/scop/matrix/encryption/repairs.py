"""Mends Olm sessions that no longer open what the other device sends: a new session, and m.dummy to tell of it.

Standards: Matrix v1.19 CS §Recovering from undecryptable messages.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.matrix.encryption.channel import Channel
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.values import Device
from scop.matrix.steps import Shelf, Steps, Surroundings

__all__ = ["Repairs"]

_PREFIX = "repair:"
# Matrix v1.19 CS §Recovering from undecryptable messages: no new session with a device "if it has already created one
# for that given device in the past 1 hour".
_REST_MS = 3_600_000


class _Repair(msgspec.Struct):
    user_id: str
    device_id: str
    made_ms: int = 0
    is_wanted: bool = True  # a new session
    is_told: bool = False  # m.dummy was sent by it


class Repairs:
    """Devices whose session is to be replaced, by their Curve25519 key."""

    def __init__(self, directory: Directory, channel: Channel, ledger: Ledger, surroundings: Surroundings) -> None:
        self._directory = directory
        self._channel = channel
        self._ledger = ledger
        self._surroundings = surroundings
        self._repairs: dict[str, _Repair] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            if key.startswith(_PREFIX):
                self._repairs[key.removeprefix(_PREFIX)] = msgspec.msgpack.decode(octets, type=_Repair)

    def note(self, device: Device) -> None:
        """Note that a message of a device could not be opened; one that was just mended is left alone."""
        known = self._repairs.get(device.curve25519)
        if known is not None and self._surroundings.unix_ms() - known.made_ms < _REST_MS:
            return
        self._repairs[device.curve25519] = _Repair(device.user_id, device.device_id)
        self._put(device.curve25519)

    def mend(self) -> Steps[None]:
        """Make the sessions that are wanted, and tell the devices by m.dummy."""
        wanted = [device for key, repair in self._repairs.items() if repair.is_wanted and (device := self._device(key))]
        for device in wanted:
            repair = self._repairs[device.curve25519]
            repair.is_wanted, repair.made_ms = False, self._surroundings.unix_ms()
            self._put(device.curve25519)  # durable with the session, or with the knowledge that there is none to be had
        yield from self._channel.renew(wanted)
        yield from self._ledger.flush()
        untold = [
            device for key, repair in self._repairs.items() if not repair.is_told and (device := self._device(key))
        ]
        yield from self._channel.send_sealed(untold, "m.dummy", {})
        for device in untold:
            self._repairs[device.curve25519].is_told = True
            self._put(device.curve25519)
        yield from self._ledger.flush()

    def _device(self, key: str) -> Device | None:
        """Return the device that is to be mended with, if it is still there."""
        repair = self._repairs[key]
        device = self._directory.get(repair.user_id, repair.device_id)
        return None if device is None or device.is_deleted or device.curve25519 != key else device

    def _put(self, key: str) -> None:
        self._ledger.put(Shelf.OLM, _PREFIX + key, lambda: msgspec.msgpack.encode(self._repairs[key]))

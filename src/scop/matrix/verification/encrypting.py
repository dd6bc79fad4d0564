"""What verification needs of the encryption: `scop.matrix.encryption.Machine`, as far as it is used here."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from scop.matrix.encryption.trust import Trusting
from scop.matrix.encryption.values import Device, ExportedSession, KeySource, RoomKeyInfo, UserKeys
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Steps

__all__ = ["DeviceDirectory", "Encrypting"]


class DeviceDirectory(Protocol):
    """Users, their devices and their cross-signing keys (`scop.matrix.encryption.devices.Directory`)."""

    def of(self, user_id: str) -> tuple[Device, ...]:
        """Return the devices of a user that are there now."""

    def get(self, user_id: str, device_id: str) -> Device | None:
        """Return one device, also one that was deleted."""

    def by_curve25519(self, user_id: str, key: str) -> Device | None:
        """Return the device of a user that has this identity key."""

    def cross_signing_keys(self, user_id: str) -> UserKeys:
        """Return the cross-signing keys of a user, unverified."""

    def tracked(self) -> frozenset[str]:
        """Return the user ids whose devices are known."""

    def mark_changed(self, user_ids: Iterable[str]) -> None:
        """Mark users outdated."""


class Encrypting(Protocol):
    """The encryption of this device."""

    user_id: str
    device_id: str
    trusting: Trusting

    @property
    def devices(self) -> DeviceDirectory:
        """Return what is known of others."""

    @property
    def own_device(self) -> Device:
        """Return this device, its keys signed."""

    def sign(self, json: JsonView) -> JsonObject:
        """Return an object with the signature of this device."""

    def track(self, user_ids: Collection[str]) -> Steps[None]:
        """Know the devices of these users, and ask for those that are outdated."""

    def send_to_devices(
        self, devices: Collection[Device], event_type: str, content: JsonView
    ) -> Steps[tuple[Device, ...]]:
        """Send a message by Olm; return the devices that were not reached."""

    def sessions(self) -> Iterable[RoomKeyInfo]:
        """Return what is known of every inbound session."""

    def awaited_sessions(self) -> tuple[tuple[str, str], ...]:
        """Return the rooms and ids of the sessions that events wait for."""

    def export(self, room_id: str, session_id: str) -> ExportedSession | None:
        """Return one inbound session."""

    def import_sessions(self, sessions: Iterable[ExportedSession], source: KeySource) -> Steps[int]:
        """Take in sessions; return how many were better than what was there."""

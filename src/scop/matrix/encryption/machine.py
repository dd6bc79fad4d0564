"""The encryption of one device: what `Client` hands syncs to, encrypts with and decrypts with."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.trust import Recipients, Trusting
from scop.matrix.encryption.values import (
    Decrypted,
    Device,
    EncryptedRoom,
    ExportedSession,
    KeySource,
    RoomKeyInfo,
    ToDevice,
    Undecryptable,
)
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Change, Shelf, Steps, Surroundings

if TYPE_CHECKING:
    from scop.matrix.api.client_server.sync import SyncResponse

__all__ = ["Machine", "Options"]


@dataclass(frozen=True, slots=True)
class Options:
    """What a client may choose."""

    recipients: Recipients = Recipients.SIGNED_IF_ABLE
    says_withheld: bool = True  # tells devices that get no key why
    asks_for_keys: bool = True  # of our user's other devices, when an event cannot be read


class Machine:
    """Keys, sessions and device lists of one device. One `encrypt` for one room at a time; all else in any order."""

    trusting: Trusting  # set by whoever knows: scop.matrix.verification
    devices: Directory
    user_id: str
    device_id: str

    @classmethod
    def create(
        cls, user_id: str, device_id: str, surroundings: Surroundings, options: Options = Options()
    ) -> tuple[Machine, tuple[Change, ...]]:
        """Return the machine of a device that just logged in, and what is to be kept before it is used."""
        raise NotImplementedError

    @classmethod
    def load(
        cls,
        user_id: str,
        device_id: str,
        entries: Mapping[Shelf, Mapping[str, bytes]],
        surroundings: Surroundings,
        options: Options = Options(),
    ) -> Machine:
        """Return the machine as it was kept; raises `LocalProtocolError` where Shelf.ACCOUNT has none."""
        raise NotImplementedError

    @property
    def own_device(self) -> Device:
        """Return this device, its keys signed."""
        raise NotImplementedError

    def sign(self, json: JsonView) -> JsonObject:
        """Return an object with the signature of this device's Ed25519 key beside those that are there."""
        raise NotImplementedError

    def receive(self, sync: SyncResponse) -> Steps[tuple[ToDevice, ...]]:
        """Take in what a sync says of keys, devices and to-device messages; return the messages for others.

        All of it becomes durable at once. The same sync may be received again, after a crash: it gives the same.
        """
        raise NotImplementedError

    def upkeep(self) -> Steps[None]:
        """Upload keys, query outdated device lists, mend sessions, ask for keys and answer: after each sync."""
        raise NotImplementedError

    def track(self, user_ids: Collection[str]) -> Steps[None]:
        """Know the devices of these users from now on, and ask for those that are not known or outdated."""
        raise NotImplementedError

    def encrypt(self, room: EncryptedRoom, event_type: str, content: JsonObject) -> Steps[JsonObject]:
        """Return the content of m.room.encrypted to send, after all who are to read have its key.

        Each call gives another message index, durable before it returns: whoever sends keeps the result, and sends
        the same again where it must.
        """
        raise NotImplementedError

    def decrypt(self, room_id: str, event: JsonObject) -> Steps[Decrypted | Undecryptable]:
        """Return an m.room.encrypted event of a room in the clear, or why not; one without a key waits."""
        raise NotImplementedError

    def decrypt_all(self, room_id: str, events: Iterable[JsonObject]) -> Steps[tuple[Decrypted | Undecryptable, ...]]:
        """Do it for many events and become durable once."""
        raise NotImplementedError

    def came_up(self) -> tuple[Decrypted, ...]:
        """Return events that waited and can be decrypted now, each once (again where a crash came between)."""
        raise NotImplementedError

    def send_to_devices(self, devices: Collection[Device], event_type: str, content: JsonView) -> Steps[None]:
        """Send a message by Olm to each of the devices, with new sessions where there is none."""
        raise NotImplementedError

    def is_encrypted(self, room_id: str) -> bool:
        """Return whether a room was ever seen encrypted: nothing goes out there in the clear, whatever it says now."""
        raise NotImplementedError

    def note_settings(self, room_id: str, settings: JsonObject) -> Steps[None]:
        """Remember what m.room.encryption says; what weakens it later is not followed."""
        raise NotImplementedError

    def discard_session(self, room_id: str) -> Steps[None]:
        """Take another key for the next message: a member left, or may have come and left (limited sync)."""
        raise NotImplementedError

    def sessions(self) -> Iterable[RoomKeyInfo]:
        """Return what is known of every inbound session."""
        raise NotImplementedError

    def export(self, room_id: str, session_id: str) -> ExportedSession | None:
        """Return one inbound session from its first known index."""
        raise NotImplementedError

    def import_sessions(self, sessions: Iterable[ExportedSession], source: KeySource) -> Steps[int]:
        """Take in sessions of a key file or a backup; return how many were better than what was there."""
        raise NotImplementedError

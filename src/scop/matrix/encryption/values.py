"""The values of encryption: devices, rooms, what an event came to, room keys as they travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

import msgspec

from scop.matrix.encryption.attachments import EncryptedFile
from scop.matrix.encryption.trust import Shield
from scop.matrix.json_values import JsonObject

__all__ = [
    "MEGOLM",
    "OLM",
    "Decrypted",
    "Device",
    "EncryptedRoom",
    "ExportedSession",
    "KeyBundle",
    "KeySource",
    "Obstacle",
    "RoomKeyInfo",
    "ToDevice",
    "Undecryptable",
    "UserKeys",
    "Withheld",
]

OLM = "m.olm.v1.curve25519-aes-sha2"
MEGOLM = "m.megolm.v1.aes-sha2"


class Device(msgspec.Struct, frozen=True, kw_only=True):
    """A device that publishes identity keys; `keys` is its signed object as /keys/query gave it."""

    user_id: str
    device_id: str
    curve25519: str
    ed25519: str
    algorithms: tuple[str, ...] = ()
    display_name: str | None = None
    keys: JsonObject = msgspec.field(default_factory=dict)
    is_deleted: bool = False  # it was there once: what it sent stays explained

    @property
    def place(self) -> tuple[str, str]:
        """Return where a to-device message for it goes."""
        return self.user_id, self.device_id


class UserKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The cross-signing keys of a user as /keys/query gave them; `scop.matrix.verification` verifies them."""

    master: JsonObject | None = None
    self_signing: JsonObject | None = None
    user_signing: JsonObject | None = None  # our own user's only


@dataclass(frozen=True, slots=True)
class EncryptedRoom:
    """What is to be known of a room to send into it; its members are all who are to read: joined, and invited."""

    room_id: str
    settings: JsonObject  # content of m.room.encryption
    member_ids: frozenset[str]
    history_visibility: str = "shared"

    @property
    def has_shared_history(self) -> bool:
        """Return whether those who come later may read."""
        # Matrix v1.19 CS §Shareable encryption sessions.
        return self.history_visibility in ("shared", "world_readable")


class KeySource(StrEnum):
    """How a room key came to us; the first two prove who made it."""

    OWN = "own"
    DIRECT = "direct"  # m.room_key from its maker by Olm
    FORWARDED = "forwarded"  # m.forwarded_room_key of a verified device of ours
    BACKUP = "backup"
    IMPORTED = "imported"  # a file
    BUNDLE = "bundle"  # history that a user shared who invited us


class Obstacle(StrEnum):
    """Why an event cannot be decrypted, or is not shown."""

    UNKNOWN_SESSION = "unknown-session"
    UNKNOWN_INDEX = "unknown-index"  # the key was given from a later message on
    WITHHELD = "withheld"
    REPLAYED = "replayed"
    WRONG_ROOM = "wrong-room"
    WRONG_SENDER = "wrong-sender"
    UNKNOWN_ALGORITHM = "unknown-algorithm"
    MALFORMED = "malformed"


@dataclass(frozen=True, slots=True)
class Withheld:
    """What a sender said of a key it does not give: the code of m.room_key.withheld, and words for unknown codes."""

    code: str
    reason: str = ""


class RoomKeyInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an inbound session without its key."""

    room_id: str
    session_id: str
    sender_key: str  # Curve25519 of the device that made it
    sender_ed25519: str | None
    sender_id: str | None  # user id; None where it came by backup or file
    source: KeySource
    first_index: int
    has_shared_history: bool = False
    forwarders: tuple[str, ...] = ()  # Curve25519 keys of devices that handed it on
    given_by: str | None = None  # user id: whose word it is that the key is what it is, where it came by a bundle


class KeyBundle(msgspec.Struct, frozen=True, kw_only=True):
    """Where the keys of a room's history are, as a user told who invites; to be fetched when that is accepted."""

    room_id: str
    sender: str
    sender_key: str = ""  # Curve25519 of the device that told it
    file: EncryptedFile
    received_ms: int


class ExportedSession(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A room key as key files and key backup have it; a backup leaves `room_id` and `session_id` out of its JSON."""

    # Matrix v1.19 CS §Key export format: ExportedSessionData.
    algorithm: str = msgspec.field(default=MEGOLM)
    room_id: str
    session_id: str
    sender_key: str
    sender_claimed_keys: dict[str, str]
    session_key: str
    forwarding_curve25519_key_chain: tuple[str, ...]
    shared_history: bool = False

    def __repr__(self) -> str:
        return f"ExportedSession({self.room_id!r}, {self.session_id!r})"  # its key is not for logs

    def info(self, source: KeySource) -> RoomKeyInfo:
        """Return what it says of itself, which proves nothing of who made it."""
        return RoomKeyInfo(
            room_id=self.room_id,
            session_id=self.session_id,
            sender_key=self.sender_key,
            sender_ed25519=self.sender_claimed_keys.get("ed25519"),
            sender_id=None,
            source=source,
            first_index=0,
            has_shared_history=self.shared_history,
            forwarders=self.forwarding_curve25519_key_chain,
        )

    def to_json(self) -> JsonObject:
        """Return it as it stands in a key file."""
        json: JsonObject = msgspec.to_builtins(self)
        return {**json, "algorithm": self.algorithm}


@dataclass(frozen=True, slots=True)
class ToDevice:
    """A to-device message that is not for the machine itself; `device` is the sender's where Olm proves it."""

    sender: str
    type: str
    content: Mapping[str, object] = field(repr=False)  # secrets, which logs do not show
    was_encrypted: bool = False
    sender_key: str | None = None
    device: Device | None = None


@dataclass(frozen=True, slots=True)
class Decrypted:
    """An event of a room in the clear; `event` is the whole with type and content put in."""

    room_id: str
    event_id: str
    sender: str
    type: str
    content: JsonObject
    event: JsonObject
    key: RoomKeyInfo
    message_index: int
    device: Device | None
    shield: Shield


@dataclass(frozen=True, slots=True)
class Undecryptable:
    """An event that cannot be read, and why; one that waits is tried again when a key comes."""

    room_id: str
    event_id: str
    sender: str
    obstacle: Obstacle
    session_id: str | None = None
    withheld: Withheld | None = None
    is_waiting: bool = False
    event: JsonObject = field(default_factory=dict)

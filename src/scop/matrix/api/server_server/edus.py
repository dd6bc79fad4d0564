"""What passes between servers without being kept: the contents of EDUs, by their type.

Standards: Matrix v1.19, Server-Server API §Typing Notifications, §Presence, §Receipts, §Device Management,
§End-to-End Encryption, §Send-to-device messaging.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

from scop.matrix.api.client_server.cross_signing import CrossSigningKey
from scop.matrix.api.client_server.keys import DeviceKeys
from scop.matrix.api.endpoint import Body
from scop.matrix.api.unknown_keys import read_json
from scop.matrix.events.edu import Edu
from scop.matrix.json_values import JsonObject

__all__ = [
    "EDU_CONTENTS",
    "DeviceListUpdate",
    "EduContent",
    "PresenceUpdate",
    "ReceiptData",
    "Receipts",
    "RoomReceipts",
    "SigningKeyUpdate",
    "ToDeviceMessage",
    "TypingNotification",
    "UserPresence",
    "UserReadReceipt",
    "read_edu",
]


class TypingNotification(Body, frozen=True, kw_only=True):
    """m.typing: a user begins to type, or stops."""

    room_id: str
    user_id: str
    typing: bool


class UserPresence(Body, frozen=True, kw_only=True):
    """How present one user is."""

    user_id: str
    presence: Literal["offline", "unavailable", "online"]
    status_msg: str | None = None
    last_active_ago: int  # milliseconds
    currently_active: bool | None = None


class PresenceUpdate(Body, frozen=True, kw_only=True):
    """m.presence: how present users of the sending server are."""

    push: tuple[UserPresence, ...]


class ReceiptData(Body, frozen=True, kw_only=True):
    """When a user read, and in which thread."""

    ts: int
    thread_id: str | None = None  # of a root event, or "main"; None is of no thread


class UserReadReceipt(Body, frozen=True, kw_only=True):
    """How far one user has read."""

    event_ids: tuple[str, ...]  # one
    data: ReceiptData


class RoomReceipts(Body, frozen=True, kw_only=True):
    """How far users have read in one room, by user."""

    read: dict[str, UserReadReceipt] = msgspec.field(name="m.read")


class DeviceListUpdate(Body, frozen=True, kw_only=True):
    """m.device_list_update: one device of a user is new, changed or gone; `prev_id` shows whether one was missed."""

    user_id: str
    device_id: str
    device_display_name: str | None = None
    stream_id: int
    prev_id: tuple[int, ...] | None = None
    deleted: bool | None = None
    keys: DeviceKeys | None = None


class SigningKeyUpdate(Body, frozen=True, kw_only=True):
    """m.signing_key_update: a user has other cross-signing keys."""

    user_id: str
    master_key: CrossSigningKey | None = None
    self_signing_key: CrossSigningKey | None = None


class ToDeviceMessage(Body, frozen=True, kw_only=True):
    """m.direct_to_device: one message to devices, by user and device ("*" for all of them)."""

    sender: str
    type: str
    message_id: str  # at most 32 characters
    messages: dict[str, dict[str, JsonObject]]


Receipts: TypeAlias = dict[str, RoomReceipts]  # m.receipt: by room
EduContent: TypeAlias = (
    TypingNotification | PresenceUpdate | Receipts | DeviceListUpdate | SigningKeyUpdate | ToDeviceMessage
)

EDU_CONTENTS: dict[
    str, type[TypingNotification | PresenceUpdate | DeviceListUpdate | SigningKeyUpdate | ToDeviceMessage]
] = {
    "m.typing": TypingNotification,
    "m.presence": PresenceUpdate,
    "m.device_list_update": DeviceListUpdate,
    "m.signing_key_update": SigningKeyUpdate,
    "m.direct_to_device": ToDeviceMessage,
}
_RECEIPT = "m.receipt"


def read_edu(edu: Edu) -> EduContent | None:
    """Return what an EDU says, None for one of a type that nobody knows; raises `RemoteProtocolError`."""
    if edu.edu_type == _RECEIPT:
        return {room_id: read_json(RoomReceipts, said) for room_id, said in edu.content.items()}
    return None if (kind := EDU_CONTENTS.get(edu.edu_type)) is None else read_json(kind, edu.content)

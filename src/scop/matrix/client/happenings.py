"""What a client is told: one frozen value for each thing that happened, in the order in which it did."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from scop.matrix.client.event import Event
from scop.matrix.json_values import JsonObject
from scop.matrix.push_rules import Action, notifies, tweaks_of

__all__ = [
    "AccountDataChanged",
    "Happening",
    "InvitedTo",
    "JoinedRoom",
    "KnockedOn",
    "LeftRoom",
    "MembershipChanged",
    "NotSent",
    "PresenceChanged",
    "Receipt",
    "ReceiptsMoved",
    "Redacted",
    "RoomEvent",
    "StateChanged",
    "TimelineGap",
    "ToDeviceReceived",
    "TypingChanged",
    "Undecryptable",
    "UnreadChanged",
]


@dataclass(frozen=True, slots=True)
class RoomEvent:
    """An event came into the timeline of a room we are in; state too, when it is there."""

    room_id: str
    event: Event  # decrypted
    was_encrypted: bool = False
    push: tuple[Action, ...] = ()  # actions of our push rules: "notify", {"set_tweak": "highlight"} …
    is_late: bool = False  # it was undecryptable before
    encryption: object = None  # what is known of the device that encrypted it (scop.matrix.encryption.Decrypted)

    @property
    def notifies(self) -> bool:
        """Whether our push rules want us told."""
        return notifies(self.push)

    @property
    def is_highlight(self) -> bool:
        """Whether our push rules want it to stand out."""
        return tweaks_of(self.push)["highlight"] is True


@dataclass(frozen=True, slots=True)
class Undecryptable:
    """An encrypted event came whose key is not there; it waits, and comes again as a RoomEvent that `is_late`."""

    room_id: str
    event: Event  # as it came: m.room.encrypted
    reason: str
    withheld_code: str | None = None


@dataclass(frozen=True, slots=True)
class StateChanged:
    """A piece of the state of a room is another one now."""

    room_id: str
    event: Event
    before: Event | None = None


@dataclass(frozen=True, slots=True)
class MembershipChanged:
    """Someone came, went, was invited …, or has another name or face (`membership` equals `before`)."""

    room_id: str
    user_id: str
    membership: str
    before: str | None
    event: Event


@dataclass(frozen=True, slots=True)
class JoinedRoom:
    """We are in a room that we were not in before."""

    room_id: str


@dataclass(frozen=True, slots=True)
class InvitedTo:
    """We are invited to a room; what may be seen of it is in `client.rooms[room_id]`."""

    room_id: str
    inviter: str | None
    is_direct: bool = False


@dataclass(frozen=True, slots=True)
class KnockedOn:
    """We ask to be let into a room."""

    room_id: str


@dataclass(frozen=True, slots=True)
class LeftRoom:
    """We are no longer in a room, or an invite or a knock is over."""

    room_id: str
    by: str | None  # who ended it: we ourselves, or another
    reason: str | None = None
    was_banned: bool = False


@dataclass(frozen=True, slots=True)
class NotSent:
    """What waited to be sent is refused for good by the server, and waits no longer."""

    room_id: str
    transaction_id: str
    event_type: str  # as it was to go out
    errcode: str
    reason: str


@dataclass(frozen=True, slots=True)
class Redacted:
    """An event lost its content."""

    room_id: str
    event_id: str
    redaction: Event


@dataclass(frozen=True, slots=True)
class TimelineGap:
    """Events of a room are missing before what comes next; `client.history.page(room_id, from_token)` has them."""

    room_id: str
    from_token: str | None


@dataclass(frozen=True, slots=True)
class TypingChanged:
    """These users are typing in a room."""

    room_id: str
    user_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Receipt:
    """How far a user has read."""

    user_id: str
    event_id: str
    kind: str  # m.read, m.read.private
    thread_id: str | None = None
    unix_ms: int | None = None


@dataclass(frozen=True, slots=True)
class ReceiptsMoved:
    """Users have read on in a room."""

    room_id: str
    receipts: tuple[Receipt, ...]


@dataclass(frozen=True, slots=True)
class UnreadChanged:
    """How much of a room the server counts as unread by us."""

    room_id: str
    notification_count: int
    highlight_count: int
    threads: tuple[tuple[str, int, int], ...] = ()  # first event of the thread, notifications, highlights


@dataclass(frozen=True, slots=True)
class PresenceChanged:
    """Someone is there, or away."""

    user_id: str
    presence: str
    status_message: str | None = None
    is_currently_active: bool | None = None
    last_active_ago_ms: int | None = None


@dataclass(frozen=True, slots=True)
class AccountDataChanged:
    """Something that we keep at our homeserver is another now; `room_id` is None for what is about no room."""

    room_id: str | None
    type: str
    content: JsonObject = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ToDeviceReceived:
    """A message for this very device, decrypted where it was encrypted, that the encryption had no use for itself."""

    sender: str
    type: str
    content: JsonObject
    was_encrypted: bool = False
    message: object = field(default=None, repr=False)  # scop.matrix.encryption.ToDevice, which may hold a secret


Happening: TypeAlias = (
    RoomEvent
    | Undecryptable
    | StateChanged
    | MembershipChanged
    | JoinedRoom
    | InvitedTo
    | KnockedOn
    | LeftRoom
    | NotSent
    | Redacted
    | TimelineGap
    | TypingChanged
    | ReceiptsMoved
    | UnreadChanged
    | PresenceChanged
    | AccountDataChanged
    | ToDeviceReceived
)

"""What has happened since: how a client follows its rooms.

Standards: Matrix v1.19, Client-Server API §Syncing.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEventWithoutRoomId, Event, StrippedStateEvent
from scop.matrix.api.endpoint import Body, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeviceLists",
    "EventBatch",
    "InviteState",
    "InvitedRoom",
    "JoinedRoom",
    "KnockState",
    "KnockedRoom",
    "LeftRoom",
    "RoomSummary",
    "Rooms",
    "StateEventBatch",
    "Sync",
    "SyncResponse",
    "ThreadNotificationCounts",
    "TimelineBatch",
    "ToDevice",
    "ToDeviceEvent",
    "UnreadNotificationCounts",
]


class RoomSummary(Body, frozen=True, kw_only=True):
    """What a room without a name is called after, and how many are in it."""

    heroes: tuple[str, ...] | None = msgspec.field(name="m.heroes", default=None)
    joined_member_count: int | None = msgspec.field(name="m.joined_member_count", default=None)
    invited_member_count: int | None = msgspec.field(name="m.invited_member_count", default=None)


class StateEventBatch(Body, frozen=True, kw_only=True):
    """State events."""

    events: tuple[ClientEventWithoutRoomId, ...] | None = None


class TimelineBatch(Body, frozen=True, kw_only=True):
    """The newest events of a room, and whether there is a gap before them."""

    limited: bool | None = None
    prev_batch: str | None = None
    events: tuple[ClientEventWithoutRoomId, ...]


class EventBatch(Body, frozen=True, kw_only=True):
    """Events outside of the timeline."""

    events: tuple[Event, ...] | None = None


class UnreadNotificationCounts(Body, frozen=True, kw_only=True):
    """How much is unread."""

    highlight_count: int | None = None
    notification_count: int | None = None


class ThreadNotificationCounts(Body, frozen=True, kw_only=True):
    """How much is unread in a thread."""

    highlight_count: int | None = None
    notification_count: int | None = None


class JoinedRoom(Body, frozen=True, kw_only=True):
    """News of a room that the user is in."""

    summary: RoomSummary | None = None
    state: StateEventBatch | None = None
    state_after: StateEventBatch | None = None
    timeline: TimelineBatch | None = None
    ephemeral: EventBatch | None = None
    account_data: EventBatch | None = None
    unread_notifications: UnreadNotificationCounts | None = None
    unread_thread_notifications: dict[str, ThreadNotificationCounts] | None = None


class InviteState(Body, frozen=True, kw_only=True):
    """What an invited user may see of a room."""

    events: tuple[StrippedStateEvent, ...] | None = None


class InvitedRoom(Body, frozen=True, kw_only=True):
    """A room that the user is invited to."""

    invite_state: InviteState | None = None


class KnockState(Body, frozen=True, kw_only=True):
    """What one who knocks may see of a room."""

    events: tuple[StrippedStateEvent, ...] | None = None


class KnockedRoom(Body, frozen=True, kw_only=True):
    """A room that the user has knocked at."""

    knock_state: KnockState | None = None


class LeftRoom(Body, frozen=True, kw_only=True):
    """Last news of a room that the user has left."""

    state: StateEventBatch | None = None
    state_after: StateEventBatch | None = None
    timeline: TimelineBatch | None = None
    account_data: EventBatch | None = None


class Rooms(Body, frozen=True, kw_only=True):
    """News of rooms, by what the user is in them."""

    join: dict[str, JoinedRoom] | None = None
    invite: dict[str, InvitedRoom] | None = None
    knock: dict[str, KnockedRoom] | None = None
    leave: dict[str, LeftRoom] | None = None


class ToDeviceEvent(Body, frozen=True, kw_only=True):
    """A message to this device."""

    is_foreign: ClassVar[bool] = True

    type: str
    sender: str
    content: dict[str, object]


class ToDevice(Body, frozen=True, kw_only=True):
    """Messages to this device."""

    events: tuple[ToDeviceEvent, ...] | None = None


class DeviceLists(Body, frozen=True, kw_only=True):
    """Users whose devices have changed, and users with whom no room is shared any more."""

    changed: tuple[str, ...] | None = None
    left: tuple[str, ...] | None = None


class SyncResponse(Response, frozen=True, kw_only=True):
    """What answers `Sync`."""

    next_batch: str
    rooms: Rooms | None = None
    presence: EventBatch | None = None
    account_data: EventBatch | None = None
    to_device: ToDevice | None = None
    device_lists: DeviceLists | None = None
    device_one_time_keys_count: dict[str, int] | None = None
    device_unused_fallback_key_types: tuple[str, ...] | None = None


class Sync(Request[SyncResponse], frozen=True, kw_only=True):
    """Ask what has happened, or wait for it."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/sync")

    filter: InQuery[str | None] = None
    since: InQuery[str | None] = None
    full_state: InQuery[bool | None] = None
    set_presence: InQuery[Literal["offline", "online", "unavailable"] | None] = None
    timeout: InQuery[int | None] = None
    use_state_after: InQuery[bool | None] = None

"""Operations of sync."""

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
    """What is named RoomSummary in an answer or a question."""

    heroes: tuple[str, ...] | None = msgspec.field(name="m.heroes", default=None)
    joined_member_count: int | None = msgspec.field(name="m.joined_member_count", default=None)
    invited_member_count: int | None = msgspec.field(name="m.invited_member_count", default=None)


class StateEventBatch(Body, frozen=True, kw_only=True):
    """What is named StateEventBatch in an answer or a question."""

    events: tuple[ClientEventWithoutRoomId, ...] | None = None


class TimelineBatch(Body, frozen=True, kw_only=True):
    """What is named TimelineBatch in an answer or a question."""

    limited: bool | None = None
    prev_batch: str | None = None
    events: tuple[ClientEventWithoutRoomId, ...]


class EventBatch(Body, frozen=True, kw_only=True):
    """What is named EventBatch in an answer or a question."""

    events: tuple[Event, ...] | None = None


class UnreadNotificationCounts(Body, frozen=True, kw_only=True):
    """What is named UnreadNotificationCounts in an answer or a question."""

    highlight_count: int | None = None
    notification_count: int | None = None


class ThreadNotificationCounts(Body, frozen=True, kw_only=True):
    """What is named ThreadNotificationCounts in an answer or a question."""

    highlight_count: int | None = None
    notification_count: int | None = None


class JoinedRoom(Body, frozen=True, kw_only=True):
    """What is named JoinedRoom in an answer or a question."""

    summary: RoomSummary | None = None
    state: StateEventBatch | None = None
    state_after: StateEventBatch | None = None
    timeline: TimelineBatch | None = None
    ephemeral: EventBatch | None = None
    account_data: EventBatch | None = None
    unread_notifications: UnreadNotificationCounts | None = None
    unread_thread_notifications: dict[str, ThreadNotificationCounts] | None = None


class InviteState(Body, frozen=True, kw_only=True):
    """What is named InviteState in an answer or a question."""

    events: tuple[StrippedStateEvent, ...] | None = None


class InvitedRoom(Body, frozen=True, kw_only=True):
    """What is named InvitedRoom in an answer or a question."""

    invite_state: InviteState | None = None


class KnockState(Body, frozen=True, kw_only=True):
    """What is named KnockState in an answer or a question."""

    events: tuple[StrippedStateEvent, ...] | None = None


class KnockedRoom(Body, frozen=True, kw_only=True):
    """What is named KnockedRoom in an answer or a question."""

    knock_state: KnockState | None = None


class LeftRoom(Body, frozen=True, kw_only=True):
    """What is named LeftRoom in an answer or a question."""

    state: StateEventBatch | None = None
    state_after: StateEventBatch | None = None
    timeline: TimelineBatch | None = None
    account_data: EventBatch | None = None


class Rooms(Body, frozen=True, kw_only=True):
    """What is named Rooms in an answer or a question."""

    join: dict[str, JoinedRoom] | None = None
    invite: dict[str, InvitedRoom] | None = None
    knock: dict[str, KnockedRoom] | None = None
    leave: dict[str, LeftRoom] | None = None


class ToDeviceEvent(Body, frozen=True, kw_only=True):
    """What is named ToDeviceEvent in an answer or a question."""

    type: str
    sender: str
    content: dict[str, object]


class ToDevice(Body, frozen=True, kw_only=True):
    """What is named ToDevice in an answer or a question."""

    events: tuple[ToDeviceEvent, ...] | None = None


class DeviceLists(Body, frozen=True, kw_only=True):
    """What is named DeviceLists in an answer or a question."""

    changed: tuple[str, ...] | None = None
    left: tuple[str, ...] | None = None


class SyncResponse(Response, frozen=True, kw_only=True):
    """What answers Sync."""

    next_batch: str
    rooms: Rooms | None = None
    presence: EventBatch | None = None
    account_data: EventBatch | None = None
    to_device: ToDevice | None = None
    device_lists: DeviceLists | None = None
    device_one_time_keys_count: dict[str, int] | None = None
    device_unused_fallback_key_types: tuple[str, ...] | None = None


class Sync(Request[SyncResponse], frozen=True, kw_only=True):
    """Ask for sync."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/sync")

    filter: InQuery[str | None] = None
    since: InQuery[str | None] = None
    full_state: InQuery[bool | None] = None
    set_presence: InQuery[Literal["offline", "online", "unavailable"] | None] = None
    timeout: InQuery[int | None] = None
    use_state_after: InQuery[bool | None] = None

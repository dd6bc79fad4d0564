"""Search through what was written.

Standards: Matrix v1.19, Client-Server API §Server Side Search.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.client_server.definitions import RoomEventFilter
from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import Body, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "Categories",
    "EventContext",
    "Group",
    "GroupValue",
    "Groupings",
    "IncludeEventContext",
    "Result",
    "ResultCategories",
    "ResultRoomEvents",
    "RoomEventsCriteria",
    "Search",
    "SearchResponse",
    "UserProfile",
]


class IncludeEventContext(Body, frozen=True, kw_only=True):
    """How much around each find is wanted."""

    before_limit: int | None = None
    after_limit: int | None = None
    include_profile: bool | None = None


class Group(Body, frozen=True, kw_only=True):
    """What finds are grouped by."""

    key: Literal["room_id", "sender"] | None = None


class Groupings(Body, frozen=True, kw_only=True):
    """How finds are grouped."""

    group_by: tuple[Group, ...] | None = None


class RoomEventsCriteria(Body, frozen=True, kw_only=True):
    """What is searched for among events."""

    search_term: str
    keys: tuple[Literal["content.body", "content.name", "content.topic"], ...] | None = None
    filter: RoomEventFilter | None = None
    order_by: Literal["recent", "rank"] | None = None
    event_context: IncludeEventContext | None = None
    include_state: bool | None = None
    groupings: Groupings | None = None


class Categories(Body, frozen=True, kw_only=True):
    """What is searched."""

    room_events: RoomEventsCriteria | None = None


class UserProfile(Body, frozen=True, kw_only=True):
    """What a sender was called and looked like."""

    displayname: str | None = None
    avatar_url: str | None = None


class EventContext(Body, frozen=True, kw_only=True):
    """What stood around a find."""

    start: str | None = None
    end: str | None = None
    profile_info: dict[str, UserProfile] | None = None
    events_before: tuple[ClientEvent, ...] | None = None
    events_after: tuple[ClientEvent, ...] | None = None


class Result(Body, frozen=True, kw_only=True):
    """One find."""

    rank: float | None = None
    result: ClientEvent | None = None
    context: EventContext | None = None


class GroupValue(Body, frozen=True, kw_only=True):
    """The finds of one group."""

    next_batch: str | None = None
    order: float | None = None
    results: tuple[str, ...] | None = None


class ResultRoomEvents(Body, frozen=True, kw_only=True):
    """What was found among events."""

    count: int | None = None
    highlights: tuple[str, ...] | None = None
    results: tuple[Result, ...] | None = None
    state: dict[str, tuple[ClientEvent, ...]] | None = None
    groups: dict[str, dict[str, GroupValue]] | None = None
    next_batch: str | None = None


class ResultCategories(Body, frozen=True, kw_only=True):
    """What was found."""

    room_events: ResultRoomEvents | None = None


class SearchResponse(Response, frozen=True, kw_only=True):
    """What answers `Search`."""

    search_categories: ResultCategories


class Search(Request[SearchResponse], frozen=True, kw_only=True):
    """Search."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/search", is_rate_limited=True)

    next_batch: InQuery[str | None] = None
    search_categories: Categories

"""Operations of search."""

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
    """What is named IncludeEventContext in an answer or a question."""

    before_limit: int | None = None
    after_limit: int | None = None
    include_profile: bool | None = None


class Group(Body, frozen=True, kw_only=True):
    """What is named Group in an answer or a question."""

    key: Literal["room_id", "sender"] | None = None


class Groupings(Body, frozen=True, kw_only=True):
    """What is named Groupings in an answer or a question."""

    group_by: tuple[Group, ...] | None = None


class RoomEventsCriteria(Body, frozen=True, kw_only=True):
    """What is named RoomEventsCriteria in an answer or a question."""

    search_term: str
    keys: tuple[Literal["content.body", "content.name", "content.topic"], ...] | None = None
    filter: RoomEventFilter | None = None
    order_by: Literal["recent", "rank"] | None = None
    event_context: IncludeEventContext | None = None
    include_state: bool | None = None
    groupings: Groupings | None = None


class Categories(Body, frozen=True, kw_only=True):
    """What is named Categories in an answer or a question."""

    room_events: RoomEventsCriteria | None = None


class UserProfile(Body, frozen=True, kw_only=True):
    """What is named UserProfile in an answer or a question."""

    displayname: str | None = None
    avatar_url: str | None = None


class EventContext(Body, frozen=True, kw_only=True):
    """What is named EventContext in an answer or a question."""

    start: str | None = None
    end: str | None = None
    profile_info: dict[str, UserProfile] | None = None
    events_before: tuple[ClientEvent, ...] | None = None
    events_after: tuple[ClientEvent, ...] | None = None


class Result(Body, frozen=True, kw_only=True):
    """What is named Result in an answer or a question."""

    rank: float | None = None
    result: ClientEvent | None = None
    context: EventContext | None = None


class GroupValue(Body, frozen=True, kw_only=True):
    """What is named GroupValue in an answer or a question."""

    next_batch: str | None = None
    order: int | None = None
    results: tuple[str, ...] | None = None


class ResultRoomEvents(Body, frozen=True, kw_only=True):
    """What is named ResultRoomEvents in an answer or a question."""

    count: int | None = None
    highlights: tuple[str, ...] | None = None
    results: tuple[Result, ...] | None = None
    state: dict[str, tuple[ClientEvent, ...]] | None = None
    groups: dict[str, dict[str, GroupValue]] | None = None
    next_batch: str | None = None


class ResultCategories(Body, frozen=True, kw_only=True):
    """What is named ResultCategories in an answer or a question."""

    room_events: ResultRoomEvents | None = None


class SearchResponse(Response, frozen=True, kw_only=True):
    """What answers Search."""

    search_categories: ResultCategories


class Search(Request[SearchResponse], frozen=True, kw_only=True):
    """Ask for search."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/search", is_rate_limited=True)

    next_batch: InQuery[str | None] = None
    search_categories: Categories

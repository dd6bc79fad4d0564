"""Shapes that several operations share."""

from __future__ import annotations

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import Body

__all__ = [
    "AuthenticationData",
    "HomeserverInformation",
    "IdentityServerInformation",
    "PaginationChunk",
    "RoomEventFilter",
]


class AuthenticationData(Body, frozen=True, kw_only=True):
    """What is named AuthenticationData in an answer or a question."""

    type: str | None = None
    session: str | None = None


class RoomEventFilter(Body, frozen=True, kw_only=True):
    """What is named RoomEventFilter in an answer or a question."""

    limit: int | None = None
    not_senders: tuple[str, ...] | None = None
    not_types: tuple[str, ...] | None = None
    senders: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None
    unread_thread_notifications: bool | None = None
    lazy_load_members: bool | None = None
    include_redundant_members: bool | None = None
    not_rooms: tuple[str, ...] | None = None
    rooms: tuple[str, ...] | None = None
    contains_url: bool | None = None


class HomeserverInformation(Body, frozen=True, kw_only=True):
    """What is named HomeserverInformation in an answer or a question."""

    base_url: str


class IdentityServerInformation(Body, frozen=True, kw_only=True):
    """What is named IdentityServerInformation in an answer or a question."""

    base_url: str


class PaginationChunk(Body, frozen=True, kw_only=True):
    """What is named PaginationChunk in an answer or a question."""

    start: str | None = None
    end: str
    chunk: tuple[ClientEvent, ...]

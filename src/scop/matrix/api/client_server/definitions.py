"""Shapes that several modules share."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.client_server.events import ClientEvent
from scop.matrix.api.endpoint import Body, InHeader, InPath, InQuery, WholeBody
from scop.matrix.api.request import Response

__all__ = [
    "AuthenticationData",
    "CrossSigningKey",
    "DiscoveryInformation",
    "EventFilter",
    "EventStream",
    "HomeserverInformation",
    "IdentityServerInformation",
    "Media",
    "MediaAddress",
    "MemberOfRoom",
    "PageToPreview",
    "PaginationChunk",
    "PublishedRoom",
    "RoomEventFilter",
    "RoomPreview",
    "RoomToEnter",
    "Thumbnail",
    "TokenByMail",
    "TokenByText",
    "TokenRequested",
    "UploadLimit",
    "UrlPreview",
]


class AuthenticationData(Body, frozen=True, kw_only=True):
    """One stage of user-interactive authentication; what the stage itself needs is in `unknown`."""

    type: str | None = None
    session: str | None = None


class CrossSigningKey(Body, frozen=True, kw_only=True):
    """One public key by which a user vouches."""

    is_foreign: ClassVar[bool] = True

    user_id: str
    usage: tuple[str, ...]
    keys: dict[str, str]
    signatures: dict[str, dict[str, str]] | None = None


class PublishedRoom(Body, frozen=True, kw_only=True):
    """What the directory of rooms says of one."""

    canonical_alias: str | None = None
    name: str | None = None
    num_joined_members: int
    room_id: str
    topic: str | None = None
    world_readable: bool
    guest_can_join: bool
    avatar_url: str | None = None
    join_rule: str | None = None
    room_type: str | None = None


class RoomPreview(PublishedRoom, frozen=True, kw_only=True):
    """What one may see of a room before going in."""

    allowed_room_ids: tuple[str, ...] | None = None
    encryption: str | None = None
    room_version: str | None = None


class EventFilter(Body, frozen=True, kw_only=True):
    """Which events outside of rooms are wanted."""

    limit: int | None = None
    not_senders: tuple[str, ...] | None = None
    not_types: tuple[str, ...] | None = None
    senders: tuple[str, ...] | None = None
    types: tuple[str, ...] | None = None


class RoomEventFilter(EventFilter, frozen=True, kw_only=True):
    """Which events of rooms are wanted."""

    unread_thread_notifications: bool | None = None
    lazy_load_members: bool | None = None
    include_redundant_members: bool | None = None
    not_rooms: tuple[str, ...] | None = None
    rooms: tuple[str, ...] | None = None
    contains_url: bool | None = None


class HomeserverInformation(Body, frozen=True, kw_only=True):
    """Where a homeserver answers its clients."""

    base_url: str


class IdentityServerInformation(Body, frozen=True, kw_only=True):
    """Where an identity server answers."""

    base_url: str


class DiscoveryInformation(Body, frozen=True, kw_only=True):
    """Where a user's servers answer."""

    homeserver: HomeserverInformation = msgspec.field(name="m.homeserver")
    identity_server: IdentityServerInformation | None = msgspec.field(name="m.identity_server", default=None)


class PaginationChunk(Body, frozen=True, kw_only=True):
    """A page of events, and the tokens before and after it."""

    start: str | None = None
    end: str
    chunk: tuple[ClientEvent, ...]


class RoomToEnter(Body, frozen=True, kw_only=True):
    """Which room is meant, and through what servers that are in it."""

    room_id_or_alias: InPath[str] = msgspec.field(name="roomIdOrAlias")
    via: InQuery[tuple[str, ...] | None] = None


class TokenByMail(Body, frozen=True, kw_only=True):
    """A mail address to which a token is to be sent, and by what the server knows who asked."""

    client_secret: str
    email: str
    send_attempt: int
    next_link: str | None = None
    id_server: str | None = None
    id_access_token: str | None = None


class TokenByText(Body, frozen=True, kw_only=True):
    """A telephone number to which a token is to be sent, and by what the server knows who asked."""

    client_secret: str
    country: str
    phone_number: str
    send_attempt: int
    next_link: str | None = None
    id_server: str | None = None
    id_access_token: str | None = None


class TokenRequested(Response, frozen=True, kw_only=True):
    """The session in which an address is being proved."""

    sid: str
    submit_url: str | None = None


class Media(Response, frozen=True, kw_only=True):
    """A file."""

    content_type: InHeader[str | None] = msgspec.field(name="Content-Type", default=None)
    content_disposition: InHeader[str | None] = msgspec.field(name="Content-Disposition", default=None)
    content: WholeBody[bytes]


class MediaAddress(Body, frozen=True, kw_only=True):
    """Which file is meant: the two parts of an mxc: URI."""

    server_name: InPath[str] = msgspec.field(name="serverName")
    media_id: InPath[str] = msgspec.field(name="mediaId")


class Thumbnail(MediaAddress, frozen=True, kw_only=True):
    """Which file is meant, and how large its picture is to be."""

    width: InQuery[int]
    height: InQuery[int]
    method: InQuery[Literal["crop", "scale"] | None] = None


class PageToPreview(Body, frozen=True, kw_only=True):
    """Which page is meant, and as it was when."""

    url: InQuery[str]
    ts: InQuery[int | None] = None


class UploadLimit(Response, frozen=True, kw_only=True):
    """How large a file may be."""

    upload_size: int | None = msgspec.field(name="m.upload.size", default=None)


class MemberOfRoom(Body, frozen=True, kw_only=True):
    """Whose membership of a room is to change, and why."""

    room_id: InPath[str] = msgspec.field(name="roomId")
    user_id: str
    reason: str | None = None


class UrlPreview(Response, frozen=True, kw_only=True):
    """What a page says of itself; its other properties are in `unknown`."""

    matrix_image_size: int | None = msgspec.field(name="matrix:image:size", default=None)
    og_image: str | None = msgspec.field(name="og:image", default=None)


class EventStream(Response, frozen=True, kw_only=True):
    """Events that came while one waited."""

    start: str | None = None
    end: str | None = None
    chunk: tuple[ClientEvent, ...] | None = None

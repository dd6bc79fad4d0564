"""Operations of key_backup."""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "DeleteRoomKeyBySessionId",
    "DeleteRoomKeyBySessionIdResponse",
    "DeleteRoomKeys",
    "DeleteRoomKeysByRoomId",
    "DeleteRoomKeysByRoomIdResponse",
    "DeleteRoomKeysResponse",
    "DeleteRoomKeysVersion",
    "DeleteRoomKeysVersionResponse",
    "GetRoomKeyBySessionId",
    "GetRoomKeyBySessionIdResponse",
    "GetRoomKeys",
    "GetRoomKeysByRoomId",
    "GetRoomKeysByRoomIdResponse",
    "GetRoomKeysResponse",
    "GetRoomKeysVersion",
    "GetRoomKeysVersionCurrent",
    "GetRoomKeysVersionCurrentResponse",
    "GetRoomKeysVersionResponse",
    "KeyBackupData",
    "PostRoomKeysVersion",
    "PostRoomKeysVersionResponse",
    "PutRoomKeyBySessionId",
    "PutRoomKeyBySessionIdResponse",
    "PutRoomKeys",
    "PutRoomKeysByRoomId",
    "PutRoomKeysByRoomIdResponse",
    "PutRoomKeysResponse",
    "PutRoomKeysVersion",
    "PutRoomKeysVersionResponse",
    "RoomKeyBackup",
]


class PostRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers PostRoomKeysVersion."""

    version: str


class PostRoomKeysVersion(Request[PostRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Ask for postRoomKeysVersion."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/room_keys/version", is_rate_limited=True)

    algorithm: Literal["m.megolm_backup.v1.curve25519-aes-sha2"]
    auth_data: dict[str, object]


class GetRoomKeysVersionCurrentResponse(Response, frozen=True, kw_only=True):
    """What answers GetRoomKeysVersionCurrent."""

    algorithm: str
    auth_data: dict[str, object]
    count: int
    etag: str
    version: str


class GetRoomKeysVersionCurrent(Request[GetRoomKeysVersionCurrentResponse], frozen=True, kw_only=True):
    """Ask for getRoomKeysVersionCurrent."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/version", is_rate_limited=True)


class GetRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers GetRoomKeysVersion."""

    algorithm: str
    auth_data: dict[str, object]
    count: int
    etag: str
    version: str


class GetRoomKeysVersion(Request[GetRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Ask for getRoomKeysVersion."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]


class PutRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers PutRoomKeysVersion."""


class PutRoomKeysVersion(Request[PutRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Ask for putRoomKeysVersion."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]
    algorithm: Literal["m.megolm_backup.v1.curve25519-aes-sha2"]
    auth_data: dict[str, object]


class DeleteRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers DeleteRoomKeysVersion."""


class DeleteRoomKeysVersion(Request[DeleteRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Ask for deleteRoomKeysVersion."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]


class KeyBackupData(Body, frozen=True, kw_only=True):
    """What is named KeyBackupData in an answer or a question."""

    first_message_index: int
    forwarded_count: int
    is_verified: bool
    session_data: dict[str, object]


class PutRoomKeyBySessionIdResponse(Response, frozen=True, kw_only=True):
    """What answers PutRoomKeyBySessionId."""

    etag: str
    count: int


class PutRoomKeyBySessionId(Request[PutRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Ask for putRoomKeyBySessionId."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")
    session_id: InPath[str] = msgspec.field(name="sessionId")
    session: WholeBody[KeyBackupData]


class GetRoomKeyBySessionIdResponse(Response, frozen=True, kw_only=True):
    """What answers GetRoomKeyBySessionId."""

    session: WholeBody[KeyBackupData]


class GetRoomKeyBySessionId(Request[GetRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Ask for getRoomKeyBySessionId."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")
    session_id: InPath[str] = msgspec.field(name="sessionId")


class DeleteRoomKeyBySessionIdResponse(Response, frozen=True, kw_only=True):
    """What answers DeleteRoomKeyBySessionId."""

    etag: str
    count: int


class DeleteRoomKeyBySessionId(Request[DeleteRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Ask for deleteRoomKeyBySessionId."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")
    session_id: InPath[str] = msgspec.field(name="sessionId")


class PutRoomKeysByRoomIdResponse(Response, frozen=True, kw_only=True):
    """What answers PutRoomKeysByRoomId."""

    etag: str
    count: int


class PutRoomKeysByRoomId(Request[PutRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Ask for putRoomKeysByRoomId."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True)

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")
    sessions: dict[str, KeyBackupData]


class GetRoomKeysByRoomIdResponse(Response, frozen=True, kw_only=True):
    """What answers GetRoomKeysByRoomId."""

    sessions: dict[str, KeyBackupData]


class GetRoomKeysByRoomId(Request[GetRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Ask for getRoomKeysByRoomId."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True)

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")


class DeleteRoomKeysByRoomIdResponse(Response, frozen=True, kw_only=True):
    """What answers DeleteRoomKeysByRoomId."""

    etag: str
    count: int


class DeleteRoomKeysByRoomId(Request[DeleteRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Ask for deleteRoomKeysByRoomId."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True
    )

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")


class RoomKeyBackup(Body, frozen=True, kw_only=True):
    """What is named RoomKeyBackup in an answer or a question."""

    sessions: dict[str, KeyBackupData]


class PutRoomKeysResponse(Response, frozen=True, kw_only=True):
    """What answers PutRoomKeys."""

    etag: str
    count: int


class PutRoomKeys(Request[PutRoomKeysResponse], frozen=True, kw_only=True):
    """Ask for putRoomKeys."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]
    rooms: dict[str, RoomKeyBackup]


class GetRoomKeysResponse(Response, frozen=True, kw_only=True):
    """What answers GetRoomKeys."""

    rooms: dict[str, RoomKeyBackup]


class GetRoomKeys(Request[GetRoomKeysResponse], frozen=True, kw_only=True):
    """Ask for getRoomKeys."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]


class DeleteRoomKeysResponse(Response, frozen=True, kw_only=True):
    """What answers DeleteRoomKeys."""

    etag: str
    count: int


class DeleteRoomKeys(Request[DeleteRoomKeysResponse], frozen=True, kw_only=True):
    """Ask for deleteRoomKeys."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]

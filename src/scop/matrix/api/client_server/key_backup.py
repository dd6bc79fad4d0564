"""Room keys that a server keeps, sealed, for the user's other devices.

Standards: Matrix v1.19, Client-Server API §Server-side key backups.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "BackupAlgorithm",
    "BackupVersion",
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
    "RoomInBackup",
    "RoomKeyBackup",
    "RoomKeysUpdated",
    "SessionInBackup",
]


class BackupAlgorithm(Body, frozen=True, kw_only=True):
    """How the keys of a backup are sealed."""

    algorithm: str
    auth_data: dict[str, object]


class PostRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers `PostRoomKeysVersion`."""

    version: str


class PostRoomKeysVersion(BackupAlgorithm, Request[PostRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Begin a new backup."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/room_keys/version", is_rate_limited=True)


class BackupVersion(BackupAlgorithm, Response, frozen=True, kw_only=True):
    """One backup, and what it holds."""

    count: int
    etag: str
    version: str


class GetRoomKeysVersionCurrentResponse(BackupVersion, frozen=True, kw_only=True):
    """What answers `GetRoomKeysVersionCurrent`."""


class GetRoomKeysVersionCurrent(Request[GetRoomKeysVersionCurrentResponse], frozen=True, kw_only=True):
    """Look up the newest backup."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/version", is_rate_limited=True)


class GetRoomKeysVersionResponse(BackupVersion, frozen=True, kw_only=True):
    """What answers `GetRoomKeysVersion`."""


class GetRoomKeysVersion(Request[GetRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Look up one backup."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]


class PutRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers `PutRoomKeysVersion`."""


class PutRoomKeysVersion(Request[PutRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Replace what is signed about a backup."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]
    algorithm: str
    auth_data: dict[str, object]


class DeleteRoomKeysVersionResponse(Response, frozen=True, kw_only=True):
    """What answers `DeleteRoomKeysVersion`."""


class DeleteRoomKeysVersion(Request[DeleteRoomKeysVersionResponse], frozen=True, kw_only=True):
    """Delete a backup with all its keys."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/version/{version}", is_rate_limited=True
    )

    version: InPath[str]


class KeyBackupData(Body, frozen=True, kw_only=True):
    """One room key, sealed, and what tells which of two is the better."""

    first_message_index: int
    forwarded_count: int
    is_verified: bool
    session_data: dict[str, object]


class RoomKeyBackup(Body, frozen=True, kw_only=True):
    """The keys of one room, by session."""

    sessions: dict[str, KeyBackupData]


class RoomInBackup(Body, frozen=True, kw_only=True):
    """Which room of which backup is meant."""

    version: InQuery[str]
    room_id: InPath[str] = msgspec.field(name="roomId")


class SessionInBackup(RoomInBackup, frozen=True, kw_only=True):
    """Which session of which room is meant."""

    session_id: InPath[str] = msgspec.field(name="sessionId")


class RoomKeysUpdated(Response, frozen=True, kw_only=True):
    """What a backup holds after a change."""

    etag: str
    count: int


class PutRoomKeyBySessionIdResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `PutRoomKeyBySessionId`."""


class PutRoomKeyBySessionId(SessionInBackup, Request[PutRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Keep one room key."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )

    session: WholeBody[KeyBackupData]


class GetRoomKeyBySessionIdResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomKeyBySessionId`."""

    session: WholeBody[KeyBackupData]


class GetRoomKeyBySessionId(SessionInBackup, Request[GetRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Read one room key."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )


class DeleteRoomKeyBySessionIdResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `DeleteRoomKeyBySessionId`."""


class DeleteRoomKeyBySessionId(SessionInBackup, Request[DeleteRoomKeyBySessionIdResponse], frozen=True, kw_only=True):
    """Delete one room key."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/keys/{roomId}/{sessionId}", is_rate_limited=True
    )


class PutRoomKeysByRoomIdResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `PutRoomKeysByRoomId`."""


class PutRoomKeysByRoomId(RoomInBackup, Request[PutRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Keep keys of one room."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True)

    sessions: dict[str, KeyBackupData]


class GetRoomKeysByRoomIdResponse(RoomKeyBackup, Response, frozen=True, kw_only=True):
    """What answers `GetRoomKeysByRoomId`."""


class GetRoomKeysByRoomId(RoomInBackup, Request[GetRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Read the keys of one room."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True)


class DeleteRoomKeysByRoomIdResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `DeleteRoomKeysByRoomId`."""


class DeleteRoomKeysByRoomId(RoomInBackup, Request[DeleteRoomKeysByRoomIdResponse], frozen=True, kw_only=True):
    """Delete the keys of one room."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "DELETE", "/_matrix/client/v3/room_keys/keys/{roomId}", is_rate_limited=True
    )


class PutRoomKeysResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `PutRoomKeys`."""


class PutRoomKeys(Request[PutRoomKeysResponse], frozen=True, kw_only=True):
    """Keep keys of many rooms."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]
    rooms: dict[str, RoomKeyBackup]


class GetRoomKeysResponse(Response, frozen=True, kw_only=True):
    """What answers `GetRoomKeys`."""

    rooms: dict[str, RoomKeyBackup]


class GetRoomKeys(Request[GetRoomKeysResponse], frozen=True, kw_only=True):
    """Read all keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]


class DeleteRoomKeysResponse(RoomKeysUpdated, frozen=True, kw_only=True):
    """What answers `DeleteRoomKeys`."""


class DeleteRoomKeys(Request[DeleteRoomKeysResponse], frozen=True, kw_only=True):
    """Delete all keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("DELETE", "/_matrix/client/v3/room_keys/keys", is_rate_limited=True)

    version: InQuery[str]

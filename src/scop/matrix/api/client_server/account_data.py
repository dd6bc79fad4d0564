"""Settings that a user's clients share, for the whole account and for single rooms.

Standards: Matrix v1.19, Client-Server API §Client Config.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import InPath, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "GetAccountData",
    "GetAccountDataPerRoom",
    "GetAccountDataPerRoomResponse",
    "GetAccountDataResponse",
    "SetAccountData",
    "SetAccountDataPerRoom",
    "SetAccountDataPerRoomResponse",
    "SetAccountDataResponse",
]


class SetAccountDataResponse(Response, frozen=True, kw_only=True):
    """What answers `SetAccountData`."""


class SetAccountData(Request[SetAccountDataResponse], frozen=True, kw_only=True):
    """Replace one setting of the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/client/v3/user/{userId}/account_data/{type}")

    user_id: InPath[str] = msgspec.field(name="userId")
    type: InPath[str]
    content: WholeBody[dict[str, object]]


class GetAccountDataResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAccountData`."""

    content: WholeBody[dict[str, object]]


class GetAccountData(Request[GetAccountDataResponse], frozen=True, kw_only=True):
    """Read one setting of the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/user/{userId}/account_data/{type}")

    user_id: InPath[str] = msgspec.field(name="userId")
    type: InPath[str]


class SetAccountDataPerRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `SetAccountDataPerRoom`."""


class SetAccountDataPerRoom(Request[SetAccountDataPerRoomResponse], frozen=True, kw_only=True):
    """Replace one setting of the account for a room."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}"
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    type: InPath[str]
    content: WholeBody[dict[str, object]]


class GetAccountDataPerRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAccountDataPerRoom`."""

    content: WholeBody[dict[str, object]]


class GetAccountDataPerRoom(Request[GetAccountDataPerRoomResponse], frozen=True, kw_only=True):
    """Read one setting of the account for a room."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "GET", "/_matrix/client/v3/user/{userId}/rooms/{roomId}/account_data/{type}"
    )

    user_id: InPath[str] = msgspec.field(name="userId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    type: InPath[str]

"""The published rooms of networks that an application service bridges.

Standards: Matrix v1.19, Application Service API §Third-party networks.
"""

from __future__ import annotations

from typing import ClassVar, Literal

import msgspec

from scop.matrix.api.endpoint import Access, InPath
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["UpdateAppserviceRoomDirectoryVisibility", "UpdateAppserviceRoomDirectoryVisibilityResponse"]


class UpdateAppserviceRoomDirectoryVisibilityResponse(Response, frozen=True, kw_only=True):
    """What answers `UpdateAppserviceRoomDirectoryVisibility`."""


class UpdateAppserviceRoomDirectoryVisibility(
    Request[UpdateAppserviceRoomDirectoryVisibilityResponse], frozen=True, kw_only=True
):
    """Publish a room of a bridged network, or take it from the directory."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/client/v3/directory/list/appservice/{networkId}/{roomId}", access=Access.APP_SERVICE
    )

    network_id: InPath[str] = msgspec.field(name="networkId")
    room_id: InPath[str] = msgspec.field(name="roomId")
    visibility: Literal["public", "private"]

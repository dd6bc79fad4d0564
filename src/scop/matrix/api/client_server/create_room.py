"""New rooms.

Standards: Matrix v1.19, Client-Server API §Creation.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["CreateRoom", "CreateRoomResponse", "Invite3pid", "StateEvent"]


class Invite3pid(Body, frozen=True, kw_only=True):
    """Somebody to invite of whom only an address is known."""

    id_server: str
    id_access_token: str
    medium: str
    address: str


class StateEvent(Body, frozen=True, kw_only=True):
    """A state event that the room begins with."""

    type: str
    state_key: str | None = None
    content: dict[str, object]


class CreateRoomResponse(Response, frozen=True, kw_only=True):
    """What answers `CreateRoom`."""

    room_id: str


class CreateRoom(Request[CreateRoomResponse], frozen=True, kw_only=True):
    """Create a room."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/createRoom")

    visibility: Literal["public", "private"] | None = None
    room_alias_name: str | None = None
    name: str | None = None
    topic: str | None = None
    invite: tuple[str, ...] | None = None
    invite_3pid: tuple[Invite3pid, ...] | None = None
    room_version: str | None = None
    creation_content: dict[str, object] | None = None
    initial_state: tuple[StateEvent, ...] | None = None
    preset: Literal["private_chat", "public_chat", "trusted_private_chat"] | None = None
    is_direct: bool | None = None
    power_level_content_override: dict[str, object] | None = None

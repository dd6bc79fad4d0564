"""Rooms and users of other networks.

Standards: Matrix v1.19, Client-Server API §Third-party Networks.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "BridgedRooms",
    "BridgedUsers",
    "FieldType",
    "GetProtocolMetadata",
    "GetProtocolMetadataResponse",
    "GetProtocols",
    "GetProtocolsResponse",
    "Location",
    "Protocol",
    "ProtocolInstance",
    "QueryLocationByAlias",
    "QueryLocationByAliasResponse",
    "QueryLocationByProtocol",
    "QueryLocationByProtocolResponse",
    "QueryUserByID",
    "QueryUserByIDResponse",
    "QueryUserByProtocol",
    "QueryUserByProtocolResponse",
    "User",
]


class FieldType(Body, frozen=True, kw_only=True):
    """What a value of a field looks like."""

    regexp: str
    placeholder: str


class ProtocolInstance(Body, frozen=True, kw_only=True):
    """One network of a protocol."""

    desc: str
    icon: str | None = None
    fields: dict[str, object]
    network_id: str
    instance_id: str | None = None


class Protocol(Body, frozen=True, kw_only=True):
    """A protocol that is bridged, and what identifies rooms and users in it."""

    user_fields: tuple[str, ...]
    location_fields: tuple[str, ...]
    icon: str | None = None
    field_types: dict[str, FieldType]
    instances: tuple[ProtocolInstance, ...]


class GetProtocolsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetProtocols`."""

    protocols: WholeBody[dict[str, Protocol]]


class GetProtocols(Request[GetProtocolsResponse], frozen=True, kw_only=True):
    """List the protocols that are bridged."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/protocols")


class GetProtocolMetadataResponse(Response, frozen=True, kw_only=True):
    """What answers `GetProtocolMetadata`."""

    protocol: WholeBody[Protocol]


class GetProtocolMetadata(Request[GetProtocolMetadataResponse], frozen=True, kw_only=True):
    """Look up one protocol that is bridged."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/protocol/{protocol}")

    protocol: InPath[str]


class Location(Body, frozen=True, kw_only=True):
    """A room that is bridged."""

    alias: str
    protocol: str
    fields: dict[str, object]


class BridgedRooms(Response, frozen=True, kw_only=True):
    """Rooms that were found."""

    locations: WholeBody[tuple[Location, ...]]


class QueryLocationByProtocolResponse(BridgedRooms, frozen=True, kw_only=True):
    """What answers `QueryLocationByProtocol`."""


class QueryLocationByProtocol(Request[QueryLocationByProtocolResponse], frozen=True, kw_only=True):
    """Find rooms by what identifies them in their network."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/location/{protocol}")

    protocol: InPath[str]
    fields: InQuery[dict[str, str] | None] = None


class User(Body, frozen=True, kw_only=True):
    """A user who is bridged."""

    userid: str
    protocol: str
    fields: dict[str, object]


class BridgedUsers(Response, frozen=True, kw_only=True):
    """Users who were found."""

    users: WholeBody[tuple[User, ...]]


class QueryUserByProtocolResponse(BridgedUsers, frozen=True, kw_only=True):
    """What answers `QueryUserByProtocol`."""


class QueryUserByProtocol(Request[QueryUserByProtocolResponse], frozen=True, kw_only=True):
    """Find users by what identifies them in their network."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/user/{protocol}")

    protocol: InPath[str]
    fields: InQuery[dict[str, str] | None] = None


class QueryLocationByAliasResponse(BridgedRooms, frozen=True, kw_only=True):
    """What answers `QueryLocationByAlias`."""


class QueryLocationByAlias(Request[QueryLocationByAliasResponse], frozen=True, kw_only=True):
    """Find what room of another network an alias is."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/location")

    alias: InQuery[str]


class QueryUserByIDResponse(BridgedUsers, frozen=True, kw_only=True):
    """What answers `QueryUserByID`."""


class QueryUserByID(Request[QueryUserByIDResponse], frozen=True, kw_only=True):
    """Find what user of another network a user is."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/user")

    userid: InQuery[str]

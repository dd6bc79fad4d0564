"""Operations of third_party_lookup."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Body, InPath, InQuery, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
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
    """What is named FieldType in an answer or a question."""

    regexp: str
    placeholder: str


class ProtocolInstance(Body, frozen=True, kw_only=True):
    """What is named ProtocolInstance in an answer or a question."""

    desc: str
    icon: str | None = None
    fields: dict[str, object]
    network_id: str
    instance_id: str | None = None


class Protocol(Body, frozen=True, kw_only=True):
    """What is named Protocol in an answer or a question."""

    user_fields: tuple[str, ...]
    location_fields: tuple[str, ...]
    icon: str | None = None
    field_types: dict[str, FieldType]
    instances: tuple[ProtocolInstance, ...]


class GetProtocolsResponse(Response, frozen=True, kw_only=True):
    """What answers GetProtocols."""

    protocols: WholeBody[dict[str, Protocol]]


class GetProtocols(Request[GetProtocolsResponse], frozen=True, kw_only=True):
    """Ask for getProtocols."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/protocols")


class GetProtocolMetadataResponse(Response, frozen=True, kw_only=True):
    """What answers GetProtocolMetadata."""

    protocol: WholeBody[Protocol]


class GetProtocolMetadata(Request[GetProtocolMetadataResponse], frozen=True, kw_only=True):
    """Ask for getProtocolMetadata."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/protocol/{protocol}")

    protocol: InPath[str]


class Location(Body, frozen=True, kw_only=True):
    """What is named Location in an answer or a question."""

    alias: str
    protocol: str
    fields: dict[str, object]


class QueryLocationByProtocolResponse(Response, frozen=True, kw_only=True):
    """What answers QueryLocationByProtocol."""

    locations: WholeBody[tuple[Location, ...]]


class QueryLocationByProtocol(Request[QueryLocationByProtocolResponse], frozen=True, kw_only=True):
    """Ask for queryLocationByProtocol."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/location/{protocol}")

    protocol: InPath[str]
    fields: InQuery[dict[str, str] | None] = None


class User(Body, frozen=True, kw_only=True):
    """What is named User in an answer or a question."""

    userid: str
    protocol: str
    fields: dict[str, object]


class QueryUserByProtocolResponse(Response, frozen=True, kw_only=True):
    """What answers QueryUserByProtocol."""

    users: WholeBody[tuple[User, ...]]


class QueryUserByProtocol(Request[QueryUserByProtocolResponse], frozen=True, kw_only=True):
    """Ask for queryUserByProtocol."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/user/{protocol}")

    protocol: InPath[str]
    fields: InQuery[dict[str, str] | None] = None


class QueryLocationByAliasResponse(Response, frozen=True, kw_only=True):
    """What answers QueryLocationByAlias."""

    locations: WholeBody[tuple[Location, ...]]


class QueryLocationByAlias(Request[QueryLocationByAliasResponse], frozen=True, kw_only=True):
    """Ask for queryLocationByAlias."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/location")

    alias: InQuery[str]


class QueryUserByIDResponse(Response, frozen=True, kw_only=True):
    """What answers QueryUserByID."""

    users: WholeBody[tuple[User, ...]]


class QueryUserByID(Request[QueryUserByIDResponse], frozen=True, kw_only=True):
    """Ask for queryUserByID."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/thirdparty/user")

    userid: InQuery[str]

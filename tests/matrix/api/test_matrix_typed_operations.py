"""The comparison with the specification sees what is wrong: one that is blind would prove nothing."""

from __future__ import annotations

from itertools import pairwise
from typing import ClassVar, Literal

import msgspec

from fakes.openapi import Operation, operations
from fakes.openapi_examples import unfaithful
from fakes.typed_operations import differences, request_class
from scop.matrix.api import Access, Body, InPath, InQuery
from scop.matrix.api.request import Endpoint, Request, Response

PACKAGE = "scop.matrix.api.client_server"


class _Signed(Body, frozen=True, kw_only=True):
    sender: int
    mxid: str | None = None
    token: str
    signatures: dict[str, str]


class _JoinedResponse(Response, frozen=True, kw_only=True):
    status: ClassVar[int] = 201

    room: str


class _Join(Request[_JoinedResponse], frozen=True, kw_only=True):
    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/join/{roomIdOrAlias}", access=Access.NONE)

    room_id_or_alias: InQuery[str] = msgspec.field(name="roomIdOrAlias")
    via: InQuery[str]
    extra: InPath[str]
    reason: Literal["a", "b"] | None = None
    third_party_signed: _Signed | None = None


def _operation(operation_id: str) -> Operation:
    return next(one for one in operations("client-server") if one.id == operation_id)


def test_differences_name_everything_that_is_wrong() -> None:
    """Endpoint, parameters, requiredness, types, words, names: each difference is told, at its place."""
    expected = {
        ": method is POST, ours PUT",
        ": path is /_matrix/client/v3/join/{roomIdOrAlias}, ours /join/{roomIdOrAlias}",
        ": access is USER, ours NONE",
        ": rate limit is True, ours False",
        ": status is 200, ours 201",
        "?roomIdOrAlias: missing in the path",
        "?roomIdOrAlias: not in the specification (query)",
        "?extra: not in the specification (path)",
        "?via: required is False, ours True",
        "?via: array, ours string",
        ">.reason: the words are , ours a | b",
        ">.third_party_signed.sender: string, ours integer",
        ">.third_party_signed.mxid: required is True, ours False",
        ">.third_party_signed.signatures.*: object, ours string",
        "<.room: not in the specification",
        "<.room_id: missing",
    }
    assert {f"joinRoom{one}" for one in expected} == set(differences(_operation("joinRoom"), _Join))


def test_differences_tell_any_two_operations_apart() -> None:
    """No class passes for the operation next to its own."""
    every = operations("client-server")
    for operation, other in pairwise(every):
        assert differences(operation, request_class(other, PACKAGE))


def test_unfaithful_sees_what_a_class_loses() -> None:
    """A class that writes another path or body than it read is told."""

    class Lossy(request_class(_operation("sendMessage"), PACKAGE)):  # type: ignore[misc]  # a base of the moment
        """Ask for the same, and forget what was asked."""

        @classmethod
        def from_http(cls, request: object) -> object:
            return cls(room_id="!r", event_type="t", txn_id="1", content={})

    found = list(unfaithful(_operation("sendMessage"), Lossy))
    assert any("became" in one and "sendMessage>" in one for one in found)

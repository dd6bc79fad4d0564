"""Shapes that several operations between servers share."""

from __future__ import annotations

from scop.matrix.api.endpoint import Body
from scop.matrix.api.request import Response
from scop.matrix.json_values import JsonObject

__all__ = ["OldVerifyKey", "PdusAnswered", "ServerKeys", "SignedThirdPartyInvite", "VerifyKey"]


class VerifyKey(Body, frozen=True, kw_only=True):
    """A key that a server signs with."""

    key: str


class OldVerifyKey(Body, frozen=True, kw_only=True):
    """A key that a server signed with until a time."""

    expired_ts: int
    key: str


class ServerKeys(Body, frozen=True, kw_only=True):
    """What a server says of its own keys, signed by them; a notary adds its signature."""

    server_name: str
    verify_keys: dict[str, VerifyKey]  # by key id
    old_verify_keys: dict[str, OldVerifyKey] | None = None
    signatures: dict[str, dict[str, str]]
    valid_until_ts: int


class PdusAnswered(Response, frozen=True, kw_only=True):
    """Events that were asked for, in the shape of a transaction."""

    origin: str
    origin_server_ts: int
    pdus: tuple[JsonObject, ...]


class SignedThirdPartyInvite(Body, frozen=True, kw_only=True):
    """That an address belongs to a user, as an identity server signed it."""

    mxid: str
    signatures: dict[str, dict[str, str]]
    token: str

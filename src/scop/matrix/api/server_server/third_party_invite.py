"""Invites to people who are known by an address only."""

from __future__ import annotations

from typing import ClassVar

import msgspec

from scop.matrix.api.endpoint import Access, Body, InPath
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.api.server_server.definitions import SignedThirdPartyInvite

__all__ = [
    "BoundInvite",
    "ExchangeThirdPartyInvite",
    "ExchangeThirdPartyInviteResponse",
    "OnBindThirdPartyIdentifier",
    "OnBindThirdPartyIdentifierResponse",
    "ThirdPartyInvite",
    "ThirdPartyInviteContent",
]


class ThirdPartyInvite(Body, frozen=True, kw_only=True):
    """The invite, and that the address is a user."""

    display_name: str
    signed: SignedThirdPartyInvite


class ThirdPartyInviteContent(Body, frozen=True, kw_only=True):
    """The content of the invite to be."""

    membership: str
    third_party_invite: ThirdPartyInvite


class ExchangeThirdPartyInviteResponse(Response, frozen=True, kw_only=True):
    """It is done."""


class ExchangeThirdPartyInvite(Request[ExchangeThirdPartyInviteResponse], frozen=True, kw_only=True):
    """Hand an invite to the server that sent it to an address, to be made one to a user."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "PUT", "/_matrix/federation/v1/exchange_third_party_invite/{roomId}", Access.SERVER
    )

    room_id: InPath[str] = msgspec.field(name="roomId")
    type: str
    invite_room_id: str = msgspec.field(name="room_id")  # the same as in the path
    sender: str
    state_key: str
    content: ThirdPartyInviteContent


class BoundInvite(Body, frozen=True, kw_only=True):
    """An invite that an address had received."""

    medium: str
    address: str
    mxid: str
    room_id: str
    sender: str
    signed: SignedThirdPartyInvite


class OnBindThirdPartyIdentifierResponse(Response, frozen=True, kw_only=True):
    """It is done."""


class OnBindThirdPartyIdentifier(Request[OnBindThirdPartyIdentifierResponse], frozen=True, kw_only=True):
    """Say, as an identity server, that an address belongs to a user now."""

    endpoint: ClassVar[Endpoint] = Endpoint("PUT", "/_matrix/federation/v1/3pid/onbind", Access.NONE)

    medium: str
    address: str
    mxid: str
    invites: tuple[BoundInvite, ...]

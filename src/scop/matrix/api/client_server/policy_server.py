"""Operations of policy_server."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetWellknownPolicy", "GetWellknownPolicyResponse", "PublicKeys"]


class PublicKeys(Body, frozen=True, kw_only=True):
    """What is named PublicKeys in an answer or a question."""

    ed25519: str


class GetWellknownPolicyResponse(Response, frozen=True, kw_only=True):
    """What answers GetWellknownPolicy."""

    public_keys: PublicKeys


class GetWellknownPolicy(Request[GetWellknownPolicyResponse], frozen=True, kw_only=True):
    """Ask for getWellknownPolicy."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/policy_server", access=Access.NONE)

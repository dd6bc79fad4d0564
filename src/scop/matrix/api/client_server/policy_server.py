"""How the policy server of a homeserver is found.

Standards: Matrix v1.19, Client-Server API §Policy Servers.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["GetWellknownPolicy", "GetWellknownPolicyResponse", "PublicKeys"]


class PublicKeys(Body, frozen=True, kw_only=True):
    """The keys of a policy server."""

    ed25519: str


class GetWellknownPolicyResponse(Response, frozen=True, kw_only=True):
    """What answers `GetWellknownPolicy`."""

    public_keys: PublicKeys


class GetWellknownPolicy(Request[GetWellknownPolicyResponse], frozen=True, kw_only=True):
    """Read the file that names a policy server's keys."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/.well-known/matrix/policy_server", access=Access.NONE)

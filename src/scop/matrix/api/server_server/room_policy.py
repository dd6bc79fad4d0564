"""Asking a policy server whether an event may be sent."""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.endpoint import Access, WholeBody
from scop.matrix.api.request import Endpoint, Request, Response
from scop.matrix.json_values import JsonObject

__all__ = ["AskPolicyServerToSign", "AskPolicyServerToSignResponse"]


class AskPolicyServerToSignResponse(Response, frozen=True, kw_only=True):
    """Its signature, by its name and key id."""

    signatures: WholeBody[dict[str, dict[str, str]]]


class AskPolicyServerToSign(Request[AskPolicyServerToSignResponse], frozen=True, kw_only=True):
    """Ask a policy server to sign an event."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/policy/v1/sign", Access.SERVER, is_rate_limited=True)

    event: WholeBody[JsonObject]

"""The end of an account.

Standards: Matrix v1.19, Client-Server API §Account management.
"""

from __future__ import annotations

from typing import ClassVar

from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.endpoint import Access
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = ["DeactivateAccount", "DeactivateAccountResponse"]


class DeactivateAccountResponse(Response, frozen=True, kw_only=True):
    """What answers `DeactivateAccount`."""

    id_server_unbind_result: str


class DeactivateAccount(Request[DeactivateAccountResponse], frozen=True, kw_only=True):
    """Close the account for good; `erase` asks to forget what it wrote."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/deactivate", access=Access.OPTIONAL, is_rate_limited=True
    )

    auth: AuthenticationData | None = None
    id_server: str | None = None
    erase: bool | None = None

"""Mail addresses and telephone numbers that belong to an account.

Standards: Matrix v1.19, Client-Server API §Adding Account Administrative Contact Information.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from scop.matrix.api.client_server.definitions import AuthenticationData, TokenByMail, TokenByText, TokenRequested
from scop.matrix.api.endpoint import Access, Body
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "Add3PID",
    "Add3PIDResponse",
    "AddressUnbound",
    "Bind3PID",
    "Bind3PIDResponse",
    "Delete3pidFromAccount",
    "Delete3pidFromAccountResponse",
    "GetAccount3PIDs",
    "GetAccount3PIDsResponse",
    "Post3PIDs",
    "Post3PIDsResponse",
    "RequestTokenTo3PIDEmail",
    "RequestTokenTo3PIDEmailResponse",
    "RequestTokenTo3PIDMSISDN",
    "RequestTokenTo3PIDMSISDNResponse",
    "ThirdPartyIdentifier",
    "ThreePidCredentials",
    "Unbind3pidFromAccount",
    "Unbind3pidFromAccountResponse",
    "UnboundAddress",
]


class ThirdPartyIdentifier(Body, frozen=True, kw_only=True):
    """A mail address or telephone number, and when it was proved and added."""

    medium: str
    address: str
    validated_at: int
    added_at: int


class GetAccount3PIDsResponse(Response, frozen=True, kw_only=True):
    """What answers `GetAccount3PIDs`."""

    threepids: tuple[ThirdPartyIdentifier, ...] | None = None


class GetAccount3PIDs(Request[GetAccount3PIDsResponse], frozen=True, kw_only=True):
    """List the addresses and numbers of the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("GET", "/_matrix/client/v3/account/3pid")


class ThreePidCredentials(Body, frozen=True, kw_only=True):
    """The proof that an identity server has checked an address."""

    client_secret: str
    id_server: str
    id_access_token: str
    sid: str


class Post3PIDsResponse(Response, frozen=True, kw_only=True):
    """What answers `Post3PIDs`."""

    submit_url: str | None = None


class Post3PIDs(Request[Post3PIDsResponse], frozen=True, kw_only=True):
    """Add an address that an identity server has checked."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/account/3pid", is_deprecated=True)

    three_pid_creds: ThreePidCredentials


class Add3PIDResponse(Response, frozen=True, kw_only=True):
    """What answers `Add3PID`."""


class Add3PID(Request[Add3PIDResponse], frozen=True, kw_only=True):
    """Add an address that the homeserver itself has checked."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/account/3pid/add", is_rate_limited=True)

    auth: AuthenticationData | None = None
    client_secret: str
    sid: str


class Bind3PIDResponse(Response, frozen=True, kw_only=True):
    """What answers `Bind3PID`."""


class Bind3PID(ThreePidCredentials, Request[Bind3PIDResponse], frozen=True, kw_only=True):
    """Let others find the user by an address, at an identity server."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/account/3pid/bind", is_rate_limited=True)


class UnboundAddress(Body, frozen=True, kw_only=True):
    """An address, and the identity server that is no longer to know whose it is."""

    id_server: str | None = None
    medium: Literal["email", "msisdn"]
    address: str


class AddressUnbound(Response, frozen=True, kw_only=True):
    """Whether the identity server has forgotten whose an address is."""

    id_server_unbind_result: str


class Delete3pidFromAccountResponse(AddressUnbound, frozen=True, kw_only=True):
    """What answers `Delete3pidFromAccount`."""


class Delete3pidFromAccount(UnboundAddress, Request[Delete3pidFromAccountResponse], frozen=True, kw_only=True):
    """Take an address from the account."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/account/3pid/delete")


class Unbind3pidFromAccountResponse(AddressUnbound, frozen=True, kw_only=True):
    """What answers `Unbind3pidFromAccount`."""


class Unbind3pidFromAccount(UnboundAddress, Request[Unbind3pidFromAccountResponse], frozen=True, kw_only=True):
    """Let nobody find the user by an address any more."""

    endpoint: ClassVar[Endpoint] = Endpoint("POST", "/_matrix/client/v3/account/3pid/unbind")


class RequestTokenTo3PIDEmailResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenTo3PIDEmail`."""


class RequestTokenTo3PIDEmail(TokenByMail, Request[RequestTokenTo3PIDEmailResponse], frozen=True, kw_only=True):
    """Have a mail sent that proves an address which is to be added."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/3pid/email/requestToken", access=Access.NONE
    )


class RequestTokenTo3PIDMSISDNResponse(TokenRequested, frozen=True, kw_only=True):
    """What answers `RequestTokenTo3PIDMSISDN`."""


class RequestTokenTo3PIDMSISDN(TokenByText, Request[RequestTokenTo3PIDMSISDNResponse], frozen=True, kw_only=True):
    """Have a text sent that proves a number which is to be added."""

    endpoint: ClassVar[Endpoint] = Endpoint(
        "POST", "/_matrix/client/v3/account/3pid/msisdn/requestToken", access=Access.NONE
    )

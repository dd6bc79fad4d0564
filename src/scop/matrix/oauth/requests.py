"""What is asked of an authorization server: registration in JSON, everything else as a form.

Standards: RFC 6749 §4.1.3, §5, §6, Appendix B; RFC 7009 §2; RFC 7591 §3; RFC 8628 §3.
"""

from __future__ import annotations

from typing import ClassVar, Generic, TypeVar
from urllib.parse import urlencode

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.api.endpoint import Access
from scop.matrix.api.errors import MatrixError, read_error
from scop.matrix.api.http import HttpRequest, HttpResponse
from scop.matrix.api.request import Endpoint, Request, Response

__all__ = [
    "AUTHORIZATION_CODE",
    "DEVICE_CODE",
    "REFRESH_TOKEN",
    "AuthorizeDevice",
    "DeviceAuthorization",
    "ExchangeCode",
    "OAuthError",
    "PollForTokens",
    "RefreshTokens",
    "RegisterClient",
    "Registered",
    "RevokeToken",
    "Revoked",
    "Tokens",
]

AUTHORIZATION_CODE = "authorization_code"
REFRESH_TOKEN = "refresh_token"  # noqa: S105 - the name of a grant
DEVICE_CODE = "urn:ietf:params:oauth:grant-type:device_code"
_Answer_co = TypeVar("_Answer_co", bound=Response, covariant=True)
_FORM = ("content-type", "application/x-www-form-urlencoded")
_WANTS_JSON = ("accept", "application/json")


class OAuthError(MatrixError):
    """A refusal of an authorization server; its `errcode` is the `error` of the RFC (invalid_grant …)."""


class _OAuthRequest(Request[_Answer_co], Generic[_Answer_co], frozen=True, kw_only=True):
    """A request whose refusal is an `OAuthError`."""

    def read_response(self, answer: HttpResponse) -> _Answer_co:
        """Return what was answered; raises `OAuthError`, or another `MatrixError` where no such server answers."""
        try:
            return super().read_response(answer)
        except MatrixError as refusal:
            raise _as_oauth(refusal) from None


class _FormRequest(_OAuthRequest[_Answer_co], Generic[_Answer_co], frozen=True, kw_only=True):
    """A request whose fields are a form; those that are None are left out."""

    def to_http(self, token: str | None = None) -> HttpRequest:
        """Return it as it is sent."""
        named = ((one.encode_name, getattr(self, one.name)) for one in msgspec.structs.fields(self))
        pairs = [(name, value) for name, value in named if isinstance(value, str)]
        # RFC 6749 Appendix B: UTF-8, a space as a plus sign.
        return HttpRequest("POST", "", (), (_FORM, _WANTS_JSON), urlencode(pairs).encode())


def _as_oauth(refusal: MatrixError) -> MatrixError:
    # RFC 6749 §5.2, RFC 7591 §3.2.2: `error` is a word; `error_description` is for whoever writes the client.
    word, words = refusal.body.get("error"), refusal.body.get("error_description")
    if not isinstance(word, str) or "errcode" in refusal.body:
        return refusal
    said = words if isinstance(words, str) else word
    return OAuthError(refusal.status, word, said, refusal.body, refusal.retry_after_seconds)


def _post(*, is_idempotent: bool) -> Endpoint:
    return Endpoint("POST", "", access=Access.NONE, is_idempotent=is_idempotent)


class Registered(Response, frozen=True, kw_only=True):
    """What answers `RegisterClient`; what was registered else is in `unknown`."""

    client_id: str


class RegisterClient(_OAuthRequest[Registered], frozen=True, kw_only=True):
    """Make this client known (RFC 7591)."""

    endpoint: ClassVar[Endpoint] = _post(is_idempotent=True)

    client_name: str
    client_uri: str
    redirect_uris: tuple[str, ...] | None = None
    response_types: tuple[str, ...] | None = None
    grant_types: tuple[str, ...]
    token_endpoint_auth_method: str
    application_type: str


class Tokens(Response, frozen=True, kw_only=True):
    """What answers a grant."""

    access_token: str
    token_type: str
    expires_in: float | None = None
    refresh_token: str | None = None
    scope: str | None = None

    def check(self) -> None:
        """Raise for tokens that cannot be used as Matrix uses them."""
        # RFC 6749 §7.1: "MUST NOT use an access token if it does not understand the token type."
        if self.token_type.lower() != "bearer":
            raise RemoteProtocolError("the authorization server gives tokens that are no bearer tokens")


class ExchangeCode(_FormRequest[Tokens], frozen=True, kw_only=True):
    """Give an authorization code for tokens."""

    # RFC 6749 §4.1.2: a code that comes twice ends what it gave.
    endpoint: ClassVar[Endpoint] = _post(is_idempotent=False)

    grant_type: str = AUTHORIZATION_CODE
    code: str
    redirect_uri: str
    client_id: str
    code_verifier: str


class RefreshTokens(_FormRequest[Tokens], frozen=True, kw_only=True):
    """Give a refresh token for new tokens."""

    # Matrix v1.19 CS §Refresh token grant: "the client is able to retry the refresh request".
    endpoint: ClassVar[Endpoint] = _post(is_idempotent=True)

    grant_type: str = REFRESH_TOKEN
    refresh_token: str
    client_id: str


class PollForTokens(_FormRequest[Tokens], frozen=True, kw_only=True):
    """Ask whether a person agreed on another device; `authorization_pending` and `slow_down` are refusals."""

    endpoint: ClassVar[Endpoint] = _post(is_idempotent=False)

    grant_type: str = DEVICE_CODE
    device_code: str
    client_id: str


class DeviceAuthorization(Response, frozen=True, kw_only=True):
    """What answers `AuthorizeDevice`."""

    device_code: str
    user_code: str
    verification_uri: str
    verification_uri_complete: str | None = None
    expires_in: float
    interval: float = 5  # RFC 8628 §3.2


class AuthorizeDevice(_FormRequest[DeviceAuthorization], frozen=True, kw_only=True):
    """Ask for a code that a person enters on another device."""

    endpoint: ClassVar[Endpoint] = _post(is_idempotent=True)

    client_id: str
    scope: str


class Revoked(Response, frozen=True, kw_only=True):
    """What answers `RevokeToken`; its body is of no meaning (RFC 7009 §2.2)."""


class RevokeToken(_FormRequest[Revoked], frozen=True, kw_only=True):
    """End a token, and with it the other one."""

    endpoint: ClassVar[Endpoint] = _post(is_idempotent=True)

    token: str
    token_type_hint: str
    client_id: str

    def read_response(self, answer: HttpResponse) -> Revoked:
        """Return that it is done; what a body of such an answer holds is not looked at."""
        if 200 <= answer.status < 300:
            return Revoked()
        raise _as_oauth(read_error(answer))

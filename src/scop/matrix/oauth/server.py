"""An authorization server: where its endpoints are and what it can do, out of metadata that was checked.

Standards: RFC 8414 §2, RFC 9207 §3; Matrix v1.19 CS §Server metadata discovery, §Account management.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadataResponse
from scop.matrix.oauth.requests import AUTHORIZATION_CODE, DEVICE_CODE

__all__ = ["AuthorizationServer", "read_metadata", "shown_url"]


@dataclass(frozen=True, slots=True)
class AuthorizationServer:
    """What a homeserver says of the server that gives its tokens; None is an endpoint that there is not."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    revocation_endpoint: str
    registration_endpoint: str
    device_authorization_endpoint: str | None
    takes_redirects: bool  # the authorization code grant, as we use it
    says_issuer: bool  # redirects must name it (RFC 9207)
    account_management_uri: str | None
    account_actions: frozenset[str]

    @property
    def takes_devices(self) -> bool:
        """Whether a code can be entered on another device."""
        return self.device_authorization_endpoint is not None

    def account_url(self, action: str = "", device_id: str | None = None) -> str | None:
        """Return where a person manages their account, at an action if the server has a page for it."""
        uri = self.account_management_uri
        if uri is None or action not in self.account_actions:
            return uri
        wanted = {"action": action} if device_id is None else {"action": action, "device_id": device_id}
        return f"{uri}{'&' if '?' in uri else '?'}{urlencode(wanted)}"


def read_metadata(said: GetAuthMetadataResponse, homeserver_url: str) -> AuthorizationServer:
    """Return an authorization server out of its metadata; raises `RemoteProtocolError`."""
    plain = urlsplit(homeserver_url).scheme == "http"

    def checked(url: str, name: str) -> str:
        return _endpoint(url, name, plain_loopback=plain)

    # RFC 8414 §2: an https URL without query and fragment.
    issuer = checked(said.issuer, "issuer")
    if "?" in issuer:
        raise RemoteProtocolError(f"the issuer {printable(issuer)} has a query")
    device = said.device_authorization_endpoint if DEVICE_CODE in said.grant_types_supported else None
    says_redirects = (
        "code" in said.response_types_supported
        and AUTHORIZATION_CODE in said.grant_types_supported
        and "S256" in said.code_challenge_methods_supported
        and "query" in said.response_modes_supported
    )
    return AuthorizationServer(
        issuer,
        checked(said.authorization_endpoint, "authorization endpoint"),
        checked(said.token_endpoint, "token endpoint"),
        checked(said.revocation_endpoint, "revocation endpoint"),
        checked(said.registration_endpoint, "registration endpoint"),
        None if device is None else checked(device, "device authorization endpoint"),
        says_redirects,
        said.unknown.get("authorization_response_iss_parameter_supported") is True,
        shown_url(said.account_management_uri, homeserver_url),
        frozenset(said.account_management_actions_supported or ()),
    )


def shown_url(url: object, homeserver_url: str) -> str | None:
    """Return a URL that a person may open, None for what is none: they are asked for their password there."""
    if not isinstance(url, str):
        return None
    try:
        return _endpoint(url, "page", plain_loopback=urlsplit(homeserver_url).scheme == "http")
    except RemoteProtocolError:
        return None


def _endpoint(url: str, name: str, *, plain_loopback: bool) -> str:
    """Return a URL that is https; http only on loopback, and only of a homeserver that is asked so itself."""
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.username is None and (parts.port is None or parts.port > 0)
        # A server elsewhere must not make us ask what only this machine may ask.
        is_ours = plain_loopback and parts.scheme == "http" and _is_loopback(parts.hostname or "")
        # RFC 6749 §3.1, §3.2: without a fragment; a query is kept.
        is_url = has_place and not parts.fragment and (parts.scheme == "https" or is_ours)
    except ValueError:
        is_url = False
    if not is_url or not url.isascii() or not url.isprintable() or " " in url:
        raise RemoteProtocolError(f"the {name} {printable(url)} is no https URL")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False

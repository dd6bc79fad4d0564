"""Which ways to log in a homeserver offers, and the way by single sign-on: a browser that brings a login token back.

Standards: Matrix v1.19 CS §Authentication API discovery, §Client login via SSO, §OAuth 2.0 aware clients.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from scop.base import RemoteProtocolError, printable
from scop.matrix.api.client_server.login import LoginFlow
from scop.matrix.api.client_server.sso_login_redirect import RedirectToIdP, RedirectToSSO
from scop.matrix.oauth.redirects import NotOurs, parameters_of
from scop.matrix.oauth.server import AuthorizationServer

__all__ = ["PASSWORD_FLOW", "SSO_FLOW", "Provider", "Ways", "login_token_of", "read_flows", "sso_url"]

PASSWORD_FLOW = "m.login.password"  # noqa: S105 - the name of a flow
SSO_FLOW = "m.login.sso"
_MAX_PROVIDERS = 64


@dataclass(frozen=True, slots=True)
class Provider:
    """Who knows people, where a server has several such."""

    id: str
    name: str
    brand: str | None = None

    def is_called(self, word: str) -> bool:
        """Tell whether a person means this one."""
        return word.lower() in {self.id.lower(), self.name.lower(), (self.brand or "").lower()}


@dataclass(frozen=True, slots=True)
class Ways:
    """How one can log in at a homeserver."""

    flows: tuple[str, ...]  # of the legacy API
    providers: tuple[Provider, ...] = ()  # of single sign-on; none where the server asks by itself
    prefers_sso: bool = False  # the server would have clients offer that alone
    server: AuthorizationServer | None = None  # of OAuth 2.0

    @property
    def takes_passwords(self) -> bool:
        """Whether a password logs in."""
        return PASSWORD_FLOW in self.flows

    @property
    def takes_sso(self) -> bool:
        """Whether a browser brings a login token."""
        return SSO_FLOW in self.flows

    def offered(self) -> str:
        """Return all of them in words."""
        oauth = () if self.server is None else ("OAuth 2.0",)
        return ", ".join((*map(printable, self.flows), *oauth)) or "nothing that is known here"

    def provider(self, word: str) -> Provider:
        """Return the provider that a person means by its id, name or brand."""
        for one in self.providers:
            if one.is_called(word):
                return one
        known = ", ".join(printable(one.name) for one in self.providers) or "none is named"
        raise RemoteProtocolError(f"there is no provider {printable(word)}, but: {known}")


def read_flows(flows: tuple[LoginFlow, ...], server: AuthorizationServer | None) -> Ways:
    """Return what flows mean; providers that are none are left out."""
    sso = next((flow.unknown for flow in flows if flow.type == SSO_FLOW), {})
    said = sso.get("identity_providers")
    found = [_provider(one) for one in said[:_MAX_PROVIDERS]] if isinstance(said, list) else []
    return Ways(
        tuple(flow.type for flow in flows),
        tuple(one for one in found if one is not None),
        sso.get("oauth_aware_preferred") is True,
        server,
    )


def _provider(said: object) -> Provider | None:
    if not isinstance(said, Mapping):
        return None
    name, provider_id, brand = said.get("name"), said.get("id"), said.get("brand")
    if not isinstance(name, str) or not isinstance(provider_id, str):
        return None
    return Provider(provider_id, name, brand if isinstance(brand, str) else None)


def sso_url(homeserver_url: str, redirect_url: str, provider: Provider | None = None) -> str:
    """Return where a browser logs in; it comes back to `redirect_url`, in whose path nobody else can guess a word."""
    # §OAuth 2.0 aware clients: `action` says that this is no registration.
    asked = (
        RedirectToSSO(redirect_url=redirect_url, action="login")
        if provider is None
        else RedirectToIdP(idp_id=provider.id, redirect_url=redirect_url, action="login")
    )
    return f"{homeserver_url.rstrip('/')}{asked.to_http().target}"


def login_token_of(redirect_url: str, url: str) -> str:
    """Return the login token that a browser brought back; raises `NotOurs`."""
    # §Client login via SSO, Security considerations 2: callbacks without our identifier are none.
    token = parameters_of(url, redirect_url).get("loginToken")
    if not token:
        raise NotOurs("there is no login token in it")
    return token

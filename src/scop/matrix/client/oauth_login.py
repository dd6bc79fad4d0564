"""Logging in by OAuth 2.0, staying so, and logging out: by a browser that comes back, or a code for another device.

    asked = yield from client.oauth.begin_code(homeserver_url, "http://127.0.0.1:40001/callback")
    ...                       # a person opens asked.url; their browser comes back to the redirect URI
    session = yield from client.oauth.end_code(asked, code_of(asked, url_that_came))

A session that was begun so is renewed and ended here, too (`Session.oauth`): the two APIs do not mix.

Standards: Matrix v1.19 CS §OAuth 2.0 API; RFC 6749, RFC 7009, RFC 7591, RFC 8252 §7.3, RFC 8628.
"""

from __future__ import annotations

import contextlib
from urllib.parse import urlsplit

from scop.base import RemoteProtocolError
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata
from scop.matrix.api.client_server.whoami import GetTokenOwner
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.beginning import begin, check_who, expiry, go_on, kept_device_id
from scop.matrix.client.core import Core
from scop.matrix.client.session import OAuthGrant, Session
from scop.matrix.oauth.requests import (
    AUTHORIZATION_CODE,
    DEVICE_CODE,
    REFRESH_TOKEN,
    AuthorizeDevice,
    ExchangeCode,
    OAuthError,
    PollForTokens,
    RefreshTokens,
    RegisterClient,
    RevokeToken,
    Tokens,
)
from scop.matrix.oauth.server import AuthorizationServer, read_metadata, shown_url
from scop.matrix.oauth.values import CodeAsked, DeviceAsked, OAuthLoginAsked, check_scope, new_device_id, new_word
from scop.matrix.steps import Steps, ask_at

__all__ = ["OAuthLogin"]

_MAX_WAIT_SECONDS = 3600.0  # whoever says longer is believed so far


class OAuthLogin:
    """Makes, renews and ends sessions at an authorization server."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def server(self, homeserver_url: str) -> Steps[AuthorizationServer | None]:
        """Return the authorization server of a homeserver; None where it has none."""
        base = homeserver_url.rstrip("/")
        try:
            said = yield from ask_at(base, GetAuthMetadata())
        except MatrixError as refusal:
            # Matrix v1.19 CS §Authentication API discovery: 404. Lenient: older servers say 400 or 405 of such a path.
            if refusal.status in (404, 405) or refusal.errcode == "M_UNRECOGNIZED":
                return None
            raise
        return read_metadata(said, base)

    def begin_code(self, homeserver_url: str, redirect_uri: str, user: str | None = None) -> Steps[CodeAsked]:
        """Ask for a login by a browser that comes back to `redirect_uri`: of loopback, with the port it is at."""
        base = homeserver_url.rstrip("/")
        server = yield from self._offering(base)
        if not server.takes_redirects:
            raise RemoteProtocolError("the authorization server takes no login by a browser that comes back")
        # Matrix v1.19 CS §Redirect URI validation: registered without a port, used with any.
        place = urlsplit(redirect_uri)
        registered = f"{place.scheme}://{place.hostname}{place.path}"
        client_id = yield from self._registered(server, AUTHORIZATION_CODE, registered)
        chance = self._core.surroundings.chance
        device_id = kept_device_id(self._core, base, user) or new_device_id(chance)
        return CodeAsked(base, server, client_id, device_id, user, redirect_uri, new_word(chance), new_word(chance))

    def end_code(self, asked: CodeAsked, code: str) -> Steps[Session]:
        """Log in by the code that came back (`scop.matrix.oauth.code_of`)."""
        request = ExchangeCode(
            code=code, redirect_uri=asked.redirect_uri, client_id=asked.client_id, code_verifier=asked.verifier
        )
        return (yield from self._take(asked, (yield from ask_at(asked.server.token_endpoint, request))))

    def begin_device(self, homeserver_url: str, user: str | None = None) -> Steps[DeviceAsked]:
        """Ask for a login by a code that a person enters on another device."""
        base = homeserver_url.rstrip("/")
        server = yield from self._offering(base)
        if server.device_authorization_endpoint is None:
            raise RemoteProtocolError("the authorization server takes no codes that are entered on another device")
        client_id = yield from self._registered(server, DEVICE_CODE, None)
        device_id = kept_device_id(self._core, base, user) or new_device_id(self._core.surroundings.chance)
        wanted = OAuthLoginAsked(base, server, client_id, device_id, user)
        said = yield from ask_at(
            server.device_authorization_endpoint, AuthorizeDevice(client_id=client_id, scope=wanted.scope)
        )
        url = shown_url(said.verification_uri, base)
        if url is None:
            raise RemoteProtocolError("the authorization server names no https URL where the code is entered")
        return DeviceAsked(
            homeserver_url=base,
            server=server,
            client_id=client_id,
            device_id=device_id,
            user=user,
            device_code=said.device_code,
            user_code=said.user_code,
            url=url,
            whole_url=shown_url(said.verification_uri_complete, base),
            expires_in_seconds=min(max(said.expires_in, 0.0), _MAX_WAIT_SECONDS),
            interval_seconds=min(max(said.interval, 1.0), _MAX_WAIT_SECONDS),
        )

    def poll(self, asked: DeviceAsked) -> Steps[Session]:
        """Log in if the person agreed by now; raises `OAuthError` (authorization_pending, slow_down …) otherwise.

        Whoever drives keeps `asked.interval_seconds` between two of these, five more after each slow_down.
        """
        request = PollForTokens(device_code=asked.device_code, client_id=asked.client_id)
        return (yield from self._take(asked, (yield from ask_at(asked.server.token_endpoint, request))))

    def renew(self, session: Session, grant: OAuthGrant) -> Steps[bool]:
        """Take new tokens by the refresh token; False where that is no way to go on: log in again."""
        if session.refresh_token is None:
            return False
        server = yield from self._server_of(session, grant)
        request = RefreshTokens(refresh_token=session.refresh_token, client_id=grant.client_id)
        try:
            tokens = yield from ask_at(server.token_endpoint, request)
        except OAuthError as refusal:
            # §Refresh token grant: after a 4xx "the client should consider the session logged out".
            if refusal.may_pass:
                raise
            return False
        tokens.check()
        renewed = session.renewed(tokens.access_token, tokens.refresh_token, expiry(self._core, tokens.expires_in))
        return (yield from go_on(self._core, session, renewed))

    def revoke(self, session: Session, grant: OAuthGrant) -> Steps[None]:
        """End the tokens of a session at the server."""
        server = yield from self._server_of(session, grant)
        yield from self._end(server, grant.client_id, session.access_token, session.refresh_token)

    def account_url(self, action: str = "", device_id: str | None = None) -> Steps[str | None]:
        """Return where a person manages the account of our session (`org.matrix.device_delete` …)."""
        session = self._core.logged_in()
        server = yield from self.server(session.homeserver_url)
        return None if server is None else server.account_url(action, device_id)

    def _offering(self, base: str) -> Steps[AuthorizationServer]:
        server = yield from self.server(base)
        if server is None:
            raise RemoteProtocolError("the homeserver has no authorization server: no login by OAuth 2.0 there")
        return server

    def _server_of(self, session: Session, grant: OAuthGrant) -> Steps[AuthorizationServer]:
        """Return the server that gave the tokens of a session, and shows them to no other."""
        server = yield from self._offering(session.homeserver_url)
        # RFC 9700 §4.4: tokens go to the issuer that they are of.
        if server.issuer != grant.issuer:
            raise RemoteProtocolError("the homeserver has another authorization server now: log in again")
        return server

    def _registered(self, server: AuthorizationServer, grant: str, redirect_uri: str | None) -> Steps[str]:
        """Return the id by which the server knows us; §Client registration: anew for each login."""
        options = self._core.options
        has_redirect = redirect_uri is not None
        request = RegisterClient(
            client_name=options.device_name,
            client_uri=options.client_uri,
            redirect_uris=(redirect_uri,) if redirect_uri is not None else None,
            response_types=("code",) if has_redirect else None,
            grant_types=(grant, REFRESH_TOKEN),
            token_endpoint_auth_method="none",  # noqa: S106 - what we keep is no secret of the client's
            application_type="native",
        )
        return (yield from ask_at(server.registration_endpoint, request)).client_id

    def _take(self, asked: OAuthLoginAsked, tokens: Tokens) -> Steps[Session]:
        """Begin the session of tokens, if they are those of whom and what was asked for; others are ended."""
        try:
            tokens.check()
            check_scope(asked, tokens.scope)
            who = yield from ask_at(asked.homeserver_url, GetTokenOwner(), tokens.access_token)
            check_who(asked.user, who.user_id)
            if who.device_id not in (None, asked.device_id):
                raise RemoteProtocolError("the homeserver says that we are another device")
        except (MatrixError, RemoteProtocolError):
            with contextlib.suppress(MatrixError, RemoteProtocolError):
                yield from self._end(asked.server, asked.client_id, tokens.access_token, tokens.refresh_token)
            raise
        session = Session(
            asked.homeserver_url,
            who.user_id,
            asked.device_id,
            tokens.access_token,
            tokens.refresh_token,
            expiry(self._core, tokens.expires_in),
            OAuthGrant(asked.server.issuer, asked.client_id),
        )
        return (yield from begin(self._core, session))

    def _end(
        self, server: AuthorizationServer, client_id: str, access_token: str, refresh_token: str | None
    ) -> Steps[None]:
        # §Token revocation: with the one the server ends the other token. An access token that ended by itself may be
        # known no longer: that is answered as if all was done (RFC 7009 §2.2), and the session goes on.
        hint = "access_token" if refresh_token is None else "refresh_token"
        request = RevokeToken(token=refresh_token or access_token, token_type_hint=hint, client_id=client_id)
        yield from ask_at(server.revocation_endpoint, request)

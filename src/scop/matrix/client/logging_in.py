"""Logging in, staying so, and logging out.

Standards: Matrix v1.19 CS §Login, §Refreshing access tokens, §Soft logout.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.login import GetLoginFlows, Login, LoginResponse, UserIdentifier
from scop.matrix.api.client_server.login_token import GenerateLoginToken, GenerateLoginTokenResponse
from scop.matrix.api.client_server.logout import Logout, LogoutAll
from scop.matrix.api.client_server.refresh import Refresh
from scop.matrix.api.client_server.registration import Register, RegisterResponse
from scop.matrix.api.client_server.whoami import GetTokenOwner, GetTokenOwnerResponse
from scop.matrix.api.endpoint import Access
from scop.matrix.api.errors import MatrixError
from scop.matrix.api.request import Endpoint
from scop.matrix.client.beginning import begin, check_who, expiry, go_on, kept_device_id
from scop.matrix.client.core import Core
from scop.matrix.client.oauth_login import OAuthLogin
from scop.matrix.client.session import Session
from scop.matrix.client.ways import PASSWORD_FLOW, Ways, read_flows
from scop.matrix.confirming import Credentials, confirmed_at
from scop.matrix.steps import Forget, Steps, ask, ask_at

__all__ = ["LoggingIn", "Registration"]

_UNKNOWN = "M_UNKNOWN_TOKEN"
_MAY_BE_NO_WAY = ("M_UNRECOGNIZED", "M_UNKNOWN", "M_INVALID_PARAM", "M_BAD_JSON")  # what servers say of such a login


class _ServiceLogin(Login, frozen=True, kw_only=True):
    """A login that an application service proves by its own token."""

    endpoint: ClassVar[Endpoint] = replace(Login.endpoint, access=Access.USER)


@dataclass(frozen=True, slots=True)
class Registration:
    """Whom to register; without a password the server may ask for other proofs."""

    username: str | None = None
    password: str | None = None
    registration_token: str | None = None
    is_guest: bool = False


class LoggingIn:
    """Makes and ends sessions."""

    def __init__(self, core: Core, oauth: OAuthLogin) -> None:
        self._core = core
        self._oauth = oauth

    def ways(self, homeserver_url: str) -> Steps[Ways]:
        """Return the ways to log in that a homeserver offers."""
        server, fault = None, None
        try:
            server = yield from self._oauth.server(homeserver_url)
        except (MatrixError, RemoteProtocolError) as broken:
            # Lenient: what stands before a homeserver may refuse paths that it does not know (403).
            if isinstance(broken, MatrixError) and broken.may_pass:
                raise
            fault = broken
        try:
            answer = yield from ask_at(homeserver_url.rstrip("/"), GetLoginFlows())
        except MatrixError as refusal:
            # Matrix v1.19 CS §Authentication API discovery: who speaks OAuth 2.0 alone answers 404.
            if server is None or refusal.may_pass:
                raise fault or refusal from None
            return read_flows((), server)
        return read_flows(answer.flows or (), server)

    def with_password(self, homeserver_url: str, user: str, password: str) -> Steps[Session]:
        """Log in by a password."""
        request = self._login(PASSWORD_FLOW, homeserver_url, user)
        try:
            return (yield from self._take(homeserver_url, msgspec.structs.replace(request, password=password), user))
        except MatrixError as refusal:
            if refusal.status in (400, 403, 404) and refusal.errcode in _MAY_BE_NO_WAY:
                yield from self._look_for_ways(homeserver_url, refusal)
            raise

    def with_token(self, homeserver_url: str, token: str, user: str | None = None) -> Steps[Session]:
        """Log in by a token of another login or of single sign-on; where `user` says so, as them and nobody else."""
        request = self._login("m.login.token", homeserver_url, user)
        named = msgspec.structs.replace(request, identifier=None, token=token)  # the token says who
        return (yield from self._take(homeserver_url, named, user))

    def as_service(self, homeserver_url: str, user: str, service_token: str) -> Steps[Session]:
        """Log in as a user of an application service."""
        plain = self._login("m.login.application_service", homeserver_url, user)
        request = _ServiceLogin(
            type=plain.type,
            identifier=plain.identifier,
            device_id=plain.device_id,
            initial_device_display_name=plain.initial_device_display_name,
            refresh_token=plain.refresh_token,
        )
        return (yield from self._take(homeserver_url, request, user, service_token))

    def _look_for_ways(self, homeserver_url: str, refusal: MatrixError) -> Steps[None]:
        """Raise a refusal that says what is offered, where that is no password."""
        try:
            ways = yield from self.ways(homeserver_url)
        except (MatrixError, RemoteProtocolError):
            return
        if not ways.takes_passwords:
            sentence = f"no login by a password there, but by {ways.offered()}"
            raise MatrixError(refusal.status, refusal.errcode, sentence, refusal.body, None) from refusal

    def register(self, homeserver_url: str, wanted: Registration) -> Steps[Session | None]:
        """Make an account, and log in to it where the server does so at once; raises `MatrixError`."""
        base, options = homeserver_url.rstrip("/"), self._core.options
        answer: RegisterResponse = yield from confirmed_at(
            base,
            lambda auth: Register(
                kind="guest" if wanted.is_guest else "user",
                auth=auth,
                username=wanted.username,
                password=wanted.password,
                initial_device_display_name=options.device_name,
                refresh_token=options.asks_refresh_token or None,
            ),
            Credentials(registration_token=wanted.registration_token),
        )
        if answer.access_token is None or answer.device_id is None:
            return None
        expires = self._expiry(answer.expires_in_ms)
        session = Session(base, answer.user_id, answer.device_id, answer.access_token, answer.refresh_token, expires)
        return (yield from begin(self._core, session))

    def renew(self, stale_token: str | None = None) -> Steps[bool]:
        """Take new tokens by the refresh token, unless `stale_token` is no longer in use.

        False where that is no way to go on: log in again; raises `MatrixError` where the session is over for good.
        """
        session = self._core.logged_in()
        if stale_token is not None and stale_token != session.access_token:
            return True
        if session.oauth is not None:
            return (yield from self._oauth.renew(session, session.oauth))
        if session.refresh_token is None:
            return False
        try:
            answer = yield from ask_at(session.homeserver_url, Refresh(refresh_token=session.refresh_token))
        except MatrixError as refusal:
            # Lenient: Synapse answers 403 of refresh tokens that were used, or have expired.
            if refusal.status == 403 or (refusal.status == 401 and refusal.body.get("soft_logout") is True):
                return False
            raise
        expires = self._expiry(answer.expires_in_ms)
        renewed = session.renewed(answer.access_token, answer.refresh_token, expires)
        return (yield from go_on(self._core, session, renewed))

    def logout(self) -> Steps[None]:
        """End the session at the server, and keep nothing of it."""
        yield from self._ended(is_here_alone=True)

    def logout_everywhere(self) -> Steps[None]:
        """End all sessions of the user, and keep nothing of this one."""
        yield from self._ended(is_here_alone=False)

    def forget(self) -> Steps[None]:
        """Keep nothing of a session that the server has ended."""
        self._core.session = None
        self._core.start({})
        yield Forget()

    def whoami(self) -> Steps[GetTokenOwnerResponse]:
        """Return whose token ours is."""
        return (yield from ask(GetTokenOwner()))

    def token_for_another(self, password: str | None = None) -> Steps[GenerateLoginTokenResponse]:
        """Return a token by which another device of ours can log in."""
        shown = Credentials(self._core.user_id, password)
        return (yield from confirmed_at(None, lambda auth: GenerateLoginToken(auth=auth), shown))

    def _login(self, kind: str, homeserver_url: str, user: str | None) -> Login:
        options = self._core.options
        return Login(
            type=kind,
            identifier=None if user is None else UserIdentifier(type="m.id.user", unknown={"user": user}),
            # §Soft logout: the device stays what it is.
            device_id=kept_device_id(self._core, homeserver_url.rstrip("/"), user),
            initial_device_display_name=options.device_name,
            refresh_token=options.asks_refresh_token or None,
        )

    def _take(self, homeserver_url: str, request: Login, user: str | None, token: str | None = None) -> Steps[Session]:
        base = homeserver_url.rstrip("/")
        answer: LoginResponse = yield from ask_at(base, request, token)
        check_who(user, answer.user_id)
        expires = self._expiry(answer.expires_in_ms)
        session = Session(base, answer.user_id, answer.device_id, answer.access_token, answer.refresh_token, expires)
        return (yield from begin(self._core, session))

    def _ended(self, *, is_here_alone: bool) -> Steps[None]:
        session = self._core.logged_in()
        try:
            # Matrix v1.19 CS §Client Authentication: only the API by which the token came.
            if session.oauth is not None and is_here_alone:
                yield from self._oauth.revoke(session, session.oauth)
            elif session.oauth is not None:
                raise LocalProtocolError("other sessions of such an account are ended at its page in a browser")
            else:
                yield from ask(Logout()) if is_here_alone else ask(LogoutAll())
        except MatrixError as refusal:
            if refusal.errcode != _UNKNOWN:
                raise
        yield from self.forget()

    def _expiry(self, expires_in_ms: int | None) -> float | None:
        return expiry(self._core, None if expires_in_ms is None else expires_in_ms / 1000)

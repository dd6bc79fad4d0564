"""An authorization server in memory, as strict as the RFCs let one be, and a homeserver whose tokens are its.

    homeserver = OAuthHomeserver()
    desk = OAuthDesk(homeserver)              # asks both
    asked = desk.run(client.oauth.begin_code(homeserver.url, "http://127.0.0.1:4000/callback"))
    back = homeserver.authorization.agree(asked.url)      # what the browser of `user` comes back with

It speaks HTTP (`answer`), so that it can stand behind a socket, too. Refresh tokens rotate: the old one counts until a
new token is used; one that comes back after that ends the session (Matrix v1.19 CS §Refresh token grant).
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from fakes.homeserver import Desk, FakeHomeserver
from fakes.homeserver_keys import FakeDevice
from fakes.homeserver_refusal import refusal
from scop.matrix.api.client_server.login import GetLoginFlows, Login
from scop.matrix.api.client_server.logout import Logout
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata
from scop.matrix.api.client_server.refresh import Refresh
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import AskElsewhere, Needed

__all__ = ["FakeAuthorizationServer", "OAuthDesk", "OAuthHomeserver", "Refused"]

_FORM = "application/x-www-form-urlencoded"
_API, _DEVICE = "urn:matrix:client:api:*", "urn:matrix:client:device:"
_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
Form = Mapping[str, str]


class Refused(Exception):
    """An error of the RFCs."""

    def __init__(self, error: str, status: int = 400) -> None:
        super().__init__(error)
        self.error, self.status = error, status


@dataclass
class _Wanted:
    """What a person is asked to agree to."""

    client_id: str
    scope: str
    redirect_uri: str = ""
    challenge: str = ""
    user_code: str = ""
    user_id: str = ""  # who agreed
    is_denied: bool = False
    has_expired: bool = False
    is_slowed: int = 0  # how often to say slow_down


@dataclass
class _Grant:
    """A session: its tokens, and the new ones that nobody has used yet."""

    device: FakeDevice
    client_id: str
    scope: str
    access: str
    refresh: str
    new: tuple[str, str] | None = None
    spent: set[str] = field(default_factory=set)
    is_over: bool = False


class FakeAuthorizationServer:
    """Who gives the tokens of a homeserver."""

    def __init__(self, homeserver: FakeHomeserver) -> None:
        self.homeserver = homeserver
        self.url = f"https://account.{homeserver.server_name}"
        self.user = homeserver.register("alice")  # whose browser it is
        self.clients: dict[str, JsonObject] = {}
        self.wanted: dict[str, _Wanted] = {}  # by authorization code or device code
        self.grants: list[_Grant] = []
        self.expires_in = 300
        self.scope: str | None = None  # what is granted, where it is not what was asked for
        self.token_type = "Bearer"
        self.issuer: str | None = None  # what redirects say, where it is not the truth
        self.more: JsonObject = {}  # of the metadata
        self.asked: list[tuple[str, Form]] = []
        self.agrees_at_once = False  # somebody enters each code before it is asked for
        self.interval = 5
        self.faults: list[HttpResponse] = []  # answers of the token endpoint that come first
        self._numbers = count(1)

    def metadata(self) -> JsonObject:
        """Return what it says of itself (RFC 8414)."""
        return {
            "issuer": f"{self.url}/",
            "authorization_endpoint": f"{self.url}/authorize",
            "token_endpoint": f"{self.url}/oauth2/token",
            "revocation_endpoint": f"{self.url}/oauth2/revoke",
            "registration_endpoint": f"{self.url}/oauth2/registration",
            "device_authorization_endpoint": f"{self.url}/oauth2/device",
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment"],
            "grant_types_supported": ["authorization_code", "refresh_token", _DEVICE_GRANT],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": True,
            "account_management_uri": f"{self.url}/account/",
            "account_management_actions_supported": ["org.matrix.device_delete", "org.matrix.cross_signing_reset"],
            **self.more,
        }

    # ── people ──

    def agree(self, url: str) -> str:
        """Let the person whose browser it is open a URL and agree; return where the browser goes then."""
        return self._back(url, lambda wanted: {"code": self._new_code(wanted)})

    def deny(self, url: str) -> str:
        """Let them say no."""
        return self._back(url, lambda _wanted: {"error": "access_denied", "error_description": "they said no"})

    def enter(self, user_code: str, **change: object) -> None:
        """Let the person enter a code on another device, and agree; or change what is known of it."""
        wanted = next(one for one in self.wanted.values() if one.user_code == user_code)
        for name, value in (change or {"user_id": self.user}).items():
            setattr(wanted, name, value)

    def _back(self, url: str, say: Any) -> str:
        asked = _single(urlsplit(url).query)
        assert f"{self.url}/authorize" == url.partition("?")[0]
        client = self.clients[asked["client_id"]]
        place = urlsplit(asked["redirect_uri"])
        # Matrix v1.19 CS §Redirect URI validation: registered without a port, any port is taken.
        assert f"{place.scheme}://{place.hostname}{place.path}" in client["redirect_uris"]  # type: ignore[operator]  # JSON
        assert ("code", "query", "S256") == (
            asked["response_type"],
            asked["response_mode"],
            asked["code_challenge_method"],
        )
        assert 43 == len(asked["code_challenge"])
        wanted = _Wanted(asked["client_id"], _checked_scope(asked["scope"]), asked["redirect_uri"])
        wanted.challenge, wanted.user_id = asked["code_challenge"], self.user
        said = {"state": asked["state"], "iss": self.issuer or f"{self.url}/", **say(wanted)}
        return f"{asked['redirect_uri']}?{urlencode(said)}"

    def _new_code(self, wanted: _Wanted) -> str:
        code = f"code{next(self._numbers)}"
        self.wanted[code] = wanted
        return code

    def forget_access_tokens(self) -> None:
        """Let time pass: access tokens end by themselves, and are known no longer."""
        for grant in self.grants:
            self.homeserver.tokens.pop(grant.access, None)
            grant.access = ""

    # ── programs ──

    def answer(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        """Return the answer to an HTTP request."""
        path = url.removeprefix(self.url).partition("?")[0]
        kind = {name.lower(): value for name, value in headers.items()}.get("content-type", "")
        if (method, path) == ("GET", "/authorize"):
            return HttpResponse(302, {"location": self.agree(url)})
        if (method, path) == ("POST", "/oauth2/registration"):
            assert "application/json" == kind
            return self._said(lambda: self._register(json.loads(body)), 201)
        answering = {
            "/oauth2/token": self._token,
            "/oauth2/device": self._authorize_device,
            "/oauth2/revoke": self._revoke,
        }.get(path)
        if method != "POST" or answering is None:
            return HttpResponse(404, {}, b"{}")
        assert _FORM == kind
        form = _single(body.decode())
        self.asked.append((path, form))
        if path == "/oauth2/token" and self.faults:
            return self.faults.pop(0)
        return self._said(lambda: answering(form), 200)

    def _said(self, make: Any, status: int) -> HttpResponse:
        headers = {"content-type": "application/json", "cache-control": "no-store"}
        try:
            return HttpResponse(status, headers, json.dumps(make()).encode())
        except Refused as refused:
            return HttpResponse(refused.status, headers, json.dumps({"error": refused.error}).encode())

    def _register(self, said: JsonObject) -> JsonObject:
        # Matrix v1.19 CS §Client metadata, §Redirect URI validation (native clients, loopback).
        places = said.get("redirect_uris", [])
        assert isinstance(places, list)
        is_right = str(said["client_uri"]).startswith("https://") and "refresh_token" in str(said["grant_types"])
        is_right = is_right and ("none", "native") == (said["token_endpoint_auth_method"], said["application_type"])
        for place in map(urlsplit, places):
            is_right = is_right and place.scheme == "http" and place.port is None and not place.fragment
            is_right = is_right and place.hostname in ("localhost", "127.0.0.1", "::1")
        if not is_right:
            raise Refused("invalid_client_metadata")
        client_id = f"client{next(self._numbers)}"
        self.clients[client_id] = said
        return {"client_id": client_id, **said}

    def _token(self, form: Form) -> JsonObject:
        if form["client_id"] not in self.clients:
            raise Refused("invalid_client", 401)
        if form["grant_type"] == "authorization_code":
            return self._by_code(form)
        if form["grant_type"] == _DEVICE_GRANT:
            return self._by_device(form)
        assert "refresh_token" == form["grant_type"]
        return self._refreshed(form)

    def _by_code(self, form: Form) -> JsonObject:
        wanted = self.wanted.pop(form["code"], None)
        if wanted is None or form["redirect_uri"] != wanted.redirect_uri or form["client_id"] != wanted.client_id:
            raise Refused("invalid_grant")
        # RFC 7636 §4.6
        proof = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).decode().rstrip("=")
        if not 43 <= len(form["code_verifier"]) <= 128 or proof != wanted.challenge:
            raise Refused("invalid_grant")
        return self._granted(wanted)

    def _authorize_device(self, form: Form) -> JsonObject:
        assert form["client_id"] in self.clients
        number = next(self._numbers)
        wanted = _Wanted(form["client_id"], _checked_scope(form["scope"]), user_code=f"WDJB-{number}")
        wanted.user_id = self.user if self.agrees_at_once else ""
        self.wanted[f"device{number}"] = wanted
        return {
            "device_code": f"device{number}",
            "user_code": f"WDJB-{number}",
            "verification_uri": f"{self.url}/link",
            "verification_uri_complete": f"{self.url}/link?user_code=WDJB-{number}",
            "expires_in": 60,
            **({} if self.interval == 5 else {"interval": self.interval}),
        }

    def _by_device(self, form: Form) -> JsonObject:
        wanted = self.wanted.get(form["device_code"])
        if wanted is None or wanted.client_id != form["client_id"]:
            raise Refused("invalid_grant")
        if wanted.has_expired:
            raise Refused("expired_token")
        if wanted.is_slowed:
            wanted.is_slowed -= 1
            raise Refused("slow_down")
        if wanted.is_denied:
            raise Refused("access_denied")
        if not wanted.user_id:
            raise Refused("authorization_pending")
        del self.wanted[form["device_code"]]
        return self._granted(wanted)

    def _granted(self, wanted: _Wanted) -> JsonObject:
        (device_id,) = [one.removeprefix(_DEVICE) for one in wanted.scope.split() if one.startswith(_DEVICE)]
        device = self.homeserver.device(wanted.user_id, device_id)
        access, refresh = self._new_tokens(device)
        self.grants.append(_Grant(device, wanted.client_id, wanted.scope, access, refresh))
        return self._tokens(access, refresh, wanted.scope)

    def _new_tokens(self, device: FakeDevice) -> tuple[str, str]:
        return self.homeserver.new_token(device), f"refresh{next(self._numbers)}"

    def _tokens(self, access: str, refresh: str, scope: str) -> JsonObject:
        said = {"access_token": access, "token_type": self.token_type, "expires_in": self.expires_in}
        return {**said, "refresh_token": refresh, "scope": self.scope or scope}

    def _refreshed(self, form: Form) -> JsonObject:
        token = form["refresh_token"]
        for grant in self.grants:
            if grant.new is not None and token == grant.new[1]:
                self._confirm(grant)
            if token in grant.spent:  # "the server SHOULD revoke the session"
                self._end(grant)
            if token == grant.refresh and not grant.is_over and form["client_id"] == grant.client_id:
                if grant.new is not None:
                    self.homeserver.tokens.pop(grant.new[0], None)
                grant.new = self._new_tokens(grant.device)
                return self._tokens(*grant.new, grant.scope)
        raise Refused("invalid_grant")

    def saw(self, access: str | None) -> None:
        """Know that an access token was used: with it the ones before end."""
        for grant in self.grants:
            if grant.new is not None and access == grant.new[0]:
                self._confirm(grant)

    def _confirm(self, grant: _Grant) -> None:
        assert grant.new is not None
        grant.spent.add(grant.refresh)
        self.homeserver.tokens.pop(grant.access, None)
        (grant.access, grant.refresh), grant.new = grant.new, None

    def _end(self, grant: _Grant) -> None:
        grant.is_over = True
        for token in (grant.access, grant.new[0] if grant.new else ""):
            self.homeserver.tokens.pop(token, None)

    def _revoke(self, form: Form) -> JsonObject:
        assert form["token_type_hint"] in ("access_token", "refresh_token")
        for grant in self.grants:
            if form["token"] in (grant.access, grant.refresh, *(grant.new or ())):
                self._end(grant)
        return {}


def _single(text: str) -> Form:
    found = parse_qs(text, keep_blank_values=True, strict_parsing=True)
    assert {1} == {len(values) for values in found.values()}  # RFC 6749 §3.1, §3.2
    return {name: values[0] for name, values in found.items()}


def _checked_scope(scope: str) -> str:
    """Return a scope that is the whole API and one device (Matrix v1.19 CS §Device ID allocation)."""
    api, device = sorted(scope.split(" "))
    assert api == _API
    assert device.startswith(_DEVICE)
    assert 10 <= len(device.removeprefix(_DEVICE))
    return scope


class OAuthHomeserver(FakeHomeserver):
    """A homeserver that speaks OAuth 2.0 and nothing of the legacy API."""

    def __init__(self) -> None:
        super().__init__()
        self.authorization = FakeAuthorizationServer(self)
        for kind in (Login, Logout, Refresh, GetLoginFlows):
            del self.answers[kind]
        self.answers[GetAuthMetadata] = lambda _device, _request: self.authorization.metadata()

    def answer(self, token: str | None, request: Request[Any]) -> object:
        """Return the response to a request; raises `MatrixError`."""
        self.authorization.saw(token)
        return super().answer(token, request)


class OAuthDesk(Desk):
    """Asks the authorization server what is asked of it, and the homeserver the rest."""

    def __init__(self, server: OAuthHomeserver, **more: Any) -> None:
        super().__init__(server, **more)
        self.authorization = server.authorization

    def _answer(self, needed: Needed) -> object:
        if isinstance(needed, AskElsewhere) and needed.base_url.startswith(self.authorization.url):
            http = needed.request.to_http(needed.token)
            assert "authorization" not in dict(http.headers)
            said = self.authorization.answer(http.method, needed.base_url, dict(http.headers), http.body)
            return needed.request.read_response(said)
        if isinstance(needed, AskElsewhere) and needed.base_url != self.server.url:
            raise refusal(404, "M_UNRECOGNIZED")
        return super()._answer(needed)

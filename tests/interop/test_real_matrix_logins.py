"""Logins at a real Synapse where a browser says who one is: single sign-on by CAS, and OAuth 2.0 as it delegates it."""

from __future__ import annotations

import json
import secrets
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs

import pytest

from fakes.agreeing_logins import pending_login, visit
from fakes.authorization_server import FakeAuthorizationServer, OAuthHomeserver
from fakes.command_line import Said, row, scop, sentence
from fakes.served_authorization import served_authorization
from fakes.single_sign_on import browse, running_cas
from fakes.synapse import Synapse, running_synapse
from scop.matrix.api.http import HttpResponse

pytestmark = pytest.mark.interop


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Return where an account is kept."""
    return tmp_path / "store"


def _scop(store: Path, *words: str, stdin: str = "") -> Said:
    said = scop("matrix", *words, "--store", str(store), stdin=stdin)
    assert 0 == said.status, (words, said.err)
    return said


def _sends_encrypted(store: Path) -> None:
    """See that a message goes into an encrypted room and can be read there."""
    room_id = _scop(store, "create", "--name", "The sea").out.strip()
    _scop(store, "send", room_id, "Hello, encrypted.")
    assert "Hello, encrypted." in _scop(store, "history", room_id).out
    (room,) = [one for one in _rooms(store) if one["room_id"] == room_id]
    assert room["is_encrypted"] is True


def _rooms(store: Path) -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(_scop(store, "rooms", "--json").out)
    return found


def test_real_single_sign_on_ends_logged_in(store: Path) -> None:
    """A browser goes through the homeserver and CAS and comes back to us; messages are encrypted; the device stays."""
    with running_cas("ann") as cas:
        settings = {"cas_config": {"enabled": True, "server_url": cas.url}, "password_config": {"enabled": False}}
        with running_synapse(settings) as synapse:
            ann = f"@ann:{synapse.server_name}"
            at = ("--homeserver", synapse.url, "--store", str(store), "--no-browser", "--json")
            with pending_login(ann, *at) as login:
                page = browse(login.url)
                said = login.end()
            assert (ann, True) == (row(said)["user_id"], "close this page" in page)
            _sends_encrypted(store)
            with pending_login(*at) as login:  # whoever it is; it is ann, who is here
                browse(login.url)
                browse(login.url)
                again = login.end()
            assert row(said) == row(again)
            _sends_encrypted(store)
            refused = scop("matrix", "login", ann, *at[:4], "--with", "password", stdin="secret\n")
            assert "no login by a password there, but by m.login.cas, m.login.sso" in sentence(refused)
            _scop(store, "logout")


class _Delegated:
    """The authorization server in memory as a real Synapse wants one to be: it knows users and devices there, too."""

    def __init__(self) -> None:
        self.secret = secrets.token_hex(16)
        self.synapse: Synapse | None = None
        self.server: FakeAuthorizationServer = OAuthHomeserver().authorization
        self._answer, self._tokens = self.server.answer, self.server.homeserver.tokens
        self.server.answer = self.answer  # type: ignore[method-assign]  # what it is beside itself

    def answer(self, method: str, url: str, headers: object, body: bytes) -> HttpResponse:
        """Answer a homeserver that asks whose a token is, and all others as before."""
        path = url.removeprefix(self.server.url)
        if path == "/.well-known/openid-configuration":
            return HttpResponse(200, {"content-type": "application/json"}, json.dumps(self.server.metadata()).encode())
        if path == "/oauth2/introspect":
            (token,) = parse_qs(body.decode())["token"]
            said = json.dumps(self._introspected(token)).encode()
            return HttpResponse(200, {"content-type": "application/json"}, said)
        assert isinstance(headers, dict)
        before = set(self._tokens)
        said_else = self._answer(method, url, headers, body)
        for token in set(self._tokens) - before:
            self._upsert(token)
        return said_else

    def _introspected(self, token: str) -> dict[str, object]:
        self.server.saw(token)
        if (device := self._tokens.get(token)) is None:
            return {"active": False}
        scope = f"urn:matrix:client:api:* urn:matrix:client:device:{device.device_id}"
        localpart = device.user_id[1:].partition(":")[0]
        return {"active": True, "scope": scope, "username": localpart, "sub": localpart, "expires_in": 300}

    def provision(self, localpart: str) -> str:
        """Make a user of the homeserver, who sits before the browser; return their id."""
        assert self.synapse is not None
        self._tell("provision_user", {"localpart": localpart})
        self.server.user = f"@{localpart}:{self.synapse.server_name}"
        return self.server.user

    def _upsert(self, token: str) -> None:
        device = self._tokens[token]
        localpart = device.user_id[1:].partition(":")[0]
        self._tell("upsert_device", {"localpart": localpart, "device_id": device.device_id})

    def _tell(self, what: str, said: dict[str, object]) -> None:
        assert self.synapse is not None
        headers = {"Authorization": f"Bearer {self.secret}", "Content-Type": "application/json"}
        place = f"{self.synapse.url}/_synapse/mas/{what}"
        with urllib.request.urlopen(
            urllib.request.Request(place, json.dumps(said).encode(), headers), timeout=30
        ) as answer:
            assert answer.status in (200, 201)


@contextmanager
def _delegating() -> Iterator[tuple[Synapse, _Delegated]]:
    """Run a Synapse whose logins are another server's."""
    delegated = _Delegated()
    with served_authorization(delegated.server) as url:
        settings = {
            "matrix_authentication_service": {"enabled": True, "endpoint": f"{url}/", "secret": delegated.secret},
            "password_config": {"enabled": False},
            "enable_registration": False,
            "enable_registration_without_verification": False,
            "enable_3pid_changes": False,
        }
        with running_synapse(settings) as synapse:
            delegated.synapse = synapse
            yield synapse, delegated


def test_real_synapse_that_delegates_takes_logins_by_oauth(store: Path) -> None:
    """By a browser and by a code we are logged in, encrypt, renew tokens that rotate, keep the device, and log out."""
    with _delegating() as (synapse, delegated):
        server = delegated.server
        server.interval, server.expires_in = 1, 5  # due at once
        ann = delegated.provision("ann")
        at = ("--homeserver", synapse.url, "--store", str(store), "--no-browser", "--json")
        with pending_login(ann, *at, "--with", "oauth") as login:
            _, page = visit(login.url)
            said = login.end()
        assert (ann, True) == (row(said)["user_id"], "close this page" in page), said.err
        server.expires_in = 300
        _sends_encrypted(store)
        assert any(form.get("grant_type") == "refresh_token" for _, form in server.asked)
        server.agrees_at_once = True
        again = scop("matrix", "login", ann, *at)
        assert row(said) == row(again)
        assert "enter there" in again.err
        _sends_encrypted(store)
        refused = scop("matrix", "login", ann, *at[:4], "--with", "password", stdin="secret\n")
        assert "but by OAuth 2.0" in sentence(refused)
        page = f"{server.url}/account/?action=org.matrix.device_delete&device_id=OTHER"
        assert sentence(scop("matrix", "devices", "--end", "OTHER", "--store", str(store))).endswith(page)
        assert "recovery_key" in row(_scop(store, "backup", "--create", "--json"))  # the first identity wants no yes
        _scop(store, "logout")
        assert server.grants[-1].is_over

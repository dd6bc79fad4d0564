"""Which way `scop matrix login` goes."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest

from fakes.authorization_server import OAuthHomeserver
from scop.cli.matrix.login_ways import Terminal, Way, chosen_way
from scop.matrix.api.client_server.oauth_server_metadata import GetAuthMetadata
from scop.matrix.api.http import HttpResponse
from scop.matrix.client.ways import Ways
from scop.matrix.oauth import AuthorizationServer, read_metadata
from scop.net.faults import PermanentFailure

DESKTOP, SHELL, SCRIPT = Terminal(is_typed=True, has_browser=True), Terminal(True, False), Terminal(False, False)
PASSWORDS, SSO, BOTH = Ways(("m.login.password",)), Ways(("m.login.sso",)), Ways(("m.login.password", "m.login.sso"))


def _server() -> AuthorizationServer:
    import msgspec

    said = msgspec.json.encode(OAuthHomeserver().authorization.metadata())
    return read_metadata(GetAuthMetadata().read_response(HttpResponse(200, {}, said)), "https://h")


WHOLE = _server()
NO_CODES = replace(WHOLE, device_authorization_endpoint=None)
NO_RETURN = replace(WHOLE, takes_redirects=False)


@pytest.mark.parametrize(
    ("ways", "terminal", "way"),
    [
        (PASSWORDS, DESKTOP, Way.PASSWORD),
        (PASSWORDS, SCRIPT, Way.PASSWORD),
        (SSO, DESKTOP, Way.SSO),
        (SSO, SCRIPT, Way.SSO),
        (BOTH, SHELL, Way.PASSWORD),
        (replace(BOTH, prefers_sso=True), SHELL, Way.SSO),
        (replace(BOTH, prefers_sso=True), SCRIPT, Way.PASSWORD),
        (replace(BOTH, server=WHOLE), DESKTOP, Way.OAUTH),
        (replace(BOTH, server=WHOLE), SHELL, Way.DEVICE),
        (replace(BOTH, server=WHOLE), SCRIPT, Way.PASSWORD),
        (Ways((), server=WHOLE), SCRIPT, Way.DEVICE),
        (Ways((), server=NO_CODES), SHELL, Way.OAUTH),
        (Ways((), server=NO_RETURN), DESKTOP, Way.DEVICE),
    ],
)
def test_way_is_what_is_offered_and_can_be_gone(ways: Ways, terminal: Terminal, way: Way) -> None:
    """A script shows a password where that counts; people go where the server wants them, and their terminal can."""
    assert way == chosen_way(ways, terminal)


def test_way_that_is_unknown_is_said() -> None:
    """Where nothing that is offered is known, the sentence names what is offered."""
    with pytest.raises(PermanentFailure, match=r"it offers org\.example\.smile"):
        chosen_way(Ways(("org.example.smile",)), SHELL)
    with pytest.raises(PermanentFailure, match="it offers OAuth"):
        chosen_way(Ways((), server=replace(NO_RETURN, device_authorization_endpoint=None)), SHELL)


@pytest.mark.parametrize(
    ("around", "has_browser"),
    [
        ({}, False),
        ({"DISPLAY": ":0"}, True),
        ({"WAYLAND_DISPLAY": "wayland-0"}, True),
        ({"DISPLAY": "localhost:10.0", "SSH_CONNECTION": "1 2 3 4"}, False),
    ],
)
def test_terminal_has_a_browser_on_its_own_desktop(
    around: dict[str, str], has_browser: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A browser is there where a desktop is, and the person sits before it."""
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "SSH_CONNECTION", "SSH_TTY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in around.items():
        monkeypatch.setenv(name, value)
    master, terminal = os.openpty()
    try:
        with os.fdopen(terminal) as typed:
            monkeypatch.setattr("sys.stdin", typed)
            assert Terminal(is_typed=True, has_browser=has_browser) == Terminal.here()
    finally:
        os.close(master)

"""What servers want confirmed, at the terminal: a password is asked for where that is wanted, else a browser."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.authorization_server import OAuthHomeserver
from fakes.chat_terminals import ALICE, Chat
from fakes.command_line import row, sentence
from fakes.homeserver_refusal import refusal
from fakes.served_authorization import served_authorization
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.client_server.cross_signing import UploadCrossSigningKeys
from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.api.client_server.device_management import DeleteDevice, GetDevices
from scop.matrix.json_values import JsonObject

RESET = "https://account.example.org/account/?action=org.matrix.cross_signing_reset"
Asking = Callable[[AuthenticationData | None], None]


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve alice, logged in by a code on another device."""
    server = OAuthHomeserver()
    server.authorization.agrees_at_once, server.authorization.interval = True, 1
    server.answers[GetDevices] = lambda _device, _request: {"devices": []}
    with served_homeserver(server) as url, served_authorization(server.authorization):
        served = Chat(server, url, tmp_path, "")
        assert ALICE == row(served.scop("alice", "login", "--homeserver", url, "--json"))["user_id"]
        yield served


def _wants(chat: Chat, stage: str, taken: Callable[[AuthenticationData], bool]) -> None:
    """Let a new identity want a stage."""
    plainly = chat.server.answers[UploadCrossSigningKeys]

    def sign(device: object, request: UploadCrossSigningKeys) -> JsonObject | bytes:
        if request.auth is None or not taken(request.auth):
            params = {"m.oauth": {"url": RESET}}
            raise refusal(401, "M_UNKNOWN", flows=[{"stages": [stage]}], session="s1", params=params)
        return plainly(device, request)

    chat.server.answers[UploadCrossSigningKeys] = sign


def test_matrix_backup_waits_until_a_person_confirmed_in_a_browser(chat: Chat) -> None:
    """The page of m.oauth is shown, again where Enter came too early, and then the identity is made (§OAuth)."""
    seen = []

    def taken(auth: AuthenticationData) -> bool:
        seen.append((auth.type, auth.session))
        return len(seen) > 1

    _wants(chat, "m.oauth", taken)
    said = chat.scop("alice", "backup", "--create", "--json", stdin="\n\n")
    assert 2 == said.err.count(f"\n  {RESET}\n")
    assert [(None, "s1")] * 2 == seen
    assert {"master", "self_signing", "user_signing"} == set(chat.server.keys.cross_signing[ALICE])


def test_matrix_backup_ends_where_nobody_confirms(chat: Chat) -> None:
    """Without a person who presses Enter it ends, and says what the server wanted."""
    _wants(chat, "m.oauth", lambda _auth: True)
    said = chat.scop("alice", "backup", "--create")
    assert (2, True) == (said.status, RESET in said.err)
    assert {} == chat.server.keys.cross_signing


def test_matrix_backup_asks_for_a_password_where_it_is_wanted(chat: Chat) -> None:
    """A password is read when the server asks for it, and shown to it alone; a wrong one is a refusal."""
    _wants(chat, "m.login.password", lambda auth: auth.unknown.get("password") == "secret")
    assert "M_UNKNOWN" in sentence(chat.scop("alice", "backup", "--create", stdin="wrong\n"))
    assert {} == chat.server.keys.cross_signing
    chat.scop("alice", "backup", "--create", stdin="secret\n")
    assert ALICE in chat.server.keys.cross_signing


def test_matrix_devices_of_an_authorization_server_are_ended_at_its_page(chat: Chat) -> None:
    """Such a device is not deleted here: the page is named that does it (§OAuth 2.0 aware clients)."""
    server = chat.server
    assert isinstance(server, OAuthHomeserver)
    page = f"{server.authorization.url}/account/?action=org.matrix.device_delete&device_id=OTHER"
    said = sentence(chat.scop("alice", "devices", "--end", "OTHER"))
    assert f"devices of this account are logged out in a browser: {page}" == said
    server.authorization.more = {"account_management_uri": None}
    assert "names no page" in sentence(chat.scop("alice", "devices", "--end", "OTHER"))
    assert not [one for one in server.asked if isinstance(one, DeleteDevice)]

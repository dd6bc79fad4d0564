"""Commands that are killed while they renew tokens that rotate: whoever comes next is logged in still."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.authorization_server import OAuthHomeserver
from fakes.chat_terminals import ALICE, Chat
from fakes.command_line import row
from fakes.loops import PATIENCE_SECONDS
from fakes.served_authorization import served_authorization
from fakes.served_homeserver import served_homeserver
from scop.matrix.api.client_server.whoami import GetTokenOwner
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request


class _Deadly(OAuthHomeserver):
    """Lets what asks be killed: when a refresh token was taken, or when a new token is first used."""

    def __init__(self) -> None:
        super().__init__()
        self.victim: subprocess.Popen[bytes] | None = None
        self.kills_at_refresh = False
        self._answer_form = self.authorization.answer
        self.authorization.answer = self._answer_and_kill  # type: ignore[method-assign]  # what it is beside itself

    def _answer_and_kill(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> HttpResponse:
        said = self._answer_form(method, url, headers, body)
        if self.kills_at_refresh and b"grant_type=refresh_token" in body:
            self._kill()
        return said

    def answer(self, token: str | None, request: Request[Any]) -> object:
        """Return the response to a request; raises `MatrixError`."""
        if not self.kills_at_refresh and isinstance(request, GetTokenOwner):
            self._kill()
        return super().answer(token, request)

    def _kill(self) -> None:
        victim, self.victim = self.victim, None
        if victim is not None:
            victim.kill()
            victim.wait(PATIENCE_SECONDS)


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve alice, whose tokens end at once."""
    server = _Deadly()
    server.authorization.agrees_at_once, server.authorization.interval = True, 1
    server.authorization.expires_in = 5
    with served_homeserver(server) as url, served_authorization(server.authorization):
        served = Chat(server, url, tmp_path, "")
        assert ALICE == row(served.scop("alice", "login", "--homeserver", url, "--json"))["user_id"]
        yield served


@pytest.mark.parametrize("kills_at_refresh", [True, False], ids=["before it heard the tokens", "after it used one"])
def test_matrix_command_that_is_killed_while_it_renews_locks_nobody_out(chat: Chat, kills_at_refresh: bool) -> None:
    """A kill between the server's new tokens and ours costs nothing: the next command renews by what is kept."""
    server = chat.server
    assert isinstance(server, _Deadly)
    server.kills_at_refresh = kills_at_refresh
    for _ in range(2):
        command = [sys.executable, "-m", "scop.cli", "matrix", "whoami", "--store", str(chat.folder / "alice")]
        server.victim = victim = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        assert -9 == victim.wait(PATIENCE_SECONDS)
    assert ALICE == row(chat.scop("alice", "whoami", "--json"))["user_id"]
    assert [False] == [grant.is_over for grant in server.authorization.grants]

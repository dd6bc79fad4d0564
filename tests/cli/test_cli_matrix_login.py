"""`scop matrix login` by what is no password: a login token, the token of an application service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.chat_terminals import ALICE, BOB, Chat, two_in_a_room
from fakes.command_line import row, sentence
from scop.matrix.api.client_server.login import Login


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve two users in one room."""
    with two_in_a_room(tmp_path) as served:
        yield served


def test_matrix_login_by_a_token_keeps_the_device(chat: Chat) -> None:
    """A login token from standard input, or a file, logs in whom it is for, and who is here stays the same device."""
    token = chat.folder / "token"
    token.write_text(f"{ALICE}\n")  # this server takes a name for a token
    before = row(chat.scop("alice", "whoami", "--json"))
    login = ("login", ALICE, "--homeserver", chat.url, "--with", "token", "--json")
    assert before == row(chat.scop("alice", *login, stdin=f"{ALICE}\n"))
    assert before == row(chat.scop("alice", *login, "--token-file", str(token)))
    elsewhere = row(chat.scop("elsewhere", *login, "--token-file", str(token)))
    assert (ALICE, True) == (elsewhere["user_id"], before["device_id"] != elsewhere["device_id"])
    assert chat.send("elsewhere", "by a token")
    assert ["The sea 🔒 @alice:example.org: by a token"] == chat.heard("bob")


def test_matrix_login_takes_no_token_of_somebody_else(chat: Chat) -> None:
    """Nobody is logged in by a token that is not theirs, and what is kept stays; a token wants a whole user id."""
    login = ("login", ALICE, "--homeserver", chat.url, "--with", "token")
    said = chat.scop("alice", *login, stdin=f"{BOB}\n")
    assert f"{ALICE} was to be logged in, and {BOB} was" in sentence(said)
    assert ALICE == row(chat.scop("alice", "whoami", "--json"))["user_id"]
    assert (
        "say for whom"
        in chat.scop("new", "login", "alice", "--homeserver", chat.url, "--with", "token", stdin="t\n").err
    )


def test_matrix_login_as_a_service(chat: Chat) -> None:
    """The token of an application service logs in one of its users."""
    token = chat.folder / "token"
    token.write_text("the token of a service\n")
    service = ("login", BOB, "--homeserver", chat.url, "--with", "service", "--token-file", str(token), "--json")
    assert BOB == row(chat.scop("service", *service))["user_id"]
    (asked,) = [one for one in chat.server.asked if isinstance(one, Login) and one.type != "m.login.password"]
    assert "m.login.application_service" == asked.type

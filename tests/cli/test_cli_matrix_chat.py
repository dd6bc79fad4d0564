"""`scop matrix chat`: reading and writing in one terminal."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.chat_terminals import Chat, two_in_a_room


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve two users in one room."""
    with two_in_a_room(tmp_path) as served:
        yield served


def test_matrix_chat_says_each_line_and_answers_what_was_said_last(chat: Chat) -> None:
    """A line is a message; what begins with a slash is about what was said last."""
    chat.send("alice", "High water at nine.")
    typed = "/reply Thanks!\n/react 👍\nAnd low?\n/edit And low water?\n\n/me waves\n//x\n"
    said = chat.scop("bob", "chat", "The sea", stdin=typed)
    assert (0, "") == (said.status, said.err)
    assert "High water at nine." in said.out
    assert [
        "The sea 🔒 @bob:example.org (to @alice:example.org, “High water at nine.”): Thanks!",
        "The sea   @bob:example.org reacts 👍 to @alice:example.org, “High water at nine.”",
        "The sea 🔒 @bob:example.org: And low?",
        "The sea 🔒 @bob:example.org (edited): And low water?",
        "The sea 🔒 @bob:example.org waves",
        "The sea 🔒 @bob:example.org: /x",
    ] == [line[line.find("The sea") :] for line in chat.scop("alice", "history", "The sea").out.splitlines()][1:]


def test_matrix_chat_goes_on_after_what_it_cannot_say(chat: Chat) -> None:
    """A mistyped command, an answer to nobody and octets that are no UTF-8 are each a sentence."""
    said = chat.scop("bob", "chat", "The sea", stdin="/relpy x\n/reply x\n/redact\n/me\nHello.\n/redact not so\n")
    assert (0, 4) == (said.status, said.err.count("scop: "))
    assert "/relpy is not known" in said.err
    (sent,) = chat.server.rooms.of_type(chat.room, "m.room.encrypted")
    (taken,) = chat.server.rooms.of_type(chat.room, "m.room.redaction")
    assert {"redacts": sent["event_id"], "reason": "not so"} == taken["content"]

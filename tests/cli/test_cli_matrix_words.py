"""`scop matrix` with people: what they type, and what they read."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes.chat_terminals import ALICE, BOB, Chat, two_in_a_room
from fakes.command_line import row, sentence
from scop.matrix.api.client_server import banning, kicking
from scop.matrix.api.request import Request


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve two users in one room."""
    with two_in_a_room(tmp_path) as served:
        yield served


@pytest.fixture(scope="module")
def still(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chat]:
    """Serve a room into which nothing is said."""
    with two_in_a_room(tmp_path_factory.mktemp("still")) as served:
        yield served


@pytest.mark.parametrize(
    "words", [("send", "{}", "x\udcff"), ("topic", "{}", "x\udcff"), ("create", "--name", "\udcff")]
)
def test_matrix_refuses_words_that_are_no_utf_8(still: Chat, words: tuple[str, ...]) -> None:
    """Octets of another character set are no traceback, and nothing goes out."""
    said = still.scop("alice", *(word.format(still.room) for word in words))
    assert "\\udcff is no UTF-8" in sentence(said)


def test_matrix_takes_the_account_of_the_environment(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has several accounts names theirs once."""
    for user in (ALICE, BOB):
        assert 0 == chat.scop("both", "login", user, "--homeserver", chat.url, stdin="secret\n").status
    monkeypatch.setenv("SCOP_MATRIX_ACCOUNT", BOB)
    assert BOB == row(chat.scop("both", "whoami", "--json"))["user_id"]
    assert ALICE == row(chat.scop("both", "whoami", "--json", "--account", ALICE))["user_id"]


def test_matrix_shows_what_is_answered_and_annotated(chat: Chat) -> None:
    """A reply, a reaction, a thread show what they are about; who listens later sees at least that they are."""
    first = chat.send("alice", "High water at nine.")
    chat.send("alice", "Thanks!", "--reply-to", first)
    chat.send("alice", "👍", "--react", first)
    chat.send("alice", "And low?", "--thread", first)
    chat.send("alice", "High water at ten.", "--edit", first)
    assert [
        "The sea 🔒 @alice:example.org: High water at nine.",
        "The sea 🔒 @alice:example.org (to @alice:example.org, “High water at nine.”): Thanks!",
        "The sea   @alice:example.org reacts 👍 to @alice:example.org, “High water at nine.”",
        "The sea 🔒 @alice:example.org (thread of @alice:example.org, “High water at nine.”): And low?",
        "The sea 🔒 @alice:example.org (edited): High water at ten.",
    ] == chat.heard("bob")[-5:]


def test_matrix_edits_nothing_that_another_said(chat: Chat) -> None:
    """An edit of what somebody else said is refused here, and shown for what it is where it comes from elsewhere."""
    first = chat.send("alice", "High water at nine.")
    said = chat.scop("bob", "send", chat.room, "At noon!", "--edit", first)
    assert f"only {ALICE} can edit what they said" == sentence(said)


def test_matrix_shows_lines_and_files(chat: Chat) -> None:
    """Every line of a message is one, none looks as if somebody else said it; a file shows its name and its size."""
    chat.send("alice", "one\n13:00:00 The sea @bob:example.org: two\n\n\x1b[2J")
    (chat.folder / "tide.txt").write_text("nine")
    chat.send("alice", "as always", "--file", str(chat.folder / "tide.txt"))
    said = chat.scop("bob", "listen", "--once").out.splitlines()[-5:]
    assert [
        "         │ 13:00:00 The sea @bob:example.org: two",
        "         │ ",
        "         │ \\x1b[2J",
    ] == said[1:4]
    assert said[4].endswith("The sea 🔒 @alice:example.org: [file tide.txt, 4 octets] as always")


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("x", "--edit", "$a", "--react", "$a"), "--react and --edit"),
        (("x", "--edit", "$a", "--thread", "$a"), "--edit and --thread"),
        (("x", "--file", __file__, "--reply-to", "$a"), "--file and --reply-to"),
        (("x", "--reply-to", "hello"), "hello is no event: its id begins with $"),
        (("x", "--mention", "bob"), "bob names nobody, as @ann:example.org does"),
        ((" \n",), "there is nothing to send"),
        (("x", "--notice", "--emote"), "--notice and --emote"),
    ],
)
def test_matrix_send_refuses_what_it_would_not_do(still: Chat, words: tuple[str, ...], why: str) -> None:
    """Options that cannot go together are refused, and nothing is sent."""
    assert why in sentence(still.scop("alice", "send", still.room, *words))
    assert [] == still.server.rooms.of_type(still.room, "m.room.encrypted")


@pytest.mark.parametrize("words", [("é" * 22_600,), ("x", "--html", "x" * 45_000)])
def test_matrix_send_refuses_what_no_event_holds(still: Chat, words: tuple[str, ...]) -> None:
    """What grows beyond an event when it is encrypted is refused before it is sent."""
    assert "a message has 45000 octets at most; --file sends more" in sentence(
        still.scop("alice", "send", still.room, *words)
    )


def test_matrix_replies_are_noticed_by_whom_they_answer(chat: Chat) -> None:
    """Who is answered is mentioned, as other clients do."""
    first = chat.send("alice", "High water at nine.")
    chat.send("bob", "Thanks!", "--reply-to", first)
    chat.scop("alice", "listen", "--once")
    shown = chat.scop("alice", "history", chat.room, "-n", "1", "--json").json
    assert isinstance(shown, list)
    assert {"user_ids": [ALICE]} == shown[0]["event"]["content"]["m.mentions"]


def test_matrix_history_reads_what_was_said(chat: Chat) -> None:
    """The newest comes last, whichever command took it in before; a thread can be read alone."""
    first = chat.send("alice", "High water at nine.")
    chat.send("alice", "And low?", "--thread", first)
    chat.send("alice", "Who knows?")
    chat.heard("alice")
    whole, last = (chat.scop("alice", "history", "The sea", *words).out for words in ((), ("-n", "1")))
    assert ["nine.", "low?", "knows?"] == [line.rpartition(" ")[2] for line in whole.splitlines()]
    assert [whole.splitlines()[-1]] == last.splitlines()
    assert first in chat.scop("alice", "history", "The sea", "--ids").out
    assert 1 == chat.scop("alice", "history", "The sea", "--since", "2999-01-01").status
    assert "is no time" in sentence(chat.scop("alice", "history", "The sea", "--since", "later"))


def test_matrix_history_shows_what_is_answered_further_back(chat: Chat) -> None:
    """Few lines quote what stands before them."""
    first = chat.send("alice", "High water at nine.")
    chat.send("alice", "Thanks!", "--reply-to", first)
    shown = chat.scop("alice", "history", chat.room, "-n", "1").out
    assert shown.endswith("The sea 🔒 @alice:example.org (to @alice:example.org, “High water at nine.”): Thanks!\n")


def test_matrix_redacts_nothing_that_is_not_there(chat: Chat) -> None:
    """Servers say yes to any id; who mistyped it is told."""
    assert "the room has no event $nope that we may see" == sentence(chat.scop("alice", "redact", chat.room, "$nope"))


def test_matrix_redact_takes_away_what_was_said(chat: Chat) -> None:
    """The server is asked to take it away, and told why."""
    first = chat.send("alice", "High water at nine.")
    assert "taken away\n" == chat.scop("alice", "redact", "The sea", first, "--reason", "not so").out
    (taken,) = chat.server.rooms.of_type(chat.room, "m.room.redaction")
    assert {"reason": "not so", "redacts": first} == taken["content"]


def test_matrix_listen_rings_for_what_is_for_us(chat: Chat) -> None:
    """The bell rings beside what is shown."""
    chat.scop("bob", "rooms")
    chat.send("alice", "Hello.", "--mention", BOB)
    said = chat.scop("bob", "listen", "--once", "--bell")
    assert ("\a", False) == (said.err, "\a" in said.out)


def test_matrix_says_why_a_message_cannot_be_read(chat: Chat) -> None:
    """A device that came later has no key to it, and is told what brings it."""
    event_id = chat.send("alice", "High water at nine.")
    assert 0 == chat.scop("later", "login", BOB, "--homeserver", chat.url, stdin="secret\n").status
    shown = chat.scop("later", "history", chat.room).out
    assert "wrote what cannot be read: its key is not here; `recover`" in shown
    why = sentence(chat.scop("later", "download", chat.room, event_id))
    assert why.startswith("the event cannot be read: its key is not here")


def test_matrix_backup_keeps_the_recovery_key_that_is_written_down(chat: Chat) -> None:
    """Where there is a recovery key, --create makes no other, unless it is told to."""
    chat.server.put_account_data(ALICE, "", "m.secret_storage.default_key", {"key": "written down"})
    why = "there is a recovery key: --replace makes another, and then the first opens nothing"
    assert why == sentence(chat.scop("alice", "backup", "--create", stdin="secret\n"))
    assert why != sentence(chat.scop("alice", "backup", "--create", "--replace", stdin="secret\n"))


@pytest.mark.parametrize(
    ("words", "change"), [(("kick",), kicking.Kick), (("ban",), banning.Ban), (("ban", "--lift"), banning.Unban)]
)
def test_matrix_keeps_people_out(still: Chat, words: tuple[str, ...], change: type[Request[Any]]) -> None:
    """The server is asked for each person, and told why."""
    before = len(still.server.asked)
    still.server.answers[change] = lambda _device, _request: {}
    said = still.scop("alice", words[0], "The sea", BOB, "@eve:example.org", "--reason", "noise", *words[1:])
    assert (0, f"{still.room}\n") == (said.status, said.out)
    asked = [one for one in still.server.asked[before:] if isinstance(one, kicking.Kick | banning.Ban | banning.Unban)]
    wanted = [(change, BOB, "noise"), (change, "@eve:example.org", "noise")]
    assert wanted == [(type(one), one.user_id, one.reason) for one in asked]


def test_matrix_invites_of_others_take_no_name_of_a_room_of_ours(chat: Chat) -> None:
    """Whoever is asked into a room of the same name still speaks to the one they are in; joining is for the other."""
    other = chat.server.rooms.make(ALICE, is_encrypted=True)
    chat.server.rooms.put_state(other, ALICE, "m.room.name", {"name": "The sea"})
    chat.server.rooms.set_membership(other, ALICE, BOB, "invite")
    assert chat.room == row(chat.scop("bob", "send", "The sea", "Hello.", "--json"))["room_id"]
    assert f"{other}\n" == chat.scop("bob", "join", "The sea").out
    assert "2 rooms are called The sea" in sentence(chat.scop("bob", "send", "The sea", "Hello."))


def test_matrix_speaks_to_a_person_in_the_room_of_the_two(chat: Chat) -> None:
    """A person stands for the room of us two, whatever rooms are called."""
    assert chat.room == row(chat.scop("alice", "send", BOB, "Hello.", "--json"))["room_id"]
    chat.server.rooms.put_state(chat.room, ALICE, "m.room.name", {"name": "@eve:example.org"})
    why = sentence(chat.scop("alice", "send", "@eve:example.org", "Hello."))
    assert "no room is of us and @eve:example.org alone: `create --direct --invite` makes one" == why

"""`scop matrix` against a homeserver in memory: sessions, rooms, messages, sentences, exit statuses."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.command_line import Said, row, rows, scop, sentence
from fakes.homeserver import FakeHomeserver
from fakes.served_homeserver import served_homeserver
from scop.cli.matrix import COMMANDS, accounts, matrix
from scop.matrix.api.client_server.to_device import SendToDevice
from scop.store.sealed_shelves import SealedShelves

ALICE, BOB = "@alice:example.org", "@bob:example.org"


@dataclass
class Chat:
    """A homeserver, and the terminals of its users."""

    server: FakeHomeserver
    url: str
    folder: Path

    def scop(self, who: str, *words: str, stdin: str = "") -> Said:
        """Run `scop matrix` as a user."""
        return scop("matrix", *words, "--store", str(self.folder / who), stdin=stdin)

    def login(self, who: str) -> None:
        """Log a user in."""
        said = self.scop(who, "login", f"@{who}:example.org", "--homeserver", self.url, stdin="secret\n")
        assert 0 == said.status, said.err

    def place(self, who: str) -> Path:
        """Return where a user's session lies."""
        return self.folder / who / f"@{who}:example.org"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve a homeserver with two users."""
    server = FakeHomeserver()
    server.register("alice")
    server.register("bob")
    with served_homeserver(server) as url:
        yield Chat(server, url, tmp_path)


@pytest.fixture
def room(chat: Chat) -> str:
    """Log both in, and make an encrypted room that both are in."""
    chat.login("alice")
    chat.login("bob")
    room_id = chat.server.rooms.make(ALICE, is_encrypted=True)
    chat.server.rooms.put_state(room_id, ALICE, "m.room.name", {"name": "The sea"})
    chat.server.rooms.set_membership(room_id, BOB, BOB, "join")
    return room_id


def test_matrix_names_each_command_once() -> None:
    """Each command of the list is there and has the same name."""
    context = matrix.make_context("matrix", ["--help"], resilient_parsing=True)
    for name in COMMANDS:
        command = matrix.get_command(context, name)
        assert command is not None
        assert command.help, name


def test_matrix_login_keeps_a_sealed_session_for_its_owner(chat: Chat) -> None:
    """The store and the key to it are for their owner alone, and the token stands nowhere in the clear."""
    chat.login("alice")
    place = chat.place("alice")
    assert {"key", "store", "store.lock"} <= {file.name for file in place.iterdir()}
    (token,) = chat.server.tokens
    for file in place.iterdir():
        assert 0o600 == file.stat().st_mode & 0o777, file
        assert token.encode() not in file.read_bytes(), file
    assert {"user_id": ALICE, "homeserver": chat.url} == {
        key: value for key, value in row(chat.scop("alice", "whoami", "--json")).items() if key != "device_id"
    }


def test_matrix_login_says_once_that_the_key_lies_beside_the_store(chat: Chat) -> None:
    """Who gives no passphrase is told what that means, and not again; who gives one is told nothing."""
    (chat.folder / "words").write_text("the sea is wide\n")
    login = ("login", ALICE, "--homeserver", chat.url)
    told = [chat.scop("alice", *login, stdin="secret\n").err for _ in range(2)]
    told.append(chat.scop("other", *login, "--passphrase-file", str(chat.folder / "words"), stdin="secret\n").err)
    assert [True, False, False] == ["No passphrase was given" in err for err in told]


def test_matrix_login_again_keeps_the_device(chat: Chat) -> None:
    """Who logs in again where a session is kept stays the same device."""
    chat.login("alice")
    before = row(chat.scop("alice", "whoami", "--json"))
    chat.login("alice")
    assert before == row(chat.scop("alice", "whoami", "--json"))


def test_matrix_login_is_refused_in_a_sentence(chat: Chat) -> None:
    """A wrong password is status 2, one sentence, and no session."""
    said = chat.scop("alice", "login", ALICE, "--homeserver", chat.url, stdin="wrong\n")
    assert "M_FORBIDDEN" in sentence(said)
    assert "nobody is logged in here: scop matrix login does that" == sentence(chat.scop("alice", "whoami"))


def test_matrix_logout_leaves_nothing(chat: Chat) -> None:
    """After logging out neither the server has the token, nor the disk a session."""
    chat.login("alice")
    assert 0 == chat.scop("alice", "logout").status
    assert ({}, False) == (chat.server.tokens, chat.place("alice").exists())


def test_matrix_asks_for_the_account_where_there_are_several(chat: Chat) -> None:
    """With two accounts in one place, --account says which."""
    for user in ("alice", "bob"):
        said = chat.scop("both", "login", f"@{user}:example.org", "--homeserver", chat.url, stdin="secret\n")
        assert 0 == said.status
    assert f"several accounts are logged in: --account {ALICE} or {BOB}" == sentence(chat.scop("both", "whoami"))
    assert BOB == row(chat.scop("both", "whoami", "--json", "--account", BOB))["user_id"]
    assert "@eve:example.org is not logged in here" in sentence(
        chat.scop("both", "whoami", "--account", "@eve:example.org")
    )


def test_matrix_store_opens_by_its_passphrase_alone(chat: Chat) -> None:
    """A passphrase from a file seals the store: without it, or with another, it stays shut."""
    (chat.folder / "right").write_text("the sea is wide\n")
    (chat.folder / "wrong").write_text("the sea is deep\n")
    right, wrong = (("--passphrase-file", str(chat.folder / name)) for name in ("right", "wrong"))
    said = chat.scop("alice", "login", ALICE, "--homeserver", chat.url, *right, stdin="secret\n")
    assert 0 == said.status
    assert not (chat.place("alice") / "key").exists()
    assert 0 == chat.scop("alice", "whoami", *right).status
    assert f"{ALICE}: the passphrase does not open store" == sentence(chat.scop("alice", "whoami", *wrong))
    assert "wants a passphrase" in sentence(chat.scop("alice", "whoami"))


def test_matrix_commands_take_turns(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that finds the account in use waits for it, and says so where it is not let go."""
    chat.login("alice")
    held = SealedShelves.open(chat.place("alice") / "store", (chat.place("alice") / "key").read_text().strip())
    monkeypatch.setattr(accounts, "TURN_SECONDS", 0.1)
    assert f"{ALICE}: another command uses this account, as `verify` does until it is ended" == sentence(
        chat.scop("alice", "whoami")
    )
    monkeypatch.setattr(accounts, "TURN_SECONDS", 60.0)
    letting_go = threading.Timer(0.2, lambda: asyncio.run(held.close()))
    letting_go.start()
    assert 0 == chat.scop("alice", "whoami").status
    letting_go.join()


def test_matrix_rooms_are_named_as_people_see_them(chat: Chat, room: str) -> None:
    """A room is found by its name in any case, or its id; an unknown one is named in the sentence."""
    (found,) = rows(chat.scop("alice", "rooms", "--json"))
    assert (room, "The sea", True, 2) == tuple(found[key] for key in ("room_id", "name", "is_encrypted", "members"))
    assert 0 == chat.scop("alice", "members", "the SEA").status
    assert "no room of ours is called lake" == sentence(chat.scop("alice", "members", "lake"))


def test_matrix_rooms_is_no_where_there_are_none(chat: Chat) -> None:
    """Status 1: there are no rooms."""
    chat.login("alice")
    assert (1, "") == (chat.scop("alice", "rooms").status, chat.scop("alice", "rooms").out)


def test_matrix_send_is_read_by_the_other_alone(chat: Chat, room: str) -> None:
    """What is sent into an encrypted room is sealed at the server, and read in the other's terminal."""
    for who in ("alice", "bob"):
        chat.scop(who, "rooms")
    said = row(chat.scop("alice", "send", "The sea", "Hello [bold]there[/].", "--json"))
    assert room == said["room_id"]
    (sealed,) = chat.server.rooms.of_type(room, "m.room.encrypted")
    assert "Hello" not in json.dumps(sealed)
    assert any(isinstance(asked, SendToDevice) for asked in chat.server.asked)
    shown = chat.scop("bob", "listen", "--once")
    assert (0, "") == (shown.status, shown.err)
    assert "The sea 🔒 @alice:example.org: Hello [bold]there[/]." in shown.out


def test_matrix_listen_gives_json_by_line(chat: Chat, room: str) -> None:
    """With --json each thing is one line with its kind; keys of the encryption are in none."""
    chat.scop("bob", "rooms")
    chat.scop("alice", "send", room, "Hello.")
    lines = [json.loads(line) for line in chat.scop("bob", "listen", "--once", "--json").out.splitlines()]
    (message,) = [line for line in lines if line["kind"] == "RoomEvent" and line["event"]["type"] == "m.room.message"]
    assert ("Hello.", ALICE, True) == (
        message["event"]["content"]["body"],
        message["event"]["sender"],
        message["was_encrypted"],
    )
    assert {"shield"} == set(message["encryption"])


def test_matrix_send_takes_standard_input_and_relations(chat: Chat, room: str) -> None:
    """Text comes by standard input too; replies, edits, threads and reactions name their event."""
    first = chat.scop("alice", "send", room, stdin="Hello\nthere\n").out.strip()
    for words in (("--reply-to", first), ("--edit", first), ("--thread", first), ("--react", first)):
        assert 0 == chat.scop("alice", "send", room, "x", *words).status
    related = [
        event["content"]["m.relates_to"]
        for kind in ("m.room.encrypted", "m.reaction")
        for event in chat.server.rooms.of_type(room, kind)
        if isinstance(event["content"], dict) and "m.relates_to" in event["content"]
    ]
    kinds = [one.get("rel_type") for one in related if isinstance(one, dict)]
    assert [None, "m.replace", "m.thread", "m.annotation"] == kinds
    assert "there is nothing to send" in sentence(chat.scop("alice", "send", room, ""))


def test_matrix_text_of_others_cannot_steer_the_terminal(chat: Chat, room: str) -> None:
    """Control characters in messages and names are shown escaped."""
    chat.scop("bob", "rooms")
    chat.scop("alice", "send", room, "\x1b[2Jgone\x07")
    shown = chat.scop("bob", "listen", "--once").out
    assert "gone" in shown
    assert ("\x1b" in shown, "\x07" in shown) == (False, False)


def test_matrix_backup_asks_before_it_is_there(chat: Chat) -> None:
    """Status 1 where there is no backup."""
    chat.login("alice")
    said = chat.scop("alice", "backup")
    assert (1, "there is no backup: --create makes one\n") == (said.status, said.out)


def test_matrix_commands_say_when_the_homeserver_is_gone(tmp_path: Path) -> None:
    """A homeserver that cannot be trusted with a password, or is no URL, is status 2 and one sentence."""
    said = scop("matrix", "login", ALICE, "--homeserver", "http://example.org", "--store", str(tmp_path), stdin="x\n")
    assert "only https: is asked" in sentence(said)
    said = scop("matrix", "login", "alice", "--store", str(tmp_path), stdin="x\n")
    assert "alice does not say at which homeserver: @alice:example.org does" == sentence(said)

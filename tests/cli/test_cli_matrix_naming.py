"""What people call rooms leads `scop matrix` to the room that they mean, and to no other."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import msgspec
import pytest

from fakes.chat_terminals import ALICE, BOB, Chat, two_in_a_room
from fakes.command_line import row, sentence
from fakes.homeserver import refusal
from scop.matrix.api.client_server.joining import JoinRoom
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.steps import Change, Shelf
from scop.store.sealed_shelves import SealedShelves

SEA = "#sea:example.org"


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve two users in one room."""
    with two_in_a_room(tmp_path) as served:
        yield served


def test_matrix_believes_the_directory_and_no_room_about_aliases(chat: Chat) -> None:
    """A room that says to go by an alias of another gets nothing of what is said to that alias."""
    rooms = chat.server.rooms
    trap = rooms.make(BOB)
    rooms.set_membership(trap, ALICE, ALICE, "join")
    rooms.put_state(trap, BOB, "m.room.canonical_alias", {"alias": SEA})
    assert f"{SEA} leads to no room" == sentence(chat.scop("alice", "send", SEA, "secret"))
    rooms.aliases[SEA] = chat.room
    assert chat.room == row(chat.scop("alice", "send", SEA, "secret", "--json"))["room_id"]
    assert [] == rooms.bodies(trap)


def test_matrix_means_the_room_that_replaced_another_of_its_name(chat: Chat) -> None:
    """After an upgrade both rooms have one name: the one that goes on is meant (§Room upgrades)."""
    rooms = chat.server.rooms
    new = rooms.make(ALICE)
    rooms.put_state(new, ALICE, "m.room.name", {"name": "The sea"})
    assert "2 rooms are called The sea" in sentence(chat.scop("alice", "send", "The sea", "which?"))
    rooms.put_state(chat.room, ALICE, "m.room.tombstone", {"body": "moved", "replacement_room": new})
    assert new == row(chat.scop("alice", "send", "The sea", "onwards", "--json"))["room_id"]


def test_matrix_follows_links(chat: Chat) -> None:
    """Links that people pass around are places to speak in and to join."""
    link = f"https://matrix.to/#/{chat.room}?via=example.org"
    assert chat.room == row(chat.scop("bob", "send", link, "hello", "--json"))["room_id"]
    chat.server.rooms.aliases[SEA] = chat.room
    assert chat.room == row(chat.scop("bob", "join", "matrix:r/sea:example.org?via=example.org", "--json"))["room_id"]
    (joining,) = [asked for asked in chat.server.asked if isinstance(asked, JoinRoom)]
    assert ("example.org",) == joining.via
    assert "leads to a person, and not to a room" in sentence(
        chat.scop("bob", "send", "matrix:u/alice:example.org", "hello")
    )


def test_matrix_login_by_a_name_keeps_the_account_that_is_there(chat: Chat) -> None:
    """Whoever is logged in, and logs in by the short name, stays the same device and loses no keys."""
    before = row(chat.scop("alice", "whoami", "--json"))
    account = chat.server.keys.of(ALICE)[0].keys
    said = chat.scop("alice", "login", "alice", "--homeserver", chat.url, "--json", stdin="secret\n")
    assert before == row(said)
    assert [account] == [device.keys for device in chat.server.keys.of(ALICE)]


def test_matrix_shows_nothing_of_secrets_that_are_no_utf_8(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """A secret in another character set is a sentence that names where it stands, and does not show it."""
    (chat.folder / "latin").write_bytes(b"p\xe9ss\n")
    by_file = ("--passphrase-file", str(chat.folder / "latin"))
    assert f"{chat.folder / 'latin'} is no UTF-8" == sentence(chat.scop("alice", "whoami", *by_file))
    monkeypatch.setenv("SCOP_MATRIX_PASSPHRASE", "p\udce9ss")
    assert "SCOP_MATRIX_PASSPHRASE is no UTF-8" == sentence(chat.scop("alice", "whoami"))


@pytest.mark.parametrize(
    "harm", ["UPDATE kept SET sealed = substr(sealed, 1, 20)", "UPDATE kept SET shelf = 'sync' WHERE shelf = 'room'"]
)
def test_matrix_says_that_a_store_was_altered(chat: Chat, harm: str) -> None:
    """A store that was altered, or is damaged, is one sentence."""
    with closing(sqlite3.connect(chat.folder / "alice" / ALICE / "store")) as store, store:
        store.execute(harm)
    said = chat.scop("alice", "rooms")
    assert f"{ALICE}: something in the store was altered, or is damaged" == sentence(said)


def test_matrix_says_that_what_is_kept_cannot_be_read(chat: Chat) -> None:
    """What is kept and is none of ours is one sentence."""
    place = chat.folder / "alice" / ALICE

    async def write() -> None:
        keeper = SealedShelves.open(place / "store", (place / "key").read_text().strip())
        await keeper.put([Change(Shelf.SYNC, "progress", b"nonsense")])
        await keeper.close()

    asyncio.run(write())
    assert f"{ALICE}: what is kept of syncing cannot be read" == sentence(chat.scop("alice", "rooms"))


def test_matrix_listen_tells_what_was_refused_of_what_waited(chat: Chat) -> None:
    """A message that a command left behind, and the server never takes, is told of."""
    place = chat.folder / "alice" / ALICE
    entry = {"order": 1, "transaction_id": "t1", "room_id": chat.room, "event_type": "m.reaction", "content": {}}

    async def write() -> None:
        keeper = SealedShelves.open(place / "store", (place / "key").read_text().strip())
        await keeper.put([Change(Shelf.OUTBOX, "t1", msgspec.json.encode(entry))])
        await keeper.close()

    asyncio.run(write())
    chat.server.answers[SendMessage] = _forbids
    said = chat.scop("alice", "listen", "--once").out
    assert "what waited to be sent there is refused: M_FORBIDDEN: no" in said


def _forbids(_device: object, _request: object) -> dict[str, object]:
    raise refusal(403, "M_FORBIDDEN")

"""Several commands of one account at a time: `listen` or `chat` in one terminal, whatever else in another."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

import pytest

from fakes.chat_terminals import ALICE, Chat, two_in_a_room
from fakes.command_line import sentence
from fakes.loops import PATIENCE_SECONDS
from scop.cli.matrix import accounts
from scop.store.sealed_shelves import SealedShelves
from scop.store.turn_lock import TurnLock


@dataclass
class Running:
    """A command that goes on beside others."""

    process: subprocess.Popen[str]
    before: list[str] = field(default_factory=list)  # what was read and not asked for

    def line(self, ending: str) -> str:
        """Return the next line that has such an end, or is such a thing of JSON."""
        with self._patience() as lines:
            for line in lines:
                if line.rstrip().endswith(ending):
                    return line.rstrip()
                self.before.append(line)
        raise AssertionError(f"it ended without {ending}: {self.before}")

    def body(self) -> str:
        """Return what the next message says, of `listen --json`."""
        with self._patience() as lines:
            for line in lines:
                news = json.loads(line)
                if news["kind"] == "RoomEvent" and news["event"]["type"] == "m.room.message":
                    return str(news["event"]["content"]["body"])
        raise AssertionError("it ended")

    @contextmanager
    def _patience(self) -> Iterator[IO[str]]:
        """Give what it says, and end it where the next word takes too long."""
        assert self.process.stdout is not None
        clock = threading.Timer(PATIENCE_SECONDS, self.process.kill)
        clock.start()
        try:
            yield self.process.stdout
        finally:
            clock.cancel()

    def type(self, text: str) -> None:
        """Type a line."""
        assert self.process.stdin is not None
        self.process.stdin.write(f"{text}\n")
        self.process.stdin.flush()


@pytest.fixture
def chat(tmp_path: Path) -> Iterator[Chat]:
    """Serve two users in one room."""
    with two_in_a_room(tmp_path) as served:
        yield served


@contextmanager
def begun(chat: Chat, who: str, *words: str) -> Iterator[Running]:
    """Run `scop matrix` as a user in a process of its own, and end it by the block's end."""
    command = [sys.executable, "-m", "scop.cli", "matrix", *words, "--store", str(chat.folder / who)]
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield Running(process)
    finally:
        process.kill()
        process.communicate()


def test_matrix_listen_goes_on_while_others_speak(chat: Chat) -> None:
    """What we send beside it and what others say is shown by `listen`, each once, in order."""
    said = ["before"]
    chat.send("bob", "before")
    with begun(chat, "alice", "listen", "--json") as listening:
        assert "before" == listening.body()
        for number in range(3):
            said += [f"ours {number}", f"theirs {number}"]
            chat.send("alice", f"ours {number}")
            chat.send("bob", f"theirs {number}")
            assert 0 == chat.scop("alice", "rooms").status
        assert said[1:] == [listening.body() for _ in said[1:]]
        listening.process.send_signal(signal.SIGINT)
        assert 130 == listening.process.wait(PATIENCE_SECONDS)
    assert said == [line.rpartition(": ")[2] for line in chat.heard("bob")]
    assert not set(said[:-2]) & {line.rpartition(": ")[2] for line in chat.heard("alice")}  # the last may break off


def test_matrix_listen_has_no_second_beside_it(chat: Chat) -> None:
    """Each of two would tell half of what happens: the second is refused at once, and told why."""
    with begun(chat, "alice", "listen") as listening:
        chat.send("bob", "Hello.")
        listening.line("Hello.")
        assert f"{ALICE}: another `listen` tells what happens" == sentence(chat.scop("alice", "listen", "--once"))


def test_matrix_listen_waits_for_who_reads_it_without_the_account(chat: Chat) -> None:
    """A script that reads slowly may run other commands meanwhile, however much is there for it to read."""
    text = "x" * 30_000
    for _ in range(6):  # more than a pipe holds
        chat.send("bob", text)
    with begun(chat, "alice", "listen", "--json") as listening:
        assert text == listening.body()
        chat.send("alice", "I have read the first.")
        bodies = [listening.body() for _ in range(6)]
    assert [*[text] * 5, "I have read the first."] == bodies


def test_matrix_listen_that_was_killed_tells_again_what_was_not_read(chat: Chat) -> None:
    """Killed in the midst of showing, it has lost nothing: the next one begins with what was not all shown."""
    text = "x" * 30_000
    for number in range(6):
        chat.send("bob", f"{number} {text}")
    with begun(chat, "alice", "listen", "--json") as listening:
        assert f"0 {text}" == listening.body()
    chat.send("alice", "And I.")
    assert [*(f"{number} {text}" for number in range(6)), "And I."] == [
        str(json.loads(line)["event"]["content"]["body"])
        for line in chat.scop("alice", "listen", "--once", "--json").out.splitlines()
        if "x" * 99 in line or "And I." in line
    ]


def test_matrix_send_that_was_killed_is_sent_by_listen(chat: Chat) -> None:
    """What a killed command left unsent goes out once by whichever command is there, and that is `listen`."""
    chat.server.rooms.say(chat.room, ALICE, "before")
    with begun(chat, "alice", "listen", "--json") as listening:
        assert "before" == listening.body()
        script = f"""
import asyncio, os, signal
from pathlib import Path
from scop.cli.matrix.accounts import Account, opened

async def main():
    async with opened(Account(root=Path({str(chat.folder / "alice")!r}))) as client:
        await client.do(client.core.queue, {chat.room!r}, "m.room.message", {{"msgtype": "m.text", "body": "left"}})
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""
        assert -9 == subprocess.run([sys.executable, "-c", script], check=False).returncode
        chat.send("bob", "Hello?")  # wakes it
        assert {"Hello?", "left"} == {listening.body(), listening.body()}
    assert 1 == sum(line.endswith(": left") for line in chat.heard("bob"))


def test_matrix_chat_shows_what_other_commands_took_in(chat: Chat) -> None:
    """A chat beside a `listen`, another chat and sends shows all of its room, once, and says what is typed."""
    with (
        begun(chat, "alice", "listen") as listening,
        begun(chat, "alice", "chat", "The sea") as first,
        begun(chat, "alice", "chat", "The sea") as second,
    ):
        chat.send("bob", "one")
        for running in (first, second, listening):
            running.line("one")
        first.type("two")
        for running in (first, second, listening):
            running.line("two")
        chat.send("alice", "three")
        second.type("/reply four")
        for running in (first, second, listening):
            running.line("three")
            running.line("four")
        shown = [running.before for running in (first, second, listening)]
    assert not any("Hello" in line or "one" in line or "two" in line for lines in shown for line in lines)
    assert ["one", "two", "three", "four"] == [line.rpartition(": ")[2] for line in chat.heard("bob")]


def test_matrix_listen_ends_with_the_session(chat: Chat) -> None:
    """Who logs out in another terminal ends `listen`, by a sentence, and nothing of the account is left."""
    with begun(chat, "alice", "listen") as listening:
        chat.send("bob", "Hello.")
        listening.line("Hello.")
        assert 0 == chat.scop("alice", "logout").status
        assert "scop matrix login" in sentence(chat.scop("alice", "whoami"))  # though `listen` may have the store open
        chat.send("bob", "Gone?")  # whoever still waits with the token that has ended is answered
        listening.line(f"scop: {ALICE} is logged out: scop matrix login logs in")
        assert 2 == listening.process.wait(PATIENCE_SECONDS)
    assert [] == list((chat.folder / "alice").iterdir())


def test_matrix_listen_of_a_past_session_harms_no_new_one(chat: Chat) -> None:
    """Who logs out, and in again, while `listen` waits finds the new session whole, however that `listen` ended."""
    with begun(chat, "alice", "listen") as listening:
        chat.send("bob", "one")
        listening.line("one")
        assert 0 == chat.scop("alice", "logout").status
        said = chat.scop("alice", "login", ALICE, "--homeserver", chat.url, stdin="secret\n")
        assert 0 == said.status, said.err
        listening.process.send_signal(signal.SIGINT)  # if it goes on with the new session
        listening.process.wait(PATIENCE_SECONDS)
    assert 0 == chat.scop("alice", "rooms").status
    chat.send("bob", "two")
    assert ["The sea 🔒 @bob:example.org: two"] == chat.heard("alice")


def test_matrix_commands_wait_so_long_for_one_that_works(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has the account for longer than others are patient is told of, and `listen` waits for it for ever."""
    monkeypatch.setattr(accounts, "TURN_SECONDS", 0.1)
    lock = TurnLock(next((chat.folder / "alice").iterdir()) / "store")
    with begun(chat, "alice", "listen") as listening:
        chat.send("bob", "Hello.")
        listening.line("Hello.")
        assert lock.take(PATIENCE_SECONDS)
        said = sentence(chat.scop("alice", "whoami"))
        assert f"{ALICE}: another command uses this account, as `verify` does until it is ended" == said
        chat.send("bob", "And now?")
        lock.close()
        listening.line("And now?")


@pytest.mark.parametrize("is_folder_there", [True, False])
def test_matrix_command_that_waited_for_a_logout_makes_no_store(
    chat: Chat, monkeypatch: pytest.MonkeyPatch, is_folder_there: bool
) -> None:
    """Who had read the key of a store when another removed both says so, and leaves nothing in a login's way."""
    opening = SealedShelves.open

    def open_late(*words: Any, **named: Any) -> SealedShelves:
        monkeypatch.undo()
        command = [sys.executable, "-m", "scop.cli", "matrix", "logout", "--store", str(chat.folder / "alice")]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        if is_folder_there:  # not yet removed, or because it holds the files of others who wait
            Path(words[0]).parent.mkdir()
        return opening(*words, **named)

    monkeypatch.setattr(SealedShelves, "open", open_late)
    assert f"{ALICE} is logged out: scop matrix login logs in" == sentence(chat.scop("alice", "whoami"))
    assert [] == list((chat.folder / "alice").iterdir())
    assert 0 == chat.scop("alice", "login", ALICE, "--homeserver", chat.url, stdin="secret\n").status
    assert 0 == chat.scop("alice", "whoami").status

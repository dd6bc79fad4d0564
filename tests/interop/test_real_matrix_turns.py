"""Several commands of one account at a time, at a real Synapse: `listen` goes on while others do all they have to."""

from __future__ import annotations

import contextlib
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.command_line import Said, scop_process
from fakes.synapse import PASSWORD, Synapse, running_synapse

pytestmark = pytest.mark.interop

PATIENCE_SECONDS = 90.0
SENDS = 20


@dataclass(frozen=True)
class Person:
    """One who types, each command in a process of its own."""

    user_id: str
    store: Path

    def command(self, *words: str) -> list[str]:
        """Return what is run."""
        return [sys.executable, "-m", "scop.cli", "matrix", *words, "--store", str(self.store)]

    def scop(self, *words: str, stdin: str = "") -> Said:
        """Run `scop matrix` to its end; it must do what was asked."""
        said = scop_process("matrix", *words, "--store", str(self.store), stdin=stdin)
        assert 0 == said.status, (words, said.err)
        return said

    @contextlib.contextmanager
    def beside(self, *words: str) -> Iterator[subprocess.Popen[str]]:
        """Run `scop matrix` beside us, and kill it at the end."""
        process = subprocess.Popen(self.command(*words), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        clock = threading.Timer(PATIENCE_SECONDS * 3, process.kill)
        clock.start()
        try:
            yield process
        finally:
            clock.cancel()
            process.kill()
            process.communicate()


@pytest.fixture(scope="module")
def homeserver() -> Iterator[Synapse]:
    """Run one homeserver for all of these."""
    with running_synapse() as server:
        yield server


def _person(homeserver: Synapse, store: Path, word: str) -> Person:
    person = Person(homeserver.new_user(word), store)
    person.scop("login", person.user_id, "--homeserver", homeserver.url, stdin=f"{PASSWORD}\n")
    return person


def _two_in_a_room(homeserver: Synapse, folder: Path) -> tuple[Person, Person, str]:
    alice, bob = (_person(homeserver, folder / word, word) for word in ("alice", "bob"))
    room_id = alice.scop("create", "--name", "The sea", "--invite", bob.user_id).out.strip()
    bob.scop("join", room_id)
    alice.scop("send", room_id, "before")
    alice.scop("listen", "--once")
    bob.scop("listen", "--once")
    return alice, bob, room_id


def _next(process: subprocess.Popen[str], kind: str = "RoomEvent", event_type: str = "m.room.message") -> str:
    """Return what the next message says, or the kind of the next thing, of what is printed with --json."""
    assert process.stdout is not None
    for line in process.stdout:
        news = json.loads(line)
        if news["kind"] == kind and (kind != "RoomEvent" or news["event"]["type"] == event_type):
            return str(news["event"]["content"]["body"]) if kind == "RoomEvent" else line
    raise AssertionError("it ended")


def _sent(person: Person, room_id: str, words: list[str]) -> list[float]:
    seconds = []
    for text in words:
        begun = time.monotonic()
        person.scop("send", room_id, text)
        seconds.append(time.monotonic() - begun)
    return sorted(seconds)


def _verify(asks: Person, agrees: Person) -> None:
    with (
        agrees.beside("verify", "--wait", asks.user_id, "--json") as theirs,
        asks.beside("verify", agrees.user_id, "--json") as ours,
    ):
        shown = [json.loads(_next(each, "Compare"))["emoji"] for each in (ours, theirs)]
        assert shown[0] == shown[1]
        for each in (ours, theirs):
            assert each.stdin is not None
            each.stdin.write("y\n")
            each.stdin.flush()
        for each in (ours, theirs):
            assert _next(each, "Done")
            assert 0 == each.wait(PATIENCE_SECONDS)


def test_real_listen_goes_on_while_other_commands_do_all_they_have_to(homeserver: Synapse, tmp_path: Path) -> None:
    """Sends, files, lists and a verification beside it: all is sent once, and told once, in order."""
    alice, bob, room_id = _two_in_a_room(homeserver, tmp_path)
    alone = _sent(alice, room_id, [f"alone {number}" for number in range(SENDS)])
    alice.scop("listen", "--once")
    (tmp_path / "chart.txt").write_text("shoals")
    with alice.beside("listen", "--json") as listening:
        bob.scop("send", room_id, "Hello?")
        assert "Hello?" == _next(listening)
        words = [f"beside {number}" for number in range(SENDS)]
        beside = _sent(alice, room_id, words)
        bob.scop("send", room_id, "--file", str(tmp_path / "chart.txt"))
        assert [*words, "chart.txt"] == [_next(listening) for _ in range(SENDS + 1)]
        seen = json.loads(bob.scop("history", room_id, "-n", "1", "--json").out)[-1]
        alice.scop("download", room_id, seen["event"]["event_id"], "-o", str(tmp_path / "copy.txt"))
        assert "shoals" == (tmp_path / "copy.txt").read_text()
        assert "The sea" in alice.scop("rooms").out
        _verify(alice, bob)
        alice.scop("send", room_id, "after")
        assert "asks to verify keys" in _next(listening)
        assert "after" == _next(listening)
    heard = [json.loads(line) for line in bob.scop("listen", "--once", "--json").out.splitlines()]
    bodies = [each["event"]["content"].get("body", "") for each in heard if each["kind"] == "RoomEvent"]
    assert words == [body for body in bodies if body.startswith("beside")]
    middle = SENDS // 2
    print(f"\none send, median of {SENDS}: {alone[middle]:.2f} s alone, {beside[middle]:.2f} s beside listen;")
    print(f"the longest: {alone[-1]:.2f} s, {beside[-1]:.2f} s")


def test_real_commands_that_are_killed_lose_and_double_nothing(homeserver: Synapse, tmp_path: Path) -> None:
    """Whichever of several is killed when: what was sent is there once and can be read, and is told in the end."""
    alice, bob, room_id = _two_in_a_room(homeserver, tmp_path)
    chance, seconds = random.Random(), _sent(alice, room_id, ["one", "two", "three"])[1]
    words = [f"word {number}" for number in range(8)]
    told: list[str] = []

    def hear(process: subprocess.Popen[str]) -> None:
        with contextlib.suppress(AssertionError, json.JSONDecodeError):
            while True:
                told.append(_next(process))

    for text in words:
        with alice.beside("listen", "--json") as listening:
            hearing = threading.Thread(target=hear, args=(listening,))
            hearing.start()
            with alice.beside("send", room_id, text) as sending:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    sending.wait(seconds * (0.5 + 1.5 * chance.random()))
                sending.send_signal(signal.SIGKILL)
            listening.send_signal(signal.SIGKILL)
            hearing.join()
    words.append("word of one that was not killed")
    alice.scop("send", room_id, words[-1])  # after what was left
    heard = [json.loads(line) for line in bob.scop("listen", "--once", "--json").out.splitlines()]
    assert not [each for each in heard if each["kind"] == "Undecryptable"]
    bodies = [each["event"]["content"].get("body", "") for each in heard if each["kind"] == "RoomEvent"]
    read = [body for body in bodies if body.startswith("word")]
    assert sorted(set(read), key=words.index) == read  # each at most once, in order; one killed early said nothing
    last = [json.loads(line) for line in alice.scop("listen", "--once", "--json").out.splitlines()]
    told += [each["event"]["content"].get("body", "") for each in last if each["kind"] == "RoomEvent"]
    assert set(read) == {body for body in told if body.startswith("word")}
    assert words[-1] == read[-1]
    print(f"\n{len(read) - 1} of {len(words) - 1} were kept before they were killed, and sent then or after")

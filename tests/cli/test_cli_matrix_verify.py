"""`scop matrix verify` from two terminals, against a homeserver in memory."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.chat_terminals import ALICE, BOB, Chat, two_in_a_room
from fakes.command_line import sentence

PATIENCE_SECONDS = 60.0


@contextmanager
def _two_now(folder: Path) -> Iterator[Chat]:
    """Serve two, at the time that it is: old requests are none."""
    with two_in_a_room(folder) as chat:
        chat.server.rooms.now_ms = int(time.time() * 1000)
        yield chat


@contextmanager
def _begun(chat: Chat, who: str, *words: str) -> Iterator[subprocess.Popen[str]]:
    """Run `scop matrix` beside us; it ends with the block."""
    command = [sys.executable, "-m", "scop.cli", "matrix", *words, "--json", "--store", str(chat.folder / who)]
    pipe, nothing = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=nothing, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _says(process: subprocess.Popen[str], kind: str) -> dict[str, object]:
    """Return the next line, which must be of that kind."""
    assert process.stdout is not None
    clock = threading.Timer(PATIENCE_SECONDS, process.kill)
    clock.start()
    try:
        found: dict[str, object] = json.loads(process.stdout.readline())
    finally:
        clock.cancel()
    assert kind == found["kind"], found
    return found


def _answer(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_matrix_verify_asks_users_in_the_room_of_the_two(tmp_path: Path) -> None:
    """Matrix v1.19 CS §Key verification framework: users in rooms; what is sent there is encrypted as all else."""
    with _two_now(tmp_path) as chat:
        with _begun(chat, "bob", "verify", "--wait") as theirs, _begun(chat, "alice", "verify", BOB) as ours:
            both = (theirs, ours)
            assert [chat.room] * 2 == [_says(process, "Asked")["room_id"] for process in both]
            shown = [_says(process, "Compare") for process in both]
            assert shown[0] == shown[1]
            for process in both:
                _answer(process, "y")
            assert [ALICE, BOB] == [_says(process, "Done")["user_id"] for process in both]
            assert [0, 0] == [process.wait(PATIENCE_SECONDS) for process in both]
        sent = {str(event["type"]) for _, event in chat.server.rooms.rooms[chat.room].events}
        assert "m.room.encrypted" in sent
        assert not [kind for kind in sent if kind.startswith("m.key.verification")]


def test_matrix_verify_comes_into_the_room_of_whom_it_waits_for_alone(tmp_path: Path) -> None:
    """Where two have no room one is made; nobody else's invitation is accepted, but shown to who waits for anybody."""
    with _two_now(tmp_path) as chat:
        rooms = chat.server.rooms
        other = rooms.make("@eve:example.org")
        rooms.set_membership(other, "@eve:example.org", BOB, "invite", is_direct=True)
        rooms.set_membership(chat.room, ALICE, ALICE, "leave")
        with _begun(chat, "bob", "verify", ALICE, "--wait") as theirs, _begun(chat, "alice", "verify", BOB) as ours:
            room_id = _says(ours, "Asked")["room_id"]
            assert room_id not in (chat.room, other)
            assert room_id == _says(theirs, "Joined")["room_id"]
            assert room_id == _says(theirs, "Asked")["room_id"]
            for process in (theirs, ours):
                _says(process, "Compare")
                _answer(process, "n")
            assert [1, 1] == [process.wait(PATIENCE_SECONDS) for process in (theirs, ours)]


def test_matrix_verify_says_what_matrix_nio_needs(tmp_path: Path) -> None:
    """It knows no requests, so one device is named."""
    with two_in_a_room(tmp_path) as chat:
        said = chat.scop("alice", "verify", BOB, "--takes-nio")
        assert "which device of theirs? --device says it" == sentence(said)


def test_matrix_verify_is_over_for_both_when_one_goes(tmp_path: Path) -> None:
    """Ctrl-C, before an answer and at the question, ends it at once, tells the other, and hinders no later one."""
    with _two_now(tmp_path) as chat:
        with _begun(chat, "alice", "verify", BOB) as ours:
            _says(ours, "Asked")
            ours.send_signal(signal.SIGINT)
            assert 130 == ours.wait(PATIENCE_SECONDS)
        with _begun(chat, "bob", "verify", "--wait") as theirs, _begun(chat, "alice", "verify", BOB) as ours:
            for process in (theirs, ours):
                _says(process, "Asked")
                _says(process, "Compare")
            ours.send_signal(signal.SIGINT)
            assert 130 == ours.wait(PATIENCE_SECONDS)
            _answer(theirs, "y")
            assert "m.user" == _says(theirs, "Cancelled")["code"]

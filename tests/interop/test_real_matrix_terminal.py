"""`scop matrix` as two people use it, at a real Synapse: talk, files, verification by pictures, a lost device."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from fakes.chat_service import SERVICE_TOKEN, service_settings
from fakes.command_line import Said, row, rows, scop, sentence
from fakes.synapse import PASSWORD, Synapse, chat_python, running_synapse
from scop.net.matrix import AsyncClient

pytestmark = pytest.mark.interop

PATIENCE_SECONDS = 90.0
_NIO = Path(__file__).parent / "programs/nio_verifier.py"


@dataclass(frozen=True)
class Person:
    """One who types."""

    user_id: str
    store: Path
    homeserver: Synapse

    def scop(self, *words: str, stdin: str = "") -> Said:
        """Run `scop matrix` to its end; it must do what was asked."""
        said = scop("matrix", *words, "--store", str(self.store), stdin=stdin)
        assert 0 == said.status, (words, said.err)
        return said

    def begin(self, *words: str) -> subprocess.Popen[str]:
        """Run `scop matrix` beside us."""
        command = [sys.executable, "-m", "scop.cli", "matrix", *words, "--store", str(self.store)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


@pytest.fixture(scope="module")
def homeserver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Synapse]:
    """Run one homeserver for all of these, with an application service."""
    service = service_settings(tmp_path_factory.mktemp("service"))
    with running_synapse({**service, "login_via_existing_session": {"enabled": True}}) as server:
        yield server


def _person(homeserver: Synapse, store: Path, user_id: str = "", word: str = "alice") -> Person:
    person = Person(user_id or homeserver.new_user(word), store, homeserver)
    person.scop("login", person.user_id, "--homeserver", homeserver.url, stdin=f"{PASSWORD}\n")
    return person


def _says(process: subprocess.Popen[str], kind: str) -> dict[str, object]:
    """Return the next line of that kind that a command prints with --json."""
    assert process.stdout is not None
    clock = threading.Timer(PATIENCE_SECONDS, process.kill)
    clock.start()
    others = []
    try:
        for line in process.stdout:
            found: dict[str, object] = json.loads(line)
            if found["kind"] == kind:
                return found
            others.append(found)
    finally:
        clock.cancel()
    raise AssertionError(f"it ended without {kind}: {others}")


def _agree(*processes: subprocess.Popen[str]) -> None:
    """See that all show the same, and say so."""
    shown = [_says(process, "Compare") for process in processes]
    pictures = [one["emoji"] for one in shown]
    assert pictures[0] == pictures[1]
    assert 7 == len(str(json.dumps(pictures[0])).split(","))
    for process in processes:
        _answer(process, "y")
    for process in processes:
        assert _says(process, "Done")


def _answer(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()


def test_real_terminal_logs_in_without_a_password(homeserver: Synapse, tmp_path: Path) -> None:
    """A login token is taken once, and the token of an application service for its users alone."""
    ann, bob, service = (homeserver.new_user(word) for word in ("ann", "bob", "service"))

    async def new_token() -> str:
        async with AsyncClient() as client:
            await client.login(ann, PASSWORD, homeserver.url)
            return (await client.do(client.core.login.token_for_another, PASSWORD)).login_token

    def login(user_id: str, way: str, secret: str) -> Said:
        at = ("--homeserver", homeserver.url, "--store", str(tmp_path / user_id), "--json")
        return scop("matrix", "login", user_id, "--with", way, *at, stdin=f"{secret}\n")

    token = asyncio.run(new_token())
    assert ann == row(login(ann, "token", token))["user_id"]
    assert "M_FORBIDDEN" in sentence(login(ann, "token", token))
    assert service == row(login(service, "service", SERVICE_TOKEN))["user_id"]
    assert "M_FORBIDDEN" in sentence(login(bob, "service", SERVICE_TOKEN))


def test_real_terminals_talk_and_hand_files_over(homeserver: Synapse, tmp_path: Path) -> None:
    """A room is made, joined by its name, and what one sends the other reads, files too."""
    alice = _person(homeserver, tmp_path / "alice")
    bob = _person(homeserver, tmp_path / "bob", word="bob")
    room_id = alice.scop("create", "--name", "The sea", "--invite", bob.user_id).out.strip()
    assert room_id == bob.scop("join", "the sea").out.strip()
    event_id = alice.scop("send", "The sea", "Hello.").out.strip()
    assert "🔒 alice" in (heard := bob.scop("listen", "--once").out)
    assert ": Hello." in heard
    bob.scop("send", "The sea", "Hello yourself.", "--reply-to", event_id)
    (tmp_path / "chart.png").write_bytes(b"\x89PNG" + bytes(200_000))
    shown = row(alice.scop("send", "The sea", "--file", str(tmp_path / "chart.png"), "--json"))
    assert isinstance(shown["event_ids"], list)
    bob.scop("download", "The sea", shown["event_ids"][0], "-o", str(tmp_path / "copy.png"))
    assert (tmp_path / "chart.png").read_bytes() == (tmp_path / "copy.png").read_bytes()
    assert {alice.user_id, bob.user_id} == {one["user_id"] for one in rows(bob.scop("members", "The sea", "--json"))}
    assert "about water" in alice.scop("topic", "The sea", "about water").out
    alias = f"#sea:{homeserver.server_name}"
    assert alias in alice.scop("alias", "The sea", "--add", alias, "--main", alias).out
    assert "Bob" in bob.scop("profile", "--name", "Bob").out
    bob.scop("leave", "The sea", "--forget")
    alice.scop("invite", alias, bob.user_id)
    bob.scop("join", alias)


def test_real_terminals_verify_by_pictures(homeserver: Synapse, tmp_path: Path) -> None:
    """Both see the same pictures, say so, and trust each other's devices from then on."""
    alice, bob = _person(homeserver, tmp_path / "alice"), _person(homeserver, tmp_path / "bob", word="bob")
    room_id = alice.scop("create", "--name", "two", "--invite", bob.user_id, "--direct").out.strip()
    bob.scop("join", room_id)
    for person in (alice, bob):
        person.scop("backup", "--create", stdin=f"{PASSWORD}\n")
    alice.scop("send", room_id, "Hello.")
    with bob.begin("verify", "--wait", "--json") as theirs, alice.begin("verify", bob.user_id, "--json") as ours:
        assert [room_id] * 2 == [_says(process, "Asked")["room_id"] for process in (ours, theirs)]
        _agree(ours, theirs)
        for process in (ours, theirs):
            assert 0 == process.wait(PATIENCE_SECONDS)
    assert {"verified"} == {device["trust"] for device in rows(alice.scop("devices", bob.user_id, "--json"))}
    assert {"verified"} == {device["trust"] for device in rows(bob.scop("devices", alice.user_id, "--json"))}


def test_real_terminals_do_not_verify_what_differs(homeserver: Synapse, tmp_path: Path) -> None:
    """One who says that the pictures differ ends it for both with status 1, and nobody is trusted.

    They had no room to talk in alone: one is made, and who waits for the other comes in.
    """
    alice, bob = _person(homeserver, tmp_path / "alice"), _person(homeserver, tmp_path / "bob", word="bob")
    waiting, asking = ("verify", alice.user_id, "--wait", "--json"), ("verify", bob.user_id, "--json")
    with bob.begin(*waiting) as theirs, alice.begin(*asking) as ours:
        for process, answer in ((ours, "y"), (theirs, "n")):
            _says(process, "Compare")
            _answer(process, answer)
        assert [1, 1] == [process.wait(PATIENCE_SECONDS) for process in (theirs, ours)]
    assert {"unverified"} == {device["trust"] for device in rows(alice.scop("devices", bob.user_id, "--json"))}


def test_real_terminal_reads_old_messages_on_a_new_device(homeserver: Synapse, tmp_path: Path) -> None:
    """With the recovery key a new device reads what was said before, and is one of ours; with another it is not."""
    alice = _person(homeserver, tmp_path / "alice")
    room_id = alice.scop("create", "--name", "alone").out.strip()
    alice.scop("send", room_id, "Before.")
    key = row(alice.scop("backup", "--create", "--json", stdin=f"{PASSWORD}\n"))["recovery_key"]
    second = _person(homeserver, tmp_path / "second", alice.user_id)
    wrong = scop("matrix", "recover", "--store", str(second.store), stdin="EsTc wrong\n")
    assert sentence(wrong)
    assert "Before." not in second.scop("listen", "--once").out
    assert 1 == row(second.scop("recover", "--json", stdin=f"{key}\n"))["taken"]
    assert "Before." in second.scop("listen", "--once").out
    own = {str(device["device_id"]): device["trust"] for device in rows(alice.scop("devices", "--json"))}
    assert {"this device", "verified"} == {trust for trust in own.values() if trust != "does not encrypt"}


def test_real_terminal_gives_a_new_device_all_that_it_needs(homeserver: Synapse, tmp_path: Path) -> None:
    """A new device that an older one verifies is given the secrets, and shows what was said before it came."""
    alice = _person(homeserver, tmp_path / "alice")
    room_id = alice.scop("create", "--name", "alone").out.strip()
    alice.scop("send", room_id, "Before.")
    alice.scop("backup", "--create", stdin=f"{PASSWORD}\n")
    second = _person(homeserver, tmp_path / "second", alice.user_id)
    with alice.begin("verify", "--wait", "--json") as old, second.begin("verify", "--json") as new:
        _agree(old, new)
        event = _says(new, "RoomEvent")["event"]
        assert isinstance(event, dict)
        assert "Before." == event["content"]["body"]
        for process in (old, new):
            assert 0 == process.wait(PATIENCE_SECONDS)
    for person in (alice, second):
        trusted = {device["trust"] for device in rows(person.scop("devices", "--json"))}
        assert {"this device", "verified"} == trusted - {"does not encrypt"}
        assert row(person.scop("backup", "--json"))["is_trusted"]


@pytest.mark.parametrize("role", ["start", "accept"])
def test_real_terminal_verifies_matrix_nio_where_it_is_told_to(homeserver: Synapse, tmp_path: Path, role: str) -> None:
    """Its SAS differs from the specification: with the option for it, numbers are compared, either side beginning."""
    alice, nio = _person(homeserver, tmp_path / "alice"), homeserver.new_user("nio")
    command = [str(chat_python()), str(_NIO), homeserver.url, nio, PASSWORD, alice.user_id, role]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as theirs:
        assert theirs.stdout is not None
        device_id = json.loads(theirs.stdout.readline())["device"]
        how = ("--wait",) if role == "start" else ("--device", device_id)
        with alice.begin("verify", nio, *how, "--takes-nio", "--json") as ours:
            shown = _says(ours, "Compare")
            assert [] == shown["emoji"]
            assert shown["decimals"] == json.loads(theirs.stdout.readline())["decimals"]
            _answer(ours, "y")
            assert _says(ours, "Done")
            assert 0 == ours.wait(PATIENCE_SECONDS)
    assert {"verified"} == {device["trust"] for device in rows(alice.scop("devices", nio, "--json"))}


def test_real_terminal_listens_live(homeserver: Synapse, tmp_path: Path) -> None:
    """A listener shows what is said within its long poll."""
    alice, bob = _person(homeserver, tmp_path / "alice"), _person(homeserver, tmp_path / "bob", word="bob")
    room_id = alice.scop("create", "--name", "live", "--invite", bob.user_id).out.strip()
    bob.scop("join", room_id)
    with bob.begin("listen", "--json") as listening:
        try:
            for text in ("one", "two"):
                alice.scop("send", room_id, text)
                while True:
                    event = _says(listening, "RoomEvent")["event"]
                    assert isinstance(event, dict)
                    if event["type"] == "m.room.message":
                        break
                assert text == event["content"]["body"]
        finally:
            listening.terminate()

"""The `scop` command as a person or a program runs it: a process, its exit status, its words; and a mesh under it."""

from __future__ import annotations

import contextlib
import io
import json
import signal
import smtplib
import subprocess
import sys
import tempfile
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO, TypeAlias

from fakes.real_mesh import PASSWORD, unverified, world_of
from scop.cli import main
from scop.cli.demo.post import trace_in, transact
from scop.cli.demo.scene import PORTS, await_event

__all__ = ["Row", "Said", "Town", "cells_of", "founded", "row", "rows", "scop", "scop_process", "sentence"]

Row: TypeAlias = dict[str, object]

DOMAIN = "harbor.test"
ELSEWHERE = "elsewhere.example"  # a domain whose name server never answers
PATIENCE_SECONDS = 60.0
OWN_PROCESS = {"demo", "up"}  # they take over signals, and start others


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended, and what it said."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> object:
        """What it printed with --json."""
        assert self.status in (0, 1), self.err
        return json.loads(self.out)


def rows(said: Said) -> list[Row]:
    """Return a list that was printed as JSON."""
    assert isinstance(said.json, list)
    return said.json


def row(said: Said) -> Row:
    """Return an object that was printed as JSON."""
    assert isinstance(said.json, dict)
    return said.json


def sentence(said: Said) -> str:
    """Return the one sentence of a command that could not do it: no traceback, nothing on standard output."""
    assert (2, "", 1) == (said.status, said.out, said.err.count("\n"))
    assert said.err.startswith("scop: ")
    return said.err.removeprefix("scop: ").rstrip()


def scop(*words: str, stdin: str = "") -> Said:
    """Run `scop` with these words to its end, without the imports that a process of its own would begin with."""
    if words[0] in OWN_PROCESS:
        return scop_process(*words, stdin=stdin)
    with tempfile.TemporaryFile("w+", encoding="utf-8") as out, tempfile.TemporaryFile("w+", encoding="utf-8") as err:
        status = _main(words, (io.TextIOWrapper(io.BytesIO(stdin.encode())), out, err))
        for stream in (out, err):
            stream.seek(0)
        return Said(status, out.read(), err.read())


def scop_process(*words: str, stdin: str = "") -> Said:
    """Run `scop` with these words to its end, as a person does."""
    command = [sys.executable, "-m", "scop.cli", *words]
    done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS)
    return Said(done.returncode, done.stdout, done.stderr)


def _main(words: tuple[str, ...], streams: tuple[TextIO, TextIO, TextIO]) -> int:
    """Return the status that `main` ends with; what it leaves open ends with a process, and is nothing to warn of."""
    before = sys.argv, sys.stdin, sys.stdout, sys.stderr
    sys.argv, (sys.stdin, sys.stdout, sys.stderr) = ["scop", *words], streams
    try:
        with warnings.catch_warnings(action="ignore", category=ResourceWarning):
            return _status()
    finally:
        sys.argv, sys.stdin, sys.stdout, sys.stderr = before


def _status() -> int:
    try:
        main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def cells_of(state: Path) -> set[str]:
    """Return the cells that run on a state folder: each writes to its own log there."""
    found = set()
    for output in Path("/proc").glob("[0-9]*/fd/1"):
        with contextlib.suppress(OSError):
            log = output.readlink()
            if log.parent == state / "log":
                found.add(log.stem)
    return found


@dataclass(frozen=True, slots=True)
class Town:
    """One organisation that was founded by `scop init` and edited by hand."""

    config: Path
    address: str

    @property
    def state(self) -> Path:
        """Its state folder."""
        return self.config.parent / "state"

    def scop(self, *words: str, stdin: str = "") -> Said:
        """Run `scop` for this mesh."""
        return scop(*words, "--config", str(self.config), stdin=stdin)

    def edit(self, old: str, new: str) -> None:
        """Change scop.toml as a person does, with an editor."""
        text = self.config.read_text()
        assert old in text
        self.config.write_text(text.replace(old, new, 1))

    @contextlib.contextmanager
    def up(self) -> Iterator[subprocess.Popen[str]]:
        """Run `scop up --json` until it is ready; at the end ask it to end, and see that it does so well."""
        command = [sys.executable, "-m", "scop.cli", "up", "--json", "--config", str(self.config)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            await_event(process, "up")
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            _, err = process.communicate(timeout=PATIENCE_SECONDS)
        assert (0, "", set()) == (process.returncode, err, cells_of(self.state))

    def receive(self, recipient: str, mail: str) -> str:
        """Bring a mail to the receiver as any host of the Internet does; return its trace id."""
        with smtplib.SMTP(self.address, PORTS.smtp, timeout=PATIENCE_SECONDS) as client:
            client.ehlo("stranger.test")
            code, text = transact(client, "s@stranger.test", [recipient], mail.encode())
        assert code == 250, text
        return trace_in(code, text)

    def submit(self, user: str, recipient: str, mail: bytes = b"") -> str:
        """Submit a mail as a user does, again while the keys are not published yet; return its trace id."""
        mail = mail or f"From: {user}@{DOMAIN}\r\nTo: {recipient}\r\nSubject: Hello\r\n\r\nHello.\r\n".encode()
        deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
        while True:
            code, text = self.hand_in(user, recipient, mail)
            if code == 250:
                return trace_in(code, text)
            assert time.monotonic() < deadline, text
            pause.wait(0.1)

    def hand_in(self, user: str, recipient: str, mail: bytes) -> tuple[int, str]:
        """Submit a mail once as a user does; return the answer."""
        with smtplib.SMTP_SSL(
            self.address, PORTS.submissions, timeout=PATIENCE_SECONDS, context=unverified()
        ) as client:
            client.login(user, PASSWORD)
            return transact(client, f"{user}@{DOMAIN}", [recipient], mail)


def founded(folder: Path, purpose: str) -> Town:
    """Found a mesh by `scop init` and give it ports and addresses that no other test uses."""
    folder.mkdir(exist_ok=True)
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    world = world_of(purpose)
    here, nowhere = world.harbor, world.forger
    done = scop("init", DOMAIN, "--address", here.address, "--folder", str(folder))
    assert done.status == 0, done.err
    town = Town(folder / "scop.toml", here.address)
    standard = next(line for line in town.config.read_text().splitlines() if line.startswith("ports = "))
    dns = standard.rpartition("dns = ")[2].partition(",")[0]
    town.edit(
        standard,
        f"ports = {{ smtp = {PORTS.smtp}, submission = {PORTS.submission}, "
        f"submissions = {PORTS.submissions}, dns = {PORTS.dns}, dot = {PORTS.dot} }}",
    )
    town.edit('pipe_address = "127.0.0.1"', f'pipe_address = "{here.address}"')
    town.edit(f'["{here.address}:{dns}"]', f'["{here.address}:{PORTS.dns}"], "{ELSEWHERE}" = ["{nowhere}:{PORTS.dns}"]')
    return town

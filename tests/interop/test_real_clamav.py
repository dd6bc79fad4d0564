"""A real ClamAV beside a running mesh: what it knows is kept apart, and nothing passes while it is away."""

from __future__ import annotations

import contextlib
import datetime
import json
import os
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fakes.command_line import DOMAIN, Town, founded
from scop.mime import Attachment, compose

pytestmark = pytest.mark.interop

PATIENCE_SECONDS = 60.0
CLAMD = Path("/usr/sbin/clamd")
STREAM_MIBIBYTES = 1
# In two pieces, so that no scanner takes this file for it.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}" + rb"$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
TIDE = b"the tide turns at nine"
# clamd signs what is not of its own makers: NAME.UNOFFICIAL.
SIGNATURES = f"Own.Eicar:0:0:{EICAR.hex()}\nOwn.Tide:0:*:{TIDE.hex()}\n"


@contextlib.contextmanager
def scanning(folder: Path, port: int) -> Iterator[None]:
    """Run a clamd that knows two signatures of ours, as an ordinary user where these tests run as root."""
    command = [str(CLAMD), "--config-file", str(folder / "clamd.conf")]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            _await_port(port)
            yield
        finally:
            process.terminate()


def _await_port(port: int) -> None:
    deadline, pause = time.monotonic() + PATIENCE_SECONDS, threading.Event()
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert time.monotonic() < deadline, "clamd does not listen"
            pause.wait(0.1)
        else:
            return


@pytest.fixture(scope="module")
def port() -> int:
    """Return a port for clamd that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.fixture(scope="module")
def clamav(tmp_path_factory: pytest.TempPathFactory, port: int) -> Path:
    """Write the configuration of a clamd, and what it knows."""
    if not CLAMD.exists():
        pytest.fail("PEER MISSING: clamd (clamav-daemon); `make interop` as root installs it")
    folder = tmp_path_factory.mktemp("clamav")
    for parent in (folder, *folder.parents[:3]):
        if str(parent).startswith("/tmp/"):
            parent.chmod(0o711)
    database = folder / "database"
    database.mkdir()
    (database / "own.ndb").write_text(SIGNATURES)
    user = ["User nobody"] if os.geteuid() == 0 else []
    said = [
        f"TemporaryDirectory {folder}",
        f"TCPSocket {port}",
        "TCPAddr 127.0.0.1",
        f"DatabaseDirectory {database}",
        "Foreground yes",
    ]
    (folder / "clamd.conf").write_text("\n".join([*said, *user, f"StreamMaxLength {STREAM_MIBIBYTES}M"]) + "\n")
    if os.geteuid() == 0:
        for path in (folder, database, database / "own.ndb"):
            shutil.chown(path, "nobody")
    return folder


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory, port: int) -> Iterator[Town]:
    """A mesh whose examiner hands each mail with attachments to clamd, too."""
    here = founded(tmp_path_factory.mktemp("scanned"), "virus scanner")
    scanner = f'[attachments]\nclamav = "127.0.0.1:{port}"\n'
    here.edit("[network]", f"[receiver]\ngreeting_delay_seconds = 0\n\n{scanner}\n[network]")
    with here.up():
        assert 0 == here.scop("account", "add", "bob", "--password", "a long password").status
        yield here


def letter(subject: str, name: str, octets: bytes) -> str:
    """Write a mail with a file."""
    return (
        compose(
            author="s@stranger.test",
            to=[f"bob@{DOMAIN}"],
            subject=subject,
            date=datetime.datetime.now(datetime.UTC),
            message_id=f"<{subject}@stranger.test>",
            text="The file.",
            attachments=[Attachment(name, "text/plain", octets)],
        )
        .to_octets()
        .decode("ascii")
    )


def landed(town: Town) -> dict[str, tuple[str, str]]:
    """Return the folder of each of bob's mails and what is warned of, by its subject."""
    said = town.scop("mail", "list", "bob", "--json")
    return {each["subject"]: (each["folder"], each["warning"]) for each in json.loads(said.out)["mails"]}


def test_clamav_is_believed_and_waited_for(town: Town, clamav: Path, port: int) -> None:
    """Its word is a finding beside ours; what it will never take is kept apart; while it is away mail waits."""
    notes = letter("notes", "notes.txt", b"High water at nine.\r\n")
    with pytest.raises(AssertionError, match="Try again later"):
        town.receive(f"bob@{DOMAIN}", notes)
    with scanning(clamav, port):
        for mail in (
            notes,
            letter("tide", "tide.txt", b"Beware, " + TIDE + b".\r\n"),
            letter("eicar", "test.txt", EICAR),
            letter("long", "long.txt", b"High water at nine.\r\n" * (STREAM_MIBIBYTES << 16)),
        ):
            town.receive(f"bob@{DOMAIN}", mail)
    known = "The virus scanner knows what it brings: Own.{}.UNOFFICIAL."
    assert {
        "notes": ("INBOX", ""),
        "tide": ("Quarantine", known.format("Tide")),
        "eicar": ("Quarantine", known.format("Eicar")),
        "long": ("Quarantine", "It was not examined wholly: the virus scanner takes no mail of this length."),
    } == landed(town)

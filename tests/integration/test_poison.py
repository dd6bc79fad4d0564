"""A mail that kills or hangs a cell twice is set aside, and the rest flow on."""

from __future__ import annotations

import json
import smtplib
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from fakes.command_line import DOMAIN, Town, founded
from fakes.real_mesh import PASSWORD
from scop.cli.demo.scene import PORTS, await_event
from scop.cli.shared import ask
from scop.mesh.vocabulary.keeper import AddAccount
from scop.mesh.vocabulary.mailbox import ListMail
from scop.supervisor.config_file import read_config
from scop.supervisor.layout import Layout

PROBED_MESH = Path(__file__).resolve().parents[1] / "fakes" / "probed_mesh.py"
PATIENCE_SECONDS = 60.0
POISON = ("filter crash", "filter hang", "verifier crash")
NOT_WEIGHED = "It was not weighed or examined: this very mail has twice broken what reads it."
NOT_JUDGED = "It was not judged: this very mail has twice broken what finds out who sent it."


@contextmanager
def poisoned_mesh(town: Town) -> Iterator[None]:
    """Run a mesh whose filter and verifier are broken by some mails."""
    command = [sys.executable, str(PROBED_MESH), str(town.config), "poisoned_cell.py"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        await_event(process, "up")
        yield
    finally:
        process.terminate()
        process.communicate(timeout=60)


def send(town: Town, subject: str) -> int:
    """Bring a mail again, as a sender does, until it is taken; return how often it was not."""
    mail = f"From: s@stranger.test\r\nSubject: {subject}\r\n\r\nThis is {subject}.\r\n"
    deadline, pause, failures = time.monotonic() + PATIENCE_SECONDS, threading.Event(), 0
    while not _is_taken(town, mail):
        assert time.monotonic() < deadline, f"{subject} is never taken"
        failures += 1
        pause.wait(0.2)
    return failures


def _is_taken(town: Town, mail: str) -> bool:
    with smtplib.SMTP(town.address, PORTS.smtp, timeout=PATIENCE_SECONDS) as client:
        try:
            client.sendmail("", [f"bob@{DOMAIN}"], mail)
        except (smtplib.SMTPDataError, smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused):
            return False
        return True


def deaths(town: Town) -> list[tuple[str, str]]:
    """Return at which mail which cell found that it had died, in the order of their logs."""
    layout = Layout(read_config(town.config))
    found = []
    for cell in ("filter", "verifier"):
        lines = [json.loads(line) for line in layout.log(cell).read_text().splitlines() if line.startswith("{")]
        found += [(cell, line["digest"]) for line in lines if line["event"] == "mail.was_underway"]
    return found


def test_poison_is_set_aside_and_the_rest_flow_on(tmp_path: Path) -> None:
    """A crash and a hang of C code in the filter, a crash in the verifier: each twice, and then it is in Quarantine."""
    town = founded(tmp_path, "poison")
    with poisoned_mesh(town):
        ask(town.config, "keeper", AddAccount("bob", PASSWORD))
        for number, poison in enumerate(POISON):
            assert send(town, f"poison {poison}") >= 2
            send(town, f"honest {number}")
        mails = ask(town.config, "mailbox", ListMail("bob")).mails
    landed = {mail.subject: (mail.folder, mail.warning) for mail in mails}
    expected = {f"honest {number}": ("INBOX", "") for number in range(3)}
    expected |= {f"poison {one}": ("Quarantine", NOT_WEIGHED) for one in POISON[:2]}
    assert expected | {f"poison {POISON[2]}": ("Quarantine", NOT_JUDGED)} == landed
    died = deaths(town)
    assert [2, 2, 2] == [died.count(one) for one in dict.fromkeys(died)]

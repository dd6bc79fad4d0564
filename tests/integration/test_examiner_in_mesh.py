"""Attachments through the real mesh: what is dangerous lies in Quarantine, and who sends it is known for it."""

from __future__ import annotations

import datetime
import io
import os
import signal
import zipfile
from pathlib import Path

import pytest

from fakes.real_mesh import RunningWorld
from scop.cli.shared import ask
from scop.mesh.vocabulary.mailbox import MailSummary
from scop.mesh.vocabulary.receiver import KnownSubject, ReadReputation
from scop.mime import Attachment, compose


def packed(name: str, octets: bytes) -> bytes:
    """Return a zip archive with one file."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr(name, octets)
    return archive.getvalue()


def letter(subject: str, *attachments: Attachment) -> bytes:
    """Write a mail with HTML and attachments."""
    return compose(
        author="Sender <sender@stranger.test>",
        to=["you@harbor.test"],
        subject=subject,
        date=datetime.datetime.now(datetime.UTC),
        message_id=f"<{subject}@stranger.test>",
        text="Your invoice.",
        html="<p>Your invoice.</p>",
        attachments=attachments,
    ).to_octets()


INVOICE = Attachment("invoice.zip", "application/zip", packed("invoice.pdf.exe", b"MZ" + bytes(500)))
NOTES = Attachment("notes.zip", "application/zip", packed("notes.txt", b"High water at nine.\r\n"))


def send(running_world: RunningWorld, recipient: str, octets: bytes, *, source: str = "") -> None:
    """Hand a mail to the receiver as a stranger."""
    with running_world.stranger(source=source) as client:
        assert {} == client.sendmail("sender@stranger.test", [recipient], octets)


def known_of(running_world: RunningWorld, address: str) -> KnownSubject:
    """Return what the receiver knows of an address, once it knows of it."""
    config = running_world.scene.config(running_world.world.harbor)
    found = ask(config, "receiver", ReadReputation()).subjects
    return next(one for one in found if one.subject == address)


def test_program_in_an_archive_lies_in_quarantine_with_a_sentence(running_world: RunningWorld) -> None:
    """An honest archive does not; the sentence stands above the mail, and the receiver has heard of its sender."""
    recipient = running_world.person("quentin")
    attacker = running_world.world.forger.replace(".66.", ".67.")
    send(running_world, recipient, letter("notes", NOTES))
    send(running_world, recipient, letter("invoice", INVOICE), source=attacker)
    mails = running_world.await_mails("quentin", 2)
    assert [("INBOX", "notes"), ("Quarantine", "invoice")] == [(mail.folder, mail.subject) for mail in mails]
    honest, dangerous = running_world.octets("quentin", mails)
    assert b"severity=dangerous" not in honest
    stamps = dangerous[: dangerous.index(b"\r\nReceived:")].replace(b"\r\n\t", b" ")
    assert b"\r\nX-SCoP-Attachments: quarantine\r\n" in stamps
    assert b"X-SCoP-Finding: executable; severity=dangerous" in stamps
    assert known_of(running_world, attacker).offences > 2


@pytest.mark.parametrize("victim", ["cell", "nursery"])
def test_examiner_that_was_killed_comes_back_and_nothing_is_lost(running_world: RunningWorld, victim: str) -> None:
    """One goes with the other; the mail that comes meanwhile waits, and is examined."""
    recipient = running_world.person(f"quincy-{victim}")
    harbor = running_world.world.harbor
    cell = running_world.status(harbor)["examiner"].pid
    nursery = int(Path(f"/proc/{cell}/task/{cell}/children").read_text())
    os.kill({"cell": cell, "nursery": nursery}[victim], signal.SIGKILL)
    source = harbor.address.replace(".20.", ".68." if victim == "cell" else ".69.")
    send(running_world, recipient, letter("invoice", INVOICE), source=source)
    (mail,) = _folders(running_world.await_mails(f"quincy-{victim}", 1))
    assert ("Quarantine", "invoice") == mail


def _folders(mails: tuple[MailSummary, ...]) -> list[tuple[str, str]]:
    return [(mail.folder, mail.subject) for mail in mails]

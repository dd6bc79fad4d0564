"""What harbor makes of unwanted and dangerous mail: spam goes to Junk, one move teaches, a program is kept apart.

The letters come from a newcomer at lagoon: spam; a newsletter that looks like spam, which bob moves out of Junk, and
the next issue of it; and a program for Windows in an archive, named as if it were an invoice.
"""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP

from scop.cli.mail_files import MailFile

__all__ = ["MALWARE", "NEWSLETTER", "NEXT_ISSUE", "PEDLAR", "SPAM", "Landed", "Sorting"]

PEDLAR = "pedlar"  # at lagoon, who writes all of these


@dataclass(frozen=True, slots=True)
class Landed:
    """Where one letter came to lie, and what was said of it."""

    subject: str
    folder: str
    label: str
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Sorting:
    """How the letters fared."""

    spam: Landed
    newsletter: Landed
    next_issue: Landed  # after bob moved the first one out of Junk
    malware: Landed

    @property
    def right(self) -> bool:
        """Whether each came where it belongs, and a person can read why."""
        taught = self.newsletter.folder == "Junk" and self.next_issue.folder == "INBOX"
        spam = (self.spam.folder, self.spam.label) == ("Junk", "spam")
        return spam and taught and self.malware.folder == "Quarantine" and bool(self.malware.warning)


def _letter(number: int, subject: str, text: str) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = "Bargain Watch <pedlar@lagoon.test>"
    mail["To"] = "bob@harbor.test"
    mail["Subject"] = subject
    mail["Date"] = f"Wed, 25 Nov 2026 11:{number:02}:00 +0000"
    mail["Message-ID"] = f"<offer-{number}@lagoon.test>"
    mail.set_content(text)
    return mail


def _archive() -> bytes:
    """Return a zip archive with a program that does nothing: the headers of one, and no code."""
    header = (
        b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HHIIIHH", 0x8664, 0, 0, 0, 0, 240, 0x22)
    )
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("invoice.pdf.exe", (2026, 11, 25, 11, 0, 0)), header + bytes(1024))
    return made.getvalue()


def _file(mail: EmailMessage) -> MailFile:
    return MailFile(str(mail["Subject"]), mail.as_bytes())


def _with_archive(mail: EmailMessage) -> EmailMessage:
    mail.add_attachment(_archive(), maintype="application", subtype="zip", filename="invoice.zip")
    return mail


SPAM = _file(
    _letter(
        0,
        "Cheap pills without prescription, save 80%!!!",
        "Buy cheap pills online without prescription, discreet shipping worldwide!\n"
        "Limited offer, order now and get 10 free pills!\n"
        "Click here now: http://rx-discount.test/order?id=4711\n",
    )
)


def _issue(number: int, ware: str, other: str) -> MailFile:
    text = (
        f"Limited offer, order now and get 10 free {ware}!\n"
        f"Buy cheap {other} online, save up to 80% today only.\n"
        f"Click here now: http://bargain-watch.test/order?issue={number}\n"
        "Free shipping worldwide, 100% satisfaction guaranteed or your money back!\n"
        "Act now, this offer expires today!\n"
    )
    return _file(_letter(number, f"Bargain Watch {number}: save 80% on {ware}!!!", text))


NEWSLETTER = _issue(12, "watches", "bags")
NEXT_ISSUE = _issue(13, "bags", "watches")
MALWARE = _file(_with_archive(_letter(3, "Your invoice", "Please find our invoice attached.\n")))

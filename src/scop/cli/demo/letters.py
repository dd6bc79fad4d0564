"""The demo's own mails: a small set as people send them. All of it is written for this project."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP

from scop.cli.mail_files import MailFile

__all__ = ["letters"]

# subject, text; each in the words of people who write to each other
_NOTES = (
    ("Lunch on Friday?", "Shall we meet at the harbour at noon? The fish place has reopened.\n"),
    ("Re: Lunch on Friday?", "Noon is fine. I'll bring the charts.\n\n> Shall we meet at the harbour at noon?\n"),
    ("Tide table for December", "High water on the 3rd is at 04:12 and 16:38. Mind the sluice.\n"),
    ("Grüße aus der Lagune", "Schöne Grüße! Das Wasser ist kälter als gedacht – aber klar.\n"),
    ("航海日誌", "今日は風が強く、波は二メートル。明日は静かになるでしょう。\n"),
    ("Счёт за причал", "Добрый день! Счёт за ноябрь во вложении.\n"),
    (
        "Minutes of the harbour board",
        "1. Dredging\n2. New lamps for the pier\n3. Any other business\n\n.\n..\nEnd of list.\n",
    ),
    ("A line that starts with From", "From here you can see the lighthouse.\nFrom there you can't.\n"),
    ("An empty body", ""),
    ("A very long subject that a mail program has to fold because no line may be longer than that", "Short text.\n"),
    ("=?not quite? an encoded word", "Odd subjects happen.\n"),
    ("Trailing spaces   ", "Lines end   \nwith spaces \t\nat times.  \n\n\n"),
)
_MARKUP = (
    "<html><body><h1>Regatta</h1><p>Start: <b>10:00</b> at "
    "<a href='https://harbor.test/map'>pier 2</a>.</p></body></html>"
)
_CHART = bytes(range(256)) * 200


def _letter(subject: str, text: str, number: int) -> EmailMessage:
    mail = EmailMessage(policy=SMTP)
    mail["From"] = Address("Alice Brook", "alice", "lagoon.test")
    mail["To"] = Address("Bob Stone", "bob", "harbor.test")
    mail["Subject"] = subject
    mail["Date"] = f"Wed, 25 Nov 2026 08:{number:02}:00 +0000"
    mail["Message-ID"] = f"<letter-{number}@lagoon.test>"
    mail.set_content(text)
    return mail


def letters() -> tuple[MailFile, ...]:
    """Return the demo's mails: plain, in many scripts, with markup, with attachments, one forwarded."""
    made = [_letter(subject, text, number) for number, (subject, text) in enumerate(_NOTES)]
    invitation = _letter("Regatta on Sunday", "Start: 10:00 at pier 2.\n", len(made))
    invitation.add_alternative(_MARKUP, subtype="html")
    chart = _letter("The chart you asked for", "Attached.\n", len(made) + 1)
    chart.add_attachment(_CHART, maintype="application", subtype="octet-stream", filename="Seekarte Süd.bin")
    forwarded = _letter("Fwd: Tide table", "See below.\n", len(made) + 2)
    forwarded.add_attachment(made[2])
    bcc = _letter("Between us", "Nobody else has to know.\n", len(made) + 3)
    bcc["Bcc"] = "carol@harbor.test"
    made += [invitation, chart, forwarded, bcc]
    return tuple(MailFile(f"letter {number}: {mail['Subject']}", mail.as_bytes()) for number, mail in enumerate(made))

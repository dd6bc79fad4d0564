"""Mails to be read: real ones of about a size, and made ones whose size is an attachment's."""

from __future__ import annotations

import email.message
import email.policy
import os
import random
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

__all__ = ["MailSet", "mail_sets"]

REAL_MAILS = 6  # of the corpus, those nearest to a size: of 201 KB there are no more that are near
MADE_MAILS = 4
SIZES = (("5 KB", 5_000), ("21 KB", 21_000), ("201 KB", 201_000))
EVERY = 6  # of the corpus: a thousand mails, some twenty passes a minute

_WORDS = ("harbour", "tide", "lamp", "rope", "sail", "chart", "pilot", "storm", "quay", "anchor", "Böe", "gull", "oar")
_SHARED = Path(__file__).resolve().parents[3] / "shared"


@dataclass(frozen=True, slots=True)
class MailSet:
    """Mails that are timed together."""

    name: str
    mails: tuple[bytes, ...]

    @property
    def octets(self) -> int:
        """Their mean size."""
        return sum(map(len, self.mails)) // max(1, len(self.mails))


def mail_sets() -> Iterator[MailSet]:
    """Yield the sets of the claim: three sizes and a cut through the corpus."""
    corpus = _corpus()
    for name, octets in SIZES:
        nearest = sorted(corpus, key=lambda mail: abs(len(mail) - octets))[:REAL_MAILS]
        if nearest:
            yield MailSet(f"{name}, {len(nearest)} real mails", tuple(nearest))
        yield MailSet(
            f"{name}, {MADE_MAILS} with attachments", tuple(_made(octets, seed) for seed in range(MADE_MAILS))
        )
    if corpus:
        yield MailSet(f"corpus, every {EVERY}th mail", corpus[::EVERY])


@cache
def _corpus() -> tuple[bytes, ...]:
    """Read the mails of the shared corpus; none where it is absent."""
    path = Path(os.environ.get("SCOP_SHARED") or _SHARED) / "corpora" / "spamassassin.tar.xz"
    if not path.exists():
        return ()
    with tarfile.open(path) as archive:
        opened = (archive.extractfile(member) for member in archive if member.isfile())
        return tuple(file.read() for file in opened if file is not None)


def _made(octets: int, seed: int) -> bytes:
    """Write a mail as mail programs do: trace fields, two alternatives, and an attachment for the rest of the size."""
    chance = random.Random(seed)
    mail = email.message.EmailMessage(policy=email.policy.SMTP)
    for hop in range(4):
        mail["Received"] = (
            f"from mx{hop}.harbor.test (mx{hop}.harbor.test [192.0.2.{hop}]) by mx.lagoon.test"
            f" with ESMTPS id {chance.getrandbits(64):x}; Wed, 25 Nov 2026 09:00:0{hop} +0000"
        )
    mail["From"] = "Zoë Tide <zoe@harbor.test>"
    mail["To"] = "Bob <bob@lagoon.test>, Ann <ann@lagoon.test>"
    mail["Subject"] = f"Charts für the pilot {seed}"
    mail["Date"] = "Wed, 25 Nov 2026 09:00:00 +0000"
    mail["Message-ID"] = f"<{chance.getrandbits(64):x}@harbor.test>"
    text = _text(chance, min(octets // 4, 4_000))
    mail.set_content(text)
    mail.add_alternative(f"<p>{text}</p>", subtype="html")
    rest = max(0, octets - len(mail.as_bytes()) - 300)
    mail.add_attachment(chance.randbytes(rest * 57 // 78), maintype="application", subtype="pdf", filename="chart.pdf")
    return mail.as_bytes()


def _text(chance: random.Random, octets: int) -> str:
    lines = [" ".join(chance.choices(_WORDS, k=10)) for _ in range(max(1, octets // 60))]
    return "\n".join(lines) + "\n"

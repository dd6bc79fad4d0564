"""The labelled mails of the shared corpus: unpacked once to a folder, in orders that are always the same."""

from __future__ import annotations

import email.utils
import hashlib
import os
import re
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scop.spam import Label

__all__ = ["Labelled", "by_date", "folds", "unpacked"]

_RECEIVED_DATE = re.compile(rb"(?im)^(?:received:[^;]*?;|date:)[ \t\r\n]*([^\r\n]+)")
_FOLDED = re.compile(rb"\r?\n[ \t]+")
SHARED = Path(os.environ.get("SCOP_SHARED", Path(__file__).resolve().parents[3] / "shared"))


@dataclass(frozen=True, slots=True)
class Labelled:
    """One mail, what people called it, where it came from and where it lies."""

    label: Label
    octets: bytes
    group: str  # as `easy_ham_2`
    path: Path
    sent_unix: float  # by its topmost Received, or by its Date

    @property
    def is_spam(self) -> bool:
        """Whether people call it spam."""
        return self.label is Label.SPAM


def unpacked(folder: Path) -> list[Labelled]:
    """Unpack the corpus to `folder` and return its mails, in the order of their names' digests."""
    mails = []
    with tarfile.open(SHARED / "corpora" / "spamassassin.tar.xz") as archive:
        for member in archive:
            opened = archive.extractfile(member)
            if opened is None:
                continue
            _, label, group, name = member.name.split("/")
            octets = opened.read()
            path = folder / f"{group}-{name}"
            path.write_bytes(octets)
            mails.append(Labelled(Label(label), octets, group, path, _sent_unix(octets)))
    return sorted(mails, key=lambda mail: hashlib.blake2b(mail.path.name.encode()).digest())


def by_date(mails: Sequence[Labelled]) -> list[Labelled]:
    """Return the mails as they came, by what the last server wrote."""
    return sorted(mails, key=lambda mail: (mail.sent_unix, mail.path.name))


def folds(mails: Sequence[Labelled], count: int) -> list[tuple[list[Labelled], list[Labelled]]]:
    """Return (what is learned, what is judged) for each of `count` folds, each with its share of both kinds."""
    ham = [mail for mail in mails if not mail.is_spam]
    spam = [mail for mail in mails if mail.is_spam]
    cut = []
    for number in range(count):
        judged = ham[number::count] + spam[number::count]
        left_out = {mail.path for mail in judged}
        cut.append(([mail for mail in mails if mail.path not in left_out], judged))
    return cut


def _sent_unix(octets: bytes) -> float:
    header = _FOLDED.sub(b" ", octets.partition(b"\n\n")[0])
    for found in _RECEIVED_DATE.finditer(header):
        try:
            return email.utils.parsedate_to_datetime(found[1].decode("latin-1")).timestamp()
        except (ValueError, OverflowError):
            continue
    return 0.0

"""The labelled mails of the shared corpus: unpacked once to a folder, in orders that are always the same."""

from __future__ import annotations

import hashlib
import os
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scop.cli.spam.evaluate_samples import arrival_unix
from scop.spam import Label
from scop.spam.evaluation import Sample

__all__ = ["Labelled", "by_date", "unpacked"]

SHARED = Path(os.environ.get("SCOP_SHARED", Path(__file__).resolve().parents[3] / "shared"))


@dataclass(frozen=True, slots=True)
class Labelled(Sample):
    """A mail, where it came from and where it lies."""

    group: str  # as `easy_ham_2`
    path: Path

    @property
    def label(self) -> Label:
        """What people called it."""
        return Label.SPAM if self.is_spam else Label.HAM


def unpacked(folder: Path) -> list[Labelled]:
    """Unpack the corpus to `folder` and return its mails, in the order of their names' digests."""
    folder.mkdir()
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
            mails.append(Labelled(octets, Label(label) is Label.SPAM, group, path))
    return sorted(mails, key=lambda mail: hashlib.blake2b(mail.path.name.encode()).digest())


def by_date(mails: Sequence[Labelled]) -> list[Labelled]:
    """Return the mails as they came, by what the last server wrote."""
    return sorted(mails, key=lambda mail: (arrival_unix(mail.octets), mail.path.name))

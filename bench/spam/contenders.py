"""Who is measured: each learns and judges mails in batches, and begins anew in a folder of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from bench.spam.mails import Labelled
from scop.spam import Classifier
from scop.spam.evaluation import Judged

__all__ = ["Begin", "Contender", "Ours"]


class Contender(Protocol):
    """A filter that can be taught."""

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels."""

    def forget(self, mails: Sequence[Labelled]) -> bool:
        """Take back what was learned of these, or return False where that is not to be had exactly."""

    def judge(self, mails: Sequence[Labelled]) -> list[Judged]:
        """Say of each mail what it is called, and how much it looks like spam."""

    def close(self) -> None:
        """End what runs."""


class Begin(Protocol):
    """Begins a contender that has learned nothing."""

    def __call__(self, folder: Path, /) -> Contender:
        """Return it; all that it writes is below `folder`."""


class Ours:
    """scop.spam, in this process."""

    def __init__(self, _folder: Path) -> None:
        self._classifier = Classifier()

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels."""
        for mail in mails:
            self._classifier.learn(mail.octets, mail.label)

    def forget(self, mails: Sequence[Labelled]) -> bool:
        """Begin anew instead: what was out of the sample must stay so."""
        return False

    def judge(self, mails: Sequence[Labelled]) -> list[Judged]:
        """Judge each mail."""
        verdicts = ((mail, self._classifier.classify(mail.octets)) for mail in mails)
        return [Judged(mail.is_spam, verdict.score, verdict.label) for mail, verdict in verdicts]

    def close(self) -> None:
        """Nothing runs."""

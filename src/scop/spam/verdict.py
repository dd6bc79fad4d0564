"""What the classifier says of a mail."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.spam.phishing.suspicion import Suspicion

__all__ = ["Clue", "Label", "Verdict"]


class Label(StrEnum):
    """What a mail is called; people teach the first two only."""

    HAM = "ham"
    SPAM = "spam"
    UNSURE = "unsure"


@dataclass(frozen=True, slots=True)
class Clue:
    """One token of the mail, and how likely a mail with it is spam."""

    token: str
    probability: float


@dataclass(frozen=True, slots=True)
class Verdict:
    """The label, the score behind it (0 ham … 1 spam), the clues that weighed most, and what looks like phishing."""

    label: Label
    score: float
    clues: tuple[Clue, ...]
    suspicions: tuple[Suspicion, ...] = ()

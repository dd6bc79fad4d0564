"""What the classifier says of a mail."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from scop.spam.phishing.suspicion import Suspicion

__all__ = ["Clue", "Label", "Verdict"]


class Label(StrEnum):
    """What a mail is called; people teach the first two only."""

    HAM = "ham"
    SPAM = "spam"
    UNSURE = "unsure"


class Clue(msgspec.Struct, frozen=True):
    """One token of the mail, and how likely a mail with it is spam."""

    token: str
    probability: float


class Verdict(msgspec.Struct, frozen=True):
    """The label, the score behind it (0 ham … 1 spam), the clues that weighed most, and what looks like phishing."""

    label: Label
    score: float
    clues: tuple[Clue, ...]
    suspicions: tuple[Suspicion, ...] = ()

"""From a score to a label: thresholds that say how much ham they are expected to lose."""

from __future__ import annotations

from dataclasses import dataclass

from scop.spam.verdict import Label

__all__ = ["Thresholds"]


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where spam begins and ham ends, and what is expected to lie on the wrong side."""

    spam_from: float  # scores at least this are spam
    ham_up_to: float  # scores at most this are ham
    expected_ham_loss: float  # the share of ham that is expected at or above `spam_from`

    def label(self, score: float) -> Label:
        """Return what a mail with this score is called."""
        if score >= self.spam_from:
            return Label.SPAM
        return Label.HAM if score <= self.ham_up_to else Label.UNSURE

"""How good a filter is on mail whose kind is known: the figures, and the orders in which mails are learned and judged.

Nothing here knows a particular filter: whatever gives a score is measured, so that ours and another stand in one table.
"""

from scop.spam.evaluation.metrics import (
    Confusion,
    CurvePoint,
    Judged,
    RocPoint,
    at_ham_loss,
    at_ham_lost,
    confusion,
    learning_curve,
    one_minus_auc,
    roc,
)
from scop.spam.evaluation.protocols import Sample, Trainee, online, split

__all__ = [
    "Confusion",
    "CurvePoint",
    "Judged",
    "RocPoint",
    "Sample",
    "Trainee",
    "at_ham_loss",
    "at_ham_lost",
    "confusion",
    "learning_curve",
    "one_minus_auc",
    "online",
    "roc",
    "split",
]

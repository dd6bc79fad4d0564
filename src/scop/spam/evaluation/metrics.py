"""How good a filter was, counted from what it said of mails whose kind is known.

Everything here takes `Judged` values in the order in which the mails were judged and draws no random number, so that
two filters that saw the same mails in the same order can stand side by side in one table.

Sources: T. Fawcett, "An introduction to ROC analysis", Pattern Recognition Letters 27 (2006); G. Cormack and T. Lynam,
"TREC 2005 Spam Track Overview" (1-AUC in percent, spam caught at a stated loss of ham).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from scop.spam.verdict import Label

__all__ = [
    "Confusion",
    "CurvePoint",
    "Judged",
    "RocPoint",
    "at_ham_loss",
    "at_ham_lost",
    "confusion",
    "learning_curve",
    "one_minus_auc",
    "roc",
]

_SLACK = 1e-9  # 0.001 × 3000 is a little less than 3 in floating point


@dataclass(frozen=True, slots=True)
class Judged:
    """One mail: what it is, the score it was given (the higher the more like spam), and what it was called."""

    is_spam: bool
    score: float
    label: Label = Label.UNSURE


@dataclass(frozen=True, slots=True)
class RocPoint:
    """What happens where every mail with at least `threshold` is called spam: shares of all ham, of all spam."""

    ham_lost: float
    spam_caught: float
    threshold: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """How many mails of each kind were called what."""

    ham_as_ham: int
    ham_as_unsure: int
    ham_as_spam: int
    spam_as_ham: int
    spam_as_unsure: int
    spam_as_spam: int

    @property
    def ham(self) -> int:
        """All mails that are ham."""
        return self.ham_as_ham + self.ham_as_unsure + self.ham_as_spam

    @property
    def spam(self) -> int:
        """All mails that are spam."""
        return self.spam_as_ham + self.spam_as_unsure + self.spam_as_spam

    @property
    def ham_lost(self) -> float:
        """The share of ham that was called spam."""
        return _share(self.ham_as_spam, self.ham)

    @property
    def spam_caught(self) -> float:
        """The share of spam that was called spam."""
        return _share(self.spam_as_spam, self.spam)

    @property
    def unsure(self) -> float:
        """The share of all mails of which the filter would not say what they are."""
        return _share(self.ham_as_unsure + self.spam_as_unsure, self.ham + self.spam)


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """How good the filter was on the mails from `first` up to `last` (counted from 1, in the order judged)."""

    first: int
    last: int
    confusion: Confusion
    one_minus_auc: float


def confusion(judged: Iterable[Judged]) -> Confusion:
    """Count the mails of each kind by what they were called."""
    counts = {(is_spam, label): 0 for is_spam in (False, True) for label in Label}
    for one in judged:
        counts[one.is_spam, one.label] += 1
    order = Label.HAM, Label.UNSURE, Label.SPAM
    return Confusion(*[counts[is_spam, label] for is_spam in (False, True) for label in order])


def roc(judged: Iterable[Judged]) -> tuple[RocPoint, ...]:
    """Return the curve from (0, 0) to (1, 1), one point for each score that occurs, the highest first.

    Mails of one score cannot be told apart by a threshold, so they move the curve by one slanted step. A kind of
    which there is no mail has the share 0 throughout.
    """
    steps = _steps(judged)
    all_ham, all_spam = sum(ham for _, ham, _ in steps), sum(spam for _, _, spam in steps)
    points = [RocPoint(0.0, 0.0, math.inf)]
    ham_lost = spam_caught = 0
    for score, ham, spam in steps:
        ham_lost += ham
        spam_caught += spam
        points.append(RocPoint(_share(ham_lost, all_ham), _share(spam_caught, all_spam), score))
    return tuple(points)


def one_minus_auc(judged: Iterable[Judged]) -> float:
    """Return how often a spam and a ham drawn by lot stand in the wrong order; equal scores count half.

    That is the area above the ROC curve, counted exactly in whole pairs; NaN where one kind is missing.
    """
    spam_above = all_ham = wrong_twice = 0
    steps = _steps(judged)
    all_spam = sum(spam for _, _, spam in steps)
    for _, ham, spam in steps:
        wrong_twice += ham * (2 * (all_spam - spam_above - spam) + spam)
        spam_above += spam
        all_ham += ham
    return wrong_twice / (2 * all_ham * all_spam) if all_ham and all_spam else math.nan


def at_ham_lost(judged: Iterable[Judged], lost: int) -> RocPoint:
    """Return the point that catches most spam where at most so many ham mails are called spam."""
    steps = _steps(judged)
    all_ham, all_spam = sum(ham for _, ham, _ in steps), sum(spam for _, _, spam in steps)
    best = RocPoint(0.0, 0.0, math.inf)
    ham_lost = spam_caught = 0
    for score, ham, spam in steps:
        ham_lost += ham
        spam_caught += spam
        if ham_lost > lost:
            break
        if spam:  # a lower threshold that catches no more only loses ham
            best = RocPoint(_share(ham_lost, all_ham), _share(spam_caught, all_spam), score)
    return best


def at_ham_loss(judged: Sequence[Judged], share: float) -> RocPoint:
    """Return the point that catches most spam where at most this share of ham is called spam (0.001: one in 1,000)."""
    ham = sum(not one.is_spam for one in judged)
    return at_ham_lost(judged, math.floor(share * ham + _SLACK))


def learning_curve(judged: Sequence[Judged], first: int = 100) -> tuple[CurvePoint, ...]:
    """Return how good the filter was in stretches that double: mails 1 to `first`, then to twice as many, and so on.

    The judged mails must be in the order in which they were judged and learned. Doubling shows where learning ends:
    each stretch has as many mails as all before it.
    """
    points = []
    begin, end = 0, first
    while begin < len(judged):
        stretch = judged[begin:end]
        points.append(CurvePoint(begin + 1, begin + len(stretch), confusion(stretch), one_minus_auc(stretch)))
        begin, end = end, 2 * end
    return tuple(points)


def _steps(judged: Iterable[Judged]) -> list[tuple[float, int, int]]:
    """Return (score, ham mails with it, spam mails with it), the highest score first."""
    ordered = sorted(judged, key=lambda one: one.score, reverse=True)
    steps = []
    for score, group in groupby(ordered, key=lambda one: one.score):
        kinds = [one.is_spam for one in group]
        steps.append((score, kinds.count(False), kinds.count(True)))
    return steps


def _share(part: int, whole: int) -> float:
    return part / whole if whole else 0.0

"""What one person taught, ready to be mixed into the common verdict.

A person's lessons speak about mails that are like them, and the more alike the louder; about everything else the
common model speaks alone. A lesson that the common model already knew says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scop.spam.lesson import Lesson
from scop.spam.model.arrays import Floats, Int64s, Keys
from scop.spam.verdict import Label

__all__ = ["Leanings"]

WANTED = 8.0  # the margin that a mail like a lesson is to have on the side the person said
# Shares of common features. On the corpus 99 % of unrelated pairs lie below the first, half of one author above.
ALIKE_FROM, ALIKE_FULLY = 0.3, 0.6


@dataclass(frozen=True, slots=True, eq=False)
class Leanings:
    """A person's lessons, found by their features; costs to build, so whoever weighs for a person keeps it."""

    keys: Keys  # of all lessons, in order, with repetitions
    owners: Int64s  # to which lesson each belongs
    sizes: Int64s  # how many features each lesson has
    shifts: Floats  # what each lesson adds to the margin of its like

    def __bool__(self) -> bool:
        return bool(self.shifts.any())

    @classmethod
    def of(cls, lessons: Iterable[Lesson]) -> Leanings:
        """Return what these lessons of one person amount to; none mean the common verdict."""
        known = list(lessons)
        features = [np.frombuffer(lesson.facts + lesson.words, "<u4") for lesson in known]
        sizes = np.array([len(keys) for keys in features], np.int64)
        keys = np.concatenate([np.zeros(0, np.uint32), *features])
        order = np.argsort(keys, kind="stable")
        owners = np.repeat(np.arange(len(known)), sizes)
        shifts = np.array([_shift(lesson) for lesson in known], np.float64)
        return cls(keys[order], owners[order], sizes, shifts)

    def shift(self, keys: Keys) -> float:
        """Return what to add to the margin of a mail with these features, each once."""
        first = np.searchsorted(self.keys, keys, "left")
        count = np.searchsorted(self.keys, keys, "right") - first
        hits = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        common = np.bincount(self.owners[hits], minlength=len(self.sizes))
        alike = common / np.maximum(self.sizes + len(keys) - common, 1)  # Jaccard's measure
        weight = np.clip((alike - ALIKE_FROM) / (ALIKE_FULLY - ALIKE_FROM), 0.0, 1.0)
        # Many lessons of one kind of mail say the same thing once.
        return float((weight * self.shifts).sum() / max(1.0, weight.sum()))


def _shift(lesson: Lesson) -> float:
    wanted = WANTED if lesson.label is Label.SPAM else -WANTED
    missing = wanted - lesson.margin
    return missing if missing * wanted > 0 else 0.0

"""What one person taught, ready to be mixed into the common verdict.

A person's lessons speak about mails that are like them, and the more alike the louder; about everything else the
common model speaks alone. A lesson that the common model already knew says nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from scop.spam.lesson import Lesson
from scop.spam.likeness import Likenesses, keys_of
from scop.spam.model.arrays import Floats, Keys
from scop.spam.verdict import Label

__all__ = ["Leanings"]

WANTED = 8.0  # the margin that a mail like a lesson is to have on the side the person said


@dataclass(frozen=True, slots=True, eq=False)
class Leanings:
    """A person's lessons; costs to build, so whoever weighs for a person keeps it."""

    likenesses: Likenesses
    shifts: Floats  # what each lesson adds to the margin of its like

    def __bool__(self) -> bool:
        return bool(self.shifts.any())

    @classmethod
    def of(cls, lessons: Iterable[Lesson]) -> Leanings:
        """Return what these lessons of one person amount to; none mean the common verdict."""
        known = list(lessons)
        shifts = np.array([_shift(lesson) for lesson in known], np.float64)
        return cls(Likenesses.among([keys_of(lesson) for lesson in known]), shifts)

    def shift(self, keys: Keys) -> float:
        """Return what to add to the margin of a mail with these features, each once."""
        weight = self.likenesses.to(keys)
        # Many lessons of one kind of mail say the same thing once.
        return float((weight * self.shifts).sum() / max(1.0, weight.sum()))


def _shift(lesson: Lesson) -> float:
    wanted = WANTED if lesson.label is Label.SPAM else -WANTED
    missing = wanted - lesson.margin
    return missing if missing * wanted > 0 else 0.0

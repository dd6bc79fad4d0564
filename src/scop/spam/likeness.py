"""How much a mail is like those of some lessons: found by their features, without comparing it with each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scop.spam.lesson import Lesson
from scop.spam.model.arrays import Floats, Int64s, Keys

__all__ = ["Likenesses", "keys_of"]

# Shares of common features. On the corpus 99 % of unrelated pairs lie below the first, half of one author above.
ALIKE_FROM, ALIKE_FULLY = 0.3, 0.6


def keys_of(lesson: Lesson) -> Keys:
    """Return the features of a lesson."""
    keys: Keys = np.frombuffer(lesson.facts + lesson.words + lesson.hosts, "<u4")
    return keys


@dataclass(frozen=True, slots=True, eq=False)
class Likenesses:
    """Lessons by their features; costs to build, so it is kept."""

    keys: Keys  # of all lessons, in order, with repetitions
    owners: Int64s  # to which lesson each belongs
    sizes: Int64s  # how many features each lesson has

    @classmethod
    def among(cls, lessons: Sequence[Keys]) -> Likenesses:
        """Return those of lessons with these features."""
        sizes = np.array([len(keys) for keys in lessons], np.int64)
        keys = np.concatenate([np.zeros(0, np.uint32), *lessons])
        order = np.argsort(keys, kind="stable")
        owners = np.repeat(np.arange(len(lessons)), sizes)
        return cls(keys[order], owners[order], sizes)

    def and_one(self, keys: Keys) -> Likenesses:
        """Return these and one more lesson's."""
        ordered = np.sort(keys)
        place = np.searchsorted(self.keys, ordered, "right")
        return Likenesses(
            np.insert(self.keys, place, ordered),
            np.insert(self.owners, place, len(self.sizes)),
            np.append(self.sizes, len(keys)),
        )

    def to(self, keys: Keys) -> Floats:
        """Return for each lesson how much a mail with these features, each once, is like it: from 0 to 1."""
        first = np.searchsorted(self.keys, keys, "left")
        count = np.searchsorted(self.keys, keys, "right") - first
        hits = np.repeat(first - np.cumsum(count) + count, count) + np.arange(count.sum())
        common = np.bincount(self.owners[hits], minlength=len(self.sizes))
        alike = common / np.maximum(self.sizes + len(keys) - common, 1)  # Jaccard's measure
        found: Floats = np.clip((alike - ALIKE_FROM) / (ALIKE_FULLY - ALIKE_FROM), 0.0, 1.0)
        return found

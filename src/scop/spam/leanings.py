"""What one person taught, ready to be mixed into the common verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scop.spam.lesson import Lesson
from scop.spam.verdict import Label

__all__ = ["Leanings"]


@dataclass(frozen=True, slots=True)
class Leanings:
    """A person's lessons as sets of hashes; costs to build, so whoever weighs for a person keeps it."""

    lessons: tuple[tuple[bool, frozenset[int]], ...] = ()  # (is spam, keys of its tokens)

    @classmethod
    def of(cls, lessons: Iterable[Lesson]) -> Leanings:
        """Return what these lessons of one person amount to; none mean the common verdict."""
        return cls(
            tuple(
                (lesson.label is Label.SPAM, frozenset(memoryview(lesson.tokens).cast("I").tolist()))
                for lesson in lessons
            )
        )

    def shift(self, keys: frozenset[int]) -> float:
        """Return by how many units of log-odds a mail with these keys leans to spam."""
        total = 0.0
        for is_spam, known in self.lessons:
            alike = len(keys & known) / (len(keys | known) or 1)
            total += (8.0 if is_spam else -8.0) * max(0.0, alike - 0.3) / 0.7
        return total

"""How much a person's word counts for all: little alone, and much where others say the same of such mail.

A lesson moves weights by as much as the mail was misjudged, so with the weight of a trained mail one that was moved
out of Junk would have the next of its kind called ham for everybody, and a few dozen would end the filter. So:

- alone, a person's lesson counts a thirty-second of a mail, and less the more of them there are beside what others
  taught; of mails that are alike the first counts, the next ones hardly;
- for each other person who said the same of the like lately it counts an eighth of a mail, up to a half;
- where others have taught next to nothing there is nothing to protect, and a lesson counts in full.

docs/decisions/how-the-filter-learns.md has the figures.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import numpy as np

from scop.spam.lesson import Lesson
from scop.spam.likeness import Likenesses, keys_of
from scop.spam.model.arrays import Keys
from scop.spam.model.memory import UNIT
from scop.spam.verdict import Label

__all__ = ["KEPT_WITNESSES", "Witnesses"]

KEPT_WITNESSES = 400  # the last lessons of people, at least; twice as many at most, of some kilobytes each
SAYS_THE_SAME_FROM = 0.5  # how much the mails are alike
ALONE = UNIT // 32
FOR_EACH_OTHER, TOGETHER = UNIT // 8, UNIT // 2
FEW_MAILS = 50  # of others, that leave a lesson a sixteenth of a mail
ROOM_MAILS, ROOM_SHARE = 5, 50  # a person counts fully up to so many lessons, and one for each 50 mails of others


class _Said(NamedTuple):
    account: str
    label: Label
    digest: bytes
    keys: Keys


class Witnesses:
    """Who said what lately."""

    def __init__(self, lessons: Iterable[Lesson] = ()) -> None:
        self._said = [_said(lesson) for lesson in lessons]
        self._likenesses = Likenesses.among([one.keys for one in self._said])

    def take(self, lesson: Lesson) -> None:
        """Add what a person said."""
        said = _said(lesson)
        self._said.append(said)
        self._likenesses = self._likenesses.and_one(said.keys)
        if len(self._said) > 2 * KEPT_WITNESSES:
            self._keep(self._said[-KEPT_WITNESSES:])

    def take_back(self, lessons: Iterable[Lesson]) -> None:
        """Forget what people said."""
        kept = list(self._said)
        for lesson in lessons:
            places = [number for number, one in enumerate(kept) if one[:3] == _said(lesson)[:3]]
            if places:
                del kept[places[-1]]
        if len(kept) < len(self._said):
            self._keep(kept)

    def units_for(self, lesson: Lesson, own: int, others: int) -> int:
        """Return what a lesson counts whose teacher taught `own` before, beside `others`' mails."""
        likeness = self._likenesses.to(keys_of(lesson))
        repeats, agreeing = 0.0, set[str]()
        for number in np.flatnonzero(likeness).tolist():
            said = self._said[number]
            if said.label is not lesson.label:
                continue
            if said.account == lesson.account:
                repeats += float(likeness[number])
            elif likeness[number] >= SAYS_THE_SAME_FROM:
                agreeing.add(said.account)
        room = ROOM_MAILS + others / ROOM_SHARE
        alone = max(ALONE * min(1.0, room / (own + 1)), UNIT * (FEW_MAILS / (FEW_MAILS + others)) ** 4)
        together = min(TOGETHER, FOR_EACH_OTHER * len(agreeing))
        return int(max(alone, together) / (1.0 + repeats) ** 2)

    def _keep(self, said: list[_Said]) -> None:
        self._said = said
        self._likenesses = Likenesses.among([one.keys for one in said])


def _said(lesson: Lesson) -> _Said:
    return _Said(lesson.account, lesson.label, lesson.digest, keys_of(lesson))

"""In which order mails are learned and judged; every contender goes through the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from bench.spam.mails import Labelled, by_date
from scop.spam.evaluation import Judged, Trainee, online, split

__all__ = ["PROTOCOLS", "Protocol"]

Anew: TypeAlias = Callable[[], Trainee[Labelled]]
FOLDS = 10
HARD = {"hard_ham", "spam_2"}  # newsletters and notices that look like spam, and later spam
EASY = {"easy_ham", "easy_ham_2", "spam"}


@dataclass(frozen=True, slots=True)
class Protocol:
    """An order, and how often each mail is learned or judged in it."""

    run: Callable[[Anew, Sequence[Labelled]], Iterable[Judged]]
    rounds: int


def _ten_fold(begin: Anew, mails: Sequence[Labelled]) -> Iterable[Judged]:
    return split(begin, mails, FOLDS)


def _online(begin: Anew, mails: Sequence[Labelled]) -> Iterable[Judged]:
    return online(begin, by_date(mails))


def _by_date(begin: Anew, mails: Sequence[Labelled]) -> Iterable[Judged]:
    """Learn the first half by date, judge the second: mail changes."""
    ordered = by_date(mails)
    half = len(ordered) // 2
    return _judged(begin, ordered[:half], ordered[half:])


def _unlike(begin: Anew, mails: Sequence[Labelled]) -> Iterable[Judged]:
    """Learn easy mail, judge what is hard."""
    easy, hard = ([mail for mail in mails if mail.group in groups] for groups in (EASY, HARD))
    return _judged(begin, easy, hard)


def _judged(begin: Anew, learned: Sequence[Labelled], asked: Sequence[Labelled]) -> Iterable[Judged]:
    contender = begin()
    contender.learn(learned)
    return contender.judge(asked)


PROTOCOLS: Mapping[str, Protocol] = {
    "ten-fold": Protocol(_ten_fold, FOLDS),
    "online": Protocol(_online, 2),
    "by date": Protocol(_by_date, 1),
    "unlike": Protocol(_unlike, 1),
}

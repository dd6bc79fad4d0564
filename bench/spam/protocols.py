"""In which order mails are learned and judged; every contender goes through the same."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

from bench.spam.contenders import Begin
from bench.spam.mails import Labelled, by_date
from scop.spam.evaluation import Judged, online, split

__all__ = ["PROTOCOLS"]

Protocol: TypeAlias = Callable[[Begin, Sequence[Labelled]], Iterable[Judged]]
FOLDS = 10
HARD = {"hard_ham", "spam_2"}  # newsletters and notices that look like spam, and later spam
EASY = {"easy_ham", "easy_ham_2", "spam"}


def _ten_fold(begin: Begin, mails: Sequence[Labelled]) -> Iterable[Judged]:
    return split(begin, mails, FOLDS)


def _online(begin: Begin, mails: Sequence[Labelled]) -> Iterable[Judged]:
    return online(begin, by_date(mails))


def _by_date(begin: Begin, mails: Sequence[Labelled]) -> Iterable[Judged]:
    """Learn the first half by date, judge the second: mail changes."""
    ordered = by_date(mails)
    half = len(ordered) // 2
    return _judged(begin, ordered[:half], ordered[half:])


def _unlike(begin: Begin, mails: Sequence[Labelled]) -> Iterable[Judged]:
    """Learn easy mail, judge what is hard."""
    easy, hard = ([mail for mail in mails if mail.group in groups] for groups in (EASY, HARD))
    return _judged(begin, easy, hard)


def _judged(begin: Begin, learned: Sequence[Labelled], asked: Sequence[Labelled]) -> Iterable[Judged]:
    contender = begin()
    contender.learn(learned)
    return contender.judge(asked)


PROTOCOLS: Mapping[str, Protocol] = {"ten-fold": _ten_fold, "online": _online, "by date": _by_date, "unlike": _unlike}

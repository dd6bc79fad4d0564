"""In which order mails are learned and judged; every contender goes through the same."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from bench.spam.contenders import Begin
from bench.spam.mails import Labelled, by_date, folds
from scop.spam.evaluation import Judged

__all__ = ["PROTOCOLS", "Protocol", "online", "split", "ten_fold"]

Protocol = Callable[[Begin, Sequence[Labelled], Path], list[Judged]]
FOLDS = 10
HARD = {"hard_ham"}  # newsletters and notices that look like spam
EASY_SPAM = {"spam"}


def ten_fold(begin: Begin, mails: Sequence[Labelled], folder: Path) -> list[Judged]:
    """Learn nine tenths and judge the tenth, ten times."""
    judged: list[Judged] = []
    contender = begin(folder / "all")
    contender.learn(mails)
    for number, (learned, left_out) in enumerate(folds(mails, FOLDS)):
        if contender.forget(left_out):
            judged += contender.judge(left_out)
            contender.learn(left_out)
            continue
        fresh = begin(folder / str(number))
        fresh.learn(learned)
        judged += fresh.judge(left_out)
        fresh.close()
    contender.close()
    return judged


def online(begin: Begin, mails: Sequence[Labelled], folder: Path) -> list[Judged]:
    """Judge each mail as it came, then learn it at once."""
    contender = begin(folder)
    judged: list[Judged] = []
    for mail in by_date(mails):
        judged += contender.judge([mail])
        contender.learn([mail])
    contender.close()
    return judged


def split(begin: Begin, mails: Sequence[Labelled], folder: Path) -> list[Judged]:
    """Learn the first half by date, judge the second: mail changes."""
    ordered = by_date(mails)
    half = len(ordered) // 2
    contender = begin(folder)
    contender.learn(ordered[:half])
    judged = contender.judge(ordered[half:])
    contender.close()
    return judged


def unlike(begin: Begin, mails: Sequence[Labelled], folder: Path) -> list[Judged]:
    """Learn easy mail, judge what is hard: newsletters that people want, and later spam."""
    hard = [mail for mail in mails if mail.group in HARD or mail.group == "spam_2"]
    easy = [mail for mail in mails if mail.group in EASY_SPAM or mail.group.startswith("easy")]
    contender = begin(folder)
    contender.learn(easy)
    judged = contender.judge(hard)
    contender.close()
    return judged


PROTOCOLS: dict[str, Protocol] = {"ten-fold": ten_fold, "online": online, "by date": split, "unlike": unlike}

"""The bench of the spam filter: everybody goes through the same orders, and nobody is left out in silence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest
from bench.spam.__main__ import main
from bench.spam.accuracy import Course
from bench.spam.contenders import BOGOFILTER, OURS, contenders
from bench.spam.mails import Labelled
from bench.spam.protocols import FOLDS, PROTOCOLS

from scop.spam import Label
from scop.spam.evaluation import Judged

GROUPS = ("easy_ham", "hard_ham", "spam", "spam_2")


class Counting:
    """A filter that counts what it is asked and says the same of all."""

    def __init__(self, counts: list[int]) -> None:
        self._counts = counts

    def learn(self, samples: Sequence[Labelled]) -> None:
        """Count mails to learn."""
        self._counts.append(len(samples))

    def judge(self, samples: Sequence[Labelled]) -> Iterator[Judged]:
        """Count mails to judge."""
        for one in samples:
            self._counts.append(1)
            yield Judged(one.is_spam, 0.5)


@pytest.fixture(scope="module")
def mails() -> list[Labelled]:
    """Return some mails of each group."""
    dates = [f"Date: {day + 1} Nov 2026 10:00:00 +0000\n\nx\n".encode() for day in range(FOLDS)]
    return [
        Labelled(octets, group.startswith("spam"), group, Path(f"{group}-{number}"))
        for group in GROUPS
        for number, octets in enumerate(dates)
    ]


@pytest.mark.parametrize("name", PROTOCOLS)
def test_progress_ends_at_its_whole(name: str, mails: list[Labelled]) -> None:
    """A protocol learns and judges as many mails as its progress is measured by."""
    counts: list[int] = []
    protocol = PROTOCOLS[name]
    judged = list(protocol.run(lambda: Counting(counts), mails))
    assert judged
    assert sum(counts) == len(mails) * protocol.rounds


def test_who_is_missing_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A filter that is not installed is left out aloud, with the package that it lacks."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with ExitStack() as life:
        there = contenders(tmp_path, life, (OURS, BOGOFILTER))
    assert list(there) == [OURS]
    assert "NOT MEASURED: bogofilter: the package bogofilter is not installed" in capsys.readouterr().out


def test_only_known_contenders(capsys: pytest.CaptureFixture[str]) -> None:
    """A contender that nobody knows is refused before anything is measured."""
    with pytest.raises(SystemExit):
        main(["--only", "bogofiltre"])
    assert "SpamAssassin" in capsys.readouterr().err


def test_row_of_figures() -> None:
    """A contender's row has its own verdicts, and what it does where it loses as much ham as bogofilter."""
    judged = (
        *(Judged(is_spam=False, score=0.1, label=Label.HAM) for _ in range(9)),
        Judged(is_spam=False, score=0.8, label=Label.SPAM),
        *(Judged(is_spam=True, score=0.7, label=Label.UNSURE) for _ in range(3)),
        Judged(is_spam=True, score=0.9, label=Label.SPAM),
    )
    course = Course("one", judged)
    assert course.row(1) == ("one", "7.5000%", "25.00%", "1", "25.00%", "21.43%", "100.00% (1)", "0.00%")
    assert course.row(0)[-2:] == ("25.00% (0)", "28.57%")  # the ham at 0.8 is below what is spam there
    assert course.row(None)[-2:] == ("–", "–")

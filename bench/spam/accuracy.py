"""How well spam is known: ours beside bogofilter, SpamAssassin's Bayes and rspamd's, through the same protocols.

Ten-fold and online are held to goals against bogofilter; by date (learn the first half, judge the second) and unlike
(learn easy mail, judge newsletters and later spam) show what is left where mail changes. 1−AUC is how often a spam and
a ham drawn by lot stand in the wrong order. Ten-fold takes SpamAssassin three minutes of CPU and rspamd seven, the
other protocols about one.
"""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from bench.spam.contenders import BOGOFILTER, LEAST, NAMES, OURS, Begin, contenders
from bench.spam.mails import Labelled, unpacked
from bench.spam.protocols import PROTOCOLS
from scop.cli.shared import console, print_table
from scop.spam import Label
from scop.spam.evaluation import Judged, at_ham_loss, at_ham_lost, confusion, one_minus_auc

__all__ = ["Course", "main"]

HELD = ("ten-fold", "online")  # where the goals are
MOST_AUC_RATIO = 0.5
HAM_LOSS = 0.001
COLUMNS = ("", "1−AUC", "caught at 0.1 % lost", "ham lost", "spam caught", "unsure", "at bogofilter's loss", "unsure")


@dataclass(frozen=True, slots=True)
class Course:
    """What one contender said in one protocol."""

    name: str
    judged: Sequence[Judged]

    def where_lost(self, lost: int) -> tuple[float, float]:
        """Return what is caught and what stays unsure where spam begins so low that `lost` ham mails are lost."""
        point = at_ham_lost(self.judged, lost)
        unsure = sum(one.score < point.threshold and one.label is not Label.HAM for one in self.judged)
        return point.spam_caught, unsure / max(1, len(self.judged))

    def row(self, lost: int | None) -> tuple[str, ...]:
        """Return the figures; the last two where `lost` ham mails are lost, as bogofilter loses."""
        counted = confusion(self.judged)
        there = ("–", "–")
        if lost is not None:
            caught, unsure = self.where_lost(lost)
            there = (f"{caught:.2%} ({lost})", f"{unsure:.2%}")
        return (
            self.name,
            f"{one_minus_auc(self.judged):.4%}",
            f"{at_ham_loss(self.judged, HAM_LOSS).spam_caught:.2%}",
            str(counted.ham_as_spam),
            f"{counted.spam_caught:.2%}",
            f"{counted.unsure:.2%}",
            *there,
        )


def main(only: Collection[str] = NAMES, protocols: Collection[str] = tuple(PROTOCOLS), *, least: int = LEAST) -> bool:
    """Measure, print a table for each protocol and tell whether the goals are reached."""
    reached = True
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as name, ExitStack() as life:
        folder = Path(name)
        mails = unpacked(folder / "mails")
        there = contenders(folder, life, only, least)
        for protocol in protocols:
            reached &= _show(protocol, _courses(protocol, there, mails))
    return reached


def _courses(protocol: str, there: Mapping[str, Begin], mails: Sequence[Labelled]) -> dict[str, Course]:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
    times = TimeElapsedColumn(), TimeRemainingColumn()
    with Progress(*columns, *times, console=console, transient=True) as progress:
        chosen = PROTOCOLS[protocol]
        tasks = {who: progress.add_task(f"{protocol}: {who}", False, len(mails) * chosen.rounds) for who in there}

        def course(who: str, begin: Begin) -> Course:
            task = tasks[who]
            progress.start_task(task)
            return Course(who, tuple(chosen.run(lambda: begin(lambda count: progress.advance(task, count)), mails)))

        return {who: course(who, begin) for who, begin in there.items()}


def _show(protocol: str, courses: Mapping[str, Course]) -> bool:
    ours, peer = courses.get(OURS), courses.get(BOGOFILTER)
    lost = None if peer is None else confusion(peer.judged).ham_as_spam
    count = max((len(course.judged) for course in courses.values()), default=0)
    print_table(COLUMNS, [course.row(lost) for course in courses.values()], title=f"{protocol}: {count} mails")
    if ours is None or peer is None or protocol not in HELD:
        return True
    counted, other = confusion(ours.judged), confusion(peer.judged)
    ratio = one_minus_auc(ours.judged) / one_minus_auc(peer.judged)
    caught, unsure = ours.where_lost(other.ham_as_spam)
    goals = {
        f"1−AUC at most half of bogofilter's ({ratio:.2f})": ratio <= MOST_AUC_RATIO,
        "no more ham lost": counted.ham_as_spam <= other.ham_as_spam,
        "at least as much spam caught": counted.spam_caught >= other.spam_caught,
        "fewer unsure": counted.unsure < other.unsure,
        "where as much ham is lost: at least as much spam caught": caught >= other.spam_caught,
        "where as much ham is lost: fewer unsure": unsure < other.unsure,
    }
    for goal, is_reached in goals.items():
        console.print(f"  {'reached' if is_reached else 'MISSED '}: {goal}")
    return all(goals.values())

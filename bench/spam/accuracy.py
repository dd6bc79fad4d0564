"""How well spam is known: ours beside bogofilter, SpamAssassin's Bayes and rspamd's, through the same protocols.

Ten-fold and online are held to goals against bogofilter; by date (learn the first half, judge the second) and unlike
(learn easy mail, judge newsletters and later spam) show what is left where mail changes. 1−AUC is how often a spam and
a ham drawn by lot stand in the wrong order. SpamAssassin and rspamd take minutes each and go through one protocol,
online, unless the run asks for all.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from bench.spam.contenders import Begin, contenders
from bench.spam.mails import Labelled, unpacked
from bench.spam.protocols import PROTOCOLS
from scop.cli.shared import console, print_table
from scop.spam.evaluation import Judged, at_ham_loss, at_ham_lost, confusion, one_minus_auc

__all__ = ["main"]

HELD = ("ten-fold", "online")  # where the goals are
SLOW = {"SpamAssassin", "rspamd"}
MOST_AUC_RATIO = 0.5
HAM_LOSS = 0.001
COLUMNS = ("", "1−AUC", "caught at 0.1 % lost", "ham lost", "spam caught", "unsure", "caught at its loss")


@dataclass(frozen=True, slots=True)
class Course:
    """What one contender said in one protocol."""

    name: str
    judged: Sequence[Judged]

    def row(self, lost: int) -> tuple[str, ...]:
        """Return the figures; the last is what is caught where `lost` ham mails are lost, as bogofilter loses."""
        counted = confusion(self.judged)
        return (
            self.name,
            f"{one_minus_auc(self.judged):.4%}",
            f"{at_ham_loss(self.judged, HAM_LOSS).spam_caught:.2%}",
            str(counted.ham_as_spam),
            f"{counted.spam_caught:.2%}",
            f"{counted.unsure:.2%}",
            f"{at_ham_lost(self.judged, lost).spam_caught:.2%}",
        )


def main(*, all_protocols: bool = False) -> bool:
    """Measure, print a table for each protocol and tell whether the goals are reached."""
    reached = True
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as name, ExitStack() as life:
        folder = Path(name)
        mails = unpacked(folder / "mails")
        for protocol in PROTOCOLS:
            slow = protocol == "online" or all_protocols
            chosen = contenders(folder / protocol, life, slow=slow)
            reached &= _show(protocol, [_course(who, begin, protocol, mails) for who, begin in chosen.items()])
    return reached


def _course(who: str, begin: Begin, protocol: str, mails: Sequence[Labelled]) -> Course:
    with console.status(f"{protocol}: {who}"):
        return Course(who, tuple(PROTOCOLS[protocol](begin, mails)))


def _show(protocol: str, courses: Sequence[Course]) -> bool:
    ours, peer = courses[0], next((course for course in courses if course.name == "bogofilter"), None)
    lost = confusion((peer or ours).judged).ham_as_spam
    print_table(COLUMNS, [course.row(lost) for course in courses], title=f"{protocol}: {len(ours.judged)} mails")
    if peer is None or protocol not in HELD:
        return True
    counted, other = confusion(ours.judged), confusion(peer.judged)
    ratio = one_minus_auc(ours.judged) / one_minus_auc(peer.judged)
    goals = {
        f"1−AUC at most half of bogofilter's ({ratio:.2f})": ratio <= MOST_AUC_RATIO,
        "no more ham lost": counted.ham_as_spam <= other.ham_as_spam,
        "at least as much spam caught": counted.spam_caught >= other.spam_caught,
        "fewer unsure": counted.unsure < other.unsure,
    }
    for goal, is_reached in goals.items():
        console.print(f"  {'reached' if is_reached else 'MISSED '}: {goal}")
    return all(goals.values())

"""How many mails a second one core classifies, from the raw octets on: ours beside bogofilter in its fastest mode.

All have learned half of the corpus and judge each mail of the other once, as mail comes: what was remembered of a mail
when it is asked again would flatter us. They take turns, a quarter each, and none is asked what another one of the same
process was asked just before. Of bogofilter its whole process is counted, of which starting is less than a fiftieth.
The goals are those of a machine that checks an Ed25519 seal in 65 µs: how long this one takes in the same turns says by
how much to correct.
"""

from __future__ import annotations

import gc
import resource
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench.spam.mails import Labelled, unpacked
from bench.stated_machine import SEAL_SECONDS, seal_seconds
from scop.cli.shared import console, print_table
from scop.cli.spam.evaluate_trainees import Bogofilter, bogofilter_is_there
from scop.spam import Classifier
from scop.spam.evidence import Scope

__all__ = ["main"]

TURNS = 4
TAUGHT, ASKED = slice(0, None, 2), slice(1, None, 2)
GOALS = {Scope.FULL: 1_500, Scope.PLAIN: 4_000}  # mails a second, on a machine with seals of SEAL_SECONDS
PEER = "bogofilter, bulk"


def main() -> bool:
    """Measure and print; the goals are shown and not held, for they are those of another machine."""
    console.rule("Classifying: mails a second of CPU", align="left")
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as name:
        mails = unpacked(Path(name, "mails"))
        learned, asked = mails[TAUGHT], mails[ASKED]
        asks = _contenders(learned)
        gc.freeze()  # as the cells do
        seconds = dict.fromkeys(asks, 0.0)
        seals: list[float] = []
        for turn in range(TURNS):
            seals.append(seal_seconds())
            for place, (name, ask) in enumerate(asks.items()):
                seconds[name] += ask(asked[(turn + place * TURNS // 2) % TURNS :: TURNS])
    _print({name: len(asked) / taken for name, taken in seconds.items()}, sum(seals) / TURNS)
    return True


def _contenders(learned: list[Labelled]) -> dict[str, Callable[[list[Labelled]], float]]:
    """Return by name what judges mails and says how many seconds of CPU it took."""
    asks: dict[str, Callable[[list[Labelled]], float]] = {}
    for scope in GOALS:
        asks[f"scop, {scope}"] = partial(_ours, _taught(learned, scope))
    if bogofilter_is_there():
        peer = Bogofilter()
        peer.learn(learned)
        asks[PEER] = partial(_theirs, peer)
    return asks


def _print(rates: dict[str, float], seal: float) -> None:
    goals = {f"scop, {scope}": str(goal) for scope, goal in GOALS.items()}
    yardstick = rates.get(PEER, 0.0)
    rows = [
        (
            *(name, f"{rate:.0f}", f"{1e6 / rate:.0f}", f"{rate * seal / SEAL_SECONDS:.0f}", goals.get(name, "")),
            f"{rate / yardstick:.2f}" if yardstick else "",
        )
        for name, rate in rates.items()
    ]
    print_table(("", "mails/s", "µs", "on that machine", "goal", "× bogofilter"), rows)
    console.print(f"  a seal takes {1e6 * seal:.0f} µs here, {1e6 * SEAL_SECONDS:.0f} µs on the machine of the goals")


def _taught(mails: list[Labelled], scope: Scope) -> Classifier:
    classifier = Classifier(scope=scope)
    for mail in mails:
        classifier.learn(mail.octets, mail.label)
    known = classifier.ham_count + classifier.spam_count  # being asked, it learns what waits: not while it is measured
    console.print(f"  {known:,} mails learned, {scope}")
    return classifier


def _ours(classifier: Classifier, mails: list[Labelled]) -> float:
    started = time.process_time()
    for mail in mails:
        classifier.classify(mail.octets)
    return time.process_time() - started


def _theirs(peer: Bogofilter, mails: list[Labelled]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    tuple(peer.judge(mails))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

"""Four readers in turn over the same mails: microseconds a mail, and how many times as fast we are.

Each round times every reader once, another one first each time. Mails on which a reader raises are counted and left
out for all, so that nobody is quick by giving up.
"""

from __future__ import annotations

import statistics
import time
from collections import Counter

from bench.mime.mails import MailSet, mail_sets
from bench.mime.readers import COMPAT32, FAST_MAIL_PARSER, OURS, POLICY_DEFAULT, READERS, Reader
from scop.cli.shared import console, print_table

__all__ = ["show_speed"]

GOALS = {COMPAT32: 3.0, POLICY_DEFAULT: 30.0, FAST_MAIL_PARSER: 0.8}
ROUNDS = 7
SECONDS_A_ROUND = 0.15  # of our own reader; small sets are read again and again until then


def show_speed() -> bool:
    """Print the table of all sets, and tell whether every goal is reached."""
    console.rule("speed: every header field and every body decoded", align="left")
    for name, reader in READERS.items():
        console.print(f"{name}: {(reader.__doc__ or '').removeprefix('Read by ')}", markup=False, highlight=False)
    rows, reached = [], True
    for mails in mail_sets():
        raised = _count_raised(mails)
        medians = _race(mails)
        ratios = {name: medians[name] / medians[OURS] for name in GOALS}
        reached &= all(ratios[name] >= goal for name, goal in GOALS.items())
        rows.append(
            (
                mails.name,
                f"{mails.octets / 1000:.1f}",
                f"{medians[OURS]:.0f}",
                *(_cell(medians[name], ratios[name], goal, raised[name]) for name, goal in GOALS.items()),
            )
        )
    columns = (f"{name}, goal ≥ {goal:g}×" for name, goal in GOALS.items())
    print_table(("mails", "KB", f"{OURS}, µs", *columns), rows)
    console.print("how to read: 88 µs, 3.5×: the peer needs 88 µs a mail, 3.5 times as long as we do", highlight=False)
    return reached


def _cell(median: float, ratio: float, goal: float, raised: int) -> str:
    verdict = f"{median:.0f} µs, {ratio:.2f}×"
    verdict = verdict if ratio >= goal else f"{verdict} MISSED"
    return f"{verdict}, raised on {raised}" if raised else verdict


def _count_raised(mails: MailSet) -> Counter[str]:
    """Count on how many mails each reader raises."""
    return Counter(name for name, reader in READERS.items() for octets in mails.mails if _raises(reader, octets))


def _raises(reader: Reader, octets: bytes) -> bool:
    try:
        reader(octets)
    except Exception:  # whatever a reader cannot cope with
        return True
    return False


def _race(mails: MailSet) -> dict[str, float]:
    """Return the median of microseconds a mail for each reader."""
    readable = [octets for octets in mails.mails if not any(_raises(reader, octets) for reader in READERS.values())]
    repeats = max(1, int(SECONDS_A_ROUND / _seconds(READERS[OURS], readable)))
    found: dict[str, list[float]] = {name: [] for name in READERS}
    order = list(READERS)
    for _ in range(ROUNDS):
        for name in order:
            again = repeats if name != POLICY_DEFAULT else max(1, repeats // 30)
            seconds = sum(_seconds(READERS[name], readable) for _ in range(again))
            found[name].append(seconds / again / len(readable) * 1e6)
        order.append(order.pop(0))
    return {name: statistics.median(times) for name, times in found.items()}


def _seconds(reader: Reader, mails: list[bytes]) -> float:
    started = time.process_time()
    for octets in mails:
        reader(octets)
    return time.process_time() - started

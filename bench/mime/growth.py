"""Linear time: what an octet costs in 10 MB of hostile mail, against what it costs in 100 KB.

Everything that a mail can say is asked for. Each family runs in a process of its own with a deadline,
so that one that grows as a square is told by name and does not stop the others. Processor time is measured.
"""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass

from bench.mime.attacks import ATTACKS
from bench.mime.everything import touch_everything
from scop.cli.shared import console, print_table
from scop.mime import parse

__all__ = ["show_growth"]

SMALL_OCTETS, LARGE_OCTETS = 100_000, 10_000_000
# One field counts up to Limits.field_octets: a square within one field shows where the field is as long as it may be.
SIZES = (SMALL_OCTETS, 250_000, LARGE_OCTETS)
GOAL = 2.0
DEADLINE_SECONDS = 120
RUNS = 3
# glibc gives blocks of megabytes back at once, and the kernel then clears new pages for the next one: that would be
# measured as growth of ours. So the allocator keeps what it had.
_KEPT_MEMORY = {"MALLOC_MMAP_THRESHOLD_": str(1 << 25), "MALLOC_TRIM_THRESHOLD_": str(1 << 30)}


@dataclass(frozen=True, slots=True)
class Growth:
    """Nanoseconds an octet at each size; none of them where the deadline passed or the reader raised."""

    name: str
    nanoseconds: tuple[float, ...]
    reason: str = ""

    @property
    def ratio(self) -> float:
        """How much more an octet costs in the larger mails than in the small one."""
        return max(self.nanoseconds[1:]) / self.nanoseconds[0] if self.nanoseconds else float("inf")


def show_growth() -> bool:
    """Run every family, print those that matter, and tell whether all stay within the goal."""
    found = []
    for number, name in enumerate(ATTACKS):
        with console.status(f"{number} of {len(ATTACKS)}: {name}"):
            found.append(_measure(name))
    found.sort(key=lambda growth: growth.ratio, reverse=True)
    console.rule(f"linear time: {len(found)} families of hostile mail, everything asked for", align="left")
    print_table(
        ("family", "ns/octet at 100 KB", "250 KB", "10 MB", f"ratio (goal ≤ {GOAL:g})"), [_row(g) for g in found]
    )
    beyond = sum(growth.ratio > GOAL for growth in found)
    console.print(f"{len(found) - beyond} of {len(found)} families within the goal; median ratio {_median(found):.2f}")
    return beyond == 0


def _median(found: list[Growth]) -> float:
    return statistics.median(growth.ratio for growth in found)


def _row(growth: Growth) -> tuple[str, ...]:
    figures = [f"{nanoseconds:.1f}" for nanoseconds in growth.nanoseconds] or ["–"] * len(SIZES)
    verdict = growth.reason or f"{growth.ratio:.2f}"
    return growth.name, *figures, verdict if growth.ratio <= GOAL else f"{verdict} MISSED"


def _measure(name: str) -> Growth:
    """Run one family in a process of its own."""
    command = [sys.executable, "-m", "bench.mime.growth", name]
    environment = os.environ | _KEPT_MEMORY
    try:
        run = subprocess.run(
            command, capture_output=True, text=True, timeout=DEADLINE_SECONDS, check=False, env=environment
        )
    except subprocess.TimeoutExpired:
        return Growth(name, (), f"over {DEADLINE_SECONDS} s")
    if run.returncode:
        return Growth(name, (), run.stderr.strip().rpartition("\n")[2] or "killed")
    return Growth(name, tuple(float(word) for word in run.stdout.split()))


def _nanoseconds_an_octet(octets: bytes) -> float:
    started = time.process_time()
    touch_everything(parse(octets))
    return (time.process_time() - started) * 1e9 / len(octets)


def _least(octets: bytes, runs: int) -> float:
    return min(_nanoseconds_an_octet(octets) for _ in range(runs))


def main(name: str) -> None:
    """Print what an octet of one family costs at each size: the least of some runs, as noise only adds."""
    grow = ATTACKS[name]
    _nanoseconds_an_octet(grow(SMALL_OCTETS))  # loads what is loaded at need
    small = _least(grow(SMALL_OCTETS), RUNS)
    print(small)
    for size in SIZES[1:]:
        octets = grow(size)
        found = _nanoseconds_an_octet(octets)
        print(found if found < small else min(found, _least(octets, RUNS - 1)))


if __name__ == "__main__":
    main(sys.argv[1])

"""What the kernel counts of a process: CPU, memory of its own share, wake-ups."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["Usage", "family_pss_octets", "pss_octets", "usage", "usage_with_ended_children", "wakeups"]

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of one process so far."""

    cpu_seconds: float


def usage(pid: int) -> Usage:
    """Return what a process has used, its own threads included."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    return Usage((int(fields[11]) + int(fields[12])) / _TICKS)


def usage_with_ended_children(pids: Iterable[int]) -> float:
    """Return the CPU seconds of a family of processes, with those of children that have ended since."""
    return sum(_all_ticks(pid) for pid in pids) / _TICKS


def _all_ticks(pid: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()
    except OSError:  # it ended in between: its parent counts it
        return 0
    return sum(int(field) for field in fields[11:15])


def pss_octets(pid: int) -> int:
    """Return the proportional share of memory: pages that several processes map count in part for each."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise ValueError(f"no Pss of process {pid}")


def family_pss_octets(pid: int) -> int:
    """Return what a process holds together with its children, such as the examiner with its nursery."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return pss_octets(pid) + sum(family_pss_octets(int(child)) for child in children)


def wakeups(pid: int) -> int:
    """Return how often the threads of a process have waited and were woken."""
    total = 0
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        for line in status.read_text().splitlines():
            if line.startswith("voluntary_ctxt_switches"):
                total += int(line.split()[1])
    return total

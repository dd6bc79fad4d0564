"""dnsperf asks one server, and the kernel says what the server took for it."""

from __future__ import annotations

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bench.proc import usage

__all__ = ["Measured", "asked"]

CLIENTS = 20
_COMPLETED = re.compile(r"Queries completed:\s+(\d+)")
_RATE = re.compile(r"Queries per second:\s+([\d.]+)")
_LOST = re.compile(r"Queries lost:\s+(\d+)")


@dataclass(frozen=True, slots=True)
class Measured:
    """What dnsperf and the kernel say of one server."""

    queries: int
    seconds: float
    lost: int
    cpu_seconds: float

    def plus(self, other: Measured) -> Measured:
        """Return both together."""
        return Measured(
            self.queries + other.queries,
            self.seconds + other.seconds,
            self.lost + other.lost,
            self.cpu_seconds + other.cpu_seconds,
        )

    @property
    def per_cpu_second(self) -> float:
        """How many queries a second of CPU answers."""
        return self.queries / self.cpu_seconds


def asked(pid: int, address: str, port: int, file: Path, options: tuple[str, ...]) -> Measured:
    """Have a server asked what stands in `file`, as dnsperf's `options` say."""
    command = ["dnsperf", "-s", address, "-p", str(port), "-d", str(file), "-c", str(CLIENTS), *options]
    before = _family_cpu_seconds(pid)
    done = subprocess.run(command, capture_output=True, check=True, text=True)
    taken = _family_cpu_seconds(pid) - before
    completed, rate, lost = (pattern.search(done.stdout) for pattern in (_COMPLETED, _RATE, _LOST))
    assert completed is not None
    assert rate is not None
    queries_done = int(completed[1])
    return Measured(queries_done, queries_done / float(rate[1]), int(lost[1]) if lost is not None else 0, taken)


def _family_cpu_seconds(pid: int) -> float:
    """Return what a server's processes took so far: some have one that serves, and others that watch it."""
    family = [pid]
    for process in family:
        family += map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split())
    return sum(usage(process).cpu_seconds for process in family)

"""What became of a corpus that went through a mesh, as figures and in words."""

from __future__ import annotations

import statistics
from collections import Counter
from dataclasses import dataclass, field

from scop.base import printable
from scop.cli import shared
from scop.cli.demo.post import trace_in
from scop.cli.shared import print_table

__all__ = ["Received", "Results", "Sent", "print_results"]

SHOWN = 20


@dataclass(frozen=True, slots=True)
class Sent:
    """One mail that was submitted, and the reply."""

    index: int
    code: int
    text: str
    unix: float = 0.0  # when its last octet was about to be sent

    @property
    def trace(self) -> str:
        """The id that the mesh gave it; "" where it was refused."""
        return trace_in(self.code, self.text)


@dataclass(frozen=True, slots=True)
class Received:
    """One mail that was stored: its id, and why it is not what was submitted; "" where it is."""

    trace: str
    difference: str = ""
    unix: float = 0.0


@dataclass(slots=True)
class Results:
    """What became of a corpus. Mails stand in the order in which they were accepted, and in which they were stored."""

    sent: list[Sent] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    returned: dict[str, str] = field(default_factory=dict)  # by trace: what the bounce of a mail says
    sending_seconds: float = 0.0
    seconds: float = 0.0

    @property
    def accepted(self) -> list[Sent]:
        """What the mesh took."""
        return [one for one in self.sent if one.trace]

    @property
    def refused(self) -> Counter[str]:
        """How many mails it refused with which reply."""
        return Counter(f"{one.code} {one.text}" for one in self.sent if not one.trace)

    @property
    def lost(self) -> list[int]:
        """The indices of mails that were accepted and neither stored nor returned."""
        told = {one.trace for one in self.received} | self.returned.keys()
        return [one.index for one in self.accepted if one.trace not in told]

    @property
    def changed(self) -> dict[int, str]:
        """The mails that were stored as others than were submitted, and why."""
        indices = {one.trace: one.index for one in self.accepted}
        return {indices[one.trace]: one.difference for one in self.received if one.difference}

    @property
    def twice(self) -> int:
        """How many were stored more than once."""
        return sum(count > 1 for count in Counter(one.trace for one in self.received).values())

    @property
    def overtaken(self) -> int:
        """How many were stored behind one that was accepted after them."""
        places = {one.trace: place for place, one in enumerate(self.accepted)}
        last, count = -1, 0
        for one in self.received:
            place = places.get(one.trace, last)
            count += place < last
            last = max(last, place)
        return count

    @property
    def latencies(self) -> list[float]:
        """The seconds from the last octet of each mail to its being stored, in order of size."""
        sent = {one.trace: one.unix for one in self.accepted}
        return sorted(one.unix - sent[one.trace] for one in self.received if one.trace in sent)

    @property
    def right(self) -> bool:
        """Whether every accepted mail was stored once, as it was submitted, or returned to its sender."""
        return not self.lost and not self.changed and not self.twice

    def summary(self) -> dict[str, object]:
        """Return the figures."""
        return {
            "sent": len(self.sent),
            "accepted": len(self.accepted),
            "refused": dict(self.refused.most_common()),
            "stored": len(self.received),
            "returned": dict(Counter(self.returned.values()).most_common()),
            "lost": self.lost,
            "changed": {str(index): reason for index, reason in self.changed.items()},
            "stored_twice": self.twice,
            "overtaken": self.overtaken,
            "seconds": round(self.seconds, 2),
            "submitted_per_second": round(len(self.sent) / self.sending_seconds, 1) if self.sending_seconds else 0.0,
            "stored_per_second": round(len(self.received) / self.seconds, 1) if self.seconds else 0.0,
            **_quantiles(self.latencies),
        }


def _quantiles(seconds: list[float]) -> dict[str, float]:
    if not seconds:
        return {}
    late = seconds[min(len(seconds) - 1, int(len(seconds) * 0.99))]
    return {"latency_p50_seconds": round(statistics.median(seconds), 3), "latency_p99_seconds": round(late, 3)}


def print_results(results: Results) -> None:
    """Print them as a person reads them."""
    figures = results.summary()
    names = ("sent", "accepted", "stored", "stored_twice", "overtaken", "submitted_per_second", "stored_per_second")
    print_table([name.replace("_", " ") for name in names], [[str(figures[name]) for name in names]])
    for reply, mails in results.refused.most_common():
        shared.console.print(f"refused: {mails:,} with {printable(reply)}", markup=False)
    for reason, mails in Counter(results.returned.values()).most_common():
        shared.console.print(f"returned: {mails:,} with {printable(reason)}", markup=False)
    if "latency_p50_seconds" in figures:
        p50, p99 = figures["latency_p50_seconds"], figures["latency_p99_seconds"]
        shared.console.print(f"from the last octet to stored: p50 {p50} s, p99 {p99} s")
    for index in results.lost[:SHOWN]:
        shared.console.print(f"[red]lost:[/red] mail {index}")
    for index, reason in list(results.changed.items())[:SHOWN]:
        shared.console.print(f"changed: mail {index}: {printable(reason)}", markup=False)
    verdict = "[green]every accepted mail was stored once, as it was submitted[/green]"
    shared.console.print(
        verdict if results.right else f"[red]{len(results.lost)} lost, {len(results.changed)} changed[/red]"
    )

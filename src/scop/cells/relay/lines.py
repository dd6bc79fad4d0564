"""Who is next: loads in line by next hop, and how many of each are underway.

A busy hop must keep neither the others out nor the queue searched for each of its mails: some of its loads stand in
line here, and no more of them are read until the line runs low. Hops that hang must not keep the others out either:
what stands in line for them goes back to the queue where there is no room for others, and a hop with nothing underway
may begin one load more. Loads of one message that meet in a line become one, so that a host gets one copy for all
recipients. No I/O, no clock.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from scop.cells.relay.letters import Held, Load
from scop.cells.relay.window import Window

__all__ = ["SILENT_SECONDS", "LineLimits", "Lines"]

SILENT_SECONDS = 5.0  # of a hop, after which its line may be put back; mail is carried in less


@dataclass(frozen=True, slots=True)
class LineLimits:
    """How much is carried at once, and how much is read ahead of it."""

    underway: int = 100  # as many more where their hops have nothing else underway
    waiting_per_hop: int = 64
    recipients: int = 1000  # in line or underway, together
    windows: int = 5000  # hops that are remembered


@dataclass(slots=True)
class _Line:
    underway: int = 0
    waiting: dict[int, Load] = field(default_factory=dict)  # by message, in order
    destinations: set[str] = field(default_factory=set)
    silent_since_unix: float | None = None  # nothing was begun or finished since; None: not looked at yet
    is_put_back: bool = False  # what waits is in the queue, until the hop is heard of


class Lines:
    """Every load is added, given out by `next_load`, and `finished`, once each."""

    def __init__(self, limits: LineLimits, hop_of: Callable[[str], str], new_window: Callable[[str], Window]) -> None:
        self._limits = limits
        self._hop_of = hop_of
        self._new_window = new_window
        self._lines: dict[str, _Line] = {}  # whoever had a turn goes to the end
        self._windows: dict[str, Window] = {}  # whoever was looked at goes to the end
        self._held: set[int] = set()
        self._underway = 0

    @property
    def has_room(self) -> bool:
        """Whether more may be read from the queue."""
        return len(self._held) < self._limits.recipients

    @property
    def held(self) -> Held:
        """What the queue is to pass over: recipients that are here, destinations with a line that is long enough."""
        long = (
            line
            for line in self._lines.values()
            if line.is_put_back or len(line.waiting) >= self._limits.waiting_per_hop
        )
        return Held(frozenset(self._held), frozenset(name for line in long for name in line.destinations))

    def window(self, load: Load) -> Window:
        """Return what is known of the hop of a load."""
        hop = self._hop_of(load.destination)
        window = self._windows.pop(hop, None) or self._new_window(hop)
        self._windows[hop] = window
        if len(self._windows) > self._limits.windows:
            del self._windows[next(iter(self._windows))]
        return window

    def reopen(self) -> None:
        """Let every hop be tried at once."""
        for window in self._windows.values():
            window.reopen()

    def add(self, load: Load) -> None:
        """Put a load in line."""
        self._held.update(waiting.id for waiting in load.recipients)
        line = self._lines.setdefault(self._hop_of(load.destination), _Line())
        line.destinations.add(load.destination)
        earlier = line.waiting.get(load.message)
        if earlier is not None:
            load = replace(earlier, recipients=(*earlier.recipients, *load.recipients))
        line.waiting[load.message] = load

    def put_back(self, now_unix: float) -> None:
        """Forget what stands in line for hops of which nothing is heard: it stays in the queue."""
        for line in self._lines.values():
            if not line.waiting or not line.underway:
                continue
            if line.silent_since_unix is None:
                line.silent_since_unix = now_unix
            elif now_unix - line.silent_since_unix >= SILENT_SECONDS:
                for load in line.waiting.values():
                    self._held.difference_update(waiting.id for waiting in load.recipients)
                line.waiting.clear()
                line.is_put_back = True

    def next_load(self, now_unix: float) -> Load | None:
        """Return a load to be carried now, None where there is none or enough is underway.

        Those of a closed hop are given out too, however many: they are only to hear that it is closed.
        """
        is_crowded = self._underway >= self._limits.underway
        if self._underway >= 2 * self._limits.underway:
            return None
        for hop, line in self._lines.items():
            if not line.waiting or (is_crowded and line.underway):
                continue
            load = next(iter(line.waiting.values()))
            window = self.window(load)
            if line.underway < window.limit or window.is_closed(now_unix):
                self._lines[hop] = self._lines.pop(hop)
                line.underway += 1
                self._underway += 1
                line.silent_since_unix = None
                return line.waiting.pop(load.message)
        return None

    def finished(self, load: Load) -> bool:
        """Note that a load is settled; return whether its line runs low, so that the queue should be asked again."""
        hop = self._hop_of(load.destination)
        line = self._lines[hop]
        line.underway -= 1
        self._underway -= 1
        line.silent_since_unix, line.is_put_back = None, False
        self._held.difference_update(waiting.id for waiting in load.recipients)
        if not line.waiting and not line.underway:
            del self._lines[hop]
        return len(line.waiting) < self._limits.waiting_per_hop // 4

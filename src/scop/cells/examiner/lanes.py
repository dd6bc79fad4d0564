"""Whose mail is looked into next: nobody whose mails take long, or break what looks, keeps others waiting.

Every client is known, a stranger or a suspect. It becomes known by a few mails that were examined without trouble, and
a suspect, for a while, by one that was not. Each lane has a bounded number of waiting mails and is served in rounds by
client; the known go first. They may have a child for each processor, and the others two more, of which suspects have
one, who run where nobody else wants the processor. So a flood of mails that each take all the time there is costs the
others little.

Standards: none.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field
from enum import Enum
from itertools import islice
from typing import Generic, TypeVar

__all__ = ["Lane", "Lanes", "Work"]

T = TypeVar("T")

MAX_CLIENTS = 10_000  # that are remembered, the last seen
MAX_OLDEST = 100  # of these among whom one is looked for who can be forgotten
KNOWN_FROM = 3  # mails without trouble
SUSPECT_SECONDS = 600.0
SLOW_SECONDS = 3.0  # a mail that takes longer is trouble, too
MAX_UNPROVED = 2  # children at once of strangers and suspects
MAX_OF_CLIENT = 8  # mails of one that wait


class Lane(Enum):
    """How a client is met."""

    KNOWN = "known"
    STRANGER = "stranger"
    SUSPECT = "suspect"

    @property
    def nice(self) -> int:
        """How much its children give way to every cell, as niceness; past 19 they take what is left over."""
        return {Lane.KNOWN: 5, Lane.STRANGER: 15, Lane.SUSPECT: 20}[self]

    @property
    def room(self) -> int:
        """How many mails may wait in it: together fewer than a pipe has questions at once, so that none is shut."""
        return {Lane.KNOWN: 24, Lane.STRANGER: 16, Lane.SUSPECT: 8}[self]


@dataclass(slots=True)
class _Client:
    good: int = 0
    suspect_until: float = 0.0


@dataclass(frozen=True, slots=True)
class Work:
    """A turn: whose it is, and how it is met."""

    client: str
    lane: Lane


@dataclass(slots=True)
class _Queue(Generic[T]):
    by_client: OrderedDict[str, deque[T]] = field(default_factory=OrderedDict)

    def __len__(self) -> int:
        return sum(map(len, self.by_client.values()))


class Lanes(Generic[T]):
    """Keeps what waits, for so many processors. Times are told, as seconds of any clock."""

    def __init__(self, processors: int) -> None:
        self._children = processors + MAX_UNPROVED
        self._clients: OrderedDict[str, _Client] = OrderedDict()
        self._waiting: dict[Lane, _Queue[T]] = {lane: _Queue() for lane in Lane}
        self._running = dict.fromkeys(Lane, 0)

    def lane_of(self, client: str, now: float) -> Lane:
        """Return how a client is met now."""
        known = self._clients.get(client)
        if known is None:
            return Lane.STRANGER
        if now < known.suspect_until:
            return Lane.SUSPECT
        return Lane.KNOWN if known.good >= KNOWN_FROM else Lane.STRANGER

    def put(self, client: str, item: T, now: float) -> bool:
        """Have an item wait for its turn; False where there is no room."""
        lane = self.lane_of(client, now)
        queue = self._waiting[lane]
        own = queue.by_client.get(client)
        if len(queue) >= lane.room or (own is not None and len(own) >= MAX_OF_CLIENT):
            return False
        queue.by_client.setdefault(client, deque()).append(item)
        return True

    def take(self) -> tuple[Work, T] | None:
        """Return whose turn it is; None where nothing waits that may run now."""
        for lane in Lane:
            queue = self._waiting[lane].by_client
            if queue and self._may_run(lane):
                client, items = queue.popitem(last=False)
                item = items.popleft()
                if items:
                    queue[client] = items  # behind the others
                self._running[lane] += 1
                return Work(client, lane), item
        return None

    def withdraw(self, client: str, item: T) -> None:
        """Take away an item that waits no longer."""
        for queue in self._waiting.values():
            items = queue.by_client.get(client, deque())
            if item in items:
                items.remove(item)
                if not items:
                    del queue.by_client[client]

    def done(self, work: Work, seconds: float, now: float, *, is_trouble: bool) -> None:
        """Count what became of an item that had its turn, and how long it took."""
        self._running[work.lane] -= 1
        client = self._clients.setdefault(work.client, _Client())
        self._clients.move_to_end(work.client)
        if is_trouble or seconds > SLOW_SECONDS:
            client.good, client.suspect_until = 0, now + SUSPECT_SECONDS
            self._move(work.client)
        else:
            client.good += 1
        while len(self._clients) > MAX_CLIENTS:
            self._forget_one()

    def _forget_one(self) -> None:
        """Forget who was not seen for long; rather a stranger, or a flood of them would make everybody one."""
        oldest = islice(self._clients.items(), MAX_OLDEST)
        unproved = (name for name, client in oldest if client.good < KNOWN_FROM)
        del self._clients[next(unproved, next(iter(self._clients)))]

    def _may_run(self, lane: Lane) -> bool:
        running = self._running
        if sum(running.values()) >= self._children:
            return False
        if lane is Lane.KNOWN:
            return True
        unproved = running[Lane.STRANGER] + running[Lane.SUSPECT]
        return unproved < MAX_UNPROVED and (lane is Lane.STRANGER or running[Lane.SUSPECT] < 1)

    def _move(self, client: str) -> None:
        """Have what waits of a new suspect wait behind the others."""
        suspects = self._waiting[Lane.SUSPECT].by_client
        for lane in (Lane.KNOWN, Lane.STRANGER):
            items = self._waiting[lane].by_client.pop(client, None)
            if items:
                suspects.setdefault(client, deque()).extend(items)

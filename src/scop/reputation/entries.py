"""Whom the door is shut to and whom it is held open for: entries with a reason and an end.

Standards: none.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum

from scop.base.sources import Host, Source, host_of
from scop.reputation.subjects import Network, network_of

__all__ = ["Action", "Cause", "Entries", "Entry"]

MAX_FOUND = 10_000  # entries that follow from deeds; of those of operators as many as `MAX_ORDERED`
MAX_ORDERED = 1_000  # more than a person keeps in view
MAX_REASON_CHARACTERS = 200  # a line for people
CLOCK_SECONDS = 60.0  # by which a clock may go back without a word

_SIZES = frozenset({(4, 32), (4, 24), (6, 64), (6, 48)})  # networks that a source names by itself


class Action(StrEnum):
    """What an entry does."""

    ALLOW = "allow"
    BLOCK = "block"


class Cause(StrEnum):
    """What an entry is there for."""

    OPERATOR = "operator"
    FORGERY = "forgery"
    SPAM = "spam"
    MALWARE = "malware"
    BROKEN_COMMANDS = "broken commands"
    REFUSED_RECIPIENTS = "refused recipients"


@dataclass(frozen=True, slots=True)
class Entry:
    """One subject (see `parse_subject`), and until when; `until_unix` is None for good."""

    subject: str
    action: Action
    cause: Cause
    since_unix: float
    until_unix: float | None = None
    reason: str = ""

    def __post_init__(self) -> None:
        if len(self.reason) > MAX_REASON_CHARACTERS or not self.reason.isprintable():
            raise ValueError(f"a reason is one line of at most {MAX_REASON_CHARACTERS} characters")

    def holds(self, now_unix: float) -> bool:
        """Say whether it has not ended."""
        return self.until_unix is None or now_unix < self.until_unix

    @property
    def seconds(self) -> float | None:
        """How long it lasts as a whole."""
        return None if self.until_unix is None else self.until_unix - self.since_unix


class Entries:
    """All entries; one of each action for a subject."""

    def __init__(self) -> None:
        self._entries: dict[tuple[Action, str], Entry] = {}  # in the order in which they were put
        # Of other sizes than sources name: what leads to the subject, by the first bits of its addresses.
        self._wide: dict[tuple[Action, int, int], dict[int, str]] = {}

    def put(self, entry: Entry) -> bool:
        """Take an entry in the place of the subject's last; False where an operator's stands, or there is no room."""
        key = (entry.action, entry.subject)
        known = self._entries.get(key)
        if entry.cause is not Cause.OPERATOR:
            if known is not None and known.cause is Cause.OPERATOR and known.holds(entry.since_unix):
                return False
            self._make_room(key)
        elif key not in self._entries and self._count_ordered() >= MAX_ORDERED:
            return False
        self._entries.pop(key, None)
        self._entries[key] = entry
        network = network_of(entry.subject)
        if network is not None and (network.version, network.prefixlen) not in _SIZES:
            size = (entry.action, network.version, network.prefixlen)
            self._wide.setdefault(size, {})[_first_bits(network)] = entry.subject
        return True

    def withdraw(self, subject: str) -> tuple[Entry, ...]:
        """Take away what there is of a subject, and return it."""
        found = (self._pop((action, subject)) for action in Action)
        return tuple(entry for entry in found if entry is not None)

    def withdraw_other(self, entry: Entry) -> None:
        """Take away what says the contrary of the same subject."""
        self._pop((Action.BLOCK if entry.action is Action.ALLOW else Action.ALLOW, entry.subject))

    def expire(self, now_unix: float) -> tuple[Entry, ...]:
        """Take away what has ended, and return it.

        Where the clock went back, what began later than now lasts from now on as long as it was to: a clock that was
        ahead by years shuts nobody out for years.
        """
        for key, known in self._entries.items():
            if known.seconds is not None and known.since_unix > now_unix + CLOCK_SECONDS:
                self._entries[key] = replace(known, since_unix=now_unix, until_unix=now_unix + known.seconds)
        ended = [key for key, entry in self._entries.items() if not entry.holds(now_unix)]
        return tuple(entry for key in ended if (entry := self._pop(key)) is not None)

    def find(self, action: Action, address: str, source: Source, now_unix: float) -> Entry | None:
        """Return the entry for a client that lasts longest."""
        if not self._entries:
            return None
        subjects = [source.host, source.network]
        if self._wide and (host := host_of(address)) is not None:
            subjects += self._wide_around(action, host)
        found = [self._entries.get((action, subject)) for subject in subjects]
        holding = [entry for entry in found if entry is not None and entry.holds(now_unix)]
        return max(holding, key=_end, default=None)

    def of(self, subject: str, now_unix: float) -> tuple[Entry, ...]:
        """Return what there is of exactly this subject."""
        found = (self._entries.get((action, subject)) for action in Action)
        return tuple(entry for entry in found if entry is not None and entry.holds(now_unix))

    def holding(self, now_unix: float) -> Iterator[Entry]:
        """Yield all that have not ended, the newest last."""
        return (entry for entry in self._entries.values() if entry.holds(now_unix))

    def next_end(self, after_unix: float) -> float | None:
        """Return when the next entry ends, None where none ever does."""
        ends = (entry.until_unix for entry in self._entries.values() if entry.until_unix is not None)
        return min((end for end in ends if end > after_unix), default=None)

    def _wide_around(self, action: Action, host: Host) -> Iterator[str]:
        """Yield the wide subjects around a host; a look for each size, however many networks there are of it."""
        for (does, version, prefix), known in self._wide.items():
            if does is action and version == host.version:
                subject = known.get(int(host) >> (host.max_prefixlen - prefix))
                if subject is not None:
                    yield subject

    def _pop(self, key: tuple[Action, str]) -> Entry | None:
        entry = self._entries.pop(key, None)
        if entry is not None and self._wide and (network := network_of(entry.subject)) is not None:
            self._wide.get((entry.action, network.version, network.prefixlen), {}).pop(_first_bits(network), None)
        return entry

    def _count_ordered(self) -> int:
        return sum(entry.cause is Cause.OPERATOR for entry in self._entries.values())

    def _make_room(self, key: tuple[Action, str]) -> None:
        if key in self._entries or len(self._entries) < MAX_FOUND:
            return
        oldest = next((each for each, entry in self._entries.items() if entry.cause is not Cause.OPERATOR), None)
        if oldest is not None:
            self._pop(oldest)


def _first_bits(network: Network) -> int:
    return int(network.network_address) >> (network.max_prefixlen - network.prefixlen)


def _end(entry: Entry) -> float:
    return float("inf") if entry.until_unix is None else entry.until_unix

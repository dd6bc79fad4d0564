"""Mails that were taught and not learned yet, so that both kinds are learned in turn.

Regressions believe what they saw last: a thousand ham and then a thousand spam make ham look like spam, because what
all mails have in common moved to spam's side at the end. Whoever teaches one folder after the other must not get
another model for it, so mails wait until something is asked of the model, and are then mixed evenly.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from scop.spam.connection import Connection
from scop.spam.verdict import Label

__all__ = ["Taught", "Waiting"]

MAX_WAITING_OCTETS = 256 << 20  # then they are learned as they are; some fifty thousand mails


@dataclass(frozen=True, slots=True)
class Taught:
    """One mail, and what somebody calls it."""

    octets: bytes
    label: Label
    connection: Connection | None


@dataclass(slots=True)
class Waiting:
    """Mails of both kinds, in the order in which they were taught."""

    _mails: dict[Label, list[Taught]] = field(default_factory=lambda: {Label.HAM: [], Label.SPAM: []})
    _octets: int = 0

    @property
    def is_full(self) -> bool:
        """Whether no more should wait."""
        return self._octets >= MAX_WAITING_OCTETS

    def put(self, taught: Taught) -> None:
        """Have one wait."""
        self._mails[taught.label].append(taught)
        self._octets += len(taught.octets) + 1  # a mail may be empty

    def drain(self) -> Iterator[Taught]:
        """Yield them, each kind as far as the other at any moment, and let go of them."""
        if not self._octets:
            return
        mails, self._mails, self._octets = self._mails, {Label.HAM: [], Label.SPAM: []}, 0
        places = [((number + 0.5) / len(kind), one) for kind in mails.values() for number, one in enumerate(kind)]
        yield from (one for _, one in sorted(places, key=lambda place: place[0]))

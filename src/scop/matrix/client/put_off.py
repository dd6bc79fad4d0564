"""Changes that become durable later than they were made: of each entry the newest, and nothing older than what is kept.

What could not be written, because the disk was full, is written again. Meanwhile whoever sends may have made a newer
state of the same entry durable: put back over it, the older one would let a restart use a Megolm index twice.
"""

from __future__ import annotations

from collections.abc import Iterable

from scop.matrix.steps import Change, Shelf, Steps, keep

__all__ = ["PutOff"]


class PutOff:
    """Holds changes by shelf and key, until they are durable or others take their place."""

    def __init__(self) -> None:
        self._changes: dict[tuple[Shelf, str], Change] = {}

    def add(self, changes: Iterable[Change]) -> None:
        """Put changes off; each takes the place of what was put off of its entry."""
        for change in changes:
            self._changes[change.shelf, change.key] = change

    def all(self) -> tuple[Change, ...]:
        """Return what is put off."""
        return tuple(self._changes.values())

    def give_way(self, changes: Iterable[Change]) -> None:
        """Let go of what is older than changes that are being made durable; not of those themselves, which may fail."""
        for change in changes:
            if self._changes.get((change.shelf, change.key)) is not change:
                self._changes.pop((change.shelf, change.key), None)

    def done(self, changes: Iterable[Change]) -> None:
        """Let go of changes that are durable; not of what was put off of their entries since."""
        for change in changes:
            if self._changes.get((change.shelf, change.key)) is change:
                del self._changes[change.shelf, change.key]

    def clear(self) -> None:
        """Let go of all."""
        self._changes.clear()

    def keep(self) -> Steps[None]:
        """Go on when what is put off now is durable; what is not stays put off."""
        changes = self.all()
        yield from keep(*changes)
        self.done(changes)

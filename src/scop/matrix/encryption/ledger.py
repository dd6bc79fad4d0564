"""What the parts of the machine changed and is to become durable together.

Each part puts what it changed; whoever is about to ask the server, or to return, flushes first. Between a put and the
flush nothing is asked: so no other step of the same machine can take the changes along and be slower with them.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from scop.matrix.steps import Change, Shelf, Steps, keep

__all__ = ["Ledger"]

_Changes: TypeAlias = dict[tuple[Shelf, str], Callable[[], bytes] | None]


class Ledger:
    """Changes by shelf and key; what is put twice is written once, as it is when it is flushed."""

    def __init__(self) -> None:
        self._changes: _Changes = {}
        self._flushing: list[_Changes] = []  # what is being written, but for what was put again since

    def put(self, shelf: Shelf, key: str, encode: Callable[[], bytes] | None) -> None:
        """Note that an entry changed, and how its octets are made; None takes it away."""
        self._changes[shelf, key] = encode
        for flushed in self._flushing:
            flushed.pop((shelf, key), None)  # it may be durable as it is now before that could not be written

    def drain(self) -> tuple[Change, ...]:
        """Return all changes, which are its holder's to keep then."""
        changes = tuple(Change(*where, encode() if encode else None) for where, encode in self._changes.items())
        self._changes.clear()
        return changes

    def flush(self) -> Steps[None]:
        """Go on when all that was put is durable; what could not be written is written by the next flush."""
        flushed = dict(self._changes)
        self._flushing.append(flushed)
        try:
            yield from keep(*self.drain())
        except Exception:
            self._changes = flushed | self._changes
            raise
        finally:
            self._flushing = [one for one in self._flushing if one is not flushed]

"""Where a client keeps what must survive it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from scop.matrix.steps import Change, Shelf

__all__ = ["Keeper", "MemoryShelves"]


class Keeper(Protocol):
    """Keeps octets by shelf and name; `scop.store.sealed_shelves.SealedShelves` does it on the disk."""

    async def entries(self) -> Mapping[Shelf, Mapping[str, bytes]]:
        """Return all that is kept."""

    async def put(self, changes: Sequence[Change]) -> None:
        """Make changes durable, all together."""

    async def clear(self) -> None:
        """Keep nothing of what was kept."""

    async def let_go(self) -> None:
        """Let other processes use it, until it is taken back."""

    async def take_back(self) -> bool:
        """Have it for this process alone again; return whether others changed what is kept."""

    async def close(self) -> None:
        """Finish what was asked for."""


class MemoryShelves:
    """Keeps nothing longer than it lives: for a client that logs in, says something and logs out."""

    def __init__(self) -> None:
        self.kept: dict[Shelf, dict[str, bytes]] = {shelf: {} for shelf in Shelf}

    async def entries(self) -> Mapping[Shelf, Mapping[str, bytes]]:
        """Return all that is kept."""
        return {shelf: dict(names) for shelf, names in self.kept.items()}

    async def put(self, changes: Sequence[Change]) -> None:
        """Take changes."""
        for change in changes:
            if change.octets is None:
                self.kept[change.shelf].pop(change.key, None)
            else:
                self.kept[change.shelf][change.key] = change.octets

    async def clear(self) -> None:
        """Keep nothing of what was kept."""
        for names in self.kept.values():
            names.clear()

    async def let_go(self) -> None:
        """There is nobody else."""

    async def take_back(self) -> bool:
        """Nobody has changed anything."""
        return False

    async def close(self) -> None:
        """Go."""

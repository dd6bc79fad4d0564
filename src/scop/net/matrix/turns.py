"""Who of a process is at work with what a client keeps: while nobody is, another process may be.

Two processes must never use keys, sessions or transaction ids of an account at once. So a process has the account
while anything is done with it, and lets it go while it only waits: for the homeserver, or for a person. What another
process changed meanwhile is loaded before anything goes on, so that no older state is ever used again.

It does not interrupt who works: who needs the account for long (a verification, whose secrets are nowhere but in
memory) keeps it as long.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from scop.net.matrix.keeping import Keeper

__all__ = ["Overtaken", "Turns"]


class Overtaken(Exception):
    """Another process changed what is kept: what was begun before cannot go on."""


class Turns:
    """Counts who is at work; whoever makes it is, with a keeper that is there for this process alone."""

    def __init__(self, keeper: Keeper, load: Callable[[], Awaitable[None]]) -> None:
        self._keeper = keeper
        self._load = load
        self._at_work = 1
        self._has_it, self._is_fresh = True, True
        self._changing = asyncio.Lock()

    @property
    def is_ours(self) -> bool:
        """Whether this process has the account, and knows what is kept of it."""
        return self._has_it and self._is_fresh

    @asynccontextmanager
    async def working(self) -> AsyncIterator[None]:
        """Have the account until the block ends."""
        self._at_work += 1
        try:
            await self._take()
            yield
        finally:
            await self._leave()

    @asynccontextmanager
    async def resting(self) -> AsyncIterator[None]:
        """Let other processes have the account until the block ends, unless others of this one are at work.

        Whoever is cancelled in it does not wait for them.
        """
        is_cancelled = False
        try:
            await self._leave()
            yield
        except (asyncio.CancelledError, GeneratorExit):
            is_cancelled = True
            raise
        finally:
            self._at_work += 1
            if not is_cancelled:
                await self._take()

    async def _leave(self) -> None:
        self._at_work -= 1
        async with self._changing:
            if not self._at_work and self._has_it:
                await self._keeper.let_go()
                self._has_it = False

    async def _take(self) -> None:
        async with self._changing:
            if not self._has_it:
                self._is_fresh &= not await self._keeper.take_back()
                self._has_it = True
            if not self._is_fresh:
                await self._load()
                self._is_fresh = True

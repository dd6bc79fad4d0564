"""The accounts on disk and in memory: read once at the start, written through at every change."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from scop.cells.keeper.account import Account
from scop.cells.keeper.directory import Directory
from scop.store import Store

__all__ = ["Ledger"]

FOLDER = "accounts"


class Ledger:
    """Keeps the store and the directory the same; changes are durable when they return."""

    def __init__(self, path: Path, domain: str) -> None:
        self._store = Store(path)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._changing = asyncio.Lock()
        self._directory = Directory.of(domain, (self._read(place) for place in self._store.list(FOLDER)))

    @property
    def directory(self) -> Directory:
        """The accounts as they are now."""
        return self._directory

    async def add(self, account: Account, *, author: str) -> None:
        """Keep a new account; raises `ValueError` where its name or an address is taken."""
        async with self._changing:
            if account.name in self._directory.accounts:
                raise ValueError(f"there is an account {account.name} already")
            await self._keep(account, author, f"Add {account.name}")

    async def change(self, name: str, alter: Callable[[Account], Account], *, author: str, message: str) -> Account:
        """Keep what `alter` makes of an account and return it; raises `KeyError` where there is none."""
        async with self._changing:
            changed = alter(self._directory.accounts[name])
            await self._keep(changed, author, message)
            return changed

    def close(self) -> None:
        """End the thread once it is idle."""
        self._thread.shutdown(wait=True)

    async def _keep(self, account: Account, author: str, message: str) -> None:
        """Write first, then believe; `author` is '' where a keeper without a mesh knows no names."""
        changed = self._directory.having(account)
        await asyncio.get_running_loop().run_in_executor(
            self._thread, self._write, account, author or "somebody", message
        )
        self._directory = changed

    def _read(self, place: str) -> Account:
        octets = self._store.get(place)
        assert octets is not None, f"{place} was listed and is gone"
        try:
            return Account.parse(octets)
        except ValueError as fault:
            raise ValueError(f"{place} in the keeper's store: {fault}") from fault

    def _write(self, account: Account, author: str, message: str) -> None:
        self._store.put(f"{FOLDER}/{account.name}.json", account.to_octets(), author=author, message=message)

"""Takes in a first /sync by our client; asked on standard input as tests/interop/programs/nio_intake.py is.

What is timed begins with the octets of the answer, or with asking for it over HTTP, and ends when what it changed is
kept and its happenings are there.
"""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import ssl
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import cache
from pathlib import Path

import msgspec

from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request
from scop.matrix.client import Client, Session
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Keep, Needed, Shelf, Surroundings
from scop.net.clock import SystemClock
from scop.net.matrix import AsyncClient
from scop.net.matrix.keeping import Keeper, MemoryShelves
from scop.net.matrix.options import NetworkOptions
from scop.net.trust import web_trust
from scop.store.sealed_shelves import SealedShelves

__all__ = ["main"]

_ANSWERS = {
    "DefineFilter": b'{"filter_id": "1"}',
    "UploadKeys": b'{"one_time_key_counts": {"signed_curve25519": 50}}',
    "QueryKeys": b"{}",
    "SendToDevice": b"{}",
}


class _Taking:
    """One sync by a new client."""

    def __init__(self, user_id: str, body: bytes, keeper: Keeper) -> None:
        self._body = body
        self._keeper = keeper
        session = Session("https://sea.test", user_id, "BENCH", "token")
        self._client = Client(session, {}, Surroundings(SystemClock(), secrets.token_bytes))

    async def take(self) -> JsonObject:
        """Take it in, and return what was needed for it."""
        told = await _timed(self._client, self._drive)
        await self._keeper.close()
        return told

    async def _drive(self) -> None:
        steps = self._client.sync()
        try:
            needed = next(steps)
            while True:
                needed = steps.send(await self._answer(needed))
        except StopIteration:
            return

    async def _answer(self, needed: Needed) -> object:
        if isinstance(needed, Keep):
            await self._keeper.put(needed.changes)
            return None
        if not isinstance(needed, Request):
            raise TypeError(type(needed).__name__)
        body = self._body if isinstance(needed, Sync) else _ANSWERS[type(needed).__name__]
        return needed.read_response(HttpResponse(200, {}, body))


@cache
def _trust() -> ssl.SSLContext:
    """Return whom we believe; nio has it since aiohttp was imported, and reading it takes 30 ms."""
    return web_trust()


async def _take_over_http(user_id: str, url: str) -> JsonObject:
    """Take a sync in by the whole client, its sockets too."""
    keeper = MemoryShelves()
    await keeper.put([Change(Shelf.SESSION, "session", Session(url, user_id, "BENCH", "token").to_octets())])
    async with AsyncClient(keeper, network=NetworkOptions(tls=_trust())) as client:
        return await _timed(client.core, client.sync)


async def _timed(client: Client, work: Callable[[], Awaitable[object]]) -> JsonObject:
    """Work, and tell how long the processor did and which rooms the client knows then."""
    gc.collect()
    started = time.process_time()
    await work()
    seconds = time.process_time() - started
    rooms = client.rooms.of("join")
    members = sum(len(room.members.of("join")) for room in rooms)
    return {"seconds": seconds, "rooms": len(rooms), "members": members}


def _taken(asked: Mapping[str, str]) -> JsonObject:
    if asked["url"]:
        return asyncio.run(_take_over_http(asked["user_id"], asked["url"]))
    store = Path(asked["store"], "store.sqlite")
    keeper: Keeper = SealedShelves.open(store, "a passphrase") if asked["store"] else MemoryShelves()
    return asyncio.run(_Taking(asked["user_id"], Path(asked["body"]).read_bytes(), keeper).take())


def main() -> None:
    """Answer until nobody asks."""
    for line in sys.stdin:
        print(json.dumps(_taken(msgspec.json.decode(line, type=dict[str, str]))), flush=True)


if __name__ == "__main__":
    main()

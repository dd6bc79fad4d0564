"""Takes in a first /sync by our client; asked on standard input as tests/interop/programs/nio_intake.py is.

What is timed begins with the octets of the answer and ends when what it changed is kept and its happenings are there.
"""

from __future__ import annotations

import asyncio
import gc
import json
import secrets
import sys
import time
from pathlib import Path

import msgspec

from scop.matrix.api.client_server.sync import Sync
from scop.matrix.api.http import HttpResponse
from scop.matrix.api.request import Request
from scop.matrix.client import Client, Session
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Keep, Needed, Surroundings
from scop.net.clock import SystemClock
from scop.net.matrix.keeping import Keeper, MemoryShelves
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
        gc.collect()
        started = time.process_time()
        await self._drive()
        seconds = time.process_time() - started
        await self._keeper.close()
        rooms = self._client.rooms.of("join")
        members = sum(len(room.members.of("join")) for room in rooms)
        return {"seconds": seconds, "rooms": len(rooms), "members": members}

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


def main() -> None:
    """Answer until nobody asks."""
    for line in sys.stdin:
        asked = msgspec.json.decode(line, type=dict[str, str])
        store = Path(asked["store"], "store.sqlite")
        keeper: Keeper = SealedShelves.open(store, "a passphrase") if asked["store"] else MemoryShelves()
        taking = _Taking(asked["user_id"], Path(asked["body"]).read_bytes(), keeper)
        print(json.dumps(asyncio.run(taking.take())), flush=True)


if __name__ == "__main__":
    main()

"""Carries what `scop.matrix.Client` asks for: HTTP by aiohttp, waiting, retrying, a durable store.

import asyncio
from pathlib import Path
from scop.net.matrix import AsyncClient
from scop.store.sealed_shelves import SealedShelves

async def main():
    async with AsyncClient(SealedShelves.open(Path("me.store"), "a passphrase")) as client:
        await client.login("@me:example.org", "a password")
        print(await client.send_text("!sea:example.org", "Hello, sealed."))

asyncio.run(main())
"""

from scop.net.matrix.client import AsyncClient
from scop.net.matrix.faults import BrokenOff, Busy, NotLoggedIn, Refused, Unreached
from scop.net.matrix.keeping import Keeper, MemoryShelves
from scop.net.matrix.media import MediaKind, Stream
from scop.net.matrix.options import NetworkOptions
from scop.net.matrix.sync_client import SyncClient

__all__ = [
    "AsyncClient",
    "BrokenOff",
    "Busy",
    "Keeper",
    "MediaKind",
    "MemoryShelves",
    "NetworkOptions",
    "NotLoggedIn",
    "Refused",
    "Stream",
    "SyncClient",
    "Unreached",
]

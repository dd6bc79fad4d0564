"""Carries what `scop.matrix.Client` asks for: HTTP by aiohttp, waiting, retrying, and a store that it is handed.

README.md shows it in ten lines.
"""

from scop.net.matrix.client import AsyncClient
from scop.net.matrix.faults import BrokenOff, Busy, NotLoggedIn, Refused, SessionEnded, Unreached
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
    "SessionEnded",
    "Stream",
    "SyncClient",
    "Unreached",
]

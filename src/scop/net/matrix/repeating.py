"""What may be asked again, and when.

A request that was certainly not carried out may always be repeated: no connection came about, or the server said that
we ask too often. Where nobody knows whether it was, only one that does the same thing however often it is asked.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from typing import Protocol

from scop.matrix.api.request import Endpoint
from scop.net.matrix.options import NetworkOptions

__all__ = ["SAFE_POSTS", "Pauses", "Rest", "SystemRest", "may_repeat"]

# Matrix v1.19 CS: POST that asks, or whose second time changes nothing that the first did not.
SAFE_POSTS = frozenset(
    {
        "/_matrix/client/v3/join/{roomIdOrAlias}",
        "/_matrix/client/v3/rooms/{roomId}/join",
        "/_matrix/client/v3/rooms/{roomId}/leave",
        "/_matrix/client/v3/rooms/{roomId}/forget",
        "/_matrix/client/v3/knock/{roomIdOrAlias}",
        "/_matrix/client/v3/rooms/{roomId}/receipt/{receiptType}/{eventId}",
        "/_matrix/client/v3/rooms/{roomId}/read_markers",
        "/_matrix/client/v3/keys/upload",
        "/_matrix/client/v3/keys/query",
        "/_matrix/client/v3/keys/claim",  # a second time takes other one-time keys, and loses those of the first
        "/_matrix/client/v3/keys/device_signing/upload",
        "/_matrix/client/v3/keys/signatures/upload",
        "/_matrix/client/v3/search",
        "/_matrix/client/v3/publicRooms",
        "/_matrix/client/v3/user_directory/search",
        "/_matrix/client/v3/user/{userId}/filter",
        "/_matrix/client/v3/refresh",  # the old refresh token counts until a new access token was used
        "/_matrix/client/v3/delete_devices",
        "/_matrix/client/v3/pushers/set",
    }
)
_IDEMPOTENT = frozenset({"GET", "HEAD", "PUT", "DELETE"})  # RFC 9110 §9.2.2; sends have a transaction id in their path


def may_repeat(endpoint: Endpoint) -> bool:
    """Tell whether to ask twice does no more than to ask once."""
    return endpoint.method in _IDEMPOTENT or endpoint.is_idempotent or endpoint.path in SAFE_POSTS


class Rest(Protocol):
    """Tells the time and waits; tests hand in one that jumps."""

    def monotonic(self) -> float:
        """Return seconds of a clock that never goes back."""

    async def sleep(self, seconds: float) -> None:
        """Wait."""


class SystemRest:
    """The time of this machine."""

    def monotonic(self) -> float:
        """Return the time of the running loop."""
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        """Wait."""
        await asyncio.sleep(seconds)


class Pauses:
    """Growing pauses between attempts at one thing, until the patience ends; jitter keeps many clients apart."""

    def __init__(self, options: NetworkOptions, rest: Rest, part: Callable[[], float] | None = None) -> None:
        self._longest = options.longest_pause_seconds
        self._next = options.first_pause_seconds
        self._rest = rest
        self._end = rest.monotonic() + options.patience_seconds
        self._part = part or _random_part

    async def wait(self, fault: Exception, at_least_seconds: float = 0.0) -> None:
        """Wait before the next attempt; raises `fault` where there is to be none."""
        # Half of the pause is certain, the rest is drawn.
        pause = max(self._next * (0.5 + 0.5 * self._part()), at_least_seconds)
        if self._rest.monotonic() + pause > self._end:
            raise fault
        self._next = min(2 * self._next, self._longest)
        await self._rest.sleep(pause)


def _random_part() -> float:
    return secrets.randbelow(1_000_000) / 1_000_000

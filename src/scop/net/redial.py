"""Opening a connection to a neighbour that may be restarting just now."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from scop.net.faults import TemporaryFailure

if TYPE_CHECKING:
    from collections.abc import Callable

    from scop.net.dialer import Dialer

__all__ = ["dial_patiently"]

FIRST_PAUSE_SECONDS = 0.05
LONGEST_PAUSE_SECONDS = 1.0

_P = TypeVar("_P", bound=asyncio.BaseProtocol)


async def dial_patiently(dial: Dialer, new_protocol: Callable[[], _P], *, patience_seconds: float) -> _P:
    """Return the protocol of an open connection; tries again with growing pauses for `patience_seconds`.

    Raises `TemporaryFailure` when the patience has ended.
    """
    clock = asyncio.get_running_loop().time
    give_up, pause = clock() + patience_seconds, FIRST_PAUSE_SECONDS
    while True:
        try:
            return (await dial(new_protocol))[1]
        except TemporaryFailure:
            if clock() + pause > give_up:
                raise
        await asyncio.sleep(pause)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

"""Fetches the keys of what was said in rooms before we came, and holds up what is new by it only so long."""

from __future__ import annotations

import asyncio
from collections import Counter

from scop.matrix import Client
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.matrix.driver import Driver
from scop.net.matrix.media import Media

__all__ = ["Histories"]

_SECONDS = 30.0  # for each file; whoever announces it may have put it where nobody answers
_TRIES = 3  # until the next start
_MAX_OCTETS = 64 * 1024 * 1024  # some 150,000 keys


class Histories:
    """What was announced by those whose invitations were accepted; `tries` counts those of this process, by URI."""

    def __init__(self, client: Client, driver: Driver, media: Media, tries: Counter[str]) -> None:
        self._client = client
        self._driver = driver
        self._media = media
        self._tries = tries

    async def take(self) -> None:
        """Fetch what is due and take it in; what cannot be fetched now is tried after a later sync."""
        shared = self._client.shared_history
        for bundle in shared.due():
            if self._tries[bundle.file.url] >= _TRIES:
                continue
            self._tries[bundle.file.url] += 1
            try:
                async with asyncio.timeout(_SECONDS):
                    octets = await self._media.read(bundle.file, _MAX_OCTETS)
                await self._driver.run(shared.take(bundle, octets))
            except (TemporaryFailure, TimeoutError):
                continue
            except PermanentFailure:
                # Matrix v1.19 CS §Receiving a key bundle event: files expire; whoever announces one may do it again.
                await self._driver.run(shared.take(bundle, None))

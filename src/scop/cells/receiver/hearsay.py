"""What other people's lists say of a client: all asked at once, within a bounded time, never alone decisive.

Who is listed waits for its greeting, and `scop firewall why` tells. Nothing of it is passed on with the mail: no field
is written, and neither the filter nor the verifier hears of it, so that nobody's mail is refused for what a third
party says. The resolver remembers answers for as long as they may be.

Standards: RFC 5782 §2.
"""

from __future__ import annotations

import asyncio

from scop.base import printable
from scop.net.dns_client import Names, drive
from scop.net.log import Log
from scop.reputation import ask_list
from scop.reputation.lists import Hearsay

__all__ = ["Lists"]

LIST_SECONDS = 2.0  # as long as a mail may wait for the client's name


class Lists:
    """Asks the lists of the configuration."""

    def __init__(self, zones: tuple[str, ...], names: Names, log: Log) -> None:
        self.zones = zones
        self._names = names
        self._log = log
        self._trouble: dict[str, str] = {}  # by zone: told once, not for each client

    async def ask(self, address: str) -> tuple[Hearsay, ...]:
        """Return what each list says of an address; one that is silent says nothing."""
        return tuple(await asyncio.gather(*(self._ask(address, zone) for zone in self.zones)))

    async def _ask(self, address: str, zone: str) -> Hearsay:
        try:
            async with asyncio.timeout(LIST_SECONDS):
                said = await drive(ask_list(address, zone), self._names)
        except TimeoutError:
            said = Hearsay(zone, trouble=f"no answer within {LIST_SECONDS} s")
        if said.trouble != self._trouble.get(zone, ""):
            self._trouble[zone] = said.trouble
            if said.trouble:
                self._log.warning("list.trouble", zone=zone, reason=printable(said.trouble))
            else:
                self._log.info("list.answers", zone=zone)
        return said

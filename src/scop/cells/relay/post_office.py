"""All that hands mail to the world: the post, what it remembers of TLS on the disk, and what is fetched for it.

Standards: RFC 8461 (policies), RFC 8460 (counts).
"""

from __future__ import annotations

import asyncio
from functools import partial
from pathlib import Path

from scop.base import Clock
from scop.cells.relay.post import Post, PostOptions
from scop.cells.relay.sts_policies import StsOptions, StsPolicies
from scop.cells.relay.tls_choice import TlsChoice
from scop.cells.relay.tls_store import SCHEMA
from scop.cells.relay.tls_tally import TlsTally
from scop.cells.relay.tls_telling import Tell, TlsTelling
from scop.mesh.vocabulary.relay import ReadTlsResults, TlsResults
from scop.net.dns_client import Names
from scop.net.https import WebOptions, fetch_text
from scop.net.log import Log
from scop.net.peer import Peer
from scop.store import Database

__all__ = ["PostOffice"]


class PostOffice:
    """Opened once; `post` carries; `tell` is told how TLS went."""

    def __init__(
        self, options: PostOptions, state: Path, names: Names, log: Log, clock: Clock, tell: Tell | None = None
    ) -> None:
        self._database = Database.open(state / "tls.db", SCHEMA)
        self._tally = TlsTally(self._database, clock, log, sending_address=options.source)
        web = WebOptions(names, options.trust, options.https_port, options.source)
        fetch = partial(fetch_text, options=web)
        self._policies = StsPolicies(StsOptions(names, fetch, self._database, self._tally, clock, log))
        self.post = Post(options, TlsChoice(names, self._policies.policy_of, options.port), self._tally)
        self._refreshing = asyncio.ensure_future(self._policies.run())
        self._telling = TlsTelling(self._tally, tell, clock, log) if tell is not None else None

    async def tls_results(self, asked: ReadTlsResults, _peer: Peer) -> TlsResults:
        """Answer how TLS went."""
        return TlsResults(await self._tally.read(asked.day, asked.domain))

    async def close(self) -> None:
        """Take leave of hosts, and write down what is not written yet."""
        self._refreshing.cancel()
        await asyncio.wait({self._refreshing})
        await self._policies.close()
        await self.post.close()
        if self._telling is not None:
            await self._telling.close()
        await self._tally.close()
        await self._database.close()

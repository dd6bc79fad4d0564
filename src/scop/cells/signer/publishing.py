"""Getting the public keys into the DNS, and knowing that the world can see them.

First an UPDATE at the primary, then questions to the resolver, each again with back-off until it
went well; a key that cannot be looked up must not be used (RFC 6376 §3.6: mail would fail at others).
UPDATE comes first even after a restart: it changes nothing where the record stands already, and
asking too early would make the resolver remember that there is none.

Standards: RFC 2136, RFC 8945, RFC 6376 §3.6.2.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import partial

from scop.base import Clock, RemoteProtocolError
from scop.dkim import SigningKey, public_record
from scop.dns import TXT, Question, Rcode
from scop.dns.tsig import TsigKey
from scop.dns.update import Addition, Deletion, build_update, read_update_reply
from scop.mesh.vocabulary.signer import SealingKey, SealingStatus
from scop.net.dialer import Dialer
from scop.net.dns_client import Names
from scop.net.dns_exchange import exchange_stream
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["REPUBLISH_SECONDS", "Publisher", "Registry"]

RECORD_TTL_SECONDS = 3600
REPUBLISH_SECONDS = 300.0  # how long a zone that was rolled back or imported may be without our keys
FIRST_PAUSE_SECONDS = 0.05  # at the start of a mesh the neighbours come up together with us
MAX_PAUSE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Registry:
    """Where keys are written, by whom and to be seen where."""

    zone: str
    dial_primary: Dialer
    tsig: TsigKey
    names: Names


class Publisher:
    """Publishes the keys of one domain; `ready` says whether mail may be sealed with them."""

    def __init__(self, keys: tuple[SigningKey, ...], registry: Registry, log: Log, clock: Clock) -> None:
        self._keys = keys
        self._registry = registry
        self._log = log
        self._clock = clock
        self._published = False
        self._resolving: set[str] = set()  # selectors

    @property
    def ready(self) -> bool:
        """Whether every key resolves."""
        return len(self._resolving) == len(self._keys)

    def status(self) -> SealingStatus:
        """Return what the operator is told."""
        return SealingStatus(self.ready, tuple(self._status_of(key) for key in self._keys))

    def _status_of(self, key: SigningKey) -> SealingKey:
        return SealingKey(
            selector=key.selector,
            algorithm=key.algorithm.value,
            published=self._published,
            resolves=key.selector in self._resolving,
            record_name=key.record_name,
            record=public_record(key),
        )

    async def publish(self) -> None:
        """Return once every key was published and resolves."""
        await self._until_done("keys.unpublished", self._update)
        self._published = True
        for key in self._keys:
            await self._until_done("keys.unseen", partial(self._see, key))
            self._resolving.add(key.selector)
        self._log.info("keys.ready", selectors=[key.selector for key in self._keys])

    async def keep(self, every_seconds: float = REPUBLISH_SECONDS) -> None:
        """Publish, and put back for ever what is lost; an UPDATE that changes nothing writes nothing."""
        await self.publish()
        while True:
            await asyncio.sleep(every_seconds)
            await self._until_done("keys.unpublished", self._update)

    async def _until_done(self, event: str, attempt: Callable[[], Awaitable[None]]) -> None:
        pause, told = FIRST_PAUSE_SECONDS, ""
        while True:
            try:
                return await attempt()
            except (TemporaryFailure, RemoteProtocolError) as fault:
                if str(fault) != told:  # once, not at every turn
                    told = str(fault)
                    self._log.warning(event, reason=told)
            await asyncio.sleep(pause)
            pause = min(2 * pause, MAX_PAUSE_SECONDS)

    async def _update(self) -> None:
        changes = [
            change
            for key in self._keys
            for change in (Deletion(key.record_name, "TXT"), Addition(key.record_name, RECORD_TTL_SECONDS, _txt(key)))
        ]
        registry = self._registry
        now_unix, message_id = int(self._clock.unix()), secrets.randbits(16)
        request = build_update(registry.zone, changes, registry.tsig, now_unix=now_unix, message_id=message_id)
        reply = await exchange_stream(registry.dial_primary, request.octets)
        rcode = read_update_reply(request, reply, int(self._clock.unix()))
        if rcode is not Rcode.NOERROR:
            raise TemporaryFailure(f"the primary answers the UPDATE with {rcode.name}")

    async def _see(self, key: SigningKey) -> None:
        answer = await self._registry.names.lookup(Question(key.record_name, "TXT"))
        if _txt(key).joined not in [record.joined for record in answer.records if isinstance(record, TXT)]:
            raise TemporaryFailure(f"{key.record_name} is answered by {answer.rcode.name} without our key")


def _txt(key: SigningKey) -> TXT:
    return TXT.of(public_record(key).encode("ascii"))

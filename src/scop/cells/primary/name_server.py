"""What the primary says: to the public answers only, on its pipe also to UPDATE.

Standards: RFC 2136 §3, RFC 8945 §5.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from scop.base import Clock, RemoteProtocolError
from scop.dns.tsig import OpenedRequest, TsigError, TsigKey, Verifier
from scop.dns.words import Opcode, Rcode
from scop.dns.zone.answer import MAX_STREAM_OCTETS, Zones, expects_response, header_reply, opcode_of
from scop.dns.zone.update import Grant, apply_update, update_zone_name
from scop.dns.zone.zone import Zone
from scop.net.log import Log

__all__ = ["NameServer", "Rights"]


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may sign, and what each may write."""

    keys: tuple[TsigKey, ...] = ()
    grants: tuple[Grant, ...] = ()

    def grants_of(self, key: TsigKey) -> tuple[Grant, ...]:
        """Return what one key may write."""
        return tuple(grant for grant in self.grants if grant.key_name == key.name)


class NameServer:
    """Holds the zones of one server and answers from them; takes one UPDATE at a time.

    `store` makes a zone durable before it returns; it may block, and raises OSError where it cannot.
    """

    def __init__(self, zones: Zones, store: Callable[[Zone], None], rights: Rights, log: Log, clock: Clock) -> None:
        self.zones = zones
        self._store = store
        self._rights = rights
        self._log = log
        self._clock = clock
        self._verifier = Verifier(rights.keys)
        self._strangers = Verifier(())
        self._writing = asyncio.Lock()

    def answer_public(self, query: bytes, max_octets: int) -> bytes | None:
        """Answer whoever asks; no key is good here and no UPDATE is looked at."""
        if not expects_response(query):
            return None
        if opcode_of(query) == Opcode.UPDATE:
            return header_reply(query, Rcode.REFUSED)
        opened = self._open(query, self._strangers)
        return self._answer(opened, query, max_octets) if opened else header_reply(query, Rcode.FORMERR)

    async def answer_neighbour(self, query: bytes, cell: str) -> bytes | None:
        """Answer a cell on its pipe: the same, and UPDATE under the rights of the key that signed it."""
        if not expects_response(query):
            return None
        opened = self._open(query, self._verifier)
        if opened is None:
            return header_reply(query, Rcode.FORMERR)
        if opened.error is not TsigError.NOERROR:  # not logged in public, where anybody could fill the log
            self._log.warning("dns.refused", peer=cell, reason=f"TSIG {opened.error.name}")
        elif opcode_of(query) == Opcode.UPDATE:
            # Shielded: if the peer hangs up, what is written and what is shown must still become the same.
            rcode = await asyncio.shield(self._update(opened, cell))
            return opened.seal(header_reply(query, rcode), self._now())
        return self._answer(opened, query, MAX_STREAM_OCTETS)

    async def drained(self) -> None:
        """Wait until no UPDATE is being written."""
        async with self._writing:
            pass

    def _open(self, query: bytes, verifier: Verifier) -> OpenedRequest | None:
        try:
            return verifier.open(query, self._now())
        except RemoteProtocolError:
            return None

    def _answer(self, opened: OpenedRequest, query: bytes, max_octets: int) -> bytes | None:
        if opened.error is not TsigError.NOERROR:
            return opened.seal(header_reply(query, Rcode.NOTAUTH), self._now())  # RFC 8945 §5.2
        reply = self.zones.answer(opened.message, max_octets=max_octets)
        return None if reply is None else opened.seal(reply, self._now())

    async def _update(self, opened: OpenedRequest, cell: str) -> Rcode:
        async with self._writing:
            rcode, reason = await self._changed(opened)
        if reason:
            self._log.warning("zone.refused", peer=cell, reply=rcode.name, reason=reason)
        return rcode

    async def _changed(self, opened: OpenedRequest) -> tuple[Rcode, str]:
        """Apply, make durable, and only then show the new zone; return the code, and a reason unless it is good."""
        if opened.signer is None:
            return Rcode.REFUSED, "not signed"
        name = update_zone_name(opened.message)
        if name is None:
            return Rcode.FORMERR, "malformed"
        zone = self.zones.by_origin.get(name)
        if zone is None:
            return Rcode.NOTAUTH, f"not our zone: {name}"
        outcome = apply_update(zone, opened.message, self._rights.grants_of(opened.signer))
        if outcome.zone is zone:
            return outcome.rcode, outcome.reason
        return await self._stored(outcome.zone, opened.signer)

    async def _stored(self, zone: Zone, signer: TsigKey) -> tuple[Rcode, str]:
        try:
            # In a thread: a busy disk can hold an fsync for a second, and port 53 has to go on answering.
            await asyncio.to_thread(self._store, zone)
        except OSError as error:
            return Rcode.SERVFAIL, f"cannot store the zone: {error}"
        self.zones = self.zones.replaced(zone)
        self._log.info("zone.updated", key=signer.name, zone=zone.origin, serial=zone.serial)
        return Rcode.NOERROR, ""

    def _now(self) -> int:
        return int(self._clock.unix())

"""What the primary says, to the public and on its pipe: answers, and UPDATE for those whose key it knows.

Some keys are good only on the pipe: the signer's own, so that a copy of it opens nothing from outside.

Standards: RFC 2136 §3, RFC 8945 §5.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from dataclasses import dataclass

from scop.base import Clock, RemoteProtocolError
from scop.cells.primary.holdings import Author, Holdings
from scop.dns.tsig import OpenedRequest, TsigError, TsigKey, Verifier
from scop.dns.words import Opcode, Rcode
from scop.dns.zone.answer import MAX_STREAM_OCTETS, expects_response, header_reply, opcode_of
from scop.dns.zone.update import Grant, UpdateOutcome, apply_update, update_zone_name
from scop.dns.zone.zone import Zone
from scop.net.dns_server import Response
from scop.net.log import Log

__all__ = ["NameServer", "Rights"]


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may sign, and what each may write; `pipe_keys` are good on the pipe only."""

    keys: tuple[TsigKey, ...] = ()
    grants: tuple[Grant, ...] = ()
    pipe_keys: tuple[TsigKey, ...] = ()

    def grants_of(self, key: TsigKey) -> tuple[Grant, ...]:
        """Return what one key may write."""
        return tuple(grant for grant in self.grants if grant.key_name == key.name)


class NameServer:
    """Answers from the zones that a server shows, and changes them."""

    def __init__(self, holdings: Holdings, rights: Rights, log: Log, clock: Clock) -> None:
        self.holdings = holdings
        self._rights = rights
        self._log = log
        self._clock = clock
        self._public = Verifier(rights.keys)
        self._piped = Verifier((*rights.keys, *rights.pipe_keys))

    def answer_public(self, query: bytes, max_octets: int) -> Response | Awaitable[Response]:
        """Answer whoever asks; what is known at once comes at once."""
        return self._answer(query, self._public, max_octets, "")

    def answer_neighbour(self, query: bytes, cell: str) -> Response | Awaitable[Response]:
        """Answer a cell on its pipe."""
        return self._answer(query, self._piped, MAX_STREAM_OCTETS, cell)

    async def drained(self) -> None:
        """Wait until no change is being written."""
        await self.holdings.drained()

    def _answer(self, query: bytes, verifier: Verifier, max_octets: int, cell: str) -> Response | Awaitable[Response]:
        if not expects_response(query):
            return None
        try:
            opened = verifier.open(query, self._now())
        except RemoteProtocolError:
            return header_reply(query, Rcode.FORMERR)
        if opened.error is not TsigError.NOERROR:
            if cell:  # not logged in public, where anybody could fill the log
                self._log.warning("dns.refused", peer=cell, reason=f"TSIG {opened.error.name}")
            return opened.seal(header_reply(query, Rcode.NOTAUTH), self._now())  # RFC 8945 §5.2
        if opcode_of(query) == Opcode.UPDATE:
            if opened.signer is None:
                return header_reply(query, Rcode.REFUSED)
            return self._update(opened, opened.signer, cell)
        reply = self.holdings.shown.answer(opened.message, max_octets=max_octets)
        return None if reply is None else opened.seal(reply, self._now())

    async def _update(self, opened: OpenedRequest, signer: TsigKey, cell: str) -> Response:
        # Shielded: if the peer hangs up, what is written and what is shown must still become the same.
        rcode, reason = await asyncio.shield(self._changed(opened, signer))
        if reason:
            self._log.warning("zone.refused", peer=cell, key=signer.name, reply=rcode.name, reason=reason)
        return opened.seal(header_reply(opened.message, rcode), self._now())

    async def _changed(self, opened: OpenedRequest, signer: TsigKey) -> tuple[Rcode, str]:
        origin = update_zone_name(opened.message)
        if origin is None:
            return Rcode.FORMERR, "malformed"
        if self.holdings.source(origin) is None:
            return Rcode.NOTAUTH, f"not our zone: {origin}"
        outcomes: list[UpdateOutcome] = []

        def edit(zone: Zone) -> Zone:
            outcomes.append(apply_update(zone, opened.message, self._rights.grants_of(signer)))
            return outcomes[0].zone

        try:
            change = await self.holdings.change(origin, edit, Author(signer.name, "UPDATE"))
        except OSError as error:
            return Rcode.SERVFAIL, f"cannot store the zone: {error}"
        if change is not None:
            self._log.info("zone.updated", key=signer.name, zone=origin, serial=change.after.serial)
        return outcomes[0].rcode, outcomes[0].reason

    def _now(self) -> int:
        return int(self._clock.unix())

"""UPDATE as the primary takes it: whose key it is, that it is done once, durable before it is answered.

Standards: RFC 2136 §3; RFC 8945 §10.4.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from scop.base import RemoteProtocolError
from scop.cells.primary.holdings import Author, Holdings
from scop.cells.primary.repeats import Outcomes, Signed
from scop.dns.tsig import OpenedRequest, TsigKey
from scop.dns.words import Rcode
from scop.dns.zone.grants import Grant
from scop.dns.zone.update import UpdateOutcome, apply_update_message, zone_section_rcode
from scop.dns.zone.update_message import UpdateMessage, changes_in_words, parse_update, parse_zone_section
from scop.dns.zone.zone import Zone
from scop.net.log import Log

__all__ = ["Updates"]


@dataclass(frozen=True, slots=True)
class _Request:
    """An UPDATE by a key that we know."""

    message: UpdateMessage
    signer: TsigKey
    peer: str

    @property
    def origin(self) -> str:
        return self.message.zones[0][0]

    @property
    def author(self) -> Author:
        """What the zone's history will tell: whose key, through which cell, and what was asked for."""
        by = f" by {self.peer}" if self.peer else ""
        return Author(self.signer.name, f"UPDATE{by}: {changes_in_words(self.message)}")


class Updates:
    """Takes the UPDATEs of one server."""

    def __init__(self, holdings: Holdings, grants: tuple[Grant, ...], outcomes: Outcomes, log: Log) -> None:
        self._holdings = holdings
        self._grants = grants
        self._outcomes = outcomes
        self._log = log
        self._running: dict[bytes, asyncio.Future[Rcode]] = {}

    def refused(self, opened: OpenedRequest) -> Rcode | None:
        """Refuse at once, and without reading more than which zone is meant, what a stranger sends; None for the rest.

        What is for no zone of ours (RFC 2136 §3.1) is refused too, whoever it is from.
        """
        try:
            zones = parse_zone_section(opened.message)
        except RemoteProtocolError:
            return Rcode.FORMERR
        shown = self._holdings.shown
        rcode = zone_section_rcode(
            zones, (name for name, *_ in zones if name in shown.by_origin or name in shown.unready)
        )
        if rcode is not Rcode.NOERROR:
            return rcode
        if self._holdings.source(zones[0][0]) is None:
            return Rcode.REFUSED  # we are its secondary: who wants to change it must ask its primary
        return None if opened.signer is not None else Rcode.REFUSED  # §3.3

    async def take(self, opened: OpenedRequest, peer: str) -> Rcode:
        """Do what an UPDATE asks for that was not refused; return how it ended.

        The same message again ends as it did.
        """
        try:
            update = parse_update(opened.message)
        except RemoteProtocolError:
            return Rcode.FORMERR
        return await self._judged(update, opened, peer)

    async def _judged(self, update: UpdateMessage, opened: OpenedRequest, peer: str) -> Rcode:
        assert opened.record is not None
        assert opened.signer is not None
        record = opened.record
        signed = Signed(record.time_signed, record.fudge, record.mac)
        ended = self._outcomes.ended(signed)
        if ended is not None:
            return ended
        if self._outcomes.is_too_old(signed):
            return Rcode.REFUSED
        return await self._once(_Request(update, opened.signer, peer), signed)

    async def _once(self, request: _Request, signed: Signed) -> Rcode:
        running = self._running.get(signed.mac)
        if running is None:
            running = asyncio.ensure_future(self._done(request, signed))
            self._running[signed.mac] = running
            running.add_done_callback(lambda _: self._running.pop(signed.mac))
        # Shielded: if the peer hangs up, what is written and what is shown must still become the same.
        return await asyncio.shield(running)

    async def _done(self, request: _Request, signed: Signed) -> Rcode:
        rcode, reason = await self._changed(request)
        self._outcomes.note(signed, rcode)
        if reason:
            log = self._log.warning if rcode is not Rcode.SERVFAIL else self._log.error
            names = {"peer": request.peer, "key": request.signer.name, "zone": request.origin}
            log("zone.refused", **names, reply=rcode.name, reason=reason)
        return rcode

    async def _changed(self, request: _Request) -> tuple[Rcode, str]:
        """Apply, make durable, and only then show the new zone; return the code, and a reason unless it is good."""
        outcomes: list[UpdateOutcome] = []
        grants = tuple(grant for grant in self._grants if grant.key_name == request.signer.name)
        is_signed_here = self._holdings.is_signed_here(request.origin)

        def edit(zone: Zone) -> Zone:
            outcomes.append(apply_update_message(zone, request.message, grants, is_signed_here=is_signed_here))
            return outcomes[0].zone

        try:
            change = await self._holdings.change(request.origin, edit, request.author)
        except OSError as error:
            return Rcode.SERVFAIL, f"cannot store the zone: {error}"
        if change is not None:
            serial = change.after.serial
            self._log.info("zone.updated", key=request.signer.name, zone=request.origin, serial=serial)
        return outcomes[0].rcode, outcomes[0].reason

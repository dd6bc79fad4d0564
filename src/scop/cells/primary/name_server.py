"""What the primary says in public and on its pipe: answers, and to those whose key it knows, UPDATE and transfers.

Some keys are good only on the pipe: the signer's own, so that a copy of it opens nothing from outside.

Standards: RFC 1996 §3, RFC 2136 §3, RFC 6891 §6.1.3, RFC 8906 §3, RFC 8945 §5.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from scop.base import Clock, RemoteProtocolError
from scop.cells.primary.changing import Updates
from scop.cells.primary.holdings import Holdings
from scop.cells.primary.journals import Journals
from scop.cells.primary.repeats import Outcomes
from scop.cells.primary.transfers import Transfers, asks_for_transfer
from scop.dns.edns import MAX_DATAGRAM_OCTETS
from scop.dns.header import edns_version, expects_response, header_reply, opcode_of, spelled_question
from scop.dns.message import parse_message
from scop.dns.tsig import OpenedRequest, TsigError, TsigKey, Verifier
from scop.dns.words import Opcode, Rcode
from scop.dns.zone.answer import MAX_STREAM_OCTETS
from scop.dns.zone.grants import Grant
from scop.dns.zone.notify import notified_zone
from scop.net.dns_server import Response
from scop.net.log import Log

__all__ = ["NameServer", "Rights", "reply_to"]

PLAIN_DATAGRAM_OCTETS = 512  # RFC 1035 §4.2.1
_AUTHORITATIVE = 0x04  # of the third octet


@dataclass(frozen=True, slots=True)
class Rights:
    """Who may sign, and what each may write or fetch; `pipe_keys` are good on the pipe only."""

    keys: tuple[TsigKey, ...] = ()
    grants: tuple[Grant, ...] = ()
    pipe_keys: tuple[TsigKey, ...] = ()
    transfer_keys: frozenset[str] = frozenset()  # names of keys whose holders may have whole zones
    own_zones: Mapping[str, str] = field(default_factory=dict)  # by name of a key, the one zone that it may fetch


class NameServer:
    """Answers from the zones that a server shows, and changes them.

    `notified` are asked in turn whether a NOTIFY for a zone, signed by a key of this name, is of interest to them.
    """

    def __init__(
        self,
        holdings: Holdings,
        rights: Rights,
        log: Log,
        clock: Clock,
        *,
        outcomes: Outcomes | None = None,
        journals: Journals | None = None,
    ) -> None:
        self.holdings = holdings
        self._log = log
        self._clock = clock
        self._outcomes = outcomes or Outcomes(None, self._now)
        self._updates = Updates(holdings, rights.grants, self._outcomes, log)
        self._rights = rights
        journals = journals or Journals(None, log)
        self._transfers = Transfers(holdings, journals, self._may_fetch, log, self._now)
        self.notified: list[Callable[[str, str], bool]] = []
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
        self._outcomes.close()

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
            return self._sealed(opened, Rcode.NOTAUTH)  # RFC 8945 §5.2
        match opcode_of(query):
            case Opcode.UPDATE | Opcode.NOTIFY:
                return self._changing(opened, cell)
            case Opcode.QUERY if asks_for_transfer(query):
                found = self._transfers.answer(opened, max_octets)
                return found if not isinstance(found, Rcode) else self._sealed(opened, found)
            case _:
                limit = max_octets if opened.record is None else _room_for_answer(opened, max_octets)
                reply = self.holdings.shown.answer(opened.message, max_octets=limit)
                return None if reply is None else opened.seal(reply, self._now())

    def _changing(self, opened: OpenedRequest, cell: str) -> bytes | Awaitable[Response]:
        """Take an UPDATE or a NOTIFY; what a stranger is refused is known at once, and so counts for a limit."""
        if (edns_version(opened.message) or 0) > 0:
            return self._sealed(opened, Rcode.BADVERS)  # RFC 6891 §6.1.3
        if opcode_of(opened.message) is Opcode.NOTIFY:
            return opened.seal(self._notify(opened), self._now())
        refused = self._updates.refused(opened)
        return self._update(opened, cell) if refused is None else self._sealed(opened, refused)

    async def _update(self, opened: OpenedRequest, cell: str) -> Response:
        return self._sealed(opened, await self._updates.take(opened, cell))

    def _notify(self, opened: OpenedRequest) -> bytes:
        """Pass on that a zone has a new version (RFC 1996 §3); who cannot sign it is not believed."""
        try:
            origin = notified_zone(opened.message)
        except RemoteProtocolError:
            return reply_to(opened.message, Rcode.FORMERR)
        signer = opened.signer
        if signer is None:
            return reply_to(opened.message, Rcode.REFUSED)
        if origin is None or not any(listener(origin, signer.name) for listener in self.notified):
            return reply_to(opened.message, Rcode.NOTAUTH)
        self._log.info("zone.notified", zone=origin, key=signer.name)
        reply = reply_to(opened.message, Rcode.NOERROR)
        return reply[:2] + bytes((reply[2] | _AUTHORITATIVE,)) + reply[3:]  # §4.7 has AA in the answer

    def _sealed(self, opened: OpenedRequest, rcode: Rcode) -> bytes:
        return opened.seal(reply_to(opened.message, rcode), self._now())

    def _may_fetch(self, key_name: str, origin: str) -> bool:
        return key_name in self._rights.transfer_keys or self._rights.own_zones.get(key_name) == origin

    def _now(self) -> int:
        return int(self._clock.unix())


def _room_for_answer(opened: OpenedRequest, max_octets: int) -> int:
    """Return what an answer may have so that with its TSIG it still fits (RFC 8945 §5.3)."""
    limit = max_octets
    if max_octets <= MAX_DATAGRAM_OCTETS:
        with contextlib.suppress(RemoteProtocolError):
            edns = parse_message(opened.message).edns
            limit = min(
                limit, PLAIN_DATAGRAM_OCTETS if edns is None else max(edns.datagram_octets, PLAIN_DATAGRAM_OCTETS)
            )
    return limit - opened.seal_octets


def reply_to(request: bytes, rcode: Rcode) -> bytes:
    """Return a reply without records: with the question (of an UPDATE: the zone) where it is whole."""
    question = spelled_question(request) if request[4:6] == b"\0\1" else None
    return header_reply(request, rcode, question or b"")

"""From a query's octets to a response's: ready ones first, then what is known, then what has to be found out.

Standards: RFC 1035 §4.2.1 (512 octets without EDNS), RFC 6891 §6.2.5, RFC 8467 (padding), RFC 8906 §3 (say no,
do not be silent).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from scop.base import Clock, RemoteProtocolError
from scop.cells.resolver.recursion import Recursion
from scop.dns import Question, Rcode
from scop.dns.edns import OPTION_HEAD_OCTETS
from scop.dns.header import expects_response, header_reply
from scop.dns.message import (
    MAX_DATAGRAM_OCTETS,
    Edns,
    Flag,
    Message,
    OptionCode,
    build_message,
    parse_message,
)
from scop.dns.resolver.ready import ReadyResponses
from scop.dns.resolver.reply import Manners, refusal, reply
from scop.dns.resolver.resolution import Resolution
from scop.dns.words import Ede
from scop.net.dns_server import DnsTransport
from scop.net.peer import Peer

__all__ = ["Answering"]

_UNHEEDED = (OptionCode.COOKIE, OptionCode.CLIENT_SUBNET)
_STALE = (Ede.STALE_ANSWER, Ede.STALE_NXDOMAIN_ANSWER)
PADDED_OCTETS = 468  # RFC 8467 §4.1: what responses are a multiple of where lengths are all that can be seen
PLAIN_DATAGRAM_OCTETS = 512  # RFC 1035 §4.2.1: what an asker takes that says nothing else


class Answering:
    """Answers those who come one way: neighbours, or strangers, of whom only some may ask."""

    def __init__(
        self, recursion: Recursion, clock: Clock, manners: Manners, may_ask: Callable[[str], bool] = lambda _: True
    ) -> None:
        self._recursion = recursion
        self._now = clock.monotonic
        self._may_ask = may_ask
        self._manners = manners
        self._datagram_manners = replace(manners, idle_seconds=0.0)
        self._datagrams, self._streams = ReadyResponses(), ReadyResponses()

    def answer_quickly(self, query: bytes, address: str) -> bytes | None:
        """Return the response to a datagram if it is ready."""
        return self._datagrams.find(query, self._now()) if self._may_ask(address) else None

    def answer(self, query: bytes, peer: Peer, transport: DnsTransport) -> bytes | Awaitable[bytes | None] | None:
        """Return the response, at once where it is known, or an awaitable of it; None where silence is right."""
        if not self._may_ask(peer.address):
            # RFC 5358 §4: who answers everybody is an amplifier. Twelve octets are less than what was sent.
            return header_reply(query, Rcode.REFUSED) if expects_response(query) else None
        return self._ready(transport).find(query, self._now()) or self._found(query, transport)

    def _ready(self, transport: DnsTransport) -> ReadyResponses:
        return self._datagrams if transport is DnsTransport.DATAGRAM else self._streams

    def _manners_on(self, transport: DnsTransport) -> Manners:
        return self._datagram_manners if _is_datagram(transport) else self._manners

    def _found(self, query: bytes, transport: DnsTransport) -> bytes | Awaitable[bytes | None] | None:
        if not expects_response(query):
            return None  # two servers could talk for ever
        try:
            asked = parse_message(query)
            refused = refusal(asked, self._manners_on(transport))
        except RemoteProtocolError:
            return header_reply(query, Rcode.FORMERR)
        if refused is not None:
            return _written(asked, refused, transport)
        assert asked.question is not None
        if asked.edns is not None and asked.edns.options:
            query = _without_options(query, asked.edns)
            if query and (ready := self._ready(transport).find(query, self._now())) is not None:
                return ready
        known = self._recursion.recall(asked.question, checking_disabled=_is_checking_disabled(asked))
        if known is None:
            return self._said_later(query, asked, asked.question, transport)
        return self._said(query, asked, known, transport)

    async def _said_later(self, query: bytes, asked: Message, question: Question, transport: DnsTransport) -> bytes:
        resolution = await self._recursion.resolve(question, checking_disabled=_is_checking_disabled(asked))
        return self._said(query, asked, resolution, transport)

    def _said(self, query: bytes, asked: Message, resolution: Resolution, transport: DnsTransport) -> bytes:
        response = _written(asked, reply(asked, resolution, self._manners_on(transport)), transport)
        if query and not resolution.has_failed and not _is_stale(resolution):
            self._ready(transport).keep(query, response, self._now())
        return response


def _without_options(query: bytes, edns: Edns) -> bytes:
    """Return a query as it would be without options that change nothing of its response; b"" where they do.

    dig and other resolvers send a cookie of their own with each query, which we need not heed (RFC 7873 §5.2).
    """
    size = sum(OPTION_HEAD_OCTETS + len(octets) for _, octets in edns.options)
    plain, tail = query[: -size - 2], query[-size - 2 : -size]
    if tail != size.to_bytes(2, "big") or any(code not in _UNHEEDED for code, _ in edns.options):
        return b""  # the OPT record may stand before another one
    return plain + b"\0\0"


def _is_datagram(transport: DnsTransport) -> bool:
    return transport is DnsTransport.DATAGRAM


def _is_stale(resolution: Resolution) -> bool:
    return resolution.reason is not None and resolution.reason.ede in _STALE


def _is_checking_disabled(asked: Message) -> bool:
    return bool(asked.flags & Flag.CHECKING_DISABLED)


def _written(asked: Message, message: Message, transport: DnsTransport) -> bytes:
    if not _is_datagram(transport):
        is_padded = transport is DnsTransport.TLS and asked.edns is not None and asked.edns.wants_padding
        return build_message(message, block_octets=PADDED_OCTETS if is_padded else 0)
    wanted = PLAIN_DATAGRAM_OCTETS if asked.edns is None else asked.edns.datagram_octets
    # RFC 6891 §6.2.5: less than 512 is 512; more than passes every path is what does.
    octets = max(PLAIN_DATAGRAM_OCTETS, min(wanted, MAX_DATAGRAM_OCTETS))
    response = build_message(message, max_octets=octets)
    # RFC 2181 §9: of a cut answer nothing is of use, and half of it would only be cached.
    return build_message(message.emptied(), max_octets=octets) if response[2] & 0x02 else response

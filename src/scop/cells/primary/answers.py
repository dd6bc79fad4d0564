"""What the public is told, by the shortest way: plain questions from memory, all else by the name server.

Datagrams are limited by what each network is told; streams are not, since a stream's address is not forged.

Standards: RFC 7766 §5 (both ways are open to all), RFC 7828 and RFC 7830 (what wants a closer look on streams).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from scop.cells.primary.name_server import NameServer
from scop.dns.edns import OptionCode
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS, Manners
from scop.dns.zone.known_answers import KnownAnswers, account_of, plain_query
from scop.dns.zone.rates import RateOptions, ResponseRates, Verdict, truncated_reply
from scop.net.dns_server import DnsTransport, Response
from scop.net.peer import Peer

__all__ = ["PublicAnswers"]

_SAID_NOTHING = b""
BLOCK_OCTETS = 468  # RFC 8467 §4.1: what a server pads responses to
_NONE_COUNT: frozenset[int] = frozenset()
_COUNTING_ON_STREAMS = frozenset({OptionCode.NSID, OptionCode.KEEPALIVE, OptionCode.PADDING})


class PublicAnswers:
    """Answers everybody; `clock` counts seconds from any beginning, `idle_seconds` is how long streams are kept."""

    def __init__(self, server: NameServer, rates: RateOptions, clock: Callable[[], float], idle_seconds: float) -> None:
        self._server = server
        self._clock = clock
        self._rates = ResponseRates(rates) if rates.per_second else None
        self._is_unlimited = _nobody_is_limited if self._rates is None else self._rates.is_exempt
        self._manners = {
            DnsTransport.STREAM: Manners(idle_seconds),
            DnsTransport.TLS: Manners(idle_seconds, BLOCK_OCTETS),
        }
        self._datagrams = KnownAnswers(MAX_DATAGRAM_OCTETS)
        self._streams = KnownAnswers(MAX_STREAM_OCTETS, _COUNTING_ON_STREAMS)

    def quick(self, query: bytes, address: str) -> bytes | None:
        """Answer a datagram that asks a plain question: b'' says nothing, None wants it looked at."""
        found = self._datagrams.answer(self._server.holdings.shown, query)
        if found is None:
            return None
        response, account = found
        return response if self._is_unlimited(address) else self._limited(response, account, address)

    def answer(self, query: bytes, peer: Peer, transport: DnsTransport) -> Response | Awaitable[Response]:
        """Answer anything."""
        if transport is DnsTransport.DATAGRAM:
            response = self._server.answer_public(query, MAX_DATAGRAM_OCTETS)
            if isinstance(response, bytes):
                return self._limited(response, account_of(response), peer.address) or None
            return response
        shown = self._server.holdings.shown
        found = self._streams.answer(shown, query)
        if found is not None:
            return found[0]
        if plain_query(query, _NONE_COUNT) is not None:
            return shown.answer(query, max_octets=MAX_STREAM_OCTETS, manners=self._manners[transport])
        return self._server.answer_public(query, MAX_STREAM_OCTETS)

    def _limited(self, response: bytes, account: bytes, address: str) -> bytes:
        if self._rates is None:
            return response
        verdict = self._rates.judge(address, account, self._clock())
        if verdict is Verdict.SEND:
            return response
        return truncated_reply(response) if verdict is Verdict.TRUNCATE else _SAID_NOTHING


def _nobody_is_limited(address: str) -> bool:
    return True

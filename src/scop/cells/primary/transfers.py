"""Zone transfers out: whole zones and changes, to those whose key may have them, and to nobody else.

Standards: RFC 5936 §2.2 (AXFR), RFC 1995 §2 to §4 (IXFR), RFC 8945 §5.3.1 (each message is signed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from scop.base import RemoteProtocolError
from scop.cells.primary.holdings import Holdings
from scop.cells.primary.journals import Journals
from scop.dns.edns import MAX_DATAGRAM_OCTETS
from scop.dns.header import HEADER_OCTETS
from scop.dns.message import Message, parse_message
from scop.dns.rdata import SOA
from scop.dns.tsig import OpenedRequest
from scop.dns.words import Rcode
from scop.dns.zone.journal import JournalStep
from scop.dns.zone.serial import is_later
from scop.dns.zone.transfer import changes_since, single_soa, whole_zone
from scop.dns.zone.zone import Zone
from scop.net.log import Log

__all__ = ["Transfers", "asks_for_transfer"]

TYPE_IXFR, TYPE_AXFR = 251, 252
PLAIN_DATAGRAM_OCTETS = 512
TSIG_OCTETS = 400  # room for the longest key name, algorithm and MAC


def asks_for_transfer(query: bytes) -> bool:
    """Say whether a query's question is for AXFR or IXFR, as cheap as that can be told."""
    position, end = HEADER_OCTETS, len(query)
    while position < end and query[position]:
        position += query[position] + 1
    return query[4:6] == b"\0\1" and query[position + 1 : position + 3] in (b"\0\xfb", b"\0\xfc")


class Transfers:
    """Gives the zones that a server shows to its secondaries."""

    def __init__(
        self,
        holdings: Holdings,
        journals: Journals,
        may_fetch: Callable[[str, str], bool],  # the holder of a key this zone
        log: Log,
        now_unix: Callable[[], int],
    ) -> None:
        self._holdings = holdings
        self._journals = journals
        self._may_fetch = may_fetch
        self._log = log
        self._now = now_unix

    def answer(self, opened: OpenedRequest, max_octets: int) -> bytes | Iterator[bytes] | Rcode:
        """Return the messages of a transfer, signed, or with which code it is refused."""
        signer = opened.signer
        if signer is None:
            return Rcode.REFUSED
        try:
            query = parse_message(opened.message)
        except RemoteProtocolError:
            return Rcode.FORMERR
        question = query.question
        assert question is not None
        if not self._may_fetch(signer.name, question.name):
            return Rcode.REFUSED
        if question.name in self._holdings.shown.unready:
            return Rcode.SERVFAIL  # RFC 5936 §2.2.1: expired, or not here yet
        zone = self._holdings.shown.by_origin.get(question.name)
        if zone is None or question.qclass != "IN":
            return Rcode.NOTAUTH
        is_datagram = max_octets <= MAX_DATAGRAM_OCTETS
        if question.type == "AXFR":
            if is_datagram:  # RFC 5936 §4.2: there is no AXFR over UDP
                return Rcode.FORMERR
            return self._sealed(opened, zone, "AXFR", whole_zone(query, zone))
        return self._changes(opened, query, zone, is_datagram=is_datagram)

    def _changes(
        self, opened: OpenedRequest, query: Message, zone: Zone, *, is_datagram: bool
    ) -> bytes | Iterator[bytes] | Rcode:
        since = _serial_of(query, zone.origin)
        if since is None:
            return Rcode.FORMERR  # RFC 1995 §3
        if not is_later(zone.serial, since):  # §2: up to date
            return opened.seal(single_soa(query, zone), self._now())
        steps = self._journals.steps(zone, since)
        if is_datagram:
            return self._in_a_datagram(opened, query, zone, steps)
        if not steps:  # §4: the whole zone, in the form of AXFR
            return self._sealed(opened, zone, "IXFR, whole", whole_zone(query, zone))
        return self._sealed(opened, zone, f"IXFR from {since}", changes_since(query, zone, steps))

    def _in_a_datagram(
        self, opened: OpenedRequest, query: Message, zone: Zone, steps: tuple[JournalStep, ...]
    ) -> bytes:
        """RFC 1995 §2: what does not fit is answered by our SOA alone, so that the client comes by TCP."""
        limit = PLAIN_DATAGRAM_OCTETS if query.edns is None else min(query.edns.datagram_octets, MAX_DATAGRAM_OCTETS)
        if steps and sum(map(len, steps)) <= limit:
            messages = list(changes_since(query, zone, steps))
            if len(messages) == 1 and len(messages[0]) + TSIG_OCTETS <= limit:
                return opened.seal(messages[0], self._now())
        return opened.seal(single_soa(query, zone), self._now())

    def _sealed(self, opened: OpenedRequest, zone: Zone, kind: str, messages: Iterator[bytes]) -> Iterator[bytes]:
        assert opened.signer is not None
        self._log.info("zone.transferred", zone=zone.origin, serial=zone.serial, key=opened.signer.name, kind=kind)
        return opened.seal_each(messages, self._now)


def _serial_of(query: Message, origin: str) -> int | None:
    """Return the serial that an IXFR's client has."""
    for record in query.authority:
        if isinstance(record.rdata, SOA) and record.name == origin:
            return record.rdata.serial
    return None

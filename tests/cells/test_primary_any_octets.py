"""Any octets to the primary: an answer or silence, never a fault, and never more than a message has room for."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.mesh import ClockAt, KeptLog
from scop.cells.primary.holdings import Author, Holdings, Unsigned
from scop.cells.primary.name_server import NameServer, Rights
from scop.dns.answer import Question
from scop.dns.message import build_query
from scop.dns.rdata import TXT, A, Opaque
from scop.dns.tsig import TsigKey, sign_request
from scop.dns.tsig_record import split_tsig
from scop.dns.update import Addition, Deletion, Prerequisite, build_update
from scop.dns.zone.answer import MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS
from scop.dns.zone.grants import Grant
from scop.dns.zone.notify import build_notify
from scop.dns.zone.transfer import build_transfer_query
from scop.dns.zone.zone import Zone

NOW = 1_800_000_000
ORIGIN = "harbor.test"
KEY = TsigKey("k", b"k" * 32)
ZONE = Zone.parse(
    "$TTL 300\n@ SOA mx hostmaster 7 3600 600 1209600 10\n@ NS mx\nmx A 127.0.20.1\n*.w TXT x\nd DNAME w\ne NS ns.e\n",
    ORIGIN,
)
CHANGES = (
    Addition("a.harbor.test", 60, A("127.0.0.1")),
    Addition("harbor.test", 60, TXT.of(b"x")),
    Addition("l.harbor.test", 60, Opaque("HINFO", b"\1a\1b")),
    Deletion("mx.harbor.test", "A"),
    Deletion("mx.harbor.test", "ANY"),
    Deletion("harbor.test", "TXT", TXT.of(b"x")),
)


def unsigned(octets: bytes) -> bytes:
    """Return a message without its TSIG."""
    return split_tsig(octets)[0]


NEEDS = (Prerequisite("mx.harbor.test", "A"), Prerequisite("nobody.harbor.test", exists=False))
UPDATE = unsigned(build_update(ORIGIN, CHANGES, KEY, now_unix=NOW, message_id=7, prerequisites=NEEDS).octets)
MESSAGES = (
    UPDATE,
    build_query(Question("x.w.harbor.test", "TXT"), 7),
    build_transfer_query(ORIGIN, None, 7),
    build_transfer_query(ORIGIN, ZONE, 7),
    build_notify(ORIGIN, 7, ZONE.soa),
)


class _Nowhere:
    def commit(self, zone: Zone, by: Author) -> None:
        """See that a master file holds it, and keep nothing."""
        assert zone == Zone.parse(zone.to_text(), zone.origin)


def answer(octets: bytes, max_octets: int) -> list[bytes]:
    """Return every message of the answer of a fresh server."""

    async def ask() -> list[bytes]:
        log = KeptLog()
        holdings = Holdings([ZONE], _Nowhere(), Unsigned(), lambda: NOW)
        rights = Rights((KEY,), Grant.parse("k:*:*"), transfer_keys=frozenset({KEY.name}))
        server = NameServer(holdings, rights, log.log(), ClockAt(NOW))
        found = server.answer_public(octets, max_octets)
        response = await found if isinstance(found, Awaitable) else found
        if isinstance(response, Iterator):
            return list(response)
        return [] if response is None else [response]

    return asyncio.run(ask())


def check(octets: bytes) -> None:
    """Ask both ways; each message of an answer is to this query, and within its room."""
    for max_octets in (MAX_DATAGRAM_OCTETS, MAX_STREAM_OCTETS):
        for message in answer(octets, max_octets):
            assert (octets[:2], 0x80) == (message[:2], message[2] & 0x80)
            assert len(message) <= max_octets


@given(st.binary(max_size=120))
def test_primary_takes_any_octets(octets: bytes) -> None:
    """Noise is answered or not, and nothing breaks."""
    check(octets)


@given(
    st.sampled_from(MESSAGES), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=4), st.booleans()
)
def test_primary_takes_any_message_of_a_key(octets: bytes, changes: list[tuple[int, int]], is_signed: bool) -> None:
    """What the holder of a key sends is no more trusted to be well formed, and what it leaves can be read again."""
    changed = bytearray(octets)
    for place, octet in changes:
        changed[place % len(changed)] = octet
    check(sign_request(bytes(changed), KEY, NOW).octets if is_signed else bytes(changed))


@given(st.integers(1, 300), st.booleans())
def test_primary_takes_what_is_cut_off(size: int, is_signed: bool) -> None:
    """A message that ends anywhere is an error of its sender."""
    for octets in MESSAGES:
        cut = octets[:size]
        if len(cut) >= 12 or not is_signed:
            check(sign_request(cut, KEY, NOW).octets if is_signed else cut)


@pytest.mark.parametrize("octets", MESSAGES)
def test_primary_takes_the_messages_as_they_are(octets: bytes) -> None:
    """The messages that the others are made of are good ones."""
    (first, *_) = answer(sign_request(octets, KEY, NOW).octets, MAX_STREAM_OCTETS)
    assert (0 if octets != MESSAGES[4] else 9) == first[3] & 15

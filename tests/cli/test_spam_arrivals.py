"""What other mail servers wrote of who brought a mail: found, believed no further than it is theirs, and taken off."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cli.spam.arrivals import arrival_of
from scop.spam.connection import Connection

OURS = frozenset({"lagoon.example"})
BELOW = (
    b"Received: from a (b [198.51.100.9])\r\n\tby relay.example; Sat, 28 Nov 2026 09:59:58 +0000\r\nSubject: x\r\n\r\ny"
)
DATE = "Sat, 28 Nov 2026 10:00:00 +0000"
POSTFIX = (
    b"Received: from helo.example (mail.example [192.0.2.7])\r\n"
    b"\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits)\r\n"
    b"\t key-exchange X25519 server-signature ECDSA (P-256) server-digest SHA256)\r\n"
    b"\t(No client certificate requested)\r\n"
    b"\tby mx.lagoon.example (Postfix) with ESMTPS id 4ABC\r\n"
    b"\tfor <ann@lagoon.example>; Sat, 28 Nov 2026 10:00:00 +0000 (UTC)\r\n"
)
SENDMAIL = (
    b"Received: from helo.example (mail.example [IPv6:2001:DB8::7] (may be forged))\r\n"
    b"\tby mx.lagoon.example (8.18.1/8.18.1) with ESMTPS id 5ATA0\r\n"
    b"\t(version=TLSv1.2 cipher=ECDHE-RSA-AES256-GCM-SHA384 bits=256 verify=NOT);\r\n"
    b"\tSat, 28 Nov 2026 10:00:00 +0000\r\n"
)
PLAIN = (
    b"Received: from helo.example (unknown [192.0.2.7])\r\n\tby mx.lagoon.example (Postfix) with SMTP id 1;\r\n"
    b"\tSat, 28 Nov 2026 10:00:00 +0000\r\n"
)
LOOP = (
    b"Received: from localhost (localhost [127.0.0.1])\r\n\tby mx.lagoon.example (Postfix) with ESMTP id 2;\r\n"
    b"\tSat, 28 Nov 2026 10:00:01 +0000\r\n"
)
INNER = (
    b"Received: from mx.lagoon.example ([127.0.0.1])\r\n\tby imap.lagoon.example with LMTP id 3;\r\n"
    b"\tSat, 28 Nov 2026 10:00:02 +0000\r\n"
)
DELIVERED = b"Return-Path: <x@mail.example>\r\nDelivered-To: ann@lagoon.example\r\n"


@pytest.mark.parametrize(
    ("stamps", "expected"),
    [
        (POSTFIX, Connection("192.0.2.7", "mail.example", "helo.example", "TLSv1.3", f"{DATE} (UTC)")),
        (SENDMAIL, Connection("2001:db8::7", "mail.example", "helo.example", "TLSv1.2", DATE)),
        (PLAIN, Connection("192.0.2.7", "", "helo.example", "", DATE)),
        (DELIVERED + INNER + LOOP + PLAIN, Connection("192.0.2.7", "", "helo.example", "", DATE)),
        (LOOP, Connection("127.0.0.1", "localhost", "localhost", "", DATE.replace("0:00 ", "0:01 "))),
    ],
)
@pytest.mark.parametrize("end", [b"\r\n", b"\n"])
def test_arrival_is_read_from_what_our_servers_wrote(stamps: bytes, expected: Connection, end: bytes) -> None:
    """Postfix and Sendmail, below what delivered the mail and below hops within the house."""
    octets = (stamps + BELOW).replace(b"\r\n", end)
    assert (BELOW.replace(b"\r\n", end), expected) == arrival_of(octets, OURS)


@pytest.mark.parametrize("octets", [BELOW, b"", b"\r\n", b"Received:\r\n", b"Received: from x", DELIVERED])
def test_arrival_is_none_of_others(octets: bytes) -> None:
    """A mail that no server of ours stamped stays as it is."""
    assert (octets, None) == arrival_of(octets, OURS)


def test_arrival_believes_nothing_that_was_brought_along() -> None:
    """Below the hop that came from outside another may bear our name."""
    forged = PLAIN.replace(b"192.0.2.7", b"203.0.113.1")
    below, connection = arrival_of(PLAIN + forged + BELOW, OURS)
    assert connection is not None
    assert (forged + BELOW, "192.0.2.7") == (below, connection.address)


def test_arrival_of_a_client_that_is_known() -> None:
    """By XFORWARD the first half told whom it writes of, so it is ours whatever its domain."""
    assert (BELOW, None) == arrival_of(BELOW, frozenset(), "192.0.2.7")
    found = arrival_of(PLAIN + BELOW, frozenset(), "192.0.2.7")
    assert (BELOW, Connection("192.0.2.7", "", "helo.example", "", DATE)) == found


LINES = st.sampled_from(
    [
        *(PLAIN, LOOP, POSTFIX, DELIVERED, b"Received: from"),
        b"\t",
        b"x\n",
        b"\n",
        b": ",
        b" by mx.lagoon.example;",
        b"\xff[",
    ]
)


@given(st.lists(LINES, max_size=8).map(b"".join))
def test_arrival_of_any_octets(octets: bytes) -> None:
    """What is left is the end of the mail, and a fact is told only where something was taken off."""
    below, connection = arrival_of(octets, OURS)
    assert octets.endswith(below)
    assert (connection is None) is (below == octets)

"""What we write above a message, and how it is told from the rest."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime.fields.received import parse_received
from scop.smtp import ForwardPath, Mailbox, ReversePath
from scop.smtp.stamps import (
    Handover,
    date_time,
    delivery_id,
    header_of,
    hop_count,
    prepend,
    protocol_word,
    received_field,
    return_path_field,
    split_stamps,
)

HOST = "mx.harbor.test"
BELOW = b"Received: from x (y [192.0.2.9]) by other.test with SMTP; x\r\nSubject: a\r\n\r\nbody\r\n"


def _handover(**changes: object) -> Handover:
    facts: dict[str, object] = {
        "helo": "mail.lagoon.test",
        "name": "mail.lagoon.test",
        "address": "127.0.10.1",
        "hostname": HOST,
        "protocol": "ESMTPS",
        "trace": "0123456789ab",
        "unix": 1_700_000_000.9,
        "tls": "TLS1.3 TLS_AES_256_GCM_SHA384",
        "recipient": ForwardPath.parse("<a@harbor.test>"),
    }
    return Handover(**(facts | changes))  # type: ignore[arg-type]  # a dict of facts in a test


def test_received_field_bears_the_facts() -> None:
    """RFC 5321 §4.4: from, by, with, id, for and the date."""
    expected = (
        b"Received: from mail.lagoon.test (mail.lagoon.test [127.0.10.1])\r\n"
        b"\tby mx.harbor.test with ESMTPS\r\n"
        b"\tid 0123456789ab\r\n"
        b"\tfor <a@harbor.test>\r\n"
        b"\ttls TLS_AES_256_GCM_SHA384 (TLS1.3);\r\n"
        b"\tTue, 14 Nov 2023 22:13:20 +0000\r\n"
    )
    assert expected == received_field(_handover())


def test_received_field_is_read_as_it_was_meant() -> None:
    """The clauses in the order of RFC 5321 §4.4, the registered one last."""
    received = parse_received(received_field(_handover()).decode().partition(":")[2].replace("\r\n", ""))
    assert received is not None
    assert ["from", "by", "with", "id", "for", "tls"] == [clause.name for clause in received.clauses]
    assert ("127.0.10.1", "mail.lagoon.test") == (received.address, received.reverse_name)


@pytest.mark.parametrize(
    ("facts", "clause"),
    [
        ("TLS1.2 ECDHE-RSA-AES128-GCM-SHA256", "tls TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 (TLS1.2)"),
        ("TLS1.2 ECDHE-ECDSA-CHACHA20-POLY1305", "tls TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256 (TLS1.2)"),
        ("TLS1.2 DHE-RSA-AES256-SHA256", "(TLS1.2 DHE-RSA-AES256-SHA256)"),
        ("TLS1.3 odd) id evil", "(TLS1.3 odd??id?evil)"),
    ],
)
def test_received_field_names_the_cipher_suite_as_it_is_registered(facts: str, clause: str) -> None:
    """RFC 8314 §4.3: a clause `tls` with the name of the registry; a comment where we know only OpenSSL's."""
    field = received_field(_handover(tls=facts))
    assert f"\tfor <a@harbor.test>\r\n\t{clause};\r\n".encode() in field


def test_received_field_knows_little_of_a_plain_client() -> None:
    """No TLS facts, no recipient where there are several, 'unknown' where DNS has no name."""
    field = received_field(_handover(name="", tls="", recipient=None, address="2001:db8::1", protocol="SMTP"))
    assert b"(unknown [IPv6:2001:db8::1])\r\n\tby mx.harbor.test with SMTP\r\n\tid" in field


@given(st.text(max_size=60))
def test_words_of_the_client_never_leave_their_place(text: str) -> None:
    """Whatever a client calls itself, the field has its lines and `by` is ours."""
    field = received_field(_handover(helo=text, name=text))
    assert 6 == field.count(b"\r\n")
    assert (field, BELOW) == split_stamps(field + BELOW, HOST)


def test_split_stamps_ends_with_our_topmost_received() -> None:
    """Our fields, in any number, down to the first Received by us."""
    ours = (
        b"Authentication-Results: mx.harbor.test; none\r\nX-SCoP-Spam: ham\r\n\tfolded: yes\r\n"
        b"DKIM-Signature: v=1\r\nDelivered-To: a@b.test\r\n" + received_field(_handover())
    )
    assert (ours, BELOW) == split_stamps(ours + BELOW, HOST.upper())


@pytest.mark.parametrize(
    "octets",
    [
        BELOW,
        b"Subject: a\r\n" + received_field(_handover()) + BELOW,
        b"X-SCoP-Spam: ham\r\n" + BELOW,
        b"",
        b"no field\r\n",
        received_field(_handover(hostname="mx.harbor.test.evil.test")) + BELOW,
        b"Received: from x ( by mx.harbor.test ) by evil.test; x\r\n\r\n",
    ],
)
def test_split_stamps_believes_nobody_else(octets: bytes) -> None:
    """Where our Received does not end the stamps there are none."""
    assert (b"", octets) == split_stamps(octets, HOST)


@given(st.binary(max_size=200))
def test_split_stamps_loses_no_octet(octets: bytes) -> None:
    """Any octets are cut in two, never changed and never a fault."""
    assert octets == b"".join(split_stamps(octets, HOST))


@pytest.mark.parametrize(
    ("octets", "header", "hops"),
    [
        (b"Received: a\r\nRECEIVED : b\r\n\r\nReceived: c\r\n\r\n", b"Received: a\r\nRECEIVED : b\r\n", 2),
        (b"Received: a\r\n\treceived: b\r\nX: c\r\n", b"Received: a\r\n\treceived: b\r\nX: c\r\n", 1),
        (b"\r\nReceived: a\r\n\r\nb", b"", 0),
        (b"", b"", 0),
    ],
)
def test_header_of_a_message(octets: bytes, header: bytes, hops: int) -> None:
    """RFC 5322 §2.1: the first empty line ends it, and the message where there is none; its hops are counted."""
    assert (header, hops) == (header_of(octets), hop_count(header_of(octets)))


def test_delivery_id_is_of_sender_and_message() -> None:
    """A retry has the same id whatever was stamped above, another sender or message another."""
    path = ReversePath(Mailbox.parse("a@b.test"))
    first = prepend(BELOW, received_field(_handover(trace="one")))
    again = prepend(BELOW, received_field(_handover(trace="two", unix=1_800_000_000)))
    ids = {delivery_id(path, split_stamps(octets, HOST)[1]) for octets in (first, again)}
    assert 1 == len(ids)
    assert 32 == len(*ids)
    assert delivery_id(ReversePath(None), BELOW) not in ids
    assert delivery_id(path, BELOW + b"x") not in ids


def test_protocol_words_are_the_registered_ones() -> None:
    """RFC 3848 and RFC 6531 §4.3."""
    assert "SMTP" == protocol_word(extended=False, tls=False, authenticated=False, smtputf8=False)
    assert "ESMTP" == protocol_word(extended=True, tls=False, authenticated=False, smtputf8=False)
    assert "ESMTPSA" == protocol_word(extended=True, tls=True, authenticated=True, smtputf8=False)
    assert "UTF8SMTPS" == protocol_word(extended=True, tls=True, authenticated=False, smtputf8=True)


def test_return_path_and_date() -> None:
    """Both are written as RFC 5321 §4.4 and RFC 5322 §3.3 have them."""
    assert b"Return-Path: <>\r\n" == return_path_field(ReversePath(None))
    assert "Thu, 1 Jan 1970 00:00:00 +0000" == date_time(0.0)

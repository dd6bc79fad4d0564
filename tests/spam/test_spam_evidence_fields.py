"""The header: who, from where, how made; what our side and other filters wrote is never evidence."""

from __future__ import annotations

import pytest

from scop.mime import Address
from scop.spam.connection import Connection
from scop.spam.evidence import evidence_of

HEADER = """\
Received: from mail.sender.test (pool-1-2-3.dsl.isp.test [192.0.2.7])
\tby mx.harbor.test with ESMTP id x; Mon, 2 Nov 2026 10:00:00 +0000
Message-ID: <20261102.AB12@made.test>
Date: Thu, 5 Nov 2026 10:00:00 +0900
From: "Ada Byron" <ada.b@mail.sender.test>
Reply-To: Claims <claims12345@other.test>
To: bob@harbor.test, eve@harbor.test
Subject: Re: FREE money!! =?utf-8?q?f=C3=BCr_Sie?=
X-Mailer: Bulk Blaster 3
List-Id: Offers <offers.sender.test>
Content-Type: text/plain; charset=us-ascii

text
"""


def tokens(header: str) -> set[str]:
    """Return the tokens of a mail with this header."""
    return set(evidence_of(header.replace("\n", "\r\n").encode()).tokens)


def test_fields_bear_their_place() -> None:
    """A word of a field is another token than the same word of the text; pairs of the subject's words count too."""
    found = tokens(HEADER)
    assert {"subject:free", "subject:free money", "subject:für", "from:byron", "x-mailer:blaster"} <= found
    assert "free" not in found


def test_addresses_are_told_whole_by_domain_and_by_owner() -> None:
    """Each address gives itself, its domain and the registered domain."""
    expected = {
        "from:ada.b@mail.sender.test",
        "from:@mail.sender.test",
        "from:@sender.test",
        "to:in-2",
        "reply-to:with-digits",
    }
    assert expected <= tokens(HEADER)


def test_relations_between_fields() -> None:
    """Answers that go elsewhere, answers to nothing, a made-up name of another domain, a date ahead of its hop."""
    expected = {"reply-to:elsewhere", "message-id:elsewhere", "subject:answer-to-nothing", "date:days-ahead"}
    assert expected | {"date:zone+0900", "message-id:9+.A+9+", "subject:!!"} <= tokens(HEADER)


def test_hops_are_told_by_network_name_and_oddity() -> None:
    """The client of a hop gives its networks, the owner of its name, and what does not fit."""
    expected = {
        "host:192.0.2.",
        "host:192.0.",
        "host:isp.test",
        "host:sender.test",
        "net:helo-not-name",
        "net:dynamic-name",
    }
    assert expected | {"host:by-harbor.test", "path:with-esmtp", "path:hops-1"} <= tokens(HEADER)


@pytest.mark.parametrize(
    ("hop", "token"),
    [
        ("from [192.0.2.7] (unknown [192.0.2.7]) by mx.test with SMTP; x", "net:helo-is-address"),
        ("from friend (unknown [192.0.2.7]) by mx.test with SMTP; x", "net:no-name"),
        ("from friend (unknown [192.0.2.7]) by mx.test with SMTP; x", "net:helo-unqualified"),
        ("from a.test (HELO b.test) (192.0.2.7) by mx.test; x", "net:helo-not-name"),
        ("from a.test ([2001:db8::7]) by mx.test; x", "host:2001:db8:"),
        ("whatever", "path:odd-hop"),
    ],
)
def test_hops_of_other_hosts_are_read(hop: str, token: str) -> None:
    """Each host writes its own way."""
    assert token in tokens(f"Received: {hop}\n\nx\n")


@pytest.mark.parametrize(
    ("hop", "protocol"),
    [
        ("by mx.test with SMTP; Mon, 1 Jan 2024 00:00:00 +0000", "smtp"),
        ("by mx.test with SMTP id 7; Mon, 1 Jan 2024 00:00:00 +0000", "smtp"),
        ("by mx.test id 7 with ESMTP", "esmtp"),
        ("by mx.test; at night with ESMTP", "esmtp"),
        ("by mx.test with id 7", "id"),
        ("by mx.test (a; b with none) with LMTP", "none"),
    ],
)
def test_a_protocol_is_found_behind_name_and_date_too(hop: str, protocol: str) -> None:
    """The beginning of a hop stands for all of it only where it has all that is told."""
    assert {"host:by-mx.test", f"path:with-{protocol}"} <= set(tokens(f"Received: {hop}\n\nx\n"))


@pytest.mark.parametrize(
    "field",
    [
        "X-SCoP-Spam: spam; score=0.99",
        "X-SCoP-Finding: phishing",
        "Authentication-Results: mx.test; spf=fail",
        "Return-Path: <leak@leak.test>",
        "Delivered-To: leak@leak.test",
        "X-Spam-Status: Yes, score=9",
        "X-Bogosity: Spam",
        "ARC-Seal: i=1",
        "Status: RO",
    ],
)
def test_what_is_written_on_arrival_is_no_evidence(field: str) -> None:
    """The verdict of another filter and the marks of delivery change neither tokens nor octets."""
    rest = b"From: a@b.test\r\nSubject: x\r\n\r\ntext"
    assert evidence_of(rest) == evidence_of(f"{field}\r\n".encode() + rest)


@pytest.mark.parametrize(
    ("field", "author"),
    [
        ('"Ada Byron" <ada@b.test>', Address("Ada Byron", "ada@b.test")),
        ("Ada <ada@b.test>", Address("Ada", "ada@b.test")),
        ("ada@b.test (Ada)", Address("Ada", "ada@b.test")),
        ("=?utf-8?q?Ada_=3Cx=40y.test=3E?= <ada@b.test>", Address("Ada <x@y.test>", "ada@b.test")),
        ("<ada@b.test>, eve@c.test", Address("", "ada@b.test")),
    ],
)
def test_author_is_the_first_address_of_from(field: str, author: Address) -> None:
    """An encoded word holds a name, never an address."""
    assert author == evidence_of(f"From: {field}\r\n\r\nx".encode()).author


@pytest.mark.parametrize(
    ("field", "author"),
    [
        ('"Ada L" <ada@harbor.test>', Address("Ada L", "ada@harbor.test")),
        ("=?utf-8?q?eve=40evil=2Etest?= <ada@harbor.test>", Address("eve@evil.test", "ada@harbor.test")),
        ("=?utf-8?q?=3Ceve=40evil=2Etest=3E=2C?= <ada@harbor.test>", Address("<eve@evil.test>,", "ada@harbor.test")),
    ],
)
def test_encoded_words_move_no_address(field: str, author: Address) -> None:
    """Addresses are cut before encoded words are decoded, in this field or in another one."""
    assert author == evidence_of(f"Subject: =?utf-8?q?=E9?=\nFrom: {field}\n\nx\n".encode()).author


def test_names_of_hosts_on_the_way_come_first_and_are_counted() -> None:
    """Whoever learns can tell them from what would be the same on another way, however long they are."""
    client = Connection(address="198.51.100.9", name=f"{'a' * 60}.{'b' * 60}.{'c' * 60}", helo="pier.test")
    found = evidence_of(HEADER.replace("\n", "\r\n").encode(), client)
    named = [token for token in found.tokens if token.startswith("host:")]
    assert found.tokens[: found.hosts] == tuple(named)
    assert {"host:by-harbor.test", "host:isp.test", "host:198.51.", "host:pier.test"} <= set(named)


def test_capitals_are_the_same_text() -> None:
    """A word at the beginning of a sentence, and one that is shouted, have the 4-grams that they have elsewhere."""
    quiet, loud = (evidence_of(b"Subject: x\r\n\r\n" + text).octets for text in (b"free money", b"FREE Money"))
    assert quiet == loud


def test_octets_are_header_and_decoded_text() -> None:
    """Byte n-grams see what the mail says, not how it was encoded."""
    octets = evidence_of(
        b"Subject: =?utf-8?b?R3LDvMOfZQ==?=\r\nX-SCoP-Spam: x\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8="
    ).octets
    assert "subject: Grüße\ncontent-transfer-encoding: base64\n\nhello" == octets.decode()


def test_octets_tell_nothing_of_when_and_by_which_hosts_a_mail_came() -> None:
    """Mail of another month and of another server has the same octets: 4-grams would learn where it was collected."""
    way = "Received: from {0}.test ([192.0.2.{1}]) by mx.{0}.test; {2}\r\nDate: {2}\r\n"
    mails = [
        (way.format(*told) + "From: ann@harbor.test\r\n\r\nSee you.\r\n").encode()
        for told in (("lagoon", 7, "Thu, 25 Jul 2002 06:08:19 -0400"), ("pier", 8, "Mon, 2 Dec 2024 11:57:32 +0100"))
    ]
    assert evidence_of(mails[0]).octets == evidence_of(mails[1]).octets
    assert evidence_of(mails[0]).tokens != evidence_of(mails[1]).tokens


def test_octets_hold_what_is_seen() -> None:
    """Tags, comments and hidden text are no part of the text that n-grams are cut from."""
    html = b"<html><style>p{}</style><!-- x --><p>Dear <b>Ann</b></p><p style='display:none'>unseen</p></html>"
    assert b"dear ann" == evidence_of(b"Content-Type: text/html\r\n\r\n" + html).octets.partition(b"\n\n")[2].strip()


def test_mail_without_a_header_has_tokens_too() -> None:
    """What is missing is a clue."""
    assert {"date:missing", "message-id:missing", "subject:empty", "to:nobody"} <= set(evidence_of(b"").tokens)

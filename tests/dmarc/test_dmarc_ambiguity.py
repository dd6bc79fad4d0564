"""Doubts about who wrote a mail, and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scop.dmarc import (
    Aligned,
    Authorship,
    Disposition,
    DmarcResult,
    DmarcWord,
    Doubt,
    DoubtWord,
    author_domains,
    read_authorship,
    strictly,
)
from scop.dmarc.author import MAX_FROM_CHARACTERS
from scop.mime import parse

W = DoubtWord
PLAIN = b"From: Ann <ann@lagoon.test>\r\nTo: bob@harbor.test\r\n\r\nHello\r\n"
PASSED = DmarcResult(
    DmarcWord.PASS,
    spf_aligned=True,
    dkim_aligned=True,
    policy=Disposition.REJECT,
    author_domain="lagoon.test",
    aligned=(Aligned("spf", "lagoon.test"), Aligned("dkim", "lagoon.test")),
)


def _words(octets: bytes) -> list[DoubtWord]:
    return [doubt.word for doubt in read_authorship(parse(octets)).doubts]


BODIES: Mapping[str, list[DoubtWord]] = {
    "ann@lagoon.test": [],
    "Ann <ann@lagoon.test>": [],
    '"Ann, of bank@bank.test" <ann@lagoon.test>': [],
    "=?utf-8?q?Ann_of_bank=40bank.test?= <ann@lagoon.test>": [],
    "ann@lagoon.test (Ann of the bank)": [],
    '"ann@lagoon.test" <ann@lagoon.test>': [],
    "ann@lagoon.test, bob@lagoon.test": [],
    "=?utf-8?q?ann?=@lagoon.test": [],
    "ann@lagoon.test, bob@bank.test": [W.SEVERAL_DOMAINS],
    ", ".join(f"x@{letter}.test" for letter in "abcde"): [W.SEVERAL_DOMAINS],
    ", ".join(f"x@{letter}.test" for letter in "abcdef"): [W.MANY_DOMAINS],
    "Friends: ann@lagoon.test;": [W.GROUP],
    "Undisclosed:;": [W.GROUP, W.NO_AUTHOR_DOMAIN],
    "": [W.NO_AUTHOR_DOMAIN],
    "ann@[192.0.2.1]": [W.NO_AUTHOR_DOMAIN],
    "ann@bank.test\0 <ann@lagoon.test>": [W.CONTROL_CHARACTER, W.CONTROL_CHARACTER, W.SEVERAL_DOMAINS],
    "=?utf-8?q?bank=40bank.test?=": [W.ENCODED_ADDRESS],
    "<=?utf-8?b?YmFua0BiYW5rLnRlc3Q=?=>": [W.ENCODED_ADDRESS],
    "ann@lagoon\u200e.test": [W.IMPOSSIBLE_DOMAIN],
    "=?utf-8?q?bank=40bank.test=00?=@lagoon.test": [W.ENCODED_ADDRESS, W.SEVERAL_DOMAINS],
    "bank@=?utf-8?q?bank.test?=": [W.ENCODED_ADDRESS, W.SEVERAL_DOMAINS],
    "=?utf-8?q?=3Cbank=40bank.test=3E?= <ann@lagoon.test>": [W.ENCODED_ADDRESS, W.SEVERAL_DOMAINS],
    "=?utf-8?q?bank=40bank.test?=, <ann@lagoon.test>": [W.ENCODED_ADDRESS, W.SEVERAL_DOMAINS],
    '"Bank <bank@bank.test>" <ann@lagoon.test>': [W.HIDDEN_ADDRESS, W.SEVERAL_DOMAINS],
    "ann@lagoon.test (<bank@bank.test>)": [W.HIDDEN_ADDRESS, W.SEVERAL_DOMAINS],
    "bank\uff20bank.test <ann@lagoon.test>": [W.SEVERAL_DOMAINS],
}


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_each_doubt_has_a_word(body: str) -> None:
    """What readers may read in two ways is doubtful (RFC 9989 §11.5); names that only look like addresses are not."""
    assert BODIES[body] == _words(b"From: " + body.encode() + b"\r\n\r\nHello\r\n")


HEADERS: Mapping[bytes, list[DoubtWord]] = {
    PLAIN: [],
    b"Subject: x\r\n\r\nHello\r\n": [W.NO_FROM],
    b"From: a@lagoon.test\r\nFROM : b@lagoon.test\r\n\r\n": [W.SEVERAL_FROM],
    b"Subject: x\rFrom: b@bank.test\r\nFrom: a@lagoon.test\r\n\r\n": [
        W.HIDDEN_FROM,
        W.CONTROL_CHARACTER,
        W.SEVERAL_DOMAINS,
    ],
    b" From: b@bank.test\r\nFrom: a@lagoon.test\r\n\r\n": [W.HIDDEN_FROM, W.SEVERAL_DOMAINS],
    b"\xef\xbb\xbfFrom: b@bank.test\r\nFrom: a@lagoon.test\r\n\r\n": [W.HIDDEN_FROM, W.SEVERAL_DOMAINS],
    b"From\0: b@bank.test\r\nFrom: a@lagoon.test\r\n\r\n": [W.HIDDEN_FROM, W.CONTROL_CHARACTER, W.SEVERAL_DOMAINS],
    b"From: a@lagoon.test\r\nX: y\r\n From: b@bank.test\r\n\r\n": [],  # folded
    b"DKIM-Signature: h=\r\n\tfrom:to\r\nFrom: a@lagoon.test\r\n\r\n": [],
    b"From: a@lagoon.test\r\nX: from: b@bank.test\r\n\r\n": [],
    b"From: a@lagoon.test\r\n\n\r\nFrom: b@bank.test\r\n\r\nHello": [W.HIDDEN_FROM, W.SEVERAL_DOMAINS],
    b"From: a@lagoon.test\r\nno field\r\nFrom: b@bank.test\r\n": [
        W.HIDDEN_FROM,
        W.UNCLEAR_HEADER_END,
        W.SEVERAL_DOMAINS,
    ],
    b"From: a@lagoon.test\r\nSubject: x\r\nSUBJECT : y\r\n\r\n": [W.DUPLICATE_FIELD],
    b"From: a@lagoon.test\r\nSender: b@bank.test\r\n\r\n": [W.OTHER_SENDER],
    b"From: a@lagoon.test\r\nSender: b@lagoon.test\r\n\r\n": [],
    b"From: a@lagoon.test\r\nX: \0\r\n\r\n": [W.CONTROL_CHARACTER],
    b"From: a@lagoon.test\r\nTo: b\nX: c\r\n\r\n": [W.CONTROL_CHARACTER],
    b"From: a@lagoon.test\nTo: b\n\nFrom: b@bank.test\n": [],  # a file whose lines end with LF
}


@pytest.mark.parametrize("octets", HEADERS, ids=range(len(HEADERS)))
def test_each_doubt_about_a_header_has_a_word(octets: bytes) -> None:
    """A From that only some readers see is judged, and noted (RFC 9989 §11.5)."""
    authorship = read_authorship(parse(octets))
    assert HEADERS[octets] == [doubt.word for doubt in authorship.doubts]
    assert authorship.domains == author_domains(parse(octets))
    if W.SEVERAL_DOMAINS in HEADERS[octets]:
        assert {"lagoon.test", "bank.test"} == set(authorship.domains)


@pytest.mark.parametrize("length", [MAX_FROM_CHARACTERS - 1, MAX_FROM_CHARACTERS, MAX_FROM_CHARACTERS + 1])
def test_a_from_too_long_to_read_is_doubtful(length: int) -> None:
    """What is not read to its end is not believed."""
    body = b"(" + b"x" * (length - 18) + b") a@lagoon.test,"
    expected = [] if length < MAX_FROM_CHARACTERS else [W.FROM_TOO_LONG]
    assert length == len(body) + 1
    assert expected == _words(b"From: " + body + b"x\r\n\r\n")


def test_a_long_header_hides_no_author() -> None:
    """A From below what our reader takes for a header is one to others."""
    octets = b"From: a@lagoon.test\r\n" + (b"X: " + b"y" * 990 + b"\r\n") * 1100 + b"From: b@bank.test\r\n\r\n"
    assert [W.HIDDEN_FROM, W.UNCLEAR_HEADER_END, W.SEVERAL_DOMAINS] == _words(octets)


def test_nothing_passes_where_readers_may_see_somebody_else() -> None:
    """RFC 9989 §4.4: the policy applies as to mail that fails, and the reason says why."""
    doubtful = Authorship(("lagoon.test",), (Doubt(W.SEVERAL_FROM, "2 fields"),))
    judged = strictly(PASSED, doubtful)
    assert (DmarcWord.FAIL, Disposition.REJECT, ()) == (judged.result, judged.disposition, judged.aligned)
    assert (False, False) == (judged.spf_aligned, judged.dkim_aligned)
    assert "several_from (2 fields)" in judged.reason


def test_an_unusual_author_may_pass() -> None:
    """Several domains that all passed, a group, another Sender: nobody else can be shown (RFC 6854)."""
    unusual = [Doubt(word) for word in (W.SEVERAL_DOMAINS, W.GROUP, W.OTHER_SENDER)]
    assert PASSED is strictly(PASSED, Authorship(("lagoon.test",), tuple(unusual)))


def test_a_field_that_was_added_takes_the_seal_away_and_not_the_server() -> None:
    """RFC 6376 §8.15: a second Subject may be an attacker's, unless the domain's own server sent it."""
    added = Authorship(("lagoon.test",), (Doubt(W.DUPLICATE_FIELD, "subject"),))
    sent = strictly(PASSED, added)
    assert (DmarcWord.PASS, True, False) == (sent.result, sent.spf_aligned, sent.dkim_aligned)
    assert (Aligned("spf", "lagoon.test"),) == sent.aligned
    replayed = DmarcResult(DmarcWord.PASS, dkim_aligned=True, policy=Disposition.QUARANTINE)
    assert Disposition.QUARANTINE is strictly(replayed, added).disposition


@pytest.mark.parametrize("word", [word for word in DmarcWord if word is not DmarcWord.PASS])
def test_only_a_pass_can_be_lost(word: DmarcWord) -> None:
    """Doubt makes no result better or worse than it is."""
    result = DmarcResult(word, Disposition.QUARANTINE)
    assert result is strictly(result, Authorship((), (Doubt(W.NO_FROM),)))


@settings(max_examples=60)
@given(st.binary(max_size=300).map(lambda body: b"From: " + body) | st.binary(max_size=300))
def test_authorship_can_be_read_from_any_octets(octets: bytes) -> None:
    """Whatever stands in a mail, the domains are distinct, and without one there is a doubt that misleads."""
    authorship = read_authorship(parse(octets))
    assert len(authorship.domains) == len(set(authorship.domains))
    assert authorship.domains or authorship.misleads


def test_authorship_is_read_in_linear_time() -> None:
    """A header made of beginnings costs no more than its length."""
    for piece in (b"from", b"from\0", b"\rfrom:", b"<a@", b"=?utf-8?q?=3Ca", b"a@b,"):
        read_authorship(parse(b"From: " + piece * 40_000 + b"\r\n\r\n"))

"""Parts, charsets, encodings; and that no mail, whatever it holds, makes more tokens than the bounds."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.spam.evidence import evidence_of
from scop.spam.evidence.gather import MAX_OCTETS, MAX_TOKEN_CHARACTERS, MAX_TOKENS
from scop.spam.evidence.texts import MAX_SEEN_CHARACTERS

MULTIPART = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"


def tokens(octets: bytes) -> set[str]:
    """Return the tokens of a mail as a set."""
    return set(evidence_of(octets).tokens)


def test_text_is_read_through_every_encoding() -> None:
    """Encoded words, base64 and charsets hide nothing."""
    octets = (
        b"Subject: =?iso-8859-1?q?Gewinn=FCberraschung?=\r\nContent-Type: text/plain; charset=koi8-r\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n0NLJ18XU"
    )
    assert {"subject:gewinnüberraschung", "привет", "charset:koi8-r", "encoding:base64"} <= tokens(octets)


@pytest.mark.parametrize(
    ("header", "body", "token"),
    [
        (b"Content-Transfer-Encoding: base64", b"aGVsbG8=", "trick:base64-of-ascii"),
        (b"Content-Transfer-Encoding: quoted-printable", b"=76=69=61gra", "trick:letters-escaped"),
        (b"Content-Transfer-Encoding: rot13", b"x", "encoding:unknown"),
        (b"Content-Type: text/plain; charset=us-ascii", b"caf\xe9", "charset:undeclared"),
        (b"Content-Type: text/plain; charset=utf-8", b"caf\xe9", "charset:broken"),
        (b"Content-Type: text/html; charset=utf-8", b"<meta charset=koi8-r>x", "charset:two"),
        (b"X: y", b"a\nbegin 644 a.exe\nM86)C\n`\nend\nb", "file:uuencoded"),
    ],
)
def test_lies_about_encoding_are_told(header: bytes, body: bytes, token: str) -> None:
    """What is declared is held against what is there."""
    assert token in tokens(header + b"\r\n\r\n" + body)


def test_files_are_told_by_name_ending_and_true_type() -> None:
    """A program that calls itself a picture is one in its tokens."""
    octets = MULTIPART + (
        b"--b\r\nContent-Type: image/gif; name=Invoice.pdf.EXE\r\n\r\nbinary words\r\n"
        b"--b\r\nContent-Type: image/gif; name=cat.gif\r\nContent-Transfer-Encoding: base64\r\n\r\nTVqQAAMAAAA=\r\n"
    )
    found = tokens(octets)
    assert {"part:image/gif", "file:invoice", "file:.exe", "file:runs", "trick:two-endings"} <= found
    assert {"file:is-program", "file:is-another"} <= found
    assert "binary" not in found


def test_alternatives_that_say_the_same_count_once() -> None:
    """A plain text that the HTML repeats gives no second words; one that says something else is a clue."""
    mail = MULTIPART + b"--b\r\n\r\n%s\r\n--b\r\nContent-Type: text/html\r\n\r\n%s\r\n--b--"
    alike = evidence_of(mail % (b"buy it now", b"<p>buy it now"))
    assert ("part:alternatives-alike", "buy", "it", "now") == alike.tokens[-4:]
    differ = evidence_of(mail % (b"minutes of the meeting", b"<p>buy pills"))
    assert {"part:alternatives-differ", "minutes", "pills"} <= set(differ.tokens)


def test_hostile_characters_can_be_stored() -> None:
    """UTF-7 can spell half a character; no token keeps it."""
    found = tokens(b"Content-Type: text/plain; charset=utf-7\r\n\r\nab+2AA-cd ef &#xD800;")
    assert all(token.encode() for token in found)


@given(st.binary(max_size=300))
@drawn(60)
def test_anything_is_a_mail(octets: bytes) -> None:
    """Any octets have evidence, the same each time, each token once and storable."""
    evidence = evidence_of(octets)
    assert evidence == evidence_of(octets)
    assert len(set(evidence.tokens)) == len(evidence.tokens)
    assert all(token.encode() for token in evidence.tokens)


_RANDOM = random.Random(7)
FLOODS = {
    "distinct words": b"\r\n" + b" ".join(b"w%x" % _RANDOM.getrandbits(40) for _ in range(60_000)),
    "distinct fields": b"".join(b"X-%d: some value %d\r\n" % (n, n) for n in range(250)) + b"\r\nx",
    "long field name": b"X" * 5_000 + b": y\r\n\r\nx",
    "tags": b"Content-Type: text/html\r\n\r\n" + b"<b style=color:#%06x>x</b>" % 7 * 20_000,
    "links": b"Content-Type: text/html\r\n\r\n" + b"".join(b"<a href=http://h%d.test/>x</a>" % n for n in range(5_000)),
    "hidden words": b"Content-Type: text/html\r\n\r\n<p hidden>" + b" ".join(b"w%d" % n for n in range(20_000)),
    "parts": MULTIPART + b"--b\r\n\r\nword\r\n" * 5_000,
    "files": MULTIPART + b"--b\r\nContent-Type: a/b; name=c.exe\r\n\r\nMZ\r\n" * 5_000,
    "ligatures": b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + "\ufdfa".encode() * 70_000,
    "one long word": b"\r\n" + b"x" * 300_000,
    "addresses": b"To: " + b"a@b.test, " * 5_000 + b"\r\n\r\nx",
}


@pytest.mark.parametrize("octets", FLOODS.values(), ids=FLOODS)
def test_no_flood_passes_the_bounds(octets: bytes) -> None:
    """Tokens, their length, words, text and octets are bounded, and facts come before words."""
    evidence = evidence_of(octets)
    assert len(evidence.tokens) <= MAX_TOKENS
    assert max(map(len, evidence.tokens)) <= MAX_TOKEN_CHARACTERS
    assert len(evidence.text) <= MAX_SEEN_CHARACTERS
    assert len(evidence.octets) <= MAX_OCTETS
    assert any(token.startswith("part:") for token in evidence.tokens)


def test_text_beyond_the_bound_is_not_read() -> None:
    """The first 65,536 characters that are seen count, those behind them do not."""
    filler = b"word " * 13_106
    found = tokens(b"\r\n" + filler + b"inside outside")
    assert "inside" in found
    assert "outside" not in found


def test_style_sheets_do_not_push_text_out() -> None:
    """A letter may carry two hundred thousand octets of style before its first word."""
    assert "seen" in tokens(b"Content-Type: text/html\r\n\r\n<style>" + b"p{x:y}" * 30_000 + b"</style>seen")

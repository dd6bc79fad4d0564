"""From mail to tokens: what a person sees counts, what is hidden does not, and work is bounded."""

from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.spam import tokens_of


def html_words(body: str) -> set[str]:
    """Return the bare words of an HTML mail."""
    return {token for token in tokens_of(f"Content-Type: text/html\r\n\r\n{body}".encode()) if ":" not in token}


def test_tokens_bear_their_place() -> None:
    """A word of a field is another token than the same word of the text."""
    tokens = tokens_of(b"Subject: Cheap offer\r\nMessage-ID: <1@x.test>\r\n\r\nOffer of the day")
    assert {"subject:cheap", "subject:offer", "offer", "day", "has:message-id", "no:date", "part:text/plain"} <= tokens
    assert "cheap" not in tokens


def test_tokens_are_read_through_every_encoding() -> None:
    """Encoded words, base64 and charsets hide nothing."""
    octets = (
        b"Subject: =?iso-8859-1?q?Gewinn=FCberraschung?=\r\nContent-Type: text/plain; charset=koi8-r\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n0NLJ18XU"
    )
    assert {"subject:gewinnüberraschung", "привет"} <= tokens_of(octets)


def test_tokens_of_links_are_the_host_and_its_parents() -> None:
    """A login before "@" and a port do not disguise the host."""
    tokens = tokens_of(b"\r\nHTTP://bank.test@a.evil.test:8080/login and http://b.evil.test?x")
    assert {"url:a.evil.test", "url:b.evil.test", "url:evil.test", "url:test"} <= tokens
    assert "url:bank.test" not in tokens


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("vi<!-- hidden -->agra", {"viagra"}),
        ("<style>p { colour: red }</style>seen", {"seen"}),
        ("<script>evil()</script>seen", {"seen"}),
        ("<SCRIPT>never closed", set()),
        ("&#118;iagra &amp; co", {"viagra", "co"}),
        ("<p>one</p><p>two</p>", {"one", "two"}),
        ("5 < seven", {"seven"}),
    ],
)
def test_tokens_of_html_are_what_is_seen(body: str, words: set[str]) -> None:
    """Comments, styles and scripts vanish, character references are read, tags part words."""
    assert words == html_words(body)


def test_tokens_tell_structure() -> None:
    """Types of parts, tags and name endings of files are tokens."""
    octets = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/html\r\n\r\n<FONT size=1>x\r\n"
        b"--b\r\nContent-Type: application/zip; name=Invoice.EXE\r\n\r\nbinary words\r\n--b--\r\n"
    )
    tokens = tokens_of(octets)
    assert {"part:multipart/mixed", "part:text/html", "tag:font", "part:application/zip", "file:exe"} <= tokens
    assert "binary" not in tokens


def test_long_words_are_told_by_length() -> None:
    """Random strings do not fill the model."""
    assert "long:x4" in tokens_of(b"\r\n" + b"x" * 45)


@given(st.binary())
def test_tokens_of_anything_are_text(octets: bytes) -> None:
    """Any octets have tokens, and each can be stored as UTF-8."""
    assert all(token.encode() for token in tokens_of(octets))


def test_tokens_of_utf7_can_be_stored() -> None:
    """UTF-7 can spell half a character; no token keeps it."""
    tokens = tokens_of(b"Content-Type: text/plain; charset=utf-7\r\n\r\nab+2AA-cd ef")
    assert all(token.encode() for token in tokens)


@pytest.mark.parametrize("piece", [b"<script>", b"<!--", b"<", b"</", b"&#x41;", b"http://a.", b"a!", b"<style x"])
def test_hostile_text_costs_little(piece: bytes) -> None:
    """A megabyte built to be slow is done in a moment: only so much is read, and that once."""
    octets = b"Content-Type: text/html\r\n\r\n" + piece * (1_000_000 // len(piece))
    started = time.process_time()
    tokens_of(octets)
    assert time.process_time() - started < 1


def test_octets_beyond_the_bound_are_not_read() -> None:
    """The first 65,536 octets of a part count, those behind them do not."""
    filler = b"word " * 13_106
    assert 65_530 == len(filler)
    tokens = tokens_of(b"\r\n" + filler + b"inside outside")
    assert "inside" in tokens
    assert "outside" not in tokens

"""The canonical forms."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dkim import canonical_body, canonical_header

# RFC 6376 §3.4.5, with <SP> <HTAB> <CRLF> written out
EXAMPLE_FIELDS = (b"A: X\r\n", b"B : Y\t\r\n\tZ  \r\n")
EXAMPLE_BODY = b" C \r\nD \t E\r\n\r\n\r\n"

line_like = st.lists(st.sampled_from([b"a", b" ", b"\t", b"\r", b"\n", b"\r\n", b"  ", b"\0"]), max_size=24).map(
    b"".join
)


def test_canonical_relaxed_example_of_the_standard() -> None:
    """RFC 6376 §3.4.5, example 1."""
    assert [b"a:X\r\n", b"b:Y Z\r\n"] == [canonical_header(field, "relaxed") for field in EXAMPLE_FIELDS]
    assert b" C\r\nD E\r\n" == canonical_body(EXAMPLE_BODY, "relaxed")


def test_canonical_simple_example_of_the_standard() -> None:
    """RFC 6376 §3.4.5, example 2."""
    assert list(EXAMPLE_FIELDS) == [canonical_header(field, "simple") for field in EXAMPLE_FIELDS]
    assert b" C \r\nD \t E\r\n" == canonical_body(EXAMPLE_BODY, "simple")


@pytest.mark.parametrize("empty", [b"", b"\r\n", b"\r\n\r\n\r\n"])
def test_canonical_empty_body(empty: bytes) -> None:
    """RFC 6376 §3.4.3 and §3.4.4: simple makes one CRLF of it, relaxed nothing."""
    assert (b"\r\n", b"") == (canonical_body(empty, "simple"), canonical_body(empty, "relaxed"))


def test_canonical_lines_of_white_space_at_the_end_are_empty_lines_when_relaxed() -> None:
    """White space at line ends goes first, then the empty lines that this leaves."""
    assert b"a\r\n" == canonical_body(b"a\t \r\n \t\r\n  ", "relaxed")


def test_canonical_bare_line_ends_are_no_line_ends() -> None:
    """Only CRLF ends a line; a bare CR or LF at the end of a body is text."""
    assert b"a\n\r\n" == canonical_body(b"a\n\r\n\r\n", "simple")
    assert b"a\r\r\n" == canonical_body(b"a\r", "simple")


def test_canonical_header_without_its_line_end_stays_without() -> None:
    """The signature's own field is hashed without CRLF (RFC 6376 §3.7)."""
    assert b"subject:a b" == canonical_header(b"SUBJECT \t:  a\r\n\t b ", "relaxed")


def test_canonical_name_that_is_none_is_refused() -> None:
    """There are two canonical forms."""
    with pytest.raises(ValueError, match="nowsp"):
        canonical_body(b"", "nowsp")


@given(line_like)
def test_canonical_body_relaxed_equals_the_slow_way(body: bytes) -> None:
    """A regular expression for each step of RFC 6376 §3.4.4 gives the same octets."""
    slow = re.sub(rb"[ \t]+", b" ", body)
    if slow:
        slow = slow if slow.endswith(b"\r\n") else slow + b"\r\n"
    slow = re.sub(rb" (?=\r\n)", b"", slow)
    slow = re.sub(rb"(\r\n)+\Z", b"\r\n", slow)
    assert (b"" if slow == b"\r\n" else slow) == canonical_body(body, "relaxed")


@given(line_like, st.sampled_from(["simple", "relaxed"]))
def test_canonical_body_is_its_own_canonical_form(body: bytes, algorithm: str) -> None:
    """A second time changes nothing."""
    once = canonical_body(body, algorithm)
    assert once == canonical_body(once, algorithm)

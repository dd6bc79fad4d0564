"""Cutting a header into fields, and choosing those that a signature covers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dkim import canonical_header
from scop.dkim.header import Header, split_message

BLOCK = b"Received: one\r\nReceived: two\r\nSUBJECT : a\r\n b\r\nFrom: x"

# Pieces that make every kind of line, also those that are no fields at all.
blocks = st.lists(st.sampled_from([b"A: 1", b"B:2", b"\r\n", b" ", b"\t", b"x", b":", b"\r", b"\n", b"\xff"])).map(
    b"".join
)


@pytest.mark.parametrize(
    ("octets", "fields", "body"),
    [
        (b"A: 1\r\n\r\nbody", 1, b"body"),
        (b"A: 1\r\n", 1, b""),
        (b"A: 1", 1, b""),
        (b"\r\nbody", 0, b"body"),
        (b"", 0, b""),
        (b"A: 1\n\nB: 2\r\n\r\nbody", 1, b"body"),  # bare LF ends nothing
    ],
)
def test_header_ends_at_the_first_empty_line(octets: bytes, fields: int, body: bytes) -> None:
    """RFC 5322 §2.1: what stands below the first empty line is body, whatever it looks like."""
    header, actual = split_message(octets)
    assert (fields, body) == (len(header.named(b"a")), actual)


def test_header_fields_are_found_by_lower_case_name() -> None:
    """Names know no case, folded lines belong to their field, white space before the colon to nothing."""
    header = Header(BLOCK)
    assert (b"SUBJECT : a\r\n b\r\n",) == header.named(b"subject")
    assert (b"Received: one\r\n", b"Received: two\r\n") == header.named(b"received")
    assert () == header.named(b"to")


def test_header_is_covered_from_the_bottom_up() -> None:
    """RFC 6376 §5.4.2: a name given again means the next one further up, one too many means nothing."""
    header = Header(BLOCK)
    assert b"Received: two\r\nReceived: one\r\n" == header.covered([b"received", b"to"] + [b"received"] * 2, "simple")


def test_header_covers_in_the_order_of_the_names() -> None:
    """RFC 6376 §3.7: as h= lists them, not as they stand."""
    assert b"from:x\r\nsubject:a b\r\n" == Header(BLOCK).covered([b"from", b"subject"], "relaxed")


def test_header_lines_that_are_no_fields_are_covered_by_nothing() -> None:
    """A line without a colon has no name by which it could be signed."""
    header = Header(b"nonsense\r\nFrom: x")
    assert (b"From: x\r\n",) == header.named(b"from")
    assert b"" == header.covered([b"nonsense", b""], "simple")


@given(blocks, st.sampled_from(["simple", "relaxed"]))
def test_header_of_any_octets_is_cut_without_loss(block: bytes, algorithm: str) -> None:
    """Every field that is found stands in the block, and covering twice as often as it occurs changes nothing."""
    header, _ = split_message(block)
    for name in (b"a", b"b", b"x"):
        found = header.named(name)
        assert all(field.removesuffix(b"\r\n") in block for field in found)
        once = header.covered([name] * len(found), algorithm)
        assert b"".join(canonical_header(field, algorithm) for field in reversed(found)) == once
        assert once == header.covered([name] * (2 * len(found)), algorithm)

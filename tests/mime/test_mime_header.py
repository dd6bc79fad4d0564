"""The header: where it ends, how it is cut into fields, and that no octet is lost."""

from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from scop.mime import Header, Limits, RawField, parse, raw_fields, split_header

MAILISH = st.lists(
    st.sampled_from(
        [
            b"From",
            b"Content-Type",
            b":",
            b" ",
            b"\t",
            b"\r\n",
            b"\n",
            b"\r",
            b"x",
            b"\xe4",
            b"=?utf-8?q?=C3=A4?=",
            "ä".encode(),
            b"\0",
            b"\r\n\r\n",
        ]
    )
).map(b"".join)


@pytest.mark.parametrize(
    ("octets", "header", "body"),
    [
        (b"A: 1\r\nB: 2\r\n\r\nbody", b"A: 1\r\nB: 2\r\n", b"body"),
        (b"A: 1\nB: 2\n\nbody", b"A: 1\nB: 2\n", b"body"),
        (b"A: 1\n\r\nbody", b"A: 1\n", b"body"),
        (b"\r\nbody", b"", b"body"),
        (b"\nbody", b"", b"body"),
        (b"A: 1", b"A: 1", b""),
        (b"A: 1\r\n", b"A: 1\r\n", b""),
        (b"A: 1\r\n folded\r\n\r\n", b"A: 1\r\n folded\r\n", b""),
        (b"A: 1\r\nno field here\r\nB: 2", b"A: 1\r\n", b"no field here\r\nB: 2"),
        (b"Dear all,\r\n\r\nbody", b"", b"Dear all,\r\n\r\nbody"),
        (b"From me Mon Sep  2\r\nA: 1\r\n\r\nbody", b"From me Mon Sep  2\r\nA: 1\r\n", b"body"),
        (b"", b"", b""),
    ],
)
def test_split_header_ends_at_the_first_empty_line(octets: bytes, header: bytes, body: bytes) -> None:
    """The header ends at an empty line; without one before the first line that is no field (RFC 5322 §2.1)."""
    assert (header, body) == split_header(octets)


def test_raw_fields_keep_each_field_exactly() -> None:
    """A field keeps its folding and line end; a line that is no field has no name."""
    header = b"From a@b Mon\r\nA : 1\r\n\tx\r\nnot a field\r\nB:2"
    expected = (
        RawField(b"", b"From a@b Mon\r\n"),
        RawField(b"A", b"A : 1\r\n\tx\r\n"),
        RawField(b"", b"not a field\r\n"),
        RawField(b"B", b"B:2"),
    )
    assert expected == raw_fields(header)
    assert b" 1\r\n\tx" == expected[1].body


@given(MAILISH | st.binary())
def test_raw_fields_joined_are_the_header(octets: bytes) -> None:
    """No octet of a header is lost or moved, whatever it is."""
    header, body = split_header(octets)
    assert header == b"".join(field.octets for field in raw_fields(header))
    assert octets.startswith(header)
    assert octets.endswith(body)
    assert len(octets) - len(header) - len(body) <= 2


def test_header_get_decodes_and_raw_does_not() -> None:
    """`get` is what a person reads, `raw` the octets after the colon (RFC 2047, RFC 5322 §2.2.3)."""
    header = parse(b"Subject: =?iso-8859-1?q?caf=E9?=\r\n au lait\r\n\r\n").header
    assert "café au lait" == header.get("SUBJECT")
    assert b" =?iso-8859-1?q?caf=E9?=\r\n au lait" == header.raw("subject")
    assert header.get("x-none") is None
    assert header.raw("x-none") is None


def test_header_fields_are_in_order_with_names_as_written() -> None:
    """`fields` has each field from the top; a name that comes twice is there twice, `get` gives the first."""
    header = parse(b"X-a: 1\nRECEIVED: r1\nnope\nx-A: 2\n\n").header
    assert [("X-a", "1"), ("RECEIVED", "r1"), ("x-A", "2")] == [(field.name, field.body) for field in header.fields]
    assert "1" == header.get("x-a")
    assert ["1", "2"] == [field.body for field in header.all("X-A")]
    assert "received" in header
    assert "subject" not in header


def test_header_reads_utf8_as_it_stands() -> None:
    """UTF-8 in a field needs no encoded word (RFC 6532 §3)."""
    assert "Grüße" == parse("Subject: Grüße\r\n\r\n".encode()).header.get("subject")


@pytest.mark.parametrize("count", [3, 4])
def test_header_field_limit_holds(count: int) -> None:
    """The fields up to the limit are read; beyond it they stay unread and the defect says so."""
    message = parse(b"A: 1\n" * count + b"\n", limits=Limits(fields=3))
    assert 3 == len(message.header.fields)
    assert ("too_many_fields" in {defect.kind for defect in message.defects}) == (count > 3)


@pytest.mark.parametrize("count", [1, 2, 3])
def test_header_every_reads_beyond_the_limit(count: int) -> None:
    """Whoever must see each field of a name does, however many others stand above it."""
    header = parse(b"A: 1\r\n" * count + b"b: 2\r\nB : 3\r\n\r\n", limits=Limits(fields=2)).header
    assert [" 2", " 3"] == [field.raw.decode() for field in header.every("B")]


@given(MAILISH | st.binary(), st.sampled_from([Limits(), Limits(fields=2), Limits(field_octets=9)]))
@example(b"From:\rx\r\r\n\t y \r\n", Limits())
@settings(max_examples=300)
def test_header_items_are_the_fields(octets: bytes, limits: Limits) -> None:
    """The quick way to all names and bodies gives the same as the fields do, whatever the octets are."""
    header = Header(octets, limits)
    assert tuple((field.name, field.body) for field in header.fields) == header.items()


@given(MAILISH | st.binary())
def test_header_fields_are_the_raw_fields_that_have_a_name(octets: bytes) -> None:
    """Both ways to cut a header find the same fields."""
    named = [field for field in raw_fields(octets) if field.name]
    fields = Header(octets).fields
    assert [field.name.decode() for field in named] == [field.name for field in fields]
    assert [field.body for field in named if field.octets.endswith(b"\n")] == [
        found.raw for field, found in zip(named, fields, strict=True) if field.octets.endswith(b"\n")
    ]

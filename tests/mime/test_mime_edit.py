"""Edits: one thing changes, every other octet stays, however broken the mail is."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.corpus import corpus_sample
from scop.mime import Message, parse, raw_fields, split_header
from scop.mime.edit import line_end_of, prepend_field, remove_field, replace_part

_PIECES = st.sampled_from(
    [
        b"A: b",
        b"Subject: x",
        b"\n",
        b"\r\n",
        b"\r",
        b" folded",
        b"From me",
        b"no field",
        b"--b",
        b"\xff",
        b"",
        b":",
        b"\0",
        b"Content-Type: multipart/mixed; boundary=b",
        b"a: twice",
    ]
)
_MAILS = st.one_of(st.lists(_PIECES, max_size=20).map(b"".join), st.binary(max_size=60))
_MULTIPART = (
    b"A: b\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nX: 1\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\nend"
)


@given(_MAILS)
def test_prepend_field_changes_nothing_else(octets: bytes) -> None:
    """What was there stands behind and before the new field, octet for octet."""
    line_end = line_end_of(octets)
    field = b"X-New: value" + line_end
    before, found, behind = prepend_field(octets, "X-New", "value").partition(field)
    assert found
    rest = before + behind
    # Where there was no header, an empty line goes with it; a line without its end gets one.
    assert octets in (rest, before + behind.removeprefix(line_end), before.removesuffix(line_end) + behind)


@given(_MAILS)
def test_prepend_field_is_read_as_the_first_field_of_the_same_mail(octets: bytes) -> None:
    """RFC 5322 §3.6.7: the new field stands above all others, which stay the same, and so does the body."""
    old, new = parse(octets), parse(prepend_field(octets, "X-New", "value"))
    assert [("X-New", "value"), *fields_of(old)] == fields_of(new)
    assert old.body == new.body


def fields_of(message: Message) -> list[tuple[str, str]]:
    """Return names and bodies."""
    return [(field.name, field.body) for field in message.header.fields]


@pytest.mark.parametrize(
    ("octets", "expected"),
    [
        (b"A: b\r\n\r\nx", b"New: v\r\nA: b\r\n\r\nx"),
        (b"A: b\n\nx", b"New: v\nA: b\n\nx"),
        (b"From me now\nA: b\n\nx", b"From me now\nNew: v\nA: b\n\nx"),
        (b" continues\nA: b\n\nx", b" continues\nNew: v\nA: b\n\nx"),
        (b"\r\nbody", b"New: v\r\n\r\nbody"),
        (b"only a body", b"New: v\r\n\r\nonly a body"),
        (b"", b"New: v\r\n"),
    ],
)
def test_prepend_field_exactly(octets: bytes, expected: bytes) -> None:
    """The field takes the line end of the mail and its place above the others."""
    assert expected == prepend_field(octets, "New", "v")


def test_prepend_field_refuses_a_second_field_in_the_value() -> None:
    """No header injection."""
    with pytest.raises(ValueError, match="X-New"):
        prepend_field(b"A: b\n\n", "X-New", "v\r\nBcc: x@y.test")


@given(_MAILS, st.integers(0, 2))
def test_remove_field_takes_out_one_field_exactly(octets: bytes, index: int) -> None:
    """The field with its folding goes, every other octet stays."""
    namesakes = [field.octets for field in raw_fields(split_header(octets)[0]) if field.name.lower() == b"a"]
    if index >= len(namesakes):
        with pytest.raises(LookupError):
            remove_field(octets, "A", index=index)
        return
    gone, line_end = namesakes[index], line_end_of(octets)
    rest = remove_field(octets, "A", index=index)
    starts = [match.start() for match in re.finditer(b"(?=" + re.escape(gone) + b")", octets)]
    possible = [octets[:start] + octets[start + len(gone) :] for start in starts]
    # Where nothing is left of a header that no empty line ended, there is one now.
    assert rest in possible or rest in [line_end + one for one in possible]


@pytest.mark.parametrize(
    ("octets", "index", "expected"),
    [
        (b"A: 1\n 2\nB: 3\na : 4\n\nA: x", 0, b"B: 3\na : 4\n\nA: x"),
        (b"A: 1\n 2\nB: 3\na : 4\n\nA: x", 1, b"A: 1\n 2\nB: 3\n\nA: x"),
        (b"A: 1\nno field\nA: 2", 0, b"\nno field\nA: 2"),  # else the body would be read as a header
        (b"A: 1\r\n\r\nx", 0, b"\r\nx"),
    ],
)
def test_remove_field_exactly(octets: bytes, index: int, expected: bytes) -> None:
    """Namesakes are counted from the top, whatever their case, and the body is none of them."""
    assert expected == remove_field(parse(octets), "a", index=index)


@given(_MAILS)
def test_remove_field_undoes_prepend_field(octets: bytes) -> None:
    """Where the mail has a header, both together change nothing."""
    if parse(octets).header.fields:
        assert octets == remove_field(prepend_field(octets, "X-New", "value"), "X-New")


@given(_MAILS)
def test_replace_part_by_itself_changes_nothing(octets: bytes) -> None:
    """Each entity's octets lie where its span says."""
    message = parse(octets)
    for entity in message.walk():
        assert octets == replace_part(message, entity, entity.to_octets())


def test_replace_part_leaves_its_neighbours() -> None:
    """Only the octets of the one part are others."""
    message = parse(_MULTIPART)
    assert _MULTIPART.replace(b"X: 1\r\n\r\none", b"\r\nnew") == replace_part(message, message.parts[0], b"\r\nnew")
    assert b"new" == replace_part(message, message, b"new")


def test_replace_part_refuses_what_would_cut_the_mail_elsewhere() -> None:
    """RFC 2046 §5.1.1: no delimiter of the multiparts around it, and no part of another mail."""
    message = parse(_MULTIPART)
    with pytest.raises(ValueError, match="delimiter"):
        replace_part(message, message.parts[0], b"\r\nx\r\n--b\r\n")
    with pytest.raises(ValueError, match="octets of this mail"):
        replace_part(message, parse(b"A: b\n\n"), b"")
    with pytest.raises(ValueError, match="no part"):
        replace_part(message, parse(_MULTIPART), b"")
    encoded = parse(b"Content-Type: message/global\nContent-Transfer-Encoding: base64\n\nQTogYgoKeA==\n")
    with pytest.raises(ValueError, match="octets of this mail"):
        replace_part(encoded, encoded.parts[0], b"")


def test_edits_leave_real_mail_as_it_was() -> None:
    """On every mail of the corpus, a field put on top and taken away again leaves no trace."""
    for _, octets in corpus_sample(20):
        assert octets == remove_field(prepend_field(octets, "X-New", "ü" * 90), "x-new")

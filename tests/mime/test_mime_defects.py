"""What is wrong with a mail is named, with the place where it begins."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.flaws import flaws
from scop.mime import DefectKind, Limits, Parser, parse

_SOUND = b"Date: Wed, 25 Nov 2026 12:00:00 +0000\r\nFrom: a@b.test\r\n"


def only(octets: bytes, limits: Limits | None = None) -> tuple[DefectKind, bytes]:
    """Return the one defect of a mail and the octets from its place on."""
    (defect,) = parse(octets, limits=limits or Limits()).defects
    return defect.kind, octets[defect.position :]


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        (b"Resent-Date: nonsense", DefectKind.INVALID_DATE),
        (b"To: a@b.test c@d.test", DefectKind.INVALID_ADDRESS),
        (b"Message-ID: none", DefectKind.INVALID_MESSAGE_ID),
        (b"Received: from a by b", DefectKind.INVALID_RECEIVED),
        (b"Return-Path: a b c", DefectKind.INVALID_RETURN_PATH),
        (b"List-Help: mailto:a@b.test", DefectKind.INVALID_LIST_FIELD),
        (b"Content-Type: nonsense", DefectKind.INVALID_CONTENT_TYPE),
        (b"Content-Disposition: ;", DefectKind.INVALID_DISPOSITION),
        (b"Content-Disposition: attachment; filename*0=a; filename*2=c", DefectKind.INVALID_PARAMETER),
        (b"Content-Transfer-Encoding: rot13", DefectKind.UNKNOWN_ENCODING),
        (b"Content-Type: text/plain; charset=nonsense", DefectKind.UNKNOWN_CHARSET),
        (b"Content-Type: multipart/mixed", DefectKind.MISSING_BOUNDARY),
        (b"no field", DefectKind.MALFORMED_FIELD),
        (b"X: a\rb", DefectKind.BARE_CARRIAGE_RETURN),
    ],
)
def test_flaw_of_a_field_is_at_that_field(field: bytes, kind: DefectKind) -> None:
    """The place of what is wrong with a field is where the field begins; of an octet, that octet."""
    rest = field + b"\r\nX-Last: x\r\n\r\nbody\r\n"
    found, place = only(_SOUND + rest)
    assert (kind, rest[rest.index(b"\r") :] if kind == DefectKind.BARE_CARRIAGE_RETURN else rest) == (found, place)


@pytest.mark.parametrize(
    ("head", "body", "kind", "place"),
    [
        (b"", b"one\r\ntwo\nthree\r\n", DefectKind.BARE_LINE_FEED, b"\nthree\r\n"),
        (b"", b"one\r\nt\rwo\r\n", DefectKind.BARE_CARRIAGE_RETURN, b"\rwo\r\n"),
        (b"", b"one\r\nt\0wo\r\n", DefectKind.NUL, b"\0wo\r\n"),
        (b"", b"x" * 999 + b"\r\n", DefectKind.LINE_TOO_LONG, b"x" * 999 + b"\r\n"),
        (b"", b"one\r\n" + b"x" * 999, DefectKind.LINE_TOO_LONG, b"x" * 999),
        (b"Content-Transfer-Encoding: base64\r\n", b"QUJD\r\nQU*JD\r\n", DefectKind.INVALID_BASE64, b"*JD\r\n"),
        (
            b"Content-Transfer-Encoding: quoted-printable\r\n",
            b"a=zz\r\n",
            DefectKind.INVALID_QUOTED_PRINTABLE,
            b"=zz\r\n",
        ),
        (b"Content-Type: text/plain; charset=utf-8\r\n", b"\xff\r\n", DefectKind.UNDECODABLE_TEXT, b"\xff\r\n"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n", b"x", DefectKind.MISSING_PARTS, b"x"),
        (b"Content-Type: multipart/mixed; boundary=b\r\n", b"--b\r\n\r\nx", DefectKind.UNCLOSED_MULTIPART, b""),
    ],
)
def test_flaw_of_a_body_is_where_it_begins(head: bytes, body: bytes, kind: DefectKind, place: bytes) -> None:
    """The place is the octet that is wrong, or the first of what is (RFC 5322 §2.1.1, RFC 2045 §6.7, §6.8)."""
    octets = _SOUND + head + b"\r\n" + body
    assert (kind, place) == only(octets)


@pytest.mark.parametrize("body", [b"x" * 998 + b"\r\n", b"y\r\n" + b"x" * 998, b"one\ntwo\n"])
def test_lines_that_are_allowed_are_no_defect(body: bytes) -> None:
    """998 octets fit on a line (RFC 5322 §2.1.1), and a mail that has LF alone is one in a file."""
    octets = _SOUND + b"\r\n" + body
    assert () == parse(octets.replace(b"\r\n", b"\n") if b"\r" not in body else octets).defects


def test_eight_bit_header_is_at_its_octet() -> None:
    """A header may be UTF-8 (RFC 6532 §3); an octet that is none is named."""
    assert (DefectKind.EIGHT_BIT_HEADER, b"\xe4\r\n\r\n") == only(_SOUND + b"Subject: \xc3\xa4\xe4\r\n\r\n")


@pytest.mark.parametrize(("octets", "count"), [(b"Subject: x\n\n", 1), (_SOUND, 0), (b"From: a@b.test\n\n", 1)])
def test_mail_without_date_or_author_says_so(octets: bytes, count: int) -> None:
    """Date and From are owed (RFC 5322 §3.6); a part of a mail owes nothing."""
    assert count == sum(defect.kind == DefectKind.MISSING_FIELD for defect in parse(octets).defects)
    outer = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Type: text/plain\n\nx\n--b--\n"
    assert () == parse(_SOUND.replace(b"\r\n", b"\n") + outer).parts[0].defects


def test_place_in_a_part_is_counted_in_the_mail() -> None:
    """Positions of a part are those of the mail that it lies in."""
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nno field\nA: 1\n\nx\n--b--\n"
    (defect,) = parse(octets).parts[0].defects
    assert b"no field" == octets[defect.position :][:8]


@given(st.integers(1, 60))
def test_places_are_the_same_where_a_mail_comes_in_pieces(size: int) -> None:
    """Where a mail is cut on its way moves no place, with a sink neither."""
    octets = (
        b"Date: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nno field\r\nTo: joe@\r\n\r\nx\r\n--b\r\n"
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--b\r\nDate: y\r\n\r\n"
    )
    whole, piecewise = parse(octets), Parser(sink=lambda entity, content: None)
    for start in range(0, len(octets), size):
        piecewise.feed(octets[start : start + size])
    expected = [entity.defects for entity in whole.walk()]
    assert expected == [entity.defects for entity in piecewise.close().walk()]


@pytest.mark.parametrize("extra", [0, 1])
def test_header_limit_holds(extra: int) -> None:
    """A header of as many octets as are allowed is whole; with one more it ends before the line that is too much."""
    header = b"A: 1\nB: 2\n"
    message = parse(header + b"C: 3\n" * extra, limits=Limits(header_octets=len(header)))
    assert ("A", "B") == tuple(field.name for field in message.header.fields)
    assert (DefectKind.HEADER_TOO_LONG in flaws(message)) == bool(extra)
    assert b"C: 3\n" * extra == message.content


@pytest.mark.parametrize("extra", [0, 1])
def test_field_limit_holds(extra: int) -> None:
    """A field of as many octets as are allowed is read whole; of one more the first of them are."""
    field = b"Subject: 1234567890"
    message = parse(field + b"x" * extra + b"\n\n", limits=Limits(field_octets=len(field)))
    assert "1234567890" == message.header.get("subject")
    assert (DefectKind.FIELD_TOO_LONG in flaws(message)) == bool(extra)
    assert field + b"x" * extra + b"\n\n" == message.to_octets()


@pytest.mark.parametrize(
    ("field", "limits", "kind"),
    [
        (b"Content-Type: a/b; c=d; e=f; g=h", Limits(parameters=2), DefectKind.TOO_MANY_PARAMETERS),
        (
            b"Subject: =?utf-8?q?a?= =?utf-8?q?b?= =?utf-8?q?c?=",
            Limits(encoded_words=2),
            DefectKind.TOO_MANY_ENCODED_WORDS,
        ),
        (b"To: a@b.test, c@d.test, e@f.test", Limits(addresses=2), DefectKind.TOO_MANY_ADDRESSES),
        (b"To: a@b.test (1(2(3)))", Limits(comment_depth=2), DefectKind.COMMENT_TOO_DEEP),
        (b"A: 1\r\nA: 2\r\nA: 3", Limits(fields=4), DefectKind.TOO_MANY_FIELDS),
    ],
)
def test_limits_that_fields_meet_are_named(field: bytes, limits: Limits, kind: DefectKind) -> None:
    """Each limit has its word, and none where it is just kept."""
    assert kind in flaws(parse(_SOUND + field + b"\r\n\r\n", limits=limits))
    assert kind not in flaws(parse(_SOUND + field + b"\r\n\r\n"))

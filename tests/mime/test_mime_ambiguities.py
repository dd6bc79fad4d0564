"""Where two careful readers may see two mails, security code is told."""

from __future__ import annotations

import pytest

from scop.mime import AmbiguityKind, parse


def found(octets: bytes) -> list[tuple[AmbiguityKind, bytes]]:
    """Return each ambiguity of a mail with the line at its place."""
    return [(one.kind, octets[one.position :].partition(b"\n")[0]) for one in parse(octets).ambiguities]


@pytest.mark.parametrize("name", [b"From", b"Content-Transfer-Encoding", b"content-type", b"Message-ID", b"Subject"])
def test_field_that_may_stand_once_stands_twice(name: bytes) -> None:
    """The second one is the place (RFC 5322 §3.6, RFC 2045 §3)."""
    second = name.upper() + b": text/plain"
    assert [(AmbiguityKind.DUPLICATE_FIELD, second)] == found(name + b": text/html\n" + second + b"\n\n")


@pytest.mark.parametrize(
    "parameters",
    [
        b"boundary=a; boundary=b",
        b"boundary=a; boundary*0=b; boundary*1=c",
        b"(boundary=a) ; boundary=b",
        b'boundary="a\\b"',
        b'x="boundary=a"; boundary=b',
    ],
)
def test_several_boundaries_can_be_seen(parameters: bytes) -> None:
    """A reader that takes the last one, or knows no comments and quoted pairs, cuts elsewhere (RFC 2046 §5.1.1)."""
    field = b"Content-Type: multipart/mixed; " + parameters
    assert (AmbiguityKind.SEVERAL_BOUNDARIES, field) in found(field + b"\n\n")


@pytest.mark.parametrize(
    "parameters", [b"boundary=a", b'BOUNDARY="a b"', b"x=y; boundary=a (comment)", b"boundary*=''a"]
)
def test_one_boundary_is_no_ambiguity(parameters: bytes) -> None:
    """However it is spelled, one boundary is one."""
    kinds = {kind for kind, _ in found(b"Content-Type: multipart/mixed; " + parameters + b"\n\n")}
    assert AmbiguityKind.SEVERAL_BOUNDARIES not in kinds


@pytest.mark.parametrize(
    "field",
    [
        b"From: =?utf-8?q?a?=@b.test",
        b"From: <=?utf-8?q?a?=@b.test>",
        b'From: "=?utf-8?q?a?=" <c@d.test>',
        b"To: a@=?utf-8?b?Yg==?=",
        b"Message-ID: <=?utf-8?q?x?=@y.test>",
        b'Content-Disposition: attachment; filename="=?utf-8?q?=C3=A4?="',
        b"Content-Type: text/plain; name==?utf-8?q?x?=",
        b"Received: from =?utf-8?q?x?= by y; Wed, 25 Nov 2026 12:00:00 +0000",
    ],
)
def test_encoded_word_stands_where_none_may(field: bytes) -> None:
    """Some readers decode it, some do not (RFC 2047 §5 (3))."""
    assert [(AmbiguityKind.MISPLACED_ENCODED_WORD, field)] == found(field + b"\n\n")


@pytest.mark.parametrize(
    "field",
    [
        b"From: =?utf-8?q?a?= <c@d.test>",
        b"From: c@d.test (=?utf-8?q?a?=)",
        b"Subject: =?utf-8?q?a?=",
        b'Subject: "=?utf-8?q?a?="',
        b"Received: from x (=?utf-8?q?x?=) by y; Wed, 25 Nov 2026 12:00:00 +0000",
        b"To: =?utf-8?q?a?=: b@c.test;",
    ],
)
def test_encoded_word_where_it_may_stand_is_no_ambiguity(field: bytes) -> None:
    """A phrase, a comment and unstructured text hold encoded words (RFC 2047 §5)."""
    assert [] == found(field + b"\n\n")


def test_places_in_a_part_are_counted_in_the_mail() -> None:
    """Positions of a part are those of the mail that it lies in."""
    octets = b"Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-ID: <a@b>\nContent-ID: <c@d>\n\nx\n--b--\n"
    (one,) = parse(octets).parts[0].ambiguities
    assert b"Content-ID: <c@d>" == octets[one.position :][:17]

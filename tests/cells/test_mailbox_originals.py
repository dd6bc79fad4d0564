"""The mails that are attached to a mail."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.cells.mailbox.originals import MAX_ORIGINALS, attached_originals

ORIGINAL = b"From: x@stranger.test\r\nSubject: Cheap\r\n\r\nPills\r\n"
TEXT = b"\r\nSee below.\r\n"


def with_parts(*parts: bytes) -> bytes:
    """Return a mail of these parts."""
    body = b"".join(b"--=x\r\n" + part + b"\r\n" for part in parts)
    return b'From: a@b.test\r\nContent-Type: multipart/mixed; boundary="=x"\r\n\r\n' + body + b"--=x--\r\n"


@pytest.mark.parametrize(
    "part",
    [
        b"Content-Type: message/rfc822\r\n\r\n" + ORIGINAL,
        b"Content-Type: message/global\r\nContent-Disposition: attachment\r\n\r\n" + ORIGINAL,
        b"Content-Type: message/rfc822\r\n\r\n" + ORIGINAL.replace(b"\r\n", b"\n"),
        b'Content-Type: application/octet-stream; name="Cheap.EML"\r\nContent-Transfer-Encoding: base64\r\n\r\n'
        + base64.encodebytes(ORIGINAL).replace(b"\n", b"\r\n"),
        b'Content-Type: text/plain\r\nContent-Disposition: attachment; filename="a.eml"\r\n\r\n' + ORIGINAL,
    ],
)
def test_original_is_found_however_it_is_attached(part: bytes) -> None:
    """RFC 2046 §5.2.1, or a file that a mail program saved: one mail, with the line ends of the wire."""
    assert [ORIGINAL] == [original.rstrip() + b"\r\n" for original in attached_originals(with_parts(TEXT, part))]


@pytest.mark.parametrize(
    "mail",
    [
        b"Subject: Fwd: Cheap\r\n\r\n-----Original Message-----\r\n" + ORIGINAL,
        with_parts(TEXT, b"Content-Type: message/rfc822\r\n\r\n"),
        with_parts(TEXT, b'Content-Type: application/octet-stream; name="a.msg"\r\n\r\n\xd0\xcf\x11\xe0'),
        with_parts(TEXT, b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x.test\r\n"),
        ORIGINAL,
    ],
)
def test_original_that_is_none_is_not_learned(mail: bytes) -> None:
    """Neither quoted text, nor an empty part, nor Outlook's own format, nor the mail itself."""
    assert () == attached_originals(mail)


def test_originals_are_bounded_and_not_looked_into() -> None:
    """A mail inside of an attached mail belongs to that, and of very many the first are taken."""
    part = b"Content-Type: message/rfc822\r\n\r\n"
    assert 1 == len(attached_originals(with_parts(part + with_parts(part + ORIGINAL).replace(b"=x", b"=y"))))
    assert MAX_ORIGINALS == len(attached_originals(with_parts(*[part + ORIGINAL] * (MAX_ORIGINALS + 1))))


@given(st.binary(max_size=200))
def test_originals_of_any_octets_are_some(octets: bytes) -> None:
    """Nothing escapes, whatever our own people send."""
    attached_originals(octets)
    attached_originals(with_parts(b"Content-Type: message/rfc822\r\n\r\n" + octets))

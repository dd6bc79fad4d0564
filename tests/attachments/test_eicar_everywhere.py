"""EICAR's test file is found however it is sent: in each encoding, container and nesting."""

from __future__ import annotations

import base64
import binascii
import quopri
from collections.abc import Callable

import pytest

from fakes.containers import CONTAINERS, EICAR, mail_with
from scop.attachments import Finding, Kind, Severity, Thing, examine, examine_thing

_HEADER = b"From: a@lagoon.example\r\nDate: Tue, 1 Dec 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\n"


def _is_found(findings: tuple[Finding, ...]) -> bool:
    return any(one.kind is Kind.EICAR and one.severity is Severity.DANGEROUS for one in findings)


@pytest.mark.parametrize("kind", CONTAINERS)
def test_eicar_is_found_in_each_container(kind: str) -> None:
    """A container is opened, whatever it is called."""
    packed = CONTAINERS[kind]("eicar.com", EICAR)

    assert (True, True) == (
        _is_found(examine_thing(Thing(packed, kind))),
        _is_found(examine_thing(Thing(packed, "a photo.jpg"))),
    )


@pytest.mark.parametrize("outer", CONTAINERS)
def test_eicar_is_found_in_each_container_in_each_container(outer: str) -> None:
    """Containers are opened in containers, the outer one in a mail."""
    missed = [
        inner
        for inner in CONTAINERS
        if not _is_found(examine(mail_with(CONTAINERS[outer](inner, CONTAINERS[inner]("eicar.com", EICAR)), outer)))
    ]

    assert [] == missed


def _uuencoded(octets: bytes) -> bytes:
    lines = [binascii.b2a_uu(octets[start : start + 45]) for start in range(0, len(octets), 45)]
    return b"begin 644 a.com\n" + b"".join(lines) + b"`\nend\n"


def _yencoded(octets: bytes) -> bytes:
    shifted = bytes((octet + 42) % 256 for octet in octets)
    escaped = b"".join(b"=%c" % ((octet + 64) % 256) if octet in b"\0\r\n=" else b"%c" % octet for octet in shifted)
    return b"=ybegin line=128 size=%d name=a.com\r\n%s\r\n=yend size=%d\r\n" % (len(octets), escaped, len(octets))


_ENCODINGS: dict[str, tuple[bytes, Callable[[bytes], bytes]]] = {
    "7bit": (b"7bit", bytes),
    "8bit": (b"8bit", bytes),
    "binary": (b"binary", bytes),
    "base64": (b"base64", base64.encodebytes),
    "base64 in one line": (b"BASE64", base64.b64encode),
    "base64 with blanks": (
        b"base64",
        lambda octets: b" ".join(base64.b64encode(octets)[i : i + 3] for i in range(0, 400, 3)),
    ),
    "base64 with a comment": (b"(a) base64 (b)", base64.encodebytes),
    "base64 misspelt": (b"base-64", base64.encodebytes),
    "base64 in quotes": (b'"base64"', base64.encodebytes),
    "base64 without its padding": (b"base64", lambda octets: base64.b64encode(octets).rstrip(b"=")),
    "base64 with odd octets": (
        b"base64",
        lambda octets: b"!" + b"*".join(base64.encodebytes(octets).splitlines(keepends=True)),
    ),
    "base64 behind base64": (b"base64", lambda octets: base64.b64encode(b"a") + b"\r\n" + base64.b64encode(octets)),
    "base64 in pieces": (
        b"base64",
        lambda octets: b"\r\n".join(base64.b64encode(octets[i : i + 10]) for i in range(0, len(octets), 10)),
    ),
    "base64 with a note": (b"base64", lambda octets: b"-- a note --\r\n" + base64.encodebytes(octets)),
    "base64 unsaid": (b"7bit", base64.encodebytes),
    "quoted-printable": (b"quoted-printable", lambda octets: quopri.encodestring(octets, quotetabs=True)),
    "quoted-printable throughout": (b"Quoted-Printable", lambda octets: b"".join(b"=%02x" % octet for octet in octets)),
    "quoted-printable with soft breaks": (
        b"quoted-printable",
        lambda octets: b"=\r\n".join(b"=%02X" % octet for octet in octets),
    ),
    "x-uuencode": (b"x-uuencode", _uuencoded),
    "uuencoded text": (b"7bit", lambda octets: b"Here is a file.\n\n" + _uuencoded(octets)),
    "uuencoded base64": (b"7bit", lambda octets: b"begin-base64 644 a\n" + base64.encodebytes(octets) + b"====\n"),
    "yEnc": (b"8bit", lambda octets: b"Here is a file.\r\n" + _yencoded(octets)),
}


@pytest.mark.parametrize("encoding", _ENCODINGS)
def test_eicar_is_found_in_each_transfer_encoding(encoding: str) -> None:
    """A body and a part of a multipart are decoded in every way that somebody decodes them."""
    stated, encode = _ENCODINGS[encoding]
    part = b"Content-Transfer-Encoding: " + stated + b"\r\n\r\n" + encode(EICAR)
    alone = _HEADER + part
    among = (
        _HEADER
        + b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nHello\r\n--b\r\n"
        + part
        + b"\r\n--b--\r\n"
    )

    assert (True, True) == (_is_found(examine(alone)), _is_found(examine(among)))


@pytest.mark.parametrize("blanks", [b"", b"\r\n", b"\n", b" \t\x1a", b" " * 60])
def test_eicar_may_be_followed_by_blanks(blanks: bytes) -> None:
    """Blanks up to 128 octets belong to the test file."""
    assert _is_found(examine_thing(Thing(EICAR + blanks)))


@pytest.mark.parametrize("octets", [b" " + EICAR, EICAR + b" " * 61, EICAR + b"x", EICAR[:-1], b"This quotes " + EICAR])
def test_a_text_about_eicar_is_not_it(octets: bytes) -> None:
    """The test file begins with its mark, has 128 octets at most, and nothing else in it."""
    assert not _is_found(examine_thing(Thing(octets)))


def test_eicar_is_found_nine_archives_deep() -> None:
    """What is nested is followed down."""
    octets = EICAR
    for number in range(9):
        octets = list(CONTAINERS.values())[number * 3](f"{number}.bin", octets)

    assert _is_found(examine(mail_with(octets, "nest.zip")))

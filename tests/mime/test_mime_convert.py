"""Mail for hosts that carry less: what must change does, nothing else, and what cannot is said."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given

from fakes.corpus import corpus_sample
from fakes.examples import drawn
from fakes.value_trees import value_trees
from scop.mime import Entity, EntityValues, encode, parse
from scop.mime.convert import Obstacle, Unconvertible, to_7bit, to_ascii


def in_7bit(octets: bytes) -> bytes:
    """Convert where it is possible."""
    found = to_7bit(parse(octets))
    assert isinstance(found, bytes)
    return found


def in_ascii(octets: bytes) -> bytes:
    """Convert the headers where it is possible."""
    found = to_ascii(parse(octets))
    assert isinstance(found, bytes)
    return found


def test_7bit_leaves_a_mail_that_is_so_already() -> None:
    """Not one octet changes, not even a label that says too much."""
    octets = b"A: b\nContent-Transfer-Encoding: 8bit\nContent-Type: multipart/signed; boundary=b\n\n--b\n\nx\n--b--\n"
    assert octets == in_7bit(octets)


def test_7bit_encodes_one_part_and_leaves_its_neighbours() -> None:
    """RFC 6152 §3: only the 8-bit leaf is encoded, and the labels around it say so."""
    octets = (
        b"A: folded\n as it was\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 8bit\n\n"
        b"pre\xe9\n--b\nX: 1\nContent-Type: text/plain; charset=utf-8\nContent-transfer-encoding:  8bit\nY: 2\n\n"
        b"gr\xc3\xbcn\nend\n"
        b"--b\n\nplain \n--b--\nbehind"
    )
    assert (
        b"A: folded\n as it was\nContent-Type: multipart/mixed; boundary=b\nContent-Transfer-Encoding: 7bit\n\n"
        b"pre?\n--b\nX: 1\nContent-Type: text/plain; charset=utf-8\n"
        b"Content-Transfer-Encoding: quoted-printable\nY: 2\n\ngr=C3=BCn\nend\n--b\n\nplain \n--b--\nbehind"
    ) == in_7bit(octets)


def test_7bit_states_mime_where_a_mail_has_none() -> None:
    """RFC 1428 §3: bare 8-bit text gets a transfer encoding and the charset that it can be known to have."""
    assert (
        b"A: b\r\nContent-Transfer-Encoding: quoted-printable\r\nMIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=utf-8\r\n\r\nabc=C3=BC\r\n"
    ) == in_7bit("A: b\r\n\r\nabcü\r\n".encode())
    assert b"charset=unknown-8bit\r\n" in in_7bit(b"A: b\r\n\r\nabcd\xe9\r\n")


def test_7bit_goes_into_mails_in_mails() -> None:
    """RFC 2046 §5.2.1: message/rfc822 is never encoded, so what it holds is."""
    octets = "Content-Type: message/rfc822\r\nContent-Transfer-Encoding: 8bit\r\n\r\nMIME-Version: 1.0\r\n\r\nschön\r\n"
    message = parse(in_7bit(octets.encode()))
    assert ("7bit", "quoted-printable") == (message.transfer_encoding, message.parts[0].transfer_encoding)
    assert "schön\r\n" == message.parts[0].text


@pytest.mark.parametrize("content", [b"a\0b", b"x" * 1_000, b"a\rb", bytes(range(128, 256)) * 3])
def test_7bit_packs_binary_contents(content: bytes) -> None:
    """RFC 2045 §2.7: NUL, bare CR and lines of more than 998 octets are not 7bit either."""
    octets = b"A: b\r\nMIME-Version: 1.0\r\nContent-Type: a/b\r\nContent-Transfer-Encoding: binary\r\n\r\n" + content
    written = in_7bit(octets)
    assert written.isascii()
    assert b"\0" not in written
    assert max(map(len, written.split(b"\r\n"))) <= 998
    assert content == parse(written).content


@pytest.mark.parametrize(
    ("octets", "obstacle"),
    [
        (b"Content-Type: multipart/signed; boundary=b\n\n--b\n\n\xe9\n--b\n\nsig\n--b--\n", Obstacle.SIGNED),
        (b"Content-Type: message/partial\n\n\xe9", Obstacle.UNENCODABLE_TYPE),
        (b"Content-Type: multipart/mixed\n\n\xe9", Obstacle.UNENCODABLE_TYPE),
        (b"Content-Type: multipart/mixed; boundary=\xc3\xa9\n\n--\xc3\xa9\n\nx\n", Obstacle.UNENCODABLE_TYPE),
        (b"Content-Transfer-Encoding: x-own\n\n\xe9", Obstacle.UNKNOWN_ENCODING),
        ("To: jörg@x.test\n\n".encode(), Obstacle.UTF8_NAME),
    ],
)
def test_7bit_says_what_stands_in_the_way(octets: bytes, obstacle: Obstacle) -> None:
    """RFC 1847 §2.1, RFC 2045 §6.4: signatures, types and encodings that allow no other encoding."""
    found = to_7bit(parse(octets))
    assert isinstance(found, Unconvertible)
    assert obstacle is found.obstacle


def test_7bit_leaves_what_is_carried_in_base64() -> None:
    """RFC 6532 §3.7: an encoded message/global passes as it is, whatever names stand in it."""
    packed = base64.encodebytes("To: jörg@x.test\r\n\r\nbödy".encode())
    octets = b"Content-Type: message/global\nContent-Transfer-Encoding: base64\n\n" + packed
    assert octets == in_7bit(octets)
    assert isinstance(to_ascii(parse(octets)), Unconvertible)


def test_7bit_takes_the_line_end_of_the_mail_for_that_of_its_text() -> None:
    """RFC 2045 §6.7: a mail kept with LF has LF behind its lines once they are packed too."""
    octets = b"MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n\n" + "ü one\ntwo\r\nthree\n".encode()
    written = in_7bit(octets)
    assert b"\r" not in written
    assert written.endswith(b"=C3=BC one\ntwo\nthree\n")


def contents(entity: Entity) -> list[bytes]:
    """Return the contents of all leaves, line ends as CRLF."""
    return [one.content.replace(b"\r\n", b"\n") for one in entity.walk() if not one.parts]


@drawn(30)
@given(value_trees())
def test_7bit_keeps_what_a_mail_says(values: EntityValues) -> None:
    """Whatever can be converted is ASCII in short lines, with the same contents in the same tree."""
    message = parse(b"".join(encode(values)))
    written = to_7bit(message)
    if isinstance(written, Unconvertible):
        assert Obstacle.UNKNOWN_ENCODING is written.obstacle
        return
    assert written.isascii()
    assert max(map(len, written.split(b"\r\n"))) <= 998
    assert contents(message) == contents(parse(written))
    assert written == to_7bit(parse(written))


@drawn(30)
@given(value_trees())
def test_ascii_keeps_contents_and_converts_no_mail_twice(values: EntityValues) -> None:
    """Every header is ASCII, bodies stay octet for octet."""
    message = parse(b"".join(encode(values)))
    written = in_ascii(message.to_octets())
    again = parse(written)
    assert all(one.header.octets.isascii() for one in again.walk())
    assert [one.content for one in message.walk() if not one.parts] == [
        one.content for one in again.walk() if not one.parts
    ]
    assert written == to_ascii(again)


def test_ascii_rewrites_only_the_fields_that_need_it() -> None:
    """RFC 6532: text as encoded words, parameters by RFC 2231, domains as A-labels; the rest stays as it stands."""
    octets = (
        "Subject: grün\nTo:  Jörg <j@grün.test>\nX-A :  as it\n\twas\nnöt a field\n"
        "Received: from grün.test by x.test (ö) for <jörg@x.test>; Thu, 01 Jan 2026 00:00:00 +0000\n"
        'Content-Type: text/plain; name="ü"\n\nbödy'
    ).encode()
    written = in_ascii(octets)
    header, _, body = written.partition(b"\n\n")
    assert header.isascii()
    assert "bödy".encode() == body
    assert b"\nX-A :  as it\n\twas\nn??t a field\n" in header
    message = parse(written)
    assert ("grün", "ü") == (message.header.get("subject"), message.filename)
    assert "xn--grn-ioa.test" in str(message.header.raw("to"))
    assert b"jo" not in header
    assert b"from xn--grn-ioa.test by x.test" in header


def test_ascii_makes_a_global_message_an_old_one() -> None:
    """RFC 6532 §3.7: message/global is for SMTPUTF8 alone; its mail is converted too, and written unencoded."""
    octets = (
        b"Content-Type: message/global; x=y\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        b"U3ViamVjdDogZ3LDvG4NCg0KYsO2ZHkNCg==\r\n"  # "Subject: grün", "bödy"
    )
    message = parse(in_ascii(octets))
    assert ("message/rfc822", "8bit") == (message.content_type.media_type, message.transfer_encoding)
    assert ("grün", "bödy\r\n") == (message.parts[0].header.get("subject"), message.parts[0].text)


@pytest.mark.parametrize("field", ["From: jörg@x.test", "Message-ID: <ü@x.test>", "Return-Path: <jörg@x.test>"])
def test_ascii_says_which_name_has_no_other_form(field: str) -> None:
    """RFC 6531 §3.6: a UTF-8 local part cannot be carried to such a host, the mail goes back."""
    found = to_ascii(parse(field.encode() + b"\r\n\r\n"))
    assert isinstance(found, Unconvertible)
    assert (Obstacle.UTF8_NAME, True) == (found.obstacle, found.what.startswith(field.partition(":")[0]))


def test_ascii_refuses_to_break_a_signature() -> None:
    """RFC 1847 §2.1: the header of a signed part is signed too."""
    octets = "Content-Type: multipart/signed; boundary=b\n\n--b\nSubject: ü\n\nx\n--b\n\nsig\n--b--\n".encode()
    assert Unconvertible(Obstacle.SIGNED, "multipart/signed") == to_ascii(parse(octets))


def test_conversions_take_real_mail() -> None:
    """On the corpus: ASCII, or a named obstacle, and whoever is 7bit already is not touched."""
    converted = 0
    for _, octets in corpus_sample(20):
        found = to_7bit(parse(octets))
        if isinstance(found, bytes):
            converted += found != octets
            assert found.isascii()
            assert [len(one) for one in contents(parse(octets))] == [len(one) for one in contents(parse(found))]
    assert converted > 10

"""The multiparts of MIME, each with what its standard wants of it."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest

from scop.mime import Attachment, ContentType, Message, NextHop, compose, encode, parse
from scop.mime.encode import Draft
from scop.mime.parts import part, text_part
from scop.mime.structures import Body, form_data, multipart, related, report, signed

_SIGNED_PART = b"Content-Type: text/plain\r\nX:  as it\r\n\t stands\r\n\r\ntext \r\n--\r\nend"


def read(draft: Draft) -> Message:
    """Return what is written for a draft, read."""
    return parse(b"".join(encode(draft)))


def test_signed_leaves_every_octet_of_what_was_signed() -> None:
    """RFC 1847 §2.1: the first part is octet for octet what the signature is over, its last line end not in it."""
    message = read(signed(_SIGNED_PART, b"sig", micalg="pgp-sha256", protocol="application/pgp-signature"))
    assert _SIGNED_PART == message.parts[0].to_octets()
    assert b"sig" == message.parts[1].content
    media = message.content_type
    assert ("multipart/signed", "pgp-sha256", "application/pgp-signature") == (
        media.media_type,
        media.parameters["micalg"],
        media.parameters["protocol"],
    )


def test_signed_goes_through_compose() -> None:
    """What was composed to be signed is what stands in the mail."""
    octets = b"".join(encode(Body(text="grün", attachments=[Attachment("a", "a/b", b"\0")]).draft(seed="1")))
    content = signed(octets, b"sig", micalg="sha-256", protocol="application/pkcs7-signature")
    message = compose(
        author="a@b.test",
        date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        message_id="1@b.test",
        content=content,
    )
    assert octets == message.parts[0].to_octets()
    assert "grün\r\n" == message.parts[0].parts[0].text


@pytest.mark.parametrize("octets", ["A: ü\r\n\r\n".encode(), b"A: b\n\nx", b"\r\n" + b"x" * 999, b"\r\n\0"])
def test_signed_refuses_what_a_host_might_have_to_change(octets: bytes) -> None:
    """RFC 1847 §2.1: signed contents are 7bit with CRLF line ends, or the signature would break on the way."""
    with pytest.raises(ValueError, match="7bit"):
        signed(octets, b"", micalg="a", protocol="a/b")


@pytest.mark.parametrize(
    ("micalg", "protocol"), [("a b", "a/b"), ("a\r\n", "a/b"), ("", "a/b"), ("a", "a"), ("a", "a/b;")]
)
def test_signed_refuses_parameters_that_are_none(micalg: str, protocol: str) -> None:
    """RFC 1847 §2.1: micalg is a token, protocol a media type."""
    with pytest.raises(ValueError, match="not a"):
        signed(b"\r\n", b"", micalg=micalg, protocol=protocol)


def test_report_has_its_parts_in_order() -> None:
    """RFC 6522 §3: a text for people, then what programs read, then what goes back."""
    status = part("message/delivery-status", b"Reporting-MTA: dns; x.test\r\n")
    draft = report("delivery-status", text_part("It failed."), status, part("text/rfc822-headers", b"A: b\r\n"))
    message = read(draft)
    assert "delivery-status" == message.content_type.parameters["report-type"]
    assert ["text/plain", "message/delivery-status", "text/rfc822-headers"] == [
        one.content_type.media_type for one in message.parts
    ]
    assert 2 == len(read(report("disposition-notification", text_part("Seen."), status)).parts)


def test_form_data_names_its_entries() -> None:
    """RFC 7578 §4.2: each part has its name, texts exactly as given, no RFC 2231 in it."""
    entries: list[tuple[str, str | Attachment]] = [
        ("text", " no line end "),
        ("grün", Attachment("ö.txt", "text/plain", b"x\n", content_id="a@b")),
    ]
    octets = b"".join(encode(form_data(entries)))
    text, file = parse(octets).parts
    assert (" no line end ", "form-data") == (text.text, text.disposition)
    assert (b"x\n", "%C3%B6.txt") == (file.content, file.filename)
    assert b'name="gr%C3%BCn"' in octets.replace(b"name=gr%C3%BCn", b'name="gr%C3%BCn"')
    assert b"*=" not in octets
    with pytest.raises(ValueError, match="name"):
        form_data([("a\r\n", "x")])


def test_related_names_the_type_of_its_root() -> None:
    """RFC 2387 §3.1: readers choose by it before they see the root."""
    draft = related(text_part("<p>", subtype="html"), [Attachment("", "image/png", b"", content_id="<a@b>")])
    message = read(draft)
    assert ("text/html", "inline") == (message.content_type.parameters["type"], message.parts[1].disposition)


def test_multipart_states_the_widest_encoding_of_its_parts() -> None:
    """RFC 2045 §6.4: who reads the outside knows what is inside."""
    wide = text_part("ü", next_hop=NextHop.EIGHT_BIT)
    assert "8bit" == read(multipart("mixed", [multipart("mixed", [wide]), text_part("x")])).transfer_encoding
    assert "" == read(multipart("mixed", [text_part("ü"), text_part("x")])).transfer_encoding
    assert "binary" == read(multipart("mixed", [wide, b"\n\n"])).transfer_encoding


def test_multipart_is_a_function_of_its_parts_and_seed() -> None:
    """The same values make the same boundary, another seed another one."""
    assert multipart("mixed", [b"\r\n"], seed="1") == multipart("mixed", [b"\r\n"], seed="1")
    assert multipart("mixed", [b"\r\n"], seed="1") != multipart("mixed", [b"\r\n"], seed="2")
    with pytest.raises(ValueError, match="parts"):
        multipart("mixed", [])


@pytest.mark.parametrize("place", ["fields", "content", "preamble", "epilogue", "whole"])
def test_multipart_has_a_boundary_of_its_own(place: str) -> None:
    """RFC 2046 §5.1.1: multiparts that differ anywhere share no boundary, so it cannot stand in what it parts."""
    draft = Draft((("Content-Type", ContentType("multipart", "x", {"boundary": "b"})),), (Draft(),))
    others: dict[str, Draft | bytes] = {
        "fields": replace(draft, fields=(("Content-Type", ContentType("multipart", "x", {"boundary": "c"})),)),
        "content": replace(draft, content=(Draft((), b"x"),)),
        "preamble": replace(draft, preamble=b"x"),
        "epilogue": replace(draft, epilogue=b"x"),
        "whole": b"x",
    }
    first, second = multipart("mixed", [draft]), multipart("mixed", [others[place]])
    boundaries = {_boundary_of(one) for one in (first, second, multipart("mixed", [first, second]))}
    assert 3 == len(boundaries)


def test_multiparts_side_by_side_have_boundaries_of_their_own() -> None:
    """Neither reports nor alternatives look alike because they were built alike."""
    one, two = (multipart("alternative", [text_part(text), text_part(text, subtype="html")]) for text in "ab")
    assert _boundary_of(one) != _boundary_of(two)


def _boundary_of(draft: Draft) -> str:
    return read(draft).content_type.parameters["boundary"]


@pytest.mark.parametrize(
    ("media", "octets", "next_hop", "encoding"),
    [
        ("text/x-patch", b"x" * 200 + b"\r\n", NextHop.ASCII, "7bit"),
        ("text/x-patch", b"a\nb\n", NextHop.EIGHT_BIT, "quoted-printable"),  # its line ends are its own
        ("image/png", b"x", NextHop.ASCII, "base64"),
        ("image/png", b"x", NextHop.BINARY, "binary"),
        ("message/rfc822", "A: ü\r\n".encode(), NextHop.EIGHT_BIT, "8bit"),
        ("message/global", "A: ü\r\n".encode(), NextHop.ASCII, "quoted-printable"),
        ("message/global-headers", "A: ü\r\n".encode(), NextHop.SMTPUTF8, "8bit"),
    ],
)
def test_part_arrives_unchanged(media: str, octets: bytes, next_hop: NextHop, encoding: str) -> None:
    """RFC 2045 §6, RFC 6532 §3.7: by type, content and next hop."""
    message = read(part(media, octets, next_hop=next_hop))
    assert encoding == message.transfer_encoding
    assert octets in (message.content, message.parts[0].to_octets() if message.parts else b"")

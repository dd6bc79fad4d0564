"""Mail written: what goes in comes out again, and nothing can be smuggled in."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address, Attachment, ContentType, Group, Message, NextHop, compose, parse
from scop.mime.compose import compose_chunks
from scop.mime.encode import Draft
from scop.mime.fields.message_ids import MessageId
from scop.mime.structures import multipart

DATE = datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC)
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


_NO_CONTROLS = dict.fromkeys((*range(32), 127))


def composed(**values: Any) -> Message:
    """Return a mail of Ada's with these values."""
    return compose(**{"author": "Ada <ada@harbor.test>", "date": DATE, "message_id": "1@harbor.test", **values})


def types(message: Message) -> list[str]:
    """Return the media types of all entities, each before its parts."""
    return [entity.content_type.media_type for entity in message.walk()]


def wire_is_sound(message: Message) -> bool:
    """Tell whether the octets keep to RFC 5322 §2.1.1 and have only CRLF line ends."""
    lines = message.to_octets().split(b"\r\n")
    return all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)


def test_compose_plain_text_exactly() -> None:
    """A small mail, octet for octet."""
    people = {"to": ["bob@lagoon.test", Address("Cé", "c@lagoon.test")], "cc": [], "reply_to": "a@harbor.test"}
    message = composed(
        **people, in_reply_to="0@x.test", references=["<a@x.test>", "0@x.test"], subject="Hi", text="Hello"
    )
    assert message.to_octets() == (
        b"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
        b"From: Ada <ada@harbor.test>\r\n"
        b"Reply-To: a@harbor.test\r\n"
        b"To: bob@lagoon.test, =?utf-8?b?Q8Op?= <c@lagoon.test>\r\n"
        b"Message-ID: <1@harbor.test>\r\n"
        b"In-Reply-To: <0@x.test>\r\n"
        b"References: <a@x.test> <0@x.test>\r\n"
        b"Subject: Hi\r\n"
        b"MIME-Version: 1.0\r\n"
        b"Content-Type: text/plain; charset=us-ascii\r\n"
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello\r\n"
    )


def test_compose_builds_every_structure_around_the_text() -> None:
    """Mixed around alternative around related (RFC 2046 §5.1, RFC 2387)."""
    message = composed(
        text="t",
        html='<img src="cid:logo@x">',
        inline=[Attachment("logo.png", "image/png", b"\x89PNG", content_id="logo@x")],
        alternatives=[Attachment("", ContentType("text", "calendar", {"method": "REQUEST"}), b"BEGIN:VCALENDAR\r\n")],
        attachments=[Attachment("Übersicht " * 9 + ".pdf", "application/pdf", bytes(range(256)))],
    )
    assert [
        *("multipart/mixed", "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/png"),
        *("text/calendar", "application/pdf"),
    ] == types(message)
    assert "text/html" == message.parts[0].parts[1].content_type.parameters["type"]
    image, calendar, pdf = message.parts[0].parts[1].parts[1], message.parts[0].parts[2], message.parts[1]
    assert ("inline", "<logo@x>", b"\x89PNG") == (image.disposition, image.header.get("content-id"), image.content)
    assert (None, "REQUEST") == (calendar.disposition, calendar.content_type.parameters["method"])
    assert ("attachment", "Übersicht " * 9 + ".pdf", bytes(range(256))) == (pdf.disposition, pdf.filename, pdf.content)
    assert not any(entity.defects or entity.ambiguities for entity in message.walk())
    assert wire_is_sound(message)


def test_compose_encloses_a_mail_as_it_is() -> None:
    """RFC 2046 §5.2.1: a mail inside of a mail is not encoded again."""
    message = composed(text="t", attachments=[Attachment("m.eml", "message/rfc822", b"A: b\r\n\r\nc")])
    assert ["multipart/mixed", "text/plain", "message/rfc822", "text/plain"] == types(message)
    assert b"A: b\r\n\r\nc" == message.parts[1].content


@pytest.mark.parametrize(
    ("octets", "next_hop", "expected"),
    [
        (b"A: b\n\nc\r\nd", NextHop.ASCII, b"A: b\r\n\r\nc\r\nd"),
        (b"A: b\n\nc", NextHop.BINARY, b"A: b\n\nc"),
        ("A: b\n\nü".encode(), NextHop.EIGHT_BIT, "A: b\r\n\r\nü".encode()),
    ],
)
def test_compose_encloses_a_mail_with_the_line_ends_of_the_wire(
    octets: bytes, next_hop: NextHop, expected: bytes
) -> None:
    """RFC 5322 §2.3: mail kept in files has LF, which no host carries but in binary."""
    message = composed(text="t", attachments=[Attachment("m.eml", "message/rfc822", octets)], next_hop=next_hop)
    assert expected == message.parts[1].parts[0].to_octets()


def test_compose_encodes_the_contents_of_an_enclosed_mail_where_it_must() -> None:
    """RFC 2046 §5.2.1, RFC 6152 §3: not the mail is encoded but what is in it."""
    enclosed = "Subject: grün\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nschön\r\n".encode()
    message = composed(text="t", attachments=[Attachment("m.eml", "message/rfc822", enclosed)])
    assert message.to_octets().isascii()
    inner = message.parts[1].parts[0]
    assert ("grün", "schön\r\n") == (inner.header.get("subject"), inner.text)


def test_compose_takes_a_structure_in_the_place_of_texts() -> None:
    """Whatever `scop.mime.structures` builds can be the content of a mail."""
    message = composed(content=multipart("digest", [b"\r\nA: b\r\n\r\nc"]))
    assert ["multipart/digest", "message/rfc822", "text/plain"] == types(message)


@pytest.mark.parametrize(
    ("content", "next_hop", "reason"),
    [
        (Draft((("bcc", (Address("", "secret@b.test"),)),)), NextHop.ASCII, "bcc is a field of the mail"),
        (Draft((("From", (Address("", "b@b.test"),)),)), NextHop.ASCII, "From is a field of the mail"),
        (multipart("mixed", ["\r\nü".encode()]), NextHop.ASCII, "it is 8bit"),
        (multipart("mixed", [b"\r\n\0"]), NextHop.SMTPUTF8, "it is binary"),
    ],
)
def test_compose_refuses_a_structure_that_says_more_than_what_it_is(
    content: Draft, next_hop: NextHop, reason: str
) -> None:
    """Its header becomes the mail's: no recipient, no second author, no encoding that the next hop does not carry."""
    with pytest.raises(ValueError, match=f"content: {reason}"):
        composed(content=content, next_hop=next_hop)


def test_compose_keeps_blind_recipients_out() -> None:
    """Whom bcc names stands nowhere in the mail (RFC 5322 §3.6.3)."""
    assert b"secret" not in composed(to="a@b.test", bcc="secret@b.test", text="x").to_octets()


def test_compose_writes_groups() -> None:
    """RFC 5322 §3.4: a group can stand where recipients do, an empty one too, as a value or as text."""
    crew = Group("Crew, all", (Address("Bö", "b@grün.test"), Address("", "c@x.test")))
    message = composed(to=[crew, "d@x.test"], cc="undisclosed-recipients:;")
    assert b'To: "Crew, all":' in message.to_octets()
    written = Group("Crew, all", (Address("Bö", "b@xn--grn-ioa.test"), Address("", "c@x.test")))
    assert (written, Address("", "d@x.test")) == message.addresses("To")
    assert (Group("undisclosed-recipients"),) == message.addresses("Cc")


@pytest.mark.parametrize(
    "values",
    [
        {"author": "Crew: a@x.test;"},
        {"sender": Group("Crew")},
        {"to": Group("a\r\nEvil: b")},
        {"to": Group("Crew", (Address("a\nb", "a@x.test"),))},
        {"to": "Crew: nobody;"},
        {"to": Group("Crew", (Address("", "jörg@x.test"),))},
    ],
)
def test_compose_refuses_groups_of_nobody(values: dict[str, Any]) -> None:
    """RFC 6854 §4: a mail comes from somebody; and a group's members are held to what other addresses are."""
    with pytest.raises(ValueError, match=next(iter(values))):
        composed(**values)


def test_compose_names_a_sender_where_there_are_several_authors() -> None:
    """RFC 5322 §3.6.2: the first author, where none is named."""
    authors = ["a@x.test", "b@x.test"]
    assert "a@x.test" == composed(author=authors).header.get("sender")
    assert "c@x.test" == composed(author=authors, sender="c@x.test").header.get("sender")
    assert "sender" not in composed().header


def test_compose_takes_further_fields_as_values() -> None:
    """Typed values and plain text, in the order given."""
    fields = [("X-Mailer", "scop"), ("Resent-Message-ID", (MessageId("2", "x.test"),))]
    header = composed(fields=fields).header
    assert ("scop", "<2@x.test>") == (header.get("x-mailer"), header.get("resent-message-id"))


def test_compose_is_a_function_of_its_values() -> None:
    """The same values make the same octets, and `compose_chunks` the same as `compose`."""
    values: dict[str, Any] = {"author": "a@b.test", "date": DATE, "message_id": "1@b.test", "html": "x", "text": "y"}
    assert b"".join(compose_chunks(**values)) == compose(**values).to_octets() == compose(**values).to_octets()


def test_compose_makes_another_boundary_where_the_first_is_taken() -> None:
    """RFC 2046 §5.1.1: a boundary stands nowhere in what it parts."""
    first = composed(text="x", html="y")
    boundary = first.content_type.parameters["boundary"]
    second = composed(text=f"--{boundary}", html="y")
    assert boundary != second.content_type.parameters["boundary"]
    around = composed(content=multipart("alternative", [first.to_octets()], seed="1@harbor.test"))
    assert boundary not in (around.content_type.parameters["boundary"], "")


@given(_TEXT, st.text(st.characters(exclude_categories=["Cs"]), max_size=300), _TEXT, st.sampled_from(NextHop))
def test_compose_and_parse_give_the_values_back(subject: str, text: str, name: str, next_hop: NextHop) -> None:
    """Any subject, text, display name and filename survive, whatever the next hop carries."""
    author = Address(" ".join(name.split()), "ada@harbor.test")
    file = Attachment(name, "application/x", text.encode())
    message = composed(author=author, subject=subject, text=text, attachments=[file], next_hop=next_hop)
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    assert normal.removesuffix("\n") == message.parts[0].text.replace("\r\n", "\n").removesuffix("\n")
    assert (subject, (author,)) == (message.header.get("subject"), message.addresses("from"))
    assert (name or None, text.encode()) == (message.parts[1].filename, message.parts[1].content)
    assert next_hop is NextHop.BINARY or wire_is_sound(message)


@given(st.text(max_size=200), st.sampled_from(NextHop))
def test_compose_uses_no_more_than_the_next_hop_carries(text: str, next_hop: NextHop) -> None:
    """RFC 2045 §2.7–§2.9, RFC 6152, RFC 3030: what goes out unencoded is within its domain."""
    octets = composed(text=text, html=text, subject=text.translate(_NO_CONTROLS), next_hop=next_hop).to_octets()
    if next_hop is NextHop.ASCII:
        assert octets.isascii()
    if next_hop is not NextHop.BINARY:
        assert b"\0" not in octets
        assert all(len(line) <= 998 for line in octets.split(b"\r\n"))
    stated = {entity.transfer_encoding for entity in parse(octets).walk()} & {"8bit", "binary"}
    assert stated <= next_hop.encodings


@pytest.mark.parametrize(
    ("text", "next_hop", "encoding"),
    [
        ("plain", NextHop.ASCII, "7bit"),
        ("plain", NextHop.BINARY, "7bit"),
        ("grün", NextHop.ASCII, "quoted-printable"),
        ("grün", NextHop.EIGHT_BIT, "8bit"),
        ("grün", NextHop.SMTPUTF8, "8bit"),
        ("ελληνικά", NextHop.ASCII, "base64"),
        ("x" * 78, NextHop.ASCII, "7bit"),
        ("x" * 79, NextHop.EIGHT_BIT, "quoted-printable"),
        ("x" * 79, NextHop.BINARY, "7bit"),
        ("x" * 999, NextHop.BINARY, "binary"),
        ("\0", NextHop.EIGHT_BIT, "quoted-printable"),
        ("\0", NextHop.BINARY, "binary"),
        ("a\nFrom b", NextHop.ASCII, "quoted-printable"),  # mailbox files would write ">From"
    ],
)
def test_compose_chooses_the_encoding_by_content_and_next_hop(text: str, next_hop: NextHop, encoding: str) -> None:
    """RFC 2045 §6: as it is where the next hop carries it, quoted-printable for mostly ASCII, else base64."""
    assert encoding == composed(text=text, next_hop=next_hop).transfer_encoding


def test_compose_sends_attachments_as_they_are_where_binary_is_carried() -> None:
    """RFC 3030 §3: no transfer encoding, which saves a quarter; the multipart says so (RFC 2045 §6.4)."""
    octets = bytes(range(256))
    message = composed(text="t", attachments=[Attachment("x", "a/b", octets)], next_hop=NextHop.BINARY)
    assert ("binary", "binary", octets) == (
        message.transfer_encoding,
        message.parts[1].transfer_encoding,
        message.parts[1].body,
    )


def test_compose_writes_domains_in_ascii_for_hosts_without_smtputf8() -> None:
    """RFC 6531 §3.2: domains have A-labels, local parts have no other form."""
    to = "Bob <bob@grün.test>"
    assert b"To: Bob <bob@xn--grn-ioa.test>\r\n" in composed(to=to).to_octets()
    assert "To: Bob <bob@grün.test>\r\n".encode() in composed(to=to, next_hop=NextHop.SMTPUTF8).to_octets()
    with pytest.raises(ValueError, match=r"to: .*SMTPUTF8"):
        composed(to="jörg@harbor.test")
    with pytest.raises(ValueError, match=r"References needs .*SMTPUTF8"):
        composed(references=["jörg@harbor.test"], next_hop=NextHop.BINARY)


_PLACES: dict[str, Any] = {
    "author": lambda bad: {"author": Address(bad, "a@b.test")},
    "to": lambda bad: {"to": Address("", f"a{bad}@b.test")},
    "cc": lambda bad: {"cc": f"x{bad}@b.test"},
    "bcc": lambda bad: {"bcc": Address("", local_part=f"a{bad}", domain="b.test")},
    "sender": lambda bad: {"sender": Address("", local_part="a", domain=f"b{bad}.test")},
    "reply_to": lambda bad: {"reply_to": [Address(bad, "a@b.test")]},
    "subject": lambda bad: {"subject": bad},
    "message_id": lambda bad: {"message_id": f"a{bad}@b.test"},
    "in_reply_to": lambda bad: {"in_reply_to": [f"a@b{bad}.test"]},
    "references": lambda bad: {"references": f"<a@b.test>{bad}"},
    "X-A": lambda bad: {"fields": [("X-A", bad)]},
    "field name": lambda bad: {"fields": [(f"X-A{bad}", "x")]},
    "List-Id": lambda bad: {"fields": [("List-Id", bad)]},
    "References": lambda bad: {"fields": [("Resent-References", (MessageId("a", bad),))]},
    "filename": lambda bad: {"attachments": [Attachment(f"a{bad}", "a/b", b"")]},
    "media type": lambda bad: {"attachments": [Attachment("a", f"a/b{bad}", b"")]},
    "media type ": lambda bad: {"inline": [Attachment("a", f"a/b; x={bad}", b"", content_id="a@b")], "html": ""},
    "parameter": lambda bad: {"attachments": [Attachment("a", ContentType("a", "b", {"x": bad}), b"")]},
    "parameter name": lambda bad: {"alternatives": [Attachment("a", ContentType("a", "b", {f"x{bad}": "x"}), b"")]},
    "Content-ID": lambda bad: {"inline": [Attachment("a", "a/b", b"", content_id=f"a@b{bad}")], "html": ""},
}


@pytest.mark.parametrize("what", _PLACES)
@given(
    begin=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
    bad=st.sampled_from(["\r", "\n", "\0", "\r\n", "\r\nBcc: x@y.test", "\r\n ", "\r\n\r\nbody"]),
    end=st.text(st.characters(exclude_categories=["Cs"]), max_size=9),
)
def test_compose_lets_no_value_write_a_field(what: str, begin: str, bad: str, end: str) -> None:
    """A line end or NUL anywhere in any value raises ValueError that names the value, before anything is written."""
    with pytest.raises(ValueError, match=what.strip()):
        compose_chunks(
            **{"author": "a@b.test", "date": DATE, "message_id": "1@b.test", **_PLACES[what](begin + bad + end)}
        )


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ({"to": "not an address"}, "to: not an address"),
        ({"bcc": "nobody"}, "bcc: not an address"),
        ({"to": "friends: nobody;"}, "to: not an address"),
        ({"author": []}, "author"),
        ({"sender": "a@b.test, c@d.test"}, "sender"),
        ({"fields": [("Bad Name", "x")]}, "not a field name"),
        ({"fields": [("bcc", "x@y.test")]}, "fields: bcc"),
        ({"fields": [("Content-Type", "text/html")]}, "fields: Content-Type"),
        ({"message_id": "no id"}, "message_id"),
        ({"message_id": "<a@b.test"}, "message_id"),
        ({"date": datetime.datetime(2026, 1, 1)}, "Date"),
        ({"inline": [Attachment("a", "a/b", b"", content_id="x@y")]}, "HTML"),
        ({"inline": [Attachment("a", "a/b", b"")], "html": "x"}, "content_id"),
        ({"attachments": [Attachment("a.eml", "message/rfc822", "To: ü@x.test\n\n".encode())]}, r"'a\.eml': utf8_name"),
        ({"attachments": [Attachment("a", "message/partial", b"A: \xff\r\n\r\n")]}, "message/partial"),
        ({"content": multipart("mixed", [b"\r\n"]), "html": "x"}, "content"),
        ({"attachments": [Attachment("a", "message/rfc822", iter([b"A: b\r\n\r\n"]))]}, "streamed"),
    ],
)
def test_compose_refuses_values_that_are_none(bad: dict[str, Any], reason: str) -> None:
    """A wrong form raises ValueError before anything is written."""
    with pytest.raises(ValueError, match=reason):
        composed(**{"text": "x", **bad})

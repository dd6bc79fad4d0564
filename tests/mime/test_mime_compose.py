"""Mail written: what goes in comes out again, and nothing can be smuggled in."""

from __future__ import annotations

import datetime
from typing import TypedDict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import Address, Attachment, Message, compose


class _Fixed(TypedDict):
    author: str
    date: datetime.datetime
    message_id: str


FIXED: _Fixed = {
    "author": "Ada <ada@harbor.test>",
    "date": datetime.datetime(2026, 1, 2, 3, 4, 5, tzinfo=datetime.UTC),
    "message_id": "1@harbor.test",
}
_TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=200)


def wire_is_sound(message: Message) -> bool:
    """Tell whether the octets keep to RFC 5322 §2.1.1 and have only CRLF line ends."""
    lines = message.to_octets().split(b"\r\n")
    return all(len(line) <= 998 and b"\n" not in line and b"\r" not in line for line in lines)


def test_compose_plain_text_exactly() -> None:
    """A small mail, octet for octet."""
    message = compose(**FIXED, to=["bob@lagoon.test", Address("Cé", "c@lagoon.test")], subject="Hi", text="Hello\n")
    assert message.to_octets() == (
        b"Date: Fri, 02 Jan 2026 03:04:05 +0000\r\n"
        b"From: Ada <ada@harbor.test>\r\n"
        b"To: bob@lagoon.test, =?utf-8?b?Q8Op?= <c@lagoon.test>\r\n"
        b"Message-ID: <1@harbor.test>\r\n"
        b"Subject: Hi\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="us-ascii"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"Hello\r\n"
    )


def test_compose_builds_alternatives_and_attachments() -> None:
    """Text and HTML are alternatives, attachments stand beside them (RFC 2046 §5.1.4)."""
    files = [
        Attachment("Übersicht " * 9 + ".pdf", "application/pdf", bytes(range(256))),
        Attachment("m.eml", "message/rfc822", b"A: b\r\n\r\nc"),
    ]
    message = compose(**FIXED, text="t", html="<p>ü", attachments=files)
    types = [entity.content_type.media_type for entity in message.walk()]
    expected = [
        "multipart/mixed",
        "multipart/alternative",
        "text/plain",
        "text/html",
        "application/pdf",
        "message/rfc822",
        "text/plain",
    ]
    assert types == expected
    assert message.parts[1].filename == files[0].filename
    assert message.parts[1].content == files[0].content
    assert message.parts[2].content == files[1].content
    assert not any(entity.defects or entity.ambiguities for entity in message.walk())
    assert wire_is_sound(message)


def test_compose_keeps_blind_recipients_out() -> None:
    """Whom bcc names stands nowhere in the mail (RFC 5322 §3.6.3)."""
    assert b"secret" not in compose(**FIXED, to="a@b.test", bcc="secret@b.test", text="x").to_octets()


def test_compose_is_a_function_of_its_values() -> None:
    """The same values make the same octets."""
    assert compose(**FIXED, html="x", text="y").to_octets() == compose(**FIXED, html="x", text="y").to_octets()


@given(_TEXT, st.text(st.characters(exclude_categories=["Cs"]), max_size=300), _TEXT)
def test_compose_and_parse_give_the_values_back(subject: str, text: str, name: str) -> None:
    """Any subject, text and display name survive."""
    author = Address(" ".join(name.split()), "ada@harbor.test")
    message = compose(author=author, date=FIXED["date"], message_id=FIXED["message_id"], subject=subject, text=text)
    normal = text.replace("\r\n", "\n").replace("\r", "\n")
    assert message.text.replace("\r\n", "\n").removesuffix("\n") == normal.removesuffix("\n")
    assert subject == message.header.get("subject")
    assert [author.addr_spec] == [found.addr_spec for found in message.addresses("from") if isinstance(found, Address)]
    assert wire_is_sound(message)


@pytest.mark.parametrize(
    "bad",
    [
        {"subject": "x\r\nBcc: y@z.test"},
        {"to": "a@b.test\r\nX: y"},
        {"to": Address("x\n", "a@b.test")},
        {"to": "not an address"},
        {"bcc": "nobody"},
        {"fields": [("Bad Name", "x")]},
        {"fields": [("X-A", "x\ny")]},
        {"message_id": "no id"},
        {"author": []},
    ],
)
def test_compose_refuses_values_that_are_none(bad: dict[str, str]) -> None:
    """A line end or a wrong form raises ValueError before anything is written."""
    with pytest.raises(ValueError, match=r".+"):
        compose(**{**FIXED, "text": "x", **bad})  # type: ignore[arg-type]  # wrong on purpose


def test_attachment_refuses_a_bad_media_type() -> None:
    """The constructor validates."""
    with pytest.raises(ValueError, match="media type"):
        Attachment("a", "text/plain; x=\r\n", b"")

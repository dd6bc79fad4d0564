"""Every family of fields: any text is read, and what was read is the same again when it was written."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime import Address, ContentType, parse
from scop.mime.fields import FieldValue, parse_field, write_field
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.return_path import ReturnPath
from scop.mime.fold import fold_field

NAMES = (
    *("Date", "Resent-Date", "Message-ID", "In-Reply-To", "REFERENCES", "content-id", "Received", "Return-Path"),
    *("List-Id", "List-Post", "List-Unsubscribe", "Content-Type", "Content-Disposition"),
    *("Content-Transfer-Encoding", "Subject", "X-Anything", "To"),
)
_PIECES = st.sampled_from(
    [
        *(
            "a",
            "B",
            "x.test",
            "a@b.test",
            "@",
            ".",
            "/",
            "=",
            "<",
            ">",
            ",",
            ";",
            ":",
            "(",
            ")",
            "[",
            "]",
            '"',
            "\\",
            "'",
        ),
        *(
            "%",
            "%41",
            "%zz",
            "*",
            "*=",
            "*0=",
            "*1*=",
            "*01*=",
            "?",
            "0",
            "24",
            "01",
            "2001",
            "61",
            "12:00",
            ":59",
            "+0100",
        ),
        *(
            "-0000",
            "Jan",
            "Wed, ",
            "GMT",
            "Z",
            "pm",
            " ",
            "  ",
            "\t",
            "\r\n ",
            "\n",
            "\r",
            "\0",
            "\x0b",
            "\x1c",
            "\x7f",
        ),
        *(
            "(c)",
            "((n) m)",
            "(\\))",
            "(=?utf-8?q?c?=)",
            "()",
            '"q"',
            '"a b"',
            '"\\""',
            "<a@b>",
            "<>",
            "<a(c)@b>",
            '<"a"@b>',
        ),
        *(
            "from ",
            "by ",
            "with ",
            "id ",
            "for ",
            " via ",
            "tls ",
            "NO",
            "mailto:x",
            "<mailto:x>",
            "text/plain",
            "Inline",
        ),
        *(
            "; name=",
            "; NAME*=",
            "filename",
            "charset=",
            "utf-8''",
            "nope'en'",
            "; 24 Jan 2001 12:00 +0100",
            "=?utf-8?q?a=2C_b?=",
        ),
        *(
            "=?utf-8?b?AA0KAA==?=",
            "=?utf-8?q?=3Ca@b=3E?=",
            "=?x?q?",
            "é",
            "\u00a0",
            "\u2028",
            "\udce9",
            "\ud800",
            "İ",
            "x" * 99,
        ),
    ]
)
ANY_TEXT = st.one_of(st.lists(_PIECES, max_size=14).map("".join), st.text(max_size=40))


@given(st.sampled_from(NAMES), ANY_TEXT)
@example("References", "=?utf-8?q?=3Ca@b=3E?=")
@example("Received", "=?utf-8?q?from?=")
@example("Return-Path", "<\u00a0>")
@example("Content-Type", "a/b; n*1=x; n=y; n*0=z")
@example("Date", "Tue, 24 Jan 2001 12:00 -0000 (")
def test_field_read_from_anything_is_the_same_again(name: str, text: str) -> None:
    """Whatever a broken field says can be written into a sound one, and is the same there, folded or not."""
    value = parse_field(name, text, defects=[])
    words = write_field(name, value)
    assert repr(value) == repr(parse_field(name, " ".join(words)))
    if max(map(len, words), default=0) < 200:
        (field,) = parse(fold_field(name, words) + b"\r\n").header.fields
        assert repr(value) == repr(parse_field(name, field.unfolded))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Subject", (MessageId("a", "b"),)),
        ("X-Any", datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)),
        ("Date", ReturnPath()),
        ("To", (MessageId("a", "b"),)),
        ("References", (Address("", "a@b"),)),
        ("References", (MessageId("a", "b"), Address("", "a@b"))),
        ("Content-Type", ContentType("a", "B")),
        ("Content-Transfer-Encoding", "BASE64"),
        ("Content-Transfer-Encoding", ContentType()),
        ("Received", "a\0"),
    ],
)
def test_field_value_of_another_family_is_refused(name: str, value: FieldValue) -> None:
    """A field says what its name lets it say; the name is in the reason."""
    with pytest.raises(ValueError, match=f"^{name}: "):
        write_field(name, value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("References", "<a@b>"),
        ("Date", "1 Jan 2024 00:00 +0000"),
        ("Received", "from a"),
        ("Return-Path", "<>"),
        ("List-Id", "a.b"),
        ("List-Post", "NO"),
        ("Content-Type", "text/plain"),
        ("Content-Disposition", "inline"),
    ],
)
def test_field_text_that_would_be_read_as_a_value_is_encoded(name: str, text: str) -> None:
    """A structured field that cannot be read is text; text stays text (RFC 2047)."""
    words = write_field(name, text)
    assert (text, True) == (parse_field(name, " ".join(words)), words[0].startswith("=?utf-8?"))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Base64", "base64"),
        ("(a) 7BIT (b)", "7bit"),
        (" quoted-printable; ", "quoted-printable"),
        ("", ""),
        ("x-\udce9 \0", "x-\uf7e9 \ufffd"),
    ],
)
def test_transfer_encoding_is_read(text: str, expected: str) -> None:
    """One word in lower case, whatever stands around it (RFC 2045 §6.1)."""
    assert expected == parse_field("Content-Transfer-Encoding", text)

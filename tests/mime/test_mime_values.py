"""The values in fields: parameters, dates."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.mime import ContentType, parse
from scop.mime.fields.dates import format_date, parse_date


@pytest.mark.parametrize(
    ("field", "media_type", "parameters"),
    [
        (b'Text/HTML; Charset="utf-8"', "text/html", {"charset": "utf-8"}),
        (b"text/plain (a comment); charset (another) = us-ascii", "text/plain", {"charset": "us-ascii"}),
        (b'a/b; name="with \\"quotes\\"; and more"', "a/b", {"name": 'with "quotes"; and more'}),
        (b"a/b; name=unquoted value with blanks; x=y", "a/b", {"name": "unquoted value with blanks", "x": "y"}),
        (b'a/b; name="never closed', "a/b", {"name": "never closed"}),
        (b"a/b; name=first; NAME=second", "a/b", {"name": "first"}),
        (b"a/b; name==?utf-8?q?=C3=BC?=", "a/b", {"name": "ü"}),
        (b"a/b; name*=utf-8'en'%C3%BC%20x", "a/b", {"name": "ü x"}),
        (b"a/b; n*1*=%bc; n*0*=utf-8''%c3; n*2=\" end\"", "a/b", {"n": "ü end"}),  # RFC 2231 §4.1
        (b"a/b; n*0=one; n*2=three", "a/b", {"n": "one"}),  # a gap ends it
        (b"a/b; name=x; name*=utf-8''y", "a/b", {"name": "y"}),
        (b"nonsense", "text/plain", {}),
        (b"", "text/plain", {}),
    ],
)
def test_content_type_is_read(field: bytes, media_type: str, parameters: dict[str, str]) -> None:
    """Type and parameters in every form (RFC 2045 §5.1, RFC 2231)."""
    content_type = parse(b"Content-Type: " + field + b"\n\n").content_type
    assert media_type == content_type.media_type
    assert parameters == content_type.parameters


def test_content_type_default_is_plain_text() -> None:
    """RFC 2045 §5.2."""
    assert ContentType("text", "plain") == parse(b"").content_type
    assert hash(ContentType("a", "b", {"x": "y"})) == hash(ContentType("a", "b", {"x": "y"}))


@pytest.mark.parametrize(
    ("octets", "filename", "disposition"),
    [
        (b'Content-Disposition: ATTACHMENT; filename="a b.txt"', "a b.txt", "attachment"),
        (b"Content-Type: a/b; name=n\nContent-Disposition: inline", "n", "inline"),
        (b"Content-Type: a/b; name=n\nContent-Disposition: inline; filename=f", "f", "inline"),
        (b"Content-Disposition: attachment; filename*=utf-8''%E2%82%AC.txt", "€.txt", "attachment"),
        (b"Subject: none", None, None),
    ],
)
def test_filename_and_disposition(octets: bytes, filename: str | None, disposition: str | None) -> None:
    """The disposition's name goes before the type's (RFC 2183 §2.3)."""
    message = parse(octets + b"\n\n")
    assert (message.filename, message.disposition) == (filename, disposition)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),  # RFC 5322 appendix A
        ("Thu,\t13\n Feb 1969 23:32 -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
        ("Fri, 21 Nov 03 09(comment):   55  :  06 EST", "2003-11-21T09:55:06-05:00"),
        ("1 Jan 100 00:00 Z", "2000-01-01T00:00:00+00:00"),
        ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),
        ("1 Jan 2024 00:00:00", "2024-01-01T00:00:00+00:00"),
        ("1 Jan 2024 00:00:00 +9999", "2024-01-01T00:00:00+00:00"),
        ("31 Jun 2024 00:00 +0000", None),
        ("1 Foo 2024 00:00 +0000", None),
        ("yesterday", None),
    ],
)
def test_date_is_read(text: str, expected: str | None) -> None:
    """Current and obsolete dates; what is no date is None (RFC 5322 §3.3, §4.3)."""
    found = parse(f"Date: {text}\r\n\r\n".encode()).date
    assert (None if found is None else found.isoformat()) == expected


@given(
    st.datetimes(
        min_value=datetime.datetime(1900, 1, 2),
        timezones=st.integers(-1439, 1439).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))),
    )
)
def test_date_written_and_read_is_the_same(moment: datetime.datetime) -> None:
    """Every moment of mail's era survives to the second."""
    moment = moment.replace(microsecond=0)
    assert parse_date(format_date(moment)) == moment


def test_date_without_zone_is_refused_when_written() -> None:
    """A naive moment means nothing to the one who reads it."""
    with pytest.raises(ValueError, match="zone"):
        format_date(datetime.datetime(2024, 1, 1))

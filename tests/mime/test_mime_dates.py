"""Dates: current and obsolete ones, and those that no standard allows."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from scop.mime.defects import DefectKind
from scop.mime.fields.dates import UNKNOWN_ZONE, parse_date, write_date

_ZONES = st.one_of(
    st.integers(-1439, 1439).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes))),
    st.just(UNKNOWN_ZONE),
)
MOMENTS = st.datetimes(timezones=_ZONES).map(lambda moment: moment.replace(microsecond=0, fold=0))


def read(text: str) -> tuple[str | None, list[DefectKind]]:
    """Return the moment in RFC 3339's form with its zone's name, and the defects."""
    defects: list[DefectKind] = []
    found = parse_date(text, defects=defects)
    if found is None:
        return None, defects
    return found.isoformat() + ("?" if found.tzname() == "-0000" else ""), defects


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Fri, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),  # RFC 5322 appendix A
        ("Thu,\t13  Feb 1969 23:32   -0330 (Newfoundland Time)", "1969-02-13T23:32:00-03:30"),
        ("fri, 1 nov 2024 00:00 +0000", "2024-11-01T00:00:00+00:00"),
        ("21 Nov 97 09:55:06 GMT", "1997-11-21T09:55:06+00:00"),
        ("21 Nov 49 09:55:06 UT", "2049-11-21T09:55:06+00:00"),
        ("21 Nov 50 09:55:06 UT", "1950-11-21T09:55:06+00:00"),
        ("1 Jan 100 00:00 UT", "2000-01-01T00:00:00+00:00"),
        ("Fri, 21 Nov 2003 09(comment):   55  :  06 EST", "2003-11-21T09:55:06-05:00"),
        ("(a)Fri(b),(c)21(d (e))Nov(f)2003(g)09:55:06(h)EST(i)", "2003-11-21T09:55:06-05:00"),
        ("1 Jan 2024 00:00 EDT", "2024-01-01T00:00:00-04:00"),
        ("1 Jan 2024 00:00 CST", "2024-01-01T00:00:00-06:00"),
        ("1 Jan 2024 00:00 CDT", "2024-01-01T00:00:00-05:00"),
        ("1 Jan 2024 00:00 MST", "2024-01-01T00:00:00-07:00"),
        ("1 Jan 2024 00:00 MDT", "2024-01-01T00:00:00-06:00"),
        ("1 Jan 2024 00:00 PST", "2024-01-01T00:00:00-08:00"),
        ("1 Jan 2024 00:00 pdt", "2024-01-01T00:00:00-07:00"),
        ("1 Jan 2024 00:00 -0000", "2024-01-01T00:00:00+00:00?"),
        ("1 Jan 2024 00:00 A", "2024-01-01T00:00:00+00:00?"),  # the letters were defined the wrong way round
        ("1 Jan 2024 00:00 Z", "2024-01-01T00:00:00+00:00?"),
        ("1 Jan 2024 00:00 CEST", "2024-01-01T00:00:00+00:00?"),
        ("Sat, 31 Dec 2016 23:59:60 +0000", "2016-12-31T23:59:59+00:00"),  # a leap second
    ],
)
def test_date_is_read_without_a_defect(text: str, expected: str) -> None:
    """Current and obsolete dates, the zones that mean nothing among them (RFC 5322 §3.3, §4.3)."""
    assert (expected, []) == read(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 21 Nov 1997 09:55:06 -0600", "1997-11-21T09:55:06-06:00"),  # it was a Friday
        ("24 Jan 2001 12:00:00 GMT+0100", "2001-01-24T12:00:00+01:00"),
        ("Wed, 24 Jan 2001 12:00:00 +01:00", "2001-01-24T12:00:00+01:00"),
        ("Wed, 24 Jan 2001 12:00:00", "2001-01-24T12:00:00+00:00?"),
        ("Wed 24-Jan-01 12.00.30 GMT", "2001-01-24T12:00:30+00:00"),
        ("Wednesday, 24 January 2001 9:00:00 -0500", "2001-01-24T09:00:00-05:00"),
        ("Mié, 24 Jan 2001 12:00:00 +0100", "2001-01-24T12:00:00+01:00"),
        ("Wed, 24 Jan 2001 12:00:00.123 +0100", "2001-01-24T12:00:00+01:00"),
        ("24 Jan 2001 12:30:00 AM +0000", "2001-01-24T00:30:00+00:00"),
        ("24 Jan 2001 1:30 pm EST", "2001-01-24T13:30:00-05:00"),
        ("Wed Jan 24 12:00:00 2001", "2001-01-24T12:00:00+00:00?"),
        ("Wed Jan 24 12:00:00 PST 2001", "2001-01-24T12:00:00-08:00"),
        ("January 24, 2001 12:00:00 +0100", "2001-01-24T12:00:00+01:00"),
        ("2001-01-24T12:00:00+01:00", "2001-01-24T12:00:00+01:00"),
        ("2001-01-24 12:00:00Z", "2001-01-24T12:00:00+00:00?"),
        ("1 Jan 2024 00:00:00 +9959", "2024-01-01T00:00:00+00:00?"),  # no clock is there
        ("Wed, 24 Jan 2001 12:00:00 +0100 and more", "2001-01-24T12:00:00+01:00"),
    ],
)
def test_date_is_read_where_it_breaks_the_grammar(text: str, expected: str) -> None:
    """What real mail says is a date all the same, and a defect (RFC 7103 §7)."""
    assert (expected, [DefectKind.INVALID_DATE]) == read(text)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "31 Jun 2024 00:00 +0000", "1 Foo 2024 00:00 +0000", "1 Jan 2024 25:00 +0000"),
        *("1 Jan 2024 00:61 +0000", "1 Jan 2024 00:00:61 +0000", "1 Jan 20240 00:00 +0000", "0 Jan 2024 00:00 +0000"),
        *("Wed, 24 Jan 2001", "12:00:00 +0000", "2001-13-24T12:00:00Z"),
    ],
)
def test_date_that_is_none(text: str) -> None:
    """Nonsense is None and a defect."""
    assert (None, [DefectKind.INVALID_DATE]) == read(text)


@given(MOMENTS)
@example(datetime.datetime(1, 1, 1, tzinfo=UNKNOWN_ZONE))
@example(datetime.datetime(9999, 12, 31, 23, 59, 59, tzinfo=datetime.UTC))
def test_date_written_and_read_is_the_same(moment: datetime.datetime) -> None:
    """Every moment comes back to the second, in the same zone, without a defect."""
    defects: list[DefectKind] = []
    assert repr(moment) == repr(parse_date(" ".join(write_date(moment)), defects=defects))
    assert [] == defects


def test_date_written_leaves_out_what_has_no_place() -> None:
    """RFC 5322 §3.3: zones go by minutes, and nothing is shorter than a second; the moment stays."""
    local = datetime.timezone(datetime.timedelta(minutes=53, seconds=28))
    moment = datetime.datetime(1890, 6, 1, 12, 0, 0, 999, tzinfo=local)
    assert "Sun, 01 Jun 1890 11:59:32 +0053" == " ".join(write_date(moment))


def test_date_without_zone_is_refused_when_written() -> None:
    """A naive moment means nothing to the one who reads it."""
    with pytest.raises(ValueError, match="zone"):
        write_date(datetime.datetime(2024, 1, 1))


def test_date_comments_are_bounded() -> None:
    """The depth of comments is the caller's limit (RFC 5322 §3.2.2)."""
    defects: list[DefectKind] = []
    parse_date("(" * 101 + "1 Jan 2024 00:00 +0000", defects=defects)
    assert [DefectKind.COMMENT_TOO_DEEP, DefectKind.INVALID_DATE] == defects

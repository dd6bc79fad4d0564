"""Dates of mail, with the obsolete forms that are still sent.

Standards: RFC 5322 §3.3, §4.3.
"""

from __future__ import annotations

import datetime
import re

from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "format_date", "parse_date", "write_date"]

NAMES = frozenset({"date", "resent-date", "delivery-date", "expires", "expiry-date", "reply-by"})

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")

# RFC 5322 §4.3: obsolete zones; the military letters were defined wrongly and mean nothing sure.
_ZONE_HOURS = {"ut": 0, "gmt": 0, "utc": 0, "z": 0, "edt": -4, "est": -5, "cdt": -5, "cst": -6, "mdt": -6, "mst": -7}
_ZONE_HOURS |= {"pdt": -7, "pst": -8}

_DATE = re.compile(
    r"\s*+(?:[^\W\d]+\.?\s*+,?\s*+)?"  # day of the week
    r"(?P<day>[0-9]{1,2})[\s-]+(?P<month>[A-Za-z]{3})[a-z]*[\s,-]+(?P<year>[0-9]{2,4})[\s,]+"
    r"(?P<hour>[0-9]{1,2})\s*[:.]\s*(?P<minute>[0-9]{2})(?:\s*[:.]\s*(?P<second>[0-9]{2}))?"
    r"\s*+(?P<zone>[+-]\s*+[0-9]{4}|[A-Za-z]+)?"
)
MAX_DATE_CHARACTERS = 200


def parse_date(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> datetime.datetime | None:
    """Return the moment that a date field names, with its zone; None where it names none.

    Lenient: a zone that is missing or unknown is UTC (RFC 5322 §4.3 reads it as -0000).
    """
    moment = _moment(without_comments(text[:MAX_DATE_CHARACTERS], limits=limits, defects=defects))
    if moment is None and defects is not None:
        defects.append(DefectKind.INVALID_DATE)
    return moment


def _moment(text: str) -> datetime.datetime | None:
    match = _DATE.match(text)
    if match is None or match["month"].lower() not in _MONTHS:
        return None
    month = _MONTHS.index(match["month"].lower()) + 1
    second = min(int(match["second"] or 0), 59)  # a leap second has no place in datetime
    try:
        return datetime.datetime(
            _year(match["year"]),
            month,
            int(match["day"]),
            int(match["hour"]),
            int(match["minute"]),
            second,
            tzinfo=_zone(match["zone"] or ""),
        )
    except (ValueError, OverflowError):  # the 31st of June, hour 25
        return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 2:  # RFC 5322 §4.3
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


def _zone(text: str) -> datetime.timezone:
    if text[:1] in ("+", "-") and text:
        digits = text[1:].strip()
        offset = datetime.timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
        if offset >= datetime.timedelta(days=1):
            return datetime.UTC
        return datetime.timezone(offset if text[0] == "+" else -offset)
    return datetime.timezone(datetime.timedelta(hours=_ZONE_HOURS.get(text.lower(), 0)))


def format_date(moment: datetime.datetime) -> str:
    """Return an aware `moment` as a date field states it, in English whatever the locale."""
    offset = moment.utcoffset()
    if offset is None:
        raise ValueError("a date of mail needs its zone")
    minutes = int(offset.total_seconds()) // 60
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    month = _MONTHS[moment.month - 1].capitalize()
    return (
        f"{_DAYS[moment.weekday()]}, {moment.day:02d} {month} {moment.year:04d} "
        f"{moment:%H:%M:%S} {sign}{minutes // 60:02d}{minutes % 60:02d}"
    )


def write_date(value: datetime.datetime) -> list[str]:
    """Return the words of a field body; `ValueError` for a moment without a zone."""
    return format_date(value).split(" ")

"""Dates of mail, with the obsolete forms that are still sent and those that were never allowed.

Standards: RFC 5322 §3.3, §4.3; RFC 3339 and the C library's `asctime` (seen in the wild).
"""

from __future__ import annotations

import datetime
import re
from functools import lru_cache

from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "UNKNOWN_ZONE", "parse_date", "write_date"]

NAMES = frozenset(
    {
        *("date", "resent-date"),  # RFC 5322 §3.6.1, §3.6.6
        *(
            "delivery-date",
            "deferred-delivery",
            "latest-delivery-time",
            "expires",
            "expiry-date",
            "reply-by",
        ),  # RFC 4021
        "injection-date",  # RFC 5536 §3.2.7
    }
)

# RFC 5322 §3.3: "-0000" is UTC of somebody who does not say where he is. It equals UTC, and is written as it was.
UNKNOWN_ZONE = datetime.timezone(datetime.timedelta(0), "-0000")

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_NUMBERS = {name: number for number, name in enumerate(_MONTHS, 1)}
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

# RFC 5322 §4.3. All other names, the letters of the military among them, mean "-0000".
_ZONE_HOURS = {
    "ut": 0,
    "gmt": 0,
    "edt": -4,
    "est": -5,
    "cdt": -5,
    "cst": -6,
    "mdt": -6,
    "mst": -7,
    "pdt": -7,
    "pst": -8,
}
_ZONE_HOURS["utc"] = 0  # Lenient: no name of RFC 5322, but there is no doubt about it

_MONTH = rf"(?P<month>{'|'.join(_MONTHS)})"
# RFC 5322 §3.3 and §4.3, of which comments have become blanks.
_DATE = re.compile(
    rf"\s*+(?:(?P<weekday>{'|'.join(_DAYS)})\s*+,)?\s*+(?P<day>[0-9]{{1,2}})\s*+{_MONTH}\s*+(?P<year>[0-9]{{2,9}})"
    r"\s++(?P<hour>[0-9]{2})\s*+:\s*+(?P<minute>[0-9]{2})(?:\s*+:\s*+(?P<second>[0-9]{2}))?"
    r"(?:\s++(?P<sign>[+-])(?P<hours>[01][0-9]|2[0-3])(?P<minutes>[0-5][0-9])|\s*+(?P<zone>[a-z]++))\s*+",
    re.IGNORECASE | re.ASCII,
)
_TIME = (
    r"(?P<hour>[0-9]{1,2})\s*+[:.]\s*+(?P<minute>[0-9]{2})(?:\s*+[:.]\s*+(?P<second>[0-9]{2}))?(?:[.,][0-9]++)?"
    r"(?:\s*+(?P<half>[ap])\.?m\b\.?)?"
)
_ZONE = (
    r"(?:\s*+(?:(?:gmt|utc|ut|z)\s*+)?(?P<sign>[+-])\s*+(?P<hours>[0-9]{1,2}):?(?P<minutes>[0-9]{2})"
    r"|\s*+(?P<zone>[a-z]++))?"
)
_SEPARATOR = r"[\s.,/-]*+"
# Lenient: names of days and months in full, dots and dashes, `asctime`, and RFC 3339 (RFC 7103 §7.3 finds them all).
_OTHER_FORMS = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"[^0-9]{{0,40}}?\b(?P<day>[0-9]{{1,2}}){_SEPARATOR}{_MONTH}[a-z]*+{_SEPARATOR}(?P<year>[0-9]{{2,9}})[\s,t]++{_TIME}{_ZONE}",
        rf"(?:[a-z]++{_SEPARATOR})?{_MONTH}[a-z]*+{_SEPARATOR}(?P<day>[0-9]{{1,2}})[\s,]++{_TIME}{_ZONE}\s++(?P<year>[0-9]{{4}})",
        rf"(?:[a-z]++{_SEPARATOR})?{_MONTH}[a-z]*+{_SEPARATOR}(?P<day>[0-9]{{1,2}})[\s,]++(?P<year>[0-9]{{4}})[\s,]++{_TIME}{_ZONE}",
        rf"(?P<year>[0-9]{{4}})-(?P<number>[0-9]{{2}})-(?P<day>[0-9]{{2}})[\st]++{_TIME}{_ZONE}",
    )
)
MAX_DATE_CHARACTERS = 200  # without comments; what goes on for longer is no date


def parse_date(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> datetime.datetime | None:
    """Return the moment that an unfolded field body names, in its zone; None where it names none. Never raises.

    A zone that is missing or has no meaning is `UNKNOWN_ZONE`. A leap second is the second before it.
    """
    bare = without_comments(text, limits=limits, defects=defects)
    match = _DATE.fullmatch(bare)
    moment = _moment(match) if match is not None else _moment_in_other_form(bare[:MAX_DATE_CHARACTERS].strip())
    is_valid = match is not None and moment is not None and _is_weekday(match["weekday"], moment)
    if not is_valid and defects is not None:
        defects.append(DefectKind.INVALID_DATE)
    return moment


def _moment_in_other_form(text: str) -> datetime.datetime | None:
    for pattern in _OTHER_FORMS:
        match = pattern.match(text)
        if match is not None:
            return _moment(match)
    return None


def _is_weekday(name: str | None, moment: datetime.datetime) -> bool:
    return name is None or _DAYS[moment.weekday()] == name.lower()


def _moment(match: re.Match[str]) -> datetime.datetime | None:
    stated = match.groupdict()
    month = int(stated["number"]) if "number" in stated else _MONTH_NUMBERS[stated["month"].lower()]
    hour = int(stated["hour"])
    if stated.get("half"):
        hour = hour % 12 + (12 if stated["half"] in "pP" else 0)
    second = int(stated["second"] or 0)
    try:
        return datetime.datetime(
            _year(stated["year"]),
            month,
            int(stated["day"]),
            hour,
            int(stated["minute"]),
            59 if second == 60 else second,  # RFC 5322 §3.3: a leap second, which has no place in datetime
            tzinfo=_zone(stated["sign"], stated["hours"], stated["minutes"], stated["zone"]),
        )
    except ValueError:  # the 31st of June, hour 25
        return None


def _year(text: str) -> int:
    year = int(text)
    if len(text) == 2:  # RFC 5322 §4.3
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(text) == 3 else year


@lru_cache(maxsize=128)  # there are few, and making one takes as long as all else of a date
def _zone(sign: str | None, hours: str, minutes: str, name: str | None) -> datetime.timezone:
    if sign:
        offset = datetime.timedelta(hours=int(hours), minutes=int(minutes))
        if offset >= datetime.timedelta(days=1) or (not offset and sign == "-"):
            return UNKNOWN_ZONE
        return datetime.timezone(offset if sign == "+" else -offset)
    known = _ZONE_HOURS.get((name or "").lower())
    return UNKNOWN_ZONE if known is None else datetime.timezone(datetime.timedelta(hours=known))


def write_date(value: datetime.datetime) -> list[str]:
    """Return the words of a date, in English whatever the locale; parts of a second are left out.

    `ValueError` where it has no zone.
    """
    offset = value.utcoffset()
    if offset is None:
        raise ValueError("a date of mail needs its zone")
    minutes = int(offset.total_seconds()) // 60
    if offset.total_seconds() % 60:  # as zones had before there were time tables; the moment stays the same
        value += datetime.timedelta(minutes=minutes) - offset
    sign, minutes = ("-", -minutes) if minutes < 0 else ("+", minutes)
    zone = f"{sign}{minutes // 60:02d}{minutes % 60:02d}"
    return [
        f"{_DAYS[value.weekday()].capitalize()},",
        f"{value.day:02d}",
        _MONTHS[value.month - 1].capitalize(),
        f"{value.year:04d}",
        f"{value:%H:%M:%S}",
        "-0000" if value.tzinfo is not None and value.tzname() == "-0000" else zone,
    ]

"""Dates spelled: today's form, and the obsolete ones with two-digit years and named zones.

Standards: RFC 5322 §3.3, §4.3.
"""

from __future__ import annotations

import datetime

from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen

__all__ = ["spell_date"]

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
# RFC 5322 §4.3: what each name means, in minutes east of UTC.
_NAMED_ZONES: dict[int, tuple[tuple[Production, str], ...]] = {
    0: ((Production.ZONE_UT, "UT"), (Production.ZONE_GMT, "GMT")),
    -240: ((Production.ZONE_EDT, "EDT"),),
    -300: ((Production.ZONE_EST, "EST"), (Production.ZONE_CDT, "CDT")),
    -360: ((Production.ZONE_CST, "CST"), (Production.ZONE_MDT, "MDT")),
    -420: ((Production.ZONE_MST, "MST"), (Production.ZONE_PDT, "PDT")),
    -480: ((Production.ZONE_PST, "PST"),),
}
# RFC 5322 §4.3: all these mean no more than "-0000" does.
_ZONES_OF_NOBODY = (
    *[(Production.ZONE_MILITARY, letter) for letter in "ABCDEFGHIKLMNOPQRSTUVWXYZ"],
    *[(Production.ZONE_UNKNOWN, name) for name in ("CET", "JST", "WEST", "Local")] * 4,
)


def spell_date(pen: Pen, moment: datetime.datetime) -> str:
    """Return a date-time that means `moment`."""
    pen.note(Production.DATE)
    day_name = ""
    if pen.below(6):
        pen.note(Production.DATE_DAY_NAME)
        day_name = f"{pen.any_case(_DAYS[moment.weekday()])}{pen.gap()},{pen.cfws()}"
    day = str(moment.day) if pen.below(2) else f"{moment.day:02}"
    month = pen.any_case(_MONTHS[moment.month - 1])
    date = f"{day}{pen.cfws()}{month}{pen.cfws()}{_year(pen, moment.year)}"
    ending = pen.cfws() if pen.whim(12) else ""
    return f"{day_name}{date}{pen.cfws()}{_time(pen, moment)}{pen.cfws()}{_zone(pen, moment)}{ending}"


def _year(pen: Pen, year: int) -> str:
    if pen.whim(3) and 1950 <= year < 2050:
        pen.note(Production.DATE_YEAR_OF_TWO_DIGITS)
        return f"{year % 100:02}"
    if pen.whim(12) and year < 2900:
        pen.note(Production.DATE_YEAR_OF_THREE_DIGITS)
        return f"{year - 1900:03}"
    return f"{year:04}"


def _time(pen: Pen, moment: datetime.datetime) -> str:
    colon = f"{pen.gap()}:{pen.gap()}"  # RFC 5322 §4.3: obs-hour and its like have CFWS around them
    time = f"{moment.hour:02}{colon}{moment.minute:02}"
    if moment.second == 0 and pen.below(2):
        pen.note(Production.DATE_WITHOUT_SECONDS)
        return time
    return f"{time}{colon}{moment.second:02}"


def _zone(pen: Pen, moment: datetime.datetime) -> str:
    if moment.tzname() == "-0000":
        return _zone_of_nobody(pen)
    offset = moment.utcoffset() or datetime.timedelta()
    minutes = offset // datetime.timedelta(minutes=1)
    named = _NAMED_ZONES.get(minutes)
    if named is not None and pen.whim(2):
        production, name = pen.choice(named)
        pen.note(production)
        return pen.any_case(name)
    pen.note(Production.ZONE_NUMERIC)
    hours, rest = divmod(abs(minutes), 60)
    return f"{'-' if minutes < 0 else '+'}{hours:02}{rest:02}"


def _zone_of_nobody(pen: Pen) -> str:
    if pen.whim(2):
        production, name = pen.choice(_ZONES_OF_NOBODY)
        pen.note(production)
        return pen.any_case(name)
    pen.note(Production.ZONE_OF_NOBODY)
    return "-0000"

"""The way of a mail, as others tell it: the shape of its `Received` fields and of its date against them.

Nothing in them is to be believed but what they are: who writes them has habits, and so have those who forge them.

Standards: RFC 5321 §4.4 (Received), RFC 5322 §3.3 (dates).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from scop.mime.fields.dates import parse_date
from scop.spam.evidence.hosts import HOST, client_tokens, registered_domain

__all__ = ["date_tokens", "path_tokens"]

MAX_HOPS = 8  # from the top
MAX_HOP_CHARACTERS = 600

_FROM = re.compile(r"from\s+([^\s();]{1,255})(?:\s+\(([^()]{0,300}))?", re.IGNORECASE)
_WORD = re.compile(r"[A-Za-z0-9.-]{1,255}")
_DOTTED = r"\d\d{0,2}\.\d{1,3}\.\d{1,3}\.\d{1,3}"  # begins with one class, which the regex engine looks for quickly
_IPV4_ADDRESS = re.compile(_DOTTED)
_ADDRESS = re.compile(rf"{_DOTTED}|(?:IPv6:)?[0-9a-fA-F]{{1,4}}(?::[0-9a-fA-F]{{0,4}}){{2,7}}")
_NAME = re.compile(r"([\w-]{1,63}(?:\.[\w-]{1,63}){1,8})[. ]*\[")
_HELO = re.compile(r"helo[= ]([^\s()\]]{1,255})", re.IGNORECASE)
_BY, _WITH = "by ", " with "
_ZONE = re.compile(r"[+-]\d{4}\b|\b[A-Z]{3,4}\b(?=\W*$)")

_HOUR_SECONDS = 3_600.0
# How far a mail's date lies behind the moment that the last host took it, in hours, and what that is called.
_AGES = ((-24.0, "days-ahead"), (-1.0, "ahead"), (6.0, "now"), (48.0, "late"), (24 * 14.0, "days-late"))


def path_tokens(hops: Sequence[str]) -> list[str]:
    """Return the tokens of the bodies of `Received` fields, the topmost first."""
    found: list[str] = []
    for hop in hops[:MAX_HOPS]:
        found += _hop_tokens(_telling(hop[:MAX_HOP_CHARACTERS]))
    return found


def _telling(hop: str) -> str:
    """Return the beginning of a hop that has all of its tokens: it is the same in many mails, its end is not."""
    beginning = hop.partition(" id ")[0].partition(";")[0]
    end = len(beginning)
    is_whole = hop.find(_BY) + len(_BY) <= end and hop.find(_WITH) + len(_WITH) <= end
    return beginning if is_whole and beginning.count("(") == beginning.count(")") else hop


@lru_cache(maxsize=512)
def _hop_tokens(hop: str) -> tuple[str, ...]:
    found: list[str] = []
    told = _FROM.match(hop)
    if told is not None:
        said, about = told[1].lower(), told[2] or ""
        helo = _HELO.search(about) if "helo" in about.lower() else None
        name = _NAME.search(about) if "[" in about else None
        own = name[1].lower() if name is not None else said if helo is not None else ""
        own = "" if own == "unknown" else own
        found += client_tokens(_address_in(about or said), own, helo[1].lower() if helo else said)
    by, protocol = _word_behind(hop, _BY), _word_behind(hop, _WITH)
    if by:
        found.append(f"{HOST}by-{registered_domain(by)}")
    if protocol:
        found.append(f"path:with-{protocol}")
    elif told is None:
        found.append("path:odd-hop")
    return tuple(found)


def _address_in(text: str) -> str:
    address = (_ADDRESS if ":" in text else _IPV4_ADDRESS).search(text)
    return address[0].lower() if address is not None else ""


def _word_behind(hop: str, clause: str) -> str:
    position = hop.find(clause)
    word = _WORD.match(hop, position + len(clause)) if position >= 0 else None
    return word[0].lower() if word is not None else ""


def date_tokens(date: str, taken_date: str) -> list[str]:
    """Return what is odd about a mail's date: its form, its zone, its distance from when the last host took it."""
    if not date:
        return ["date:missing"]
    zone = _ZONE.search(date[:100])
    found = [f"date:zone{zone[0]}"] if zone is not None else ["date:no-zone"]
    if "(" in date:
        found.append("date:commented")
    moment = parse_date(date[:100])
    if moment is None:
        return [*found, "date:unreadable"]
    taken = parse_date(taken_date[-100:]) if taken_date else None
    return found if taken is None else [*found, f"date:{_age(moment, taken)}"]


def _age(moment: datetime, taken: datetime) -> str:
    hours = (taken - moment).total_seconds() / _HOUR_SECONDS
    for limit, name in _AGES:
        if hours < limit:
            return name
    return "weeks-late"

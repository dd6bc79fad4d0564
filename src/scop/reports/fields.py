"""Reads the small things of which reports are made: words of a closed choice, whole numbers, addresses."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TypeVar

from scop.base import RemoteProtocolError, printable
from scop.reports.defects import Defects
from scop.reports.numbers import MAX_NUMBER, canonical_address

__all__ = ["read_address", "read_number", "read_word"]

_Word = TypeVar("_Word", bound=StrEnum)
_NUMBER = re.compile(r"\+?([0-9]{1,18})", re.ASCII)  # xs:integer, which for us is never negative


def read_word(kind: type[_Word], text: str, what: str, defects: Defects) -> _Word:
    """Return the word that `text` is; a lenient reader also takes it in other letters."""
    try:
        return kind(text)
    except ValueError:
        pass
    if defects.lenient and text.lower() in set(kind):
        # Lenient: "Pass" can mean nothing but pass.
        defects.note(f"{what} is {printable(text)!r}")
        return kind(text.lower())
    raise RemoteProtocolError(f"{what} is {printable(text)!r}, none of {', '.join(kind)}")


def read_number(text: str, what: str) -> int:
    """Return the whole number that `text` is, from 0 to `MAX_NUMBER`."""
    found = _NUMBER.fullmatch(text)
    if found is None or int(found[1]) > MAX_NUMBER:
        raise RemoteProtocolError(f"{what} is {printable(text, limit=40)!r}, no number from 0 to {MAX_NUMBER}")
    return int(found[1])


def read_address(text: str, what: str) -> str:
    """Return the IP address that `text` is, in its usual form."""
    try:
        return canonical_address(text)
    except ValueError:
        raise RemoteProtocolError(f"{what} is {printable(text, limit=80)!r}, no address") from None

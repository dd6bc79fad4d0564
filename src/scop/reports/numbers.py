"""What numbers and addresses a report may state, and the one form of each."""

from __future__ import annotations

import re
from functools import lru_cache
from ipaddress import ip_address

__all__ = ["MAX_NUMBER", "canonical_address", "check_number"]

MAX_NUMBER = 2**53 - 1  # RFC 7493 §2.2: what every reader of JSON holds exactly; a day's mail and a time are far below
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_USUAL_V4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}", re.ASCII)  # RFC 3986 §3.2.2; a tenth of what ip_address costs


def check_number(value: int, name: str) -> int:
    """Return `value`, which must be 0 to `MAX_NUMBER`, else `ValueError` with its `name`."""
    if not 0 <= value <= MAX_NUMBER:
        raise ValueError(f"{name} must be 0 to {MAX_NUMBER}, not {value}")
    return value


@lru_cache(maxsize=1024)
def canonical_address(text: str) -> str:
    """Return the IP address that `text` is, in its usual form, else `ValueError`."""
    if _USUAL_V4.fullmatch(text):
        return text
    if "%" in text:  # a zone means something on the other's host only (RFC 4007 §6)
        raise ValueError(f"{text!r} has a zone")
    return str(ip_address(text))

"""Addresses that Windows opens by other programs than a browser: made to run others, or to fetch a document.

Standards: the Office URI schemes as Microsoft describes them; RFC 3986 §3.1 (what a scheme is).
"""

from __future__ import annotations

import re

__all__ = ["OFFICE_WORDS", "RUNNING_WORDS", "opens_in_office", "opens_in_windows", "runs_in_windows"]

# By programs that were made to run others, or to fetch what then runs.
_RUNNING = re.compile(
    rb"\b(?:ms-(?:msdt|officecmd|appinstaller|its|search)|mk:@msitstore|shell::):"
    rb"|\bsearch(?:-ms)?:[^\s'\"<>]{0,200}(?:location|crumb|subquery)"
)
RUNNING_WORDS = (b"ms-", b"mk:@", b"shell::", b"search:", b"search-ms:")
# `ms-word:ofe|u|https://…`, or the address alone; what names no file of somebody else only starts the program.
_OFFICE = re.compile(
    rb"\bms-(?:word|excel|powerpoint|visio|access|project|publisher|infopath|spd):[^\s'\"<>:]{0,60}?"
    rb"(?:(?:https?|ftp|file):|\\\\)"
)
OFFICE_WORDS = (b"ms-",)


def runs_in_windows(lowered: bytes) -> bool:
    """Tell whether octets in lower case have an address that Windows opens by what runs other programs."""
    return _RUNNING.search(lowered) is not None


def opens_in_office(lowered: bytes) -> bool:
    """Tell whether octets in lower case have an address by which an Office program fetches a file from elsewhere."""
    return _OFFICE.search(lowered) is not None


def opens_in_windows(address: str) -> bool:
    """Tell whether an address is opened by another program than a browser, which fetches something."""
    lowered = address.lower().encode("utf-8", "replace")
    return runs_in_windows(lowered) or opens_in_office(lowered)

"""Xtext: any text as visible ASCII without spaces, so that it fits a command's parameter.

Standards: RFC 3461 §4 (the encoding); octets are those of UTF-8 (RFC 6531).
"""

from __future__ import annotations

import re

from scop.base import RemoteProtocolError

__all__ = ["from_xtext", "to_xtext"]

_ESCAPED = re.compile(rb"\+([0-9A-F]{2})")
_MUST_ESCAPE = re.compile(rb"[^!-~]|[+=]")
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})*")


def to_xtext(text: str) -> str:
    """Encode `text`."""
    octets = text.encode("utf-8", "surrogateescape")
    return _MUST_ESCAPE.sub(lambda found: b"+%02X" % found[0][0], octets).decode("ascii")


def from_xtext(xtext: str) -> str:
    """Decode `xtext`; raises `RemoteProtocolError` where it is none or does not hold UTF-8."""
    if not _XTEXT.fullmatch(xtext):
        raise RemoteProtocolError("not xtext", reply_hint="501 5.5.4 Syntax error in parameters")
    if "+" not in xtext:
        return xtext
    try:
        return _ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), xtext.encode("ascii")).decode("utf-8")
    except UnicodeDecodeError as fault:
        raise RemoteProtocolError("xtext of no UTF-8", reply_hint="501 5.5.4 Syntax error in parameters") from fault

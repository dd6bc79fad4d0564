"""What the host that takes a mail next can carry, and which transfer encoding a content needs for it.

Standards: RFC 2045 §2.7–§2.9 and §6, RFC 6152 (8BITMIME), RFC 6531 (SMTPUTF8), RFC 3030 (BINARYMIME).
"""

from __future__ import annotations

import re
from enum import StrEnum

__all__ = ["NextHop", "choose_encoding", "choose_text_encoding", "content_domain", "with_crlf"]

MAX_TEXT_LINE = 78  # longer lines are packed: RFC 5322 §2.1.1 asks for no more
_ASCII = bytes(range(128))

# These begin with a literal: the regex engine then looks for it at the speed of memchr.
_BARE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
_BARE_LINE_FEED = re.compile(rb"\n(?<!\r\n)")
_OVERLONG_LINE = re.compile(rb"\n[^\n]{1000}")  # RFC 5322 §2.1.1: 998 and the CR
_WIDE_LINE = re.compile(rb"\n[^\n]{%d}" % (MAX_TEXT_LINE + 2))
_FROM_LINE = b"\nFrom "  # mailbox files take it for the start of a mail and write ">" before it


class NextHop(StrEnum):
    """What the next host can carry; each says what it said in its EHLO."""

    ASCII = "ascii"  # nothing: RFC 5321 §2.3.1
    EIGHT_BIT = "8bit"  # 8BITMIME
    SMTPUTF8 = "smtputf8"  # SMTPUTF8, which brings 8BITMIME (RFC 6531 §3.1)
    BINARY = "binary"  # BINARYMIME and 8BITMIME

    @property
    def encodings(self) -> frozenset[str]:
        """Which identity encodings it carries."""
        return _CARRIED[self]

    @property
    def carries_utf8_header(self) -> bool:
        """Whether a header may hold UTF-8 as it is (RFC 6532)."""
        return self is NextHop.SMTPUTF8


_CARRIED = {
    NextHop.ASCII: frozenset({"7bit"}),
    NextHop.EIGHT_BIT: frozenset({"7bit", "8bit"}),
    NextHop.SMTPUTF8: frozenset({"7bit", "8bit"}),
    NextHop.BINARY: frozenset({"7bit", "8bit", "binary"}),
}


def content_domain(octets: bytes) -> str:
    """Return `7bit`, `8bit` or `binary`: what `octets` are (RFC 2045 §2.7–§2.9)."""
    if b"\0" in octets or _BARE_CARRIAGE_RETURN.search(octets) or _BARE_LINE_FEED.search(octets):
        return "binary"
    if _has_line(octets, _OVERLONG_LINE, 998):
        return "binary"
    return "7bit" if octets.isascii() else "8bit"


def with_crlf(octets: bytes) -> bytes:
    """Return `octets` with CRLF for each bare LF: lines as they lie in files, made lines as hosts carry them."""
    return _BARE_LINE_FEED.sub(b"\r\n", octets)


def choose_encoding(octets: bytes, next_hop: NextHop) -> str:
    """Return the Content-Transfer-Encoding that lets `octets` pass unchanged, as they are where that is possible."""
    domain = content_domain(octets)
    return domain if domain in next_hop.encodings else _packing(octets)


def choose_text_encoding(octets: bytes, next_hop: NextHop) -> str:
    """Return the Content-Transfer-Encoding for text that people read, which wide lines leave readable too."""
    is_fragile = _has_line(octets, _WIDE_LINE, MAX_TEXT_LINE) or octets.startswith(b"From ") or _FROM_LINE in octets
    return _packing(octets) if is_fragile and next_hop is not NextHop.BINARY else choose_encoding(octets, next_hop)


def _packing(octets: bytes) -> str:
    # Quoted-printable stays readable without a decoder while most of it is ASCII.
    return "base64" if len(octets.translate(None, _ASCII)) * 3 > len(octets) else "quoted-printable"


def _has_line(octets: bytes, longer: re.Pattern[bytes], longest: int) -> bool:
    first = octets.find(b"\n")
    first_length = len(octets) if first < 0 else first - octets.startswith(b"\r", first - 1)
    if first_length > longest:
        return True
    last = octets.rfind(b"\n") + 1
    return len(octets) - last > longest or longer.search(octets) is not None

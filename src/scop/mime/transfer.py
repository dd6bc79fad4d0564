"""Content-Transfer-Encoding undone: base64 and quoted-printable, never failing on bad input.

Standards: RFC 2045 §6.
"""

from __future__ import annotations

import binascii
import re

import pybase64

__all__ = ["decode_base64", "decode_content", "decode_quoted_printable", "is_clean_base64"]

IDENTITY_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
KNOWN_ENCODINGS = IDENTITY_ENCODINGS | {"base64", "quoted-printable"}

_BASE64_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64_ALPHABET) - {ord("=")})
_BLANKS_AT_LINE_END = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n)")


def decode_content(octets: bytes, encoding: str) -> bytes:
    """Return `octets` with the transfer encoding undone; an unknown encoding leaves them as they are."""
    if encoding == "base64":
        return decode_base64(octets)
    if encoding == "quoted-printable":
        return decode_quoted_printable(octets)
    return octets


def decode_base64(octets: bytes) -> bytes:
    """Decode base64; characters outside of the alphabet are ignored (RFC 2045 §6.8)."""
    packed = octets.translate(None, b"\r\n \t")
    try:
        return bytes(pybase64.b64decode(packed, validate=True))
    except (binascii.Error, ValueError):
        return _decode_damaged_base64(packed)


def is_clean_base64(octets: bytes) -> bool:
    """Tell whether `octets` are base64 that every reader decodes alike."""
    try:
        pybase64.b64decode(octets.translate(None, b"\r\n \t"), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


def _decode_damaged_base64(packed: bytes) -> bytes:
    # RFC 2045 §6.8: "=" marks the end of the data, so what follows it is not ours to guess.
    kept = packed.translate(None, _NOT_BASE64).partition(b"=")[0]
    if len(kept) % 4 == 1:  # six bits left over make no octet
        kept = kept[:-1]
    return binascii.a2b_base64(kept + b"=" * (-len(kept) % 4))


def decode_quoted_printable(octets: bytes) -> bytes:
    """Decode quoted-printable; an escape that is none stays as it is written (RFC 2045 §6.7)."""
    if b" \r\n" in octets or b"\t\r\n" in octets or b" \n" in octets or b"\t\n" in octets:
        # RFC 2045 §6.7 (3): white space at a line's end was added in transit.
        octets = _BLANKS_AT_LINE_END.sub(b"", octets)
    return binascii.a2b_qp(octets)

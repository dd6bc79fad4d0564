"""Content-Transfer-Encoding undone, applied and looked over: which encoding is whose.

Reading never fails on bad input; each encoding has a module with its rules.

Standards: RFC 2045 §6.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from scop.mime.base64_encoding import (
    Base64Decoder,
    decode_base64,
    encode_base64_lines,
    find_base64_flaw,
    is_clean_base64,
)
from scop.mime.quoted_printable import (
    QuotedPrintableDecoder,
    decode_quoted_printable,
    encode_quoted_printable,
    find_quoted_printable_flaw,
)
from scop.mime.uuencode import UuencodeDecoder, decode_uuencode, encode_uu, find_uuencode_flaw

__all__ = [
    "IDENTITY_ENCODINGS",
    "KNOWN_ENCODINGS",
    "UU_ENCODINGS",
    "Decoder",
    "decode_base64",
    "decode_content",
    "decode_quoted_printable",
    "decoder",
    "encode_base64_lines",
    "encode_quoted_printable",
    "encode_uu",
    "find_flaw",
    "is_clean_base64",
]

IDENTITY_ENCODINGS = frozenset({"", "7bit", "8bit", "binary"})
UU_ENCODINGS = frozenset({"x-uuencode", "x-uue", "uuencode", "uue"})  # no standard names one, senders use these
KNOWN_ENCODINGS = IDENTITY_ENCODINGS | UU_ENCODINGS | {"base64", "quoted-printable"}

_FLAW_FINDERS: dict[str, Callable[[bytes], int | None]] = {
    "base64": find_base64_flaw,
    "quoted-printable": find_quoted_printable_flaw,
    **dict.fromkeys(UU_ENCODINGS, find_uuencode_flaw),
}


class Decoder(Protocol):
    """Undoes a transfer encoding of octets that arrive in pieces, holding back no more than a few thousand of them."""

    def decode(self, octets: bytes) -> bytes:
        """Return what can be decoded now."""

    def finish(self) -> bytes:
        """Return what was held back: no more octets come."""


class _Identity:
    """Gives octets as they are."""

    __slots__ = ()

    def decode(self, octets: bytes) -> bytes:
        return octets

    def finish(self) -> bytes:
        return b""


_DECODERS: dict[str, Callable[[], Decoder]] = {
    "base64": Base64Decoder,
    "quoted-printable": QuotedPrintableDecoder,
    **dict.fromkeys(UU_ENCODINGS, UuencodeDecoder),
}


def decode_content(octets: bytes, encoding: str) -> bytes:
    """Return `octets` with the transfer encoding undone; an unknown encoding leaves them as they are."""
    if encoding == "base64":
        return decode_base64(octets)
    if encoding == "quoted-printable":
        return decode_quoted_printable(octets)
    if encoding in UU_ENCODINGS:
        return decode_uuencode(octets)
    return octets


def decoder(encoding: str) -> Decoder:
    """Return what gives the same as `decode_content` for octets in any pieces."""
    return _DECODERS.get(encoding, _Identity)()


def find_flaw(octets: bytes, encoding: str) -> int | None:
    """Return the index of the first octet (of a uuencoded body: line) that breaks the encoding, None if none does."""
    finder = _FLAW_FINDERS.get(encoding)
    return None if finder is None else finder(octets)

"""Base64 in mail: read from any octets, at once or in pieces, and written in lines.

Standards: RFC 2045 §6.8, RFC 4648 §4.
"""

from __future__ import annotations

import binascii
import io
import re
from collections.abc import Iterable, Iterator

import pybase64

__all__ = [
    "Base64Decoder",
    "decode_base64",
    "encode_base64_lines",
    "find_base64_flaw",
    "in_multiples",
    "is_clean_base64",
]

_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_BLANKS = b"\r\n \t"
_NOT_BASE64 = bytes(set(range(256)) - set(_ALPHABET) - {ord("=")})
_BAD_OCTET = re.compile(rb"[^A-Za-z0-9+/=\r\n \t]")
_NOT_PADDING = re.compile(rb"[^=\r\n \t]")
_NOT_BLANK = re.compile(rb"[^\r\n \t]")
_PIECE = 1 << 16  # octets that are read at once: nothing but the result is as large as what is decoded
_OCTETS_A_LINE = 57  # RFC 2045 §6.8: 76 characters


def decode_base64(octets: bytes) -> bytes:
    """Decode base64; characters outside of the alphabet are ignored (RFC 2045 §6.8)."""
    padding = octets.find(b"=")
    if padding < 0 or _NOT_PADDING.search(octets, padding) is None:
        try:
            return bytes(pybase64.b64decode(octets))  # which ignores the same characters, and copies nothing
        except (binascii.Error, ValueError):  # cut short
            pass
    decoder = Base64Decoder()
    taken = io.BytesIO()  # which gives its octets without another copy of them
    for begin in range(0, len(octets), _PIECE):
        taken.write(decoder.decode(octets[begin : begin + _PIECE]))
    taken.write(decoder.finish())
    return taken.getvalue()


def is_clean_base64(octets: bytes) -> bool:
    """Tell whether `octets` are base64 that every reader decodes alike."""
    digits, is_over = b"", False
    for begin in range(0, len(octets), _PIECE):
        digits += octets[begin : begin + _PIECE].translate(None, _BLANKS)
        if is_over and digits:
            return False
        whole = len(digits) & ~3
        try:
            pybase64.b64decode(digits[:whole], validate=True)
        except (binascii.Error, ValueError):
            return False
        is_over = digits.endswith(b"=", 0, whole)
        digits = digits[whole:]
    return not digits


def find_base64_flaw(octets: bytes) -> int | None:
    """Return the index of the first octet that base64 cannot have there, None where there is none.

    Where padding is missing it is the length.
    """
    if is_clean_base64(octets):
        return None
    bad = _BAD_OCTET.search(octets)
    end = len(octets) if bad is None else bad.start()
    padding = octets.find(b"=", 0, end)
    if padding < 0:
        return end
    digits = padding - sum(octets.count(blank, 0, padding) for blank in _BLANKS)
    wanted = -digits % 4  # RFC 2045 §6.8: one or two "=" fill the last four up
    if wanted not in (1, 2):
        return padding
    for found in _NOT_BLANK.finditer(octets, padding):
        if found[0] != b"=" or wanted == 0:
            return found.start()
        wanted -= 1
    return len(octets)


class Base64Decoder:
    """Decodes base64 that arrives in pieces, to what `decode_base64` gives for the whole."""

    __slots__ = ("_ended", "_rest")

    def __init__(self) -> None:
        self._rest = b""  # fewer than four digits
        self._ended = False

    def decode(self, octets: bytes) -> bytes:
        """Return what can be decoded now."""
        if self._ended:
            return b""
        # RFC 2045 §6.8: "=" marks the end of the data, so what follows it is not ours to guess.
        digits, ended, _ = octets.translate(None, _NOT_BASE64).partition(b"=")
        self._ended = bool(ended)
        digits = self._rest + digits
        whole = len(digits) & ~3
        self._rest = digits[whole:]
        return bytes(pybase64.b64decode(digits[:whole], validate=True))

    def finish(self) -> bytes:
        """Return the last octets; six bits left over make none."""
        rest = self._rest if len(self._rest) > 1 else b""
        return binascii.a2b_base64(rest + b"=" * (-len(rest) % 4))


def encode_base64_lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Return the joined `chunks` in base64, in whole lines of at most 76 characters (RFC 2045 §6.8)."""
    for octets in in_multiples(chunks, _OCTETS_A_LINE):
        yield bytes(pybase64.encodebytes(octets)).replace(b"\n", b"\r\n")


def in_multiples(chunks: Iterable[bytes], size: int) -> Iterator[bytes]:
    """Return the joined `chunks` in pieces of a multiple of `size` octets, the last one aside; none is empty."""
    rest = b""
    for chunk in chunks:
        octets = rest + chunk
        whole = len(octets) - len(octets) % size
        rest = octets[whole:]
        if whole:
            yield octets[:whole]
    if rest:
        yield rest

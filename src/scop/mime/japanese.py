"""ISO-2022-JP and EUC-JP as mail really uses them: with the characters that Windows has and JIS X 0208 has not.

Python's codecs refuse circled numbers, old forms of names and half-width kana, which Japanese senders write under
these labels. Its `cp932` has them all, in the same rows and cells. Only text that Python refuses comes here.

Standards: WHATWG Encoding Standard §12 (Japanese encodings: its index jis0208 is that of Windows); RFC 1468.
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["decode_euc_jp", "decode_iso_2022_jp"]

_SHIFT = re.compile(rb"\x1b(\$[@B]|\([BJI]|\$\(D)")
# What Windows has in its own encoding too, and the supplement (JIS X 0212), which only Python's codec has.
_PIECE_OF_EUC = re.compile(
    rb"((?:[\x00-\x7f]|[\xa1-\xfe]{2}|\x8e[\xa1-\xdf])++)|(?:\x8f[\xa1-\xfe]{2})++",
)
_CHARACTER_OF_EUC = re.compile(rb"([\xa1-\xfe])([\xa1-\xfe])|\x8e([\xa1-\xdf])")


def decode_iso_2022_jp(octets: bytes) -> str:
    """Return text in ISO-2022-JP; `UnicodeError` where it is none."""
    ascii_text, *shifted = _SHIFT.split(octets)
    pieces = [ascii_text.decode("ascii")]
    for shift, piece in zip(shifted[::2], shifted[1::2], strict=True):
        # A line ends in ASCII (RFC 1468), so nothing but characters of the set can be in a piece.
        pieces.append(_READERS[shift](piece))
    return "".join(pieces)


def decode_euc_jp(octets: bytes) -> str:
    """Return text in EUC-JP; `UnicodeError` where it is none."""
    pieces: list[str] = []
    position = 0
    while position < len(octets):
        match = _PIECE_OF_EUC.match(octets, position)
        if match is None:
            raise UnicodeError("euc-jp")
        if match[1]:
            pieces.append(_CHARACTER_OF_EUC.sub(_in_shift_jis, match[1]).decode("cp932"))
        else:
            pieces.append(match[0].decode("euc_jp"))
        position = match.end()
    return "".join(pieces)


def _windows_text(rows_and_cells: bytes) -> str:
    """Return the characters at pairs of octets from 0x21 to 0x7E: a row and a cell each."""
    if len(rows_and_cells) % 2 or rows_and_cells.translate(None, _CELLS):
        raise UnicodeError("jis0208")
    shifted = [_shifted(*rows_and_cells[index : index + 2]) for index in range(0, len(rows_and_cells), 2)]
    return b"".join(shifted).decode("cp932")


def _shifted(row: int, cell: int) -> bytes:
    """Return a character in Shift_JIS, which holds two rows under one first octet and leaves 0x7F out."""
    first = ((row - 0x21) >> 1) + (0x81 if row < 0x5F else 0xC1)
    return bytes((first, cell + (0x1F + (cell >= 0x60) if row % 2 else 0x7E)))


def _in_shift_jis(character: re.Match[bytes]) -> bytes:
    return character[3] or _shifted(character[1][0] & 0x7F, character[2][0] & 0x7F)


def _kana(octets: bytes) -> str:
    if octets.translate(None, _KANA):
        raise UnicodeError("jis x 0201")
    return octets.translate(_WITH_EIGHTH_BIT).decode("cp932")


def _supplement(octets: bytes) -> str:
    pairs = [octets[index : index + 2].translate(_WITH_EIGHTH_BIT) for index in range(0, len(octets), 2)]
    return b"".join([b"\x8f" + pair for pair in pairs]).decode("euc_jp")


def _ascii(octets: bytes) -> str:
    return octets.decode("ascii")


def _roman(octets: bytes) -> str:
    return octets.decode("ascii").translate({0x5C: "¥", 0x7E: "‾"})


_CELLS = bytes(range(0x21, 0x7F))
_KANA = bytes(range(0x21, 0x60))
_WITH_EIGHTH_BIT = bytes([octet | 0x80 for octet in range(0x100)])
_READERS: dict[bytes, Callable[[bytes], str]] = {
    b"$@": _windows_text,
    b"$B": _windows_text,
    b"$(D": _supplement,
    b"(B": _ascii,
    b"(J": _roman,
    b"(I": _kana,
}

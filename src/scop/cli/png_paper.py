"""Paper that is drawn on dot by dot and becomes a PNG file.

Written here in a hundred lines, as a library that draws is a hundred megabytes. Letters are capitals of five by seven
dots.

Standards: W3C PNG (third edition) §5 (chunks), §11.2 (IHDR, PLTE, IDAT, IEND).
"""

from __future__ import annotations

import struct
import zlib
from enum import IntEnum

__all__ = ["GLYPH_HEIGHT", "GLYPH_WIDTH", "Ink", "Paper"]

GLYPH_WIDTH, GLYPH_HEIGHT = 6, 7  # with the gap to the next one


class Ink(IntEnum):
    """The colours there are, by their place in the palette."""

    WHITE = 0
    BLACK = 1
    GREY = 2
    BLUE = 3
    ORANGE = 4


_PALETTE = bytes.fromhex("ffffff 303030 d8d8d8 2b7bba d9541e")

# Seven rows of five dots for each character, one row an octet.
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.,:/%"
_ROWS = bytes.fromhex(
    "0e11131519110e 040c040404040e 0e11010204081f 1f02040201110e 02060a121f0202 1f101e0101110e 0608101e11110e "
    "1f010204080808 0e11110e11110e 0e11110f01020c 0e11111f111111 1e11111e11111e 0e11101010110e 1c12111111121c "
    "1f10101e10101f 1f10101e101010 0e11101711110f 1111111f111111 0e04040404040e 0702020202120c 11121418141211 "
    "1010101010101f 111b1515111111 11111915131111 0e11111111110e 1e11111e101010 0e11111115120d 1e11111e141211 "
    "0f10100e01011e 1f040404040404 1111111111110e 11111111110a04 1111111515150a 11110a040a1111 1111110a040404 "
    "1f01020408101f 0000001f000000 00000000000c0c 000000000c0408 000c0c000c0c00 00010204081000 18190204081303"
)
_GLYPHS = {
    character: _ROWS[place * GLYPH_HEIGHT : (place + 1) * GLYPH_HEIGHT] for place, character in enumerate(_CHARACTERS)
}


class Paper:
    """Dots, each of a colour."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._rows = [bytearray(width) for _ in range(height)]

    def fill(self, x: int, y: int, size: tuple[int, int], ink: Ink) -> None:
        """Paint a rectangle of this width and height, as far as it lies on the paper."""
        left, right = max(0, x), min(self.width, x + size[0])
        for row in self._rows[max(0, y) : max(0, y + size[1])]:
            row[left:right] = bytes((ink,)) * max(0, right - left)

    def write(self, text: str, x: int, y: int, ink: Ink = Ink.BLACK) -> None:
        """Write a line of text from its upper left corner on; a character without a picture is a gap."""
        for place, character in enumerate(text.upper()):
            for row, dots in enumerate(_GLYPHS.get(character, b"")):
                for column in range(5):
                    if dots & (16 >> column):
                        self.fill(x + place * GLYPH_WIDTH + column, y + row, (1, 1), ink)

    def to_png(self) -> bytes:
        """Return the picture."""
        header = struct.pack(">LLBBBBB", self.width, self.height, 8, 3, 0, 0, 0)  # eight bits, by palette, one pass
        lines = b"".join(b"\0" + row for row in self._rows)  # each begins with its filter: none
        chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

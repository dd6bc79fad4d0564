"""A bar chart as a PNG file: one column for each day, what passed below, what failed on top.

Written here in a hundred lines, as a library that draws is a hundred megabytes, and this is its only picture. Letters
are capitals of five by seven dots.

Standards: W3C PNG (third edition) §5 (chunks), §11.2 (IHDR, PLTE, IDAT, IEND).
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["Bar", "png_chart"]

WIDTH, HEIGHT = 960, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 50  # around the columns
MAX_BARS = WIDTH - LEFT - RIGHT
GLYPH_WIDTH, GLYPH_HEIGHT = 6, 7  # with the gap to the next one
LABEL_WIDTH = 70  # with the gap to the next one
_ROUND = (1, 2, 3, 4, 5, 6, 8)
_PAPER, _INK, _LINE, _GOOD, _BAD = range(5)
_PALETTE = bytes.fromhex("ffffff 303030 d8d8d8 2b7bba d9541e")

# Seven rows of five dots for each character, one row an octet.
_CHARACTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-.,:/"
_ROWS = bytes.fromhex(
    "0e11131519110e 040c040404040e 0e11010204081f 1f02040201110e 02060a121f0202 1f101e0101110e 0608101e11110e "
    "1f010204080808 0e11110e11110e 0e11110f01020c 0e11111f111111 1e11111e11111e 0e11101010110e 1c12111111121c "
    "1f10101e10101f 1f10101e101010 0e11101711110f 1111111f111111 0e04040404040e 0702020202120c 11121418141211 "
    "1010101010101f 111b1515111111 11111915131111 0e11111111110e 1e11111e101010 0e11111115120d 1e11111e141211 "
    "0f10100e01011e 1f040404040404 1111111111110e 11111111110a04 1111111515150a 11110a040a1111 1111110a040404 "
    "1f01020408101f 0000001f000000 00000000000c0c 000000000c0408 000c0c000c0c00 00010204081000"
)
_GLYPHS = {
    character: _ROWS[place * GLYPH_HEIGHT : (place + 1) * GLYPH_HEIGHT] for place, character in enumerate(_CHARACTERS)
}


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: its name, and how high its two parts are."""

    label: str
    passed: int
    failed: int


def png_chart(title: str, bars: Sequence[Bar]) -> bytes:
    """Return the picture; of more bars than there are dots the last ones are drawn."""
    canvas = _Canvas()
    canvas.write(title, LEFT, 14, _INK)
    canvas.fill(LEFT, 32, 8, 8, _GOOD)
    canvas.write("passed", LEFT + 14, 32, _INK)
    canvas.fill(LEFT + 70, 32, 8, 8, _BAD)
    canvas.write("failed", LEFT + 84, 32, _INK)
    _draw_bars(canvas, bars[-MAX_BARS:])
    return canvas.to_png()


def _draw_bars(canvas: _Canvas, bars: Sequence[Bar]) -> None:
    highest = _round_up(max((bar.passed + bar.failed for bar in bars), default=0))
    height, floor = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    for quarter in range(5):
        y = floor - height * quarter // 4
        canvas.fill(LEFT, y, WIDTH - LEFT - RIGHT, 1, _INK if quarter == 0 else _LINE)
        figure = str(highest * quarter // 4)
        canvas.write(figure, LEFT - 8 - GLYPH_WIDTH * len(figure), y - 3, _INK)
    if not bars:
        return
    step = (WIDTH - LEFT - RIGHT) / len(bars)
    shown_every = max(1, math.ceil(LABEL_WIDTH / step))
    for number, bar in enumerate(bars):
        x, width = LEFT + round(number * step), max(1, round(step * 0.8))
        good, bad = (-(-height * part // highest) for part in (bar.passed, bar.failed))  # one dot at least
        canvas.fill(x, floor - good, width, good, _GOOD)
        canvas.fill(x, floor - good - bad, width, bad, _BAD)
        if number % shown_every == 0 and x + len(bar.label) * GLYPH_WIDTH < WIDTH:
            canvas.write(bar.label, x, floor + 10, _INK)


def _round_up(number: int) -> int:
    """Return a figure that an axis may end at: four times a round one."""
    power = 1
    while True:
        for digit in _ROUND:
            if 4 * digit * power >= number:
                return 4 * digit * power
        power *= 10


class _Canvas:
    """Dots, each the number of a colour."""

    def __init__(self) -> None:
        self._rows = [bytearray(WIDTH) for _ in range(HEIGHT)]

    def fill(self, x: int, y: int, width: int, height: int, colour: int) -> None:
        """Paint a rectangle, as far as it lies on the paper."""
        left, right = max(0, x), min(WIDTH, x + width)
        for row in self._rows[max(0, y) : max(0, y + height)]:
            row[left:right] = bytes((colour,)) * max(0, right - left)

    def write(self, text: str, x: int, y: int, colour: int) -> None:
        """Write a line of text from its upper left corner on; a character without a picture is a gap."""
        for place, character in enumerate(text.upper()):
            for row, dots in enumerate(_GLYPHS.get(character, b"")):
                for column in range(5):
                    if dots & (16 >> column):
                        self.fill(x + place * GLYPH_WIDTH + column, y + row, 1, 1, colour)

    def to_png(self) -> bytes:
        """Return the picture."""
        header = struct.pack(">LLBBBBB", WIDTH, HEIGHT, 8, 3, 0, 0, 0)  # eight bits, by palette, not interlaced
        lines = b"".join(b"\0" + row for row in self._rows)  # each begins with its filter: none
        chunks = ((b"IHDR", header), (b"PLTE", _PALETTE), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
        return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, content) for kind, content in chunks)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">L", len(content)) + kind + content + struct.pack(">L", zlib.crc32(kind + content))

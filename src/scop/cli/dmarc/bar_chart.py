"""A bar chart as a PNG file: one column for each day, what passed below, what failed on top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from scop.cli.png_paper import GLYPH_WIDTH, Ink, Paper

__all__ = ["Bar", "png_chart"]

WIDTH, HEIGHT = 960, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 20, 50, 50  # around the columns
MAX_BARS = WIDTH - LEFT - RIGHT
LABEL_WIDTH = 70  # with the gap to the next one
_ROUND = (1, 2, 3, 4, 5, 6, 8)


@dataclass(frozen=True, slots=True)
class Bar:
    """One column: its name, and how high its two parts are."""

    label: str
    passed: int
    failed: int


def png_chart(title: str, bars: Sequence[Bar]) -> bytes:
    """Return the picture; of more bars than there are dots the last ones are drawn."""
    paper = Paper(WIDTH, HEIGHT)
    paper.write(title, LEFT, 14)
    paper.fill(LEFT, 32, (8, 8), Ink.BLUE)
    paper.write("passed", LEFT + 14, 32)
    paper.fill(LEFT + 70, 32, (8, 8), Ink.ORANGE)
    paper.write("failed", LEFT + 84, 32)
    _draw_bars(paper, bars[-MAX_BARS:])
    return paper.to_png()


def _draw_bars(paper: Paper, bars: Sequence[Bar]) -> None:
    highest = _round_up(max((bar.passed + bar.failed for bar in bars), default=0))
    height, floor = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    for quarter in range(5):
        y = floor - height * quarter // 4
        paper.fill(LEFT, y, (WIDTH - LEFT - RIGHT, 1), Ink.BLACK if quarter == 0 else Ink.GREY)
        figure = str(highest * quarter // 4)
        paper.write(figure, LEFT - 8 - GLYPH_WIDTH * len(figure), y - 3)
    if not bars:
        return
    step = (WIDTH - LEFT - RIGHT) / len(bars)
    shown_every = max(1, math.ceil(LABEL_WIDTH / step))
    for number, bar in enumerate(bars):
        x, width = LEFT + round(number * step), max(1, round(step * 0.8))
        good, bad = (-(-height * part // highest) for part in (bar.passed, bar.failed))  # one dot at least
        paper.fill(x, floor - good, (width, good), Ink.BLUE)
        paper.fill(x, floor - good - bad, (width, bad), Ink.ORANGE)
        if number % shown_every == 0 and x + len(bar.label) * GLYPH_WIDTH < WIDTH:
            paper.write(bar.label, x, floor + 10)


def _round_up(number: int) -> int:
    """Return a figure that an axis may end at: four times a round one."""
    power = 1
    while True:
        for digit in _ROUND:
            if 4 * digit * power >= number:
                return 4 * digit * power
        power *= 10

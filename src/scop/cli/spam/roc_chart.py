"""ROC curves as a PNG file."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from scop.cli.png_paper import GLYPH_WIDTH, Ink, Paper
from scop.cli.spam.roc_curve import Axes, axes_of, curve
from scop.spam.evaluation import Judged, one_minus_auc

__all__ = ["png_roc"]

WIDTH, HEIGHT = 960, 640
LEFT, RIGHT, TOP, BOTTOM = 70, 30, 60, 60  # around the curves
LINES = 5  # across
_INKS = (Ink.BLUE, Ink.ORANGE)


def png_roc(filters: Sequence[tuple[str, Sequence[Judged]]]) -> bytes:
    """Return the picture: spam caught over ham lost, one curve for each filter."""
    paper = Paper(WIDTH, HEIGHT)
    paper.write("spam caught over ham lost", LEFT, 14)
    axes = axes_of([judged for _, judged in filters])
    _draw_axes(paper, axes)
    for number, ((name, judged), ink) in enumerate(zip(filters, _INKS, strict=False)):
        x = LEFT + number * 300
        paper.fill(x, 34, (8, 8), ink)
        paper.write(f"{name}: 1-AUC {one_minus_auc(judged):.4%}", x + 14, 34)
        _draw_curve(paper, curve(judged, axes, WIDTH - LEFT - RIGHT), ink)
    return paper.to_png()


def _draw_axes(paper: Paper, axes: Axes) -> None:
    width, height, bottom = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    for line in range(LINES + 1):
        y = bottom - height * line // LINES
        paper.fill(LEFT, y, (width, 1), Ink.GREY if line else Ink.BLACK)
        figure = f"{axes.floor + (1 - axes.floor) * line / LINES:.1%}"
        paper.write(figure, LEFT - 8 - GLYPH_WIDTH * len(figure), y - 3)
    for decade in range(axes.decades + 1):
        x = LEFT + (width - 1) * decade // axes.decades
        paper.fill(x, TOP, (1, height), Ink.GREY if decade else Ink.BLACK)
        figure = f"{10.0 ** (decade - axes.decades):.{max(0, axes.decades - decade - 2)}%}"
        paper.write(figure, x - GLYPH_WIDTH * len(figure) // 2, bottom + 10)
    paper.write("ham lost", LEFT + width // 2, bottom + 30)


def _draw_curve(paper: Paper, heights: Sequence[float], ink: Ink) -> None:
    """Draw each column and the way up to the next one, two dots thick."""
    height, bottom = HEIGHT - TOP - BOTTOM, HEIGHT - BOTTOM
    dots = [bottom - round(share * height) for share in heights]
    for column, (y, next_y) in enumerate(pairwise([*dots, dots[-1]])):
        paper.fill(LEFT + column, min(y, next_y) - 1, (2, abs(next_y - y) + 2), ink)

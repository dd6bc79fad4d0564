"""ROC curves as pictures: what is drawn is what was counted, on axes that show it."""

from __future__ import annotations

import struct
import zlib

import pytest

from scop.cli.png_paper import Ink
from scop.cli.spam.roc_chart import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, png_roc
from scop.cli.spam.roc_curve import Axes, axes_of, curve
from scop.spam.evaluation import Judged


def judged(ham: int, spam: int, wrong: int) -> list[Judged]:
    """Return mails of which so many spam score below all ham, and the others above."""
    scored = [Judged(is_spam=True, score=0.1)] * wrong + [Judged(is_spam=True, score=0.9)] * (spam - wrong)
    return [Judged(is_spam=False, score=0.5)] * ham + scored


def test_axes_show_less_than_one_ham_and_the_lowest_curve() -> None:
    """The axis of losses begins below one ham mail, that of catches at a round share below every curve."""
    assert Axes(3, 0.95) == axes_of([judged(1_000, 100, 5), judged(1_000, 100, 0)])
    assert Axes(1, 0.0) == axes_of([judged(1, 10, 9)])
    assert [pytest.approx(0.001), 1.0] == [Axes(3, 0.0).loss_at(0.0), Axes(3, 0.0).loss_at(1.0)]


def test_curve_stands_where_nothing_is_lost_and_ends_at_all() -> None:
    """Between two thresholds the curve stays, and it ends where all is called spam."""
    axes = Axes(2, 0.5)
    heights = curve(judged(100, 100, 20), axes, 11)
    assert [pytest.approx(0.6)] * 10 + [1.0] == heights
    assert 0.0 == min(curve(judged(100, 100, 80), axes, 11))


def test_picture_has_a_curve_of_each_filter() -> None:
    """Both curves are on the paper, the better one nearer to its upper left corner."""
    octets = png_roc([("one", judged(100, 100, 2)), ("other", judged(100, 100, 20))])
    assert (b"\x89PNG\r\n\x1a\n", (WIDTH, HEIGHT)) == (octets[:8], struct.unpack(">LL", octets[16:24]))
    at = octets.index(b"IDAT")
    (length,) = struct.unpack(">L", octets[at - 4 : at])
    dots = zlib.decompress(octets[at + 4 : at + 4 + length])
    rows = [dots[row * (WIDTH + 1) + 1 : (row + 1) * (WIDTH + 1)] for row in range(HEIGHT)]
    column = [row[LEFT + (WIDTH - LEFT - RIGHT) // 2] for row in rows[TOP - 1 : HEIGHT - BOTTOM]]
    assert 0 <= column.index(Ink.BLUE) < column.index(Ink.ORANGE)


def test_nothing_judged_is_drawn() -> None:
    """A filter that judged nothing has an empty curve."""
    assert png_roc([("none", [])]).startswith(b"\x89PNG")

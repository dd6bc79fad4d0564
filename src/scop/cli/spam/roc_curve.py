"""A ROC curve as heights over an axis of ham lost, which is logarithmic: what matters lies below one in a hundred."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from scop.spam.evaluation import Judged, RocPoint, roc

__all__ = ["Axes", "axes_of", "curve"]

LEAST_LOSS = 1e-5  # the axis begins here at the lowest
_FLOORS = (0.98, 0.95, 0.9, 0.8, 0.5, 0.0)


@dataclass(frozen=True, slots=True)
class Axes:
    """From where to where the curves are drawn: ham lost from `decades` below all of it, spam caught from `floor`."""

    decades: int
    floor: float

    def loss_at(self, share: float) -> float:
        """Return the ham lost at a share of the axis's length."""
        return float(10.0 ** (self.decades * (share - 1.0)))


def axes_of(filters: Sequence[Sequence[Judged]]) -> Axes:
    """Return axes that show every curve: from less than one ham mail on, and from below the lowest curve."""
    ham = max((sum(not one.is_spam for one in judged) for judged in filters), default=0)
    decades = max(1, math.ceil(-math.log10(max(LEAST_LOSS, 1 / max(ham, 1)))))
    left = Axes(decades, 0.0).loss_at(0.0)
    lowest = min((_caught(roc(judged), left) for judged in filters), default=0.0)
    return Axes(decades, next(floor for floor in _FLOORS if lowest >= floor))


def curve(judged: Sequence[Judged], axes: Axes, columns: int) -> list[float]:
    """Return for each column which share of spam is caught at its loss of ham, as a height from 0 to 1."""
    points = roc(judged)
    caught = [_caught(points, axes.loss_at(column / (columns - 1))) for column in range(columns)]
    return [max(0.0, (height - axes.floor) / (1.0 - axes.floor)) for height in caught]


def _caught(points: Sequence[RocPoint], loss: float) -> float:
    """Return the spam caught at the last threshold that loses no more than this."""
    return points[bisect_right(points, loss + 1e-12, key=lambda point: point.ham_lost) - 1].spam_caught

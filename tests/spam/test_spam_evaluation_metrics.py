"""The figures: each is what counting pair by pair, or mail by mail, gives."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.spam import Label
from scop.spam.evaluation import (
    Confusion,
    Judged,
    RocPoint,
    at_ham_loss,
    at_ham_lost,
    confusion,
    learning_curve,
    one_minus_auc,
    roc,
)

HAM, SPAM = False, True
MIXED = (Judged(SPAM, 0.9), Judged(HAM, 0.8), Judged(SPAM, 0.8), Judged(SPAM, 0.3), Judged(HAM, 0.1))

judged_mails = st.lists(st.builds(Judged, st.booleans(), st.integers(0, 5).map(lambda fifths: fifths / 5)), max_size=30)


def test_one_minus_auc_counts_ties_half() -> None:
    """Of six pairs one stands wrong (0.8 above 0.3) and one is a tie."""
    assert 1.5 / 6 == one_minus_auc(MIXED)


@given(judged_mails)
def test_one_minus_auc_is_the_share_of_wrong_pairs(judged: list[Judged]) -> None:
    """The area agrees with counting every pair."""
    ham = [one.score for one in judged if not one.is_spam]
    spam = [one.score for one in judged if one.is_spam]
    wrong = sum((low > high) + (low == high) / 2 for low in ham for high in spam)
    pairs = len(ham) * len(spam)
    assert math.isnan(one_minus_auc(judged)) if not pairs else one_minus_auc(judged) == pytest.approx(wrong / pairs)


@given(judged_mails)
def test_roc_climbs_to_all(judged: list[Judged]) -> None:
    """The curve begins at nothing, never falls, and ends where every mail is called spam."""
    points = roc(judged)
    assert RocPoint(0.0, 0.0, math.inf) == points[0]
    assert all(a.ham_lost <= b.ham_lost and a.spam_caught <= b.spam_caught for a, b in pairwise(points))
    kinds = {one.is_spam for one in judged}
    assert (float(HAM in kinds), float(SPAM in kinds)) == (points[-1].ham_lost, points[-1].spam_caught)


@given(judged_mails, st.integers(0, 30))
def test_at_ham_lost_is_the_best_threshold(judged: list[Judged], lost: int) -> None:
    """No threshold that loses so few ham mails catches more spam."""
    ham = sum(not one.is_spam for one in judged)
    allowed = [point for point in roc(judged) if point.ham_lost * ham <= lost + 1e-6]
    assert max(point.spam_caught for point in allowed) == at_ham_lost(judged, lost).spam_caught


def test_at_ham_loss_allows_whole_mails_only() -> None:
    """Half of two ham mails is one, and a little less is none."""
    assert RocPoint(0.5, 1.0, 0.3) == at_ham_loss(MIXED, 0.5)
    assert RocPoint(0.0, 1 / 3, 0.9) == at_ham_loss(MIXED, 0.49)


def test_confusion_counts_each_kind_by_its_label() -> None:
    """Shares are of the mails of a kind, and what is unsure of all."""
    judged = [Judged(HAM, 0, Label.HAM)] * 6 + [Judged(HAM, 1, Label.SPAM)] * 2
    judged += [Judged(SPAM, 1, Label.SPAM)] * 9 + [Judged(SPAM, 0, Label.UNSURE)] * 3
    found = confusion(judged)
    assert Confusion(6, 0, 2, 0, 3, 9) == found
    assert (8, 12, 0.25, 0.75, 0.15) == (found.ham, found.spam, found.ham_lost, found.spam_caught, found.unsure)


def test_nothing_judged_has_no_shares() -> None:
    """Figures of no mail are zero, and the area is not a number."""
    assert (0.0, 0.0, 0.0) == (confusion(()).ham_lost, confusion(()).spam_caught, confusion(()).unsure)
    assert math.isnan(one_minus_auc(()))
    assert RocPoint(0.0, 0.0, math.inf) == at_ham_loss((), 0.001)


def test_learning_curve_doubles() -> None:
    """Each stretch has as many mails as all before it; the last one what is left."""
    judged = [Judged(number % 2 == 0, float(number % 2 == 0)) for number in range(45)]
    stretches = [(point.first, point.last, point.one_minus_auc) for point in learning_curve(judged, first=10)]
    assert [(1, 10, 0.0), (11, 20, 0.0), (21, 40, 0.0), (41, 45, 0.0)] == stretches

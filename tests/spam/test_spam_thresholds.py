"""Thresholds: cautious at first, then as the scores of mail tell, and never beyond their bounds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.spam.model.memory import BINS
from scop.spam.thresholds import HAM_LOSS, LEAST_SPAM, NEVER, Thresholds, bin_of, score_of, thresholds_of
from scop.spam.verdict import Label


def sampled(ham: dict[float, int], spam: dict[float, int]) -> Thresholds:
    """Return the thresholds where so many mails of each kind had these margins."""
    scores = np.zeros((2, BINS), np.int64)
    for kind, margins in enumerate((ham, spam)):
        for margin, count in margins.items():
            scores[kind, bin_of(margin)] += count
    return thresholds_of(scores)


def test_thresholds_are_cautious_at_first() -> None:
    """Without samples the stated tail stands in for them."""
    assert score_of(12.0) == sampled({}, {}).spam_from


def test_thresholds_come_down_where_ham_stays_low() -> None:
    """Thousands of ham far below let spam begin at the least threshold."""
    found = sampled({-10.0: 20_000}, {15.0: 5_000})
    assert score_of(LEAST_SPAM) == found.spam_from
    assert found.expected_ham_loss <= HAM_LOSS


def test_thresholds_go_above_ham_that_scores_high() -> None:
    """Where 3 ham in a thousand reach a margin of 9, spam begins above it."""
    assert score_of(9.5) <= sampled({-10.0: 9_970, 9.2: 30}, {15.0: 5_000}).spam_from


def test_thresholds_go_as_high_as_ham() -> None:
    """Where so little ham is known that some of it looks like spam through and through, only more is spam."""
    assert score_of(20.5) <= sampled({-5.0: 60, 12.0: 8, 20.0: 2}, {25.0: 900}).spam_from


def test_thresholds_believe_rare_ham() -> None:
    """The same share of ham as high as spam is not taken for wrong labels where ham is rare."""
    spam = {10.0: 100, 16.0: 400, 24.0: 500}
    assert score_of(20.0) <= sampled({-15.0: 95, 16.0: 2, 19.5: 3}, spam).spam_from


def test_thresholds_lean_where_spam_was_learned_without_ham() -> None:
    """No sample shows what ham has by now, so spam begins higher the more of it there was; ham brings it down."""
    few, many, both = (sampled(ham, {20.0: spam}) for ham, spam in (({}, 100), ({}, 500), ({-10.0: 500}, 500)))
    assert score_of(12.0) < few.spam_from < many.spam_from
    assert score_of(LEAST_SPAM) == both.spam_from


def test_thresholds_bear_wrong_labels() -> None:
    """Where one ham in twenty is as high as spam, spam begins where three quarters of it are caught."""
    spam = {10.0: 100, 16.0: 400, 24.0: 500}
    assert score_of(16.0) == sampled({-15.0: 1_900, 16.0: 40, 24.0: 60}, spam).spam_from


def test_labels_at_the_thresholds() -> None:
    """Both thresholds belong to their label; where nothing is known nothing is sure."""
    thresholds = Thresholds(0.9, 0.1, 0.001)
    assert ["spam", "unsure", "unsure", "ham"] == [thresholds.label(score) for score in (0.9, 0.89, 0.11, 0.1)]
    assert {Label.UNSURE} == {NEVER.label(score) for score in (0.0, 0.5, 1.0)}


@given(st.binary(min_size=2 * BINS, max_size=2 * BINS))
def test_thresholds_of_anything_are_in_order(counts: bytes) -> None:
    """Ham ends below where spam begins, and the expected loss is a share."""
    found = thresholds_of(np.frombuffer(counts, np.uint8).astype(np.int64).reshape(2, BINS) ** 2)
    assert 0.0 < found.ham_up_to < 0.5 < found.spam_from < 1.0
    assert 0.0 <= found.expected_ham_loss <= 1.0


@pytest.mark.parametrize(("margin", "expected"), [(-1e9, 0), (-0.1, 63), (0.0, 64), (0.5, 65), (1e9, 127)])
def test_bins_cover_every_margin(margin: float, expected: int) -> None:
    """Those at the ends take what lies beyond."""
    assert expected == bin_of(margin)

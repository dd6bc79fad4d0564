"""The arithmetic of counts is Robinson's and Fisher's, with rates drawn to the background."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.spam.combine import combined, probabilities
from scop.spam.model.memory import UNIT


def probability(in_ham: float, in_spam: float, ham_mails: float, spam_mails: float) -> float:
    """Return f(w) of one token."""
    counts = np.array([[in_ham], [in_spam]]) * float(UNIT)
    return float(probabilities(counts[0], counts[1], ham_mails * UNIT, spam_mails * UNIT)[0])


def test_probability_makes_both_kinds_equally_many() -> None:
    """A token in a tenth of each kind says nothing, whatever the numbers of mails."""
    assert pytest.approx(0.5, abs=0.01) == probability(100, 10, 1_000, 100)
    assert 0.5 == probability(0, 0, 10, 10)


def test_probability_says_nothing_where_one_kind_was_never_seen() -> None:
    """Of a thousand spam and no ham nobody knows what ham has."""
    assert pytest.approx(0.5, abs=0.001) == probability(0, 500, 0, 1_000)
    assert 0.9 < probability(0, 500, 100, 1_000)


def _by_the_book(likelihoods: list[float]) -> float:
    """Return Robinson's indicator from chi-square tails summed term by term."""
    tails = []
    for total in (-math.fsum(map(math.log, likelihoods)), -math.fsum(math.log1p(-one) for one in likelihoods)):
        terms = (math.exp(n * math.log(total) - math.lgamma(n + 1) - total) for n in range(len(likelihoods)))
        tails.append(min(1.0, math.fsum(terms)))
    return (1 + tails[0] - tails[1]) / 2


def combined_words(likelihoods: list[float]) -> float:
    """Return the log-odds of words without any facts."""
    words, facts = combined(np.array(likelihoods), np.zeros(len(likelihoods), np.bool_))
    assert facts == 0.0
    return words


@given(st.lists(st.one_of(st.floats(0.001, 0.12), st.floats(0.88, 0.999)), min_size=1, max_size=120))
def test_combined_is_fishers(likelihoods: list[float]) -> None:
    """The log-odds of Robinson's indicator, but for the little that orders what it cannot tell apart."""
    indicator = _by_the_book(likelihoods)
    expected = math.log((indicator + 1e-9) / (1 - indicator + 1e-9))
    assert pytest.approx(expected, abs=1e-3 * 20 * len(likelihoods), rel=1e-3) == combined_words(likelihoods)


def test_combined_of_conflict_and_of_nothing_is_nothing() -> None:
    """Strong evidence for both sides is evidence for neither; tokens near 1/2 do not count."""
    assert 0.0 == combined_words([]) == combined_words([0.6] * 50)
    assert abs(combined_words([0.999] * 50 + [0.001] * 50)) < 0.1
    assert combined_words([1.0] * 4_096) > 20
    assert combined_words([0.0] * 4_096) < -20


@given(st.lists(st.tuples(st.floats(0.0, 1.0), st.booleans()), max_size=120))
def test_words_and_facts_are_combined_apart(tokens: list[tuple[float, bool]]) -> None:
    """In one pass each kind gets what it would get alone."""
    likelihoods, is_fact = np.array([one for one, _ in tokens]), np.array([fact for _, fact in tokens], np.bool_)
    alone = [combined_words([one for one, fact in tokens if fact is kind]) for kind in (False, True)]
    assert pytest.approx(alone, abs=1e-6) == list(combined(likelihoods, is_fact))

"""The arithmetic: how likely spam a token is, and what many tokens mean together.

Source: Gary Robinson, "A Statistical Approach to the Spam Problem", Linux Journal 107 (2003); Fisher's
method of combining probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

__all__ = ["combined", "token_probability"]

# Robinson's s and x: a token that was seen in one mail only is believed a little.
PRIOR_STRENGTH = 0.45
PRIOR_PROBABILITY = 0.5


def token_probability(in_spam: int, in_ham: int, spam_mails: int, ham_mails: int) -> float:
    """Return f(w): how likely a mail with this token is spam, as if both kinds were equally many."""
    spam_rate = in_spam / spam_mails if spam_mails else 0.0
    ham_rate = in_ham / ham_mails if ham_mails else 0.0
    if spam_rate + ham_rate == 0.0:
        return PRIOR_PROBABILITY
    count = in_spam + in_ham
    raw = spam_rate / (spam_rate + ham_rate)
    return (PRIOR_STRENGTH * PRIOR_PROBABILITY + count * raw) / (PRIOR_STRENGTH + count)


def combined(probabilities: Sequence[float]) -> float:
    """Return Robinson's indicator: near 0 for ham, near 1 for spam, near 0.5 for neither or for both."""
    if not probabilities:
        return 0.5
    spamminess = _chi_square_tail(-2.0 * sum(map(math.log, probabilities)), len(probabilities))
    hamminess = _chi_square_tail(-2.0 * sum(math.log1p(-p) for p in probabilities), len(probabilities))
    return (1.0 + spamminess - hamminess) / 2.0


def _chi_square_tail(value: float, pairs: int) -> float:
    """Return the probability that a chi-square of 2 × `pairs` degrees of freedom is at least `value`.

    For an even number of degrees that is exp(-h) × Σ hⁿ/n! with h = value/2, summed from its last term
    inwards. The sum stays below 1e300 for the 150 tokens that are weighed, and its logarithm keeps
    exp(-h) from underflowing.
    """
    half = value / 2.0
    total = 1.0
    for number in range(pairs - 1, 0, -1):
        total = 1.0 + total * half / number
    return min(1.0, math.exp(math.log(total) - half))

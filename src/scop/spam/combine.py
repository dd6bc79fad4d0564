"""The arithmetic: how likely spam a token is, and what many tokens mean together.

A token's rate among ham and among spam is drawn towards its rate among all mail, as strongly as if `BACKGROUND_MAILS`
more of each kind were known: where one kind has hardly been seen, no token speaks for the other. What is left is
Robinson's f(w); the tokens are combined as Fisher combines probabilities.

Source: Gary Robinson, "A Statistical Approach to the Spam Problem", Linux Journal 107 (2003).
"""

from __future__ import annotations

import math

import numpy as np

from scop.spam.model.arrays import Floats, Truths
from scop.spam.model.memory import UNIT

__all__ = ["combined", "probabilities"]

BACKGROUND_MAILS = 3.0
PRIOR_MAILS = 0.02  # Robinson's s: in how many mails a token must be seen before it is believed
CLEAR_FROM = 0.375  # distance from 0.5 below which a token says too little to be combined
_BACKGROUND, _PRIOR = BACKGROUND_MAILS * UNIT, PRIOR_MAILS * UNIT
_FLOOR = 1e-6  # no single token decides
_NEARLY_NONE = 1e-9  # 1 minus what both tails at once leave: bounds the log-odds at 20.7
_TIE = 1e-3  # beyond that bound the tails still order mails

_LEAST_TERM = 1e-18  # of a sum of at least one: smaller ones do not change it, and the rest is smaller yet


def probabilities(in_ham: Floats, in_spam: Floats, ham_units: float, spam_units: float) -> Floats:
    """Return f(w) for tokens by how many mails had them, in `UNIT`s: how likely spam, as if both kinds were equal."""
    seen = in_ham + in_spam
    background = seen * (_BACKGROUND / max(ham_units + spam_units, 1.0))
    spam_rate = (in_spam + background) / (spam_units + _BACKGROUND)
    ham_rate = (in_ham + background) / (ham_units + _BACKGROUND)
    raw = spam_rate / np.maximum(ham_rate + spam_rate, 1e-300)
    # Robinson's f(w) with x = 1/2; what was never seen is 1/2.
    found: Floats = 0.5 + (raw - 0.5) * (seen / (seen + _PRIOR))
    return found


def combined(spam_likelihoods: Floats, is_fact: Truths) -> tuple[float, float]:
    """Return the log-odds of spam of the words and of the facts among some tokens.

    They are positive for spam, and 0 where nothing speaks or both sides do.
    """
    clear = (np.abs(spam_likelihoods - 0.5) >= CLEAR_FROM).nonzero()[0]
    if not len(clear):
        return 0.0, 0.0
    likelihoods = np.minimum(np.maximum(spam_likelihoods.take(clear), _FLOOR), 1.0 - _FLOOR)  # quicker than `np.clip`
    logs = np.empty((2, len(clear)))
    np.log(likelihoods, out=logs[0])
    np.log1p(-likelihoods, out=logs[1])
    # Both kinds in one pass: what is not a fact's is a word's.
    facts = is_fact.take(clear).astype(np.float64)
    count = int(np.add.reduce(facts))
    spam, ham = np.add.reduce(logs, axis=1).tolist()
    facts_spam, facts_ham = logs.dot(facts).tolist()
    return (
        _log_odds(facts_spam - spam, facts_ham - ham, len(clear) - count),
        _log_odds(-facts_spam, -facts_ham, count),
    )


def _log_odds(spam_half: float, ham_half: float, tokens: int) -> float:
    """Return the log-odds of so many tokens: their probabilities' logarithms are summed, and so are those of ham."""
    if not tokens:
        return 0.0
    spamminess, hamminess = _log_tail(spam_half, tokens), _log_tail(ham_half, tokens)
    # Robinson's indicator; where both tails are tiny it is 1/2, as evidence for both sides is evidence for neither.
    indicator = (1.0 + math.exp(spamminess) - math.exp(hamminess)) / 2.0
    odds = math.log((indicator + _NEARLY_NONE) / (1.0 - indicator + _NEARLY_NONE))
    return odds + _TIE * (spamminess - hamminess)


def _log_tail(half: float, pairs: int) -> float:
    """Return the logarithm of the chance that a chi-square of 2 × `pairs` degrees of freedom exceeds 2 × `half`.

    For an even number of degrees that is exp(-half) × Σ halfⁿ/n!, n < pairs: summed from its largest term to both
    sides as far as that changes it, in units of that term. `half` is positive.
    """
    largest = min(int(half), pairs - 1)
    total = term = 1.0
    for n in range(largest, 0, -1):
        term *= n / half
        total += term
        if term < _LEAST_TERM:
            break
    term = 1.0
    for n in range(largest + 1, pairs):
        term *= half / n
        total += term
        if term < _LEAST_TERM:
            break
    return min(0.0, largest * math.log(half) - math.lgamma(largest + 1) + math.log(total) - half)

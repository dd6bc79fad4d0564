"""From a score to a label: thresholds that say how much ham they are expected to lose.

Each lesson brings the score that its mail had before it was learned: a sample of what mail will get, out of which the
share of ham above a score is read. Where little is known, a stated tail stands in for it, as if it were `PRIOR_MAILS`
mails. Where one kind is much rarer than the other, everything leans to the other's side: so spam begins above ham,
however high that is; but not so high that a quarter of spam is lost, for then it is labels that are wrong. That is
told from rare ham by the number of samples: the fewer they are, the more of what they say is believed. And where spam
was learned without ham in between, no sample shows how far the model leans: the tail that stands in leans as far.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from scop.spam.experts import SHARES
from scop.spam.model.arrays import Floats, Int64s
from scop.spam.model.memory import BINS
from scop.spam.model.table import HAM, SPAM
from scop.spam.verdict import Label

__all__ = ["NEVER", "Thresholds", "bin_of", "score_of", "thresholds_of"]

HAM_LOSS = 0.001  # the share of ham that may be called spam
SPAM_MISSED = 0.005  # the share of spam that may be called ham: an unsure mail only has a reader look twice
PRIOR_MAILS = 100
BIN_WIDTH = 0.5  # of the margin, in which 128 bins reach from -32 to 32
_EDGES: Floats = np.linspace(-BINS // 2 * BIN_WIDTH, (BINS // 2 - 1) * BIN_WIDTH, BINS)  # the lower edge of each bin
# The tails that stand in: one ham in a thousand above a margin of 12, one spam in two hundred below -4.6.
_HAM_SCALE = 1.9
_SPAM_TAIL: Floats = 0.5 * np.exp(np.minimum(_EDGES + BIN_WIDTH, 0.0))
# A margin that the spam threshold never falls below, for wanted mail of a kind that was never seen has more than other
# ham; and two that the ham threshold never leaves, for where many labels are wrong.
LEAST_SPAM = 10.0
MOST_UNCAUGHT = 0.25  # of spam: ham that most spam does not outscore is believed to be labelled wrongly
BELIEVED_UP_TO = 12.0  # the margin below which ham's scores are always believed
MOST_LEAN = sum(SHARES)  # of the margin, for each e-fold of spam over ham: each regression follows the log of its odds
LEAST_HAM, MOST_HAM = -8.0, -1.0
_STEEPNESS = 0.5  # of the score over the margin


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Where spam begins and ham ends, and what is expected to lie on the wrong side."""

    spam_from: float  # scores at least this are spam
    ham_up_to: float  # scores at most this are ham
    expected_ham_loss: float  # the share of ham that is expected at or above `spam_from`

    def label(self, score: float) -> Label:
        """Return what a mail with this score is called."""
        if score >= self.spam_from:
            return Label.SPAM
        return Label.HAM if score <= self.ham_up_to else Label.UNSURE


NEVER = Thresholds(spam_from=math.inf, ham_up_to=-math.inf, expected_ham_loss=0.0)


def score_of(margin: float) -> float:
    """Return the score (0 ham … 1 spam) of a margin, which is an unbounded sum of log-odds."""
    return 1.0 / (1.0 + math.exp(-_STEEPNESS * max(-1_000.0, min(1_000.0, margin))))


def bin_of(margin: float) -> int:
    """Return which of the bins a margin falls into."""
    return max(0, min(BINS - 1, math.floor(margin / BIN_WIDTH) + BINS // 2))


def thresholds_of(scores: Int64s) -> Thresholds:
    """Return the thresholds that follow from how many mails of each kind had which score before they were learned."""
    counts = np.maximum(scores, 0).astype(np.float64)
    ham_from = _tail(counts[HAM][::-1])[::-1]  # share of ham at or above the lower edge of each bin
    ham, spam = float(counts[HAM].sum()), float(counts[SPAM].sum())
    ham_from = _smoothed(ham_from, ham, _ham_tail(ham, spam))
    spam_up_to = _smoothed(_tail(counts[SPAM]), spam, _SPAM_TAIL)  # up to its upper edge
    spam_edge = _first(_EDGES[(ham_from <= HAM_LOSS) & (_EDGES >= LEAST_SPAM)], float(_EDGES[-1]))
    spam_edge = min(spam_edge, max(BELIEVED_UP_TO, _least_of_most(counts[SPAM], _most_uncaught(ham))))
    uppers = (_EDGES + BIN_WIDTH)[::-1]
    ham_edge = _first(uppers[(spam_up_to[::-1] <= SPAM_MISSED) & (uppers <= MOST_HAM)], LEAST_HAM)
    return Thresholds(score_of(spam_edge), score_of(max(ham_edge, LEAST_HAM)), float(ham_from[bin_of(spam_edge)]))


def _ham_tail(ham: float, spam: float) -> Floats:
    """Return the share of ham at or above each edge that stands in for samples, where there are so many of them."""
    lean = MOST_LEAN * max(0.0, math.log((spam + PRIOR_MAILS) / (ham + PRIOR_MAILS)))
    tail: Floats = 0.5 * np.exp(-np.maximum(_EDGES - lean, 0.0) / _HAM_SCALE)
    return tail


def _most_uncaught(ham: float) -> float:
    """Return which share of spam may be lost before so many samples of ham are not believed."""
    return MOST_UNCAUGHT + (1.0 - MOST_UNCAUGHT) * PRIOR_MAILS / (PRIOR_MAILS + ham)


def _least_of_most(spam: Floats, uncaught: float) -> float:
    """Return the highest edge at or above which all of the spam but a share lies."""
    return float(_EDGES[_tail(spam[::-1])[::-1] >= (1.0 - uncaught) * spam.sum()][-1])


def _tail(counts: Floats) -> Floats:
    total: Floats = np.cumsum(counts)
    return total


def _smoothed(count: Floats, mails: float, prior: Floats) -> Floats:
    share: Floats = (count + PRIOR_MAILS * prior) / (mails + PRIOR_MAILS)
    return share


def _first(edges: Floats, otherwise: float) -> float:
    return float(edges[0]) if len(edges) else otherwise

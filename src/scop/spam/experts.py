"""Five opinions of a mail, and the margin that they make together.

Four are logistic regressions that learn on line, each over features of one kind: words, facts, and 4-grams of header
and text. Features are there or not, a mail's are scaled to length one, and a mail moves weights by as much as it was
misjudged. They rank mail better than anything else here, but believe a wrong label for a while. The fifth are the
counts of words, and those of facts, combined as Robinson and Fisher do: slower to learn, hard to mislead, and neutral
where evidence stands against evidence. Each covers for another's weakness; docs/decisions/how-mail-is-weighed.md has
the figures.

The margin ranks. To be called by name a mail needs more: mail that comes by a way that was never seen has facts of
nobody's mail, or by chance those of spam, so it is no spam unless the text that a person sees looks like it, too; and
good words strewn over a spam make no ham of it where the counts see both.

Sources: J. Goodman and W. Yih, "Online Discriminative Spam Filter Training", CEAS 2006; G. Cormack, "University of
Waterloo Participation in the TREC 2007 Spam Track"; T. Lynam, G. Cormack and D. Cheriton, "On-line Spam Filter Fusion",
SIGIR 2006.
"""

from __future__ import annotations

import math

import msgspec
import numpy as np

from scop.spam.combine import combined, probabilities
from scop.spam.features import Features
from scop.spam.model import WEIGHT, Memory
from scop.spam.model.arrays import Floats, Int64s
from scop.spam.model.memory import UNIT
from scop.spam.verdict import Label

__all__ = ["SHARES", "WEIGHT_UNIT", "Opinions", "opinions_of", "steps_of"]

WEIGHT_UNIT = 1 << 20  # of the integers in which weights are kept
FACTS, WORDS, HEADER, TEXT = range(4)
# How fast each learns. Words may be believed quickly; facts and 4-grams have many that come together.
_RATES = (8.0, 16.0, 8.0, 8.0)
# What each adds to the margin. The text's 4-grams say most of next year's mail and of other people's, so they count as
# much as all that a header says; words know less of the same, and the header's 4-grams much of the same weeks only.
SHARES = (1.0, 0.5, 0.5, 2.0)
_SHARES_WITHOUT_TEXT = (1.0, 2.0, 0.5, 0.0)  # where no 4-grams were cut, as in the plain scope, words take their place
_COUNTS_SHARE = 1 / 2  # of the combined counts, whose log-odds reach 20
# Facts of a header come together, and counts take each as news: they are combined by themselves and weigh half as much.
_WORDS_OF_COUNTS, _FACTS_OF_COUNTS = 2 / 3, 1 / 3
HAM_COUNTS_UP_TO = -0.5  # log-odds of the counts above which they do not agree that a mail is ham
SPAM_COUNTS_FROM = 0.5  # nor where words or facts alone speak for spam: the header of one stays so below good words
SPAM_TEXT_FROM = 1.0  # log-odds of the text below which it does not agree that a mail is spam
_DOUBT_MAILS = 1.0  # of a clue: after one mail it is half believed
# What was foreseen this well moves nothing: lessons stay small, and a long run of one kind of mail pulls hardly at what
# all mails have in common, by which the other kind would be misjudged.
_LEAST_ERROR = 0.1
_LOUDEST = 6.0  # log-odds that a regression comes near to and never says: no single one decides, as after a wrong label


class Opinions(msgspec.Struct, frozen=True, eq=False):
    """What speaks for and against a mail."""

    log_odds: tuple[float, float, float, float]  # of the regressions
    sizes: tuple[int, int, int, int]  # how many features each weighed
    known: Int64s  # which tokens were seen before
    believed: Floats  # of each of these: how likely a mail with it is spam, nearer to 1/2 the less it was seen
    counts_odds: float  # log-odds of the combined counts: near 0 where evidence stands against evidence
    highest_counts: float  # of words alone and of facts alone, whichever looks more like spam
    margin: float  # all together

    def agree(self, label: Label) -> bool:
        """Tell whether those that must agree to a label do: the counts to ham, what a person reads to spam."""
        if label is Label.HAM:
            return self.counts_odds <= HAM_COUNTS_UP_TO and self.highest_counts < SPAM_COUNTS_FROM
        is_empty = not self.sizes[TEXT]  # and says nothing: a picture, or a file
        return label is not Label.SPAM or is_empty or self.log_odds[TEXT] >= SPAM_TEXT_FROM


def opinions_of(features: Features, memory: Memory) -> Opinions:
    """Weigh a mail."""
    known, place = memory.tokens.find(features.keys)
    rows = memory.tokens.numbers.take(place, axis=0)
    numbers = rows.T.astype(np.float64, order="C")  # contiguous columns
    counts = numbers[:WEIGHT]
    np.maximum(counts, 0.0, out=counts)  # whatever a damaged file holds
    in_ham, in_spam, weights = numbers
    is_fact = features.is_fact.take(known)
    likelihoods = probabilities(in_ham, in_spam, memory.ham_units, memory.spam_units)
    grams = memory.grams.take(features.grams)
    facts = int(np.count_nonzero(features.is_fact)) - features.hosts  # which bear no weight
    sizes = (facts, len(features.keys) - facts, features.header_grams, len(grams) - features.header_grams)
    of_facts = float(weights.dot(is_fact))
    sums = (
        of_facts,
        float(np.add.reduce(weights)) - of_facts,
        float(np.add.reduce(grams[: features.header_grams], dtype=np.int64)),  # a method of arrays takes twice as long
        float(np.add.reduce(grams[features.header_grams :], dtype=np.int64)),
    )
    facts_odds, words_odds, header_odds, text_odds = (
        total / WEIGHT_UNIT / math.sqrt(max(1, size)) for total, size in zip(sums, sizes, strict=True)
    )
    log_odds = (facts_odds, words_odds, header_odds, text_odds)
    words_counts, facts_counts = combined(likelihoods, is_fact)
    counts_odds = _WORDS_OF_COUNTS * words_counts + _FACTS_OF_COUNTS * facts_counts
    shares = SHARES if sizes[TEXT] else _SHARES_WITHOUT_TEXT
    said = sum(share * math.tanh(odds / _LOUDEST) for share, odds in zip(shares, log_odds, strict=True))
    margin = _COUNTS_SHARE * counts_odds + _LOUDEST * said
    seen = in_ham + in_spam
    believed = 0.5 + (likelihoods - 0.5) * (seen / (seen + _DOUBT_MAILS * UNIT))
    return Opinions(log_odds, sizes, known, believed, counts_odds, max(words_counts, facts_counts), margin)


def steps_of(opinions: Opinions, *, is_spam: bool) -> tuple[int, int, int, int]:
    """Return by how many units each regression's weights of this mail's features move when it is learned."""
    facts, words, header, text = (
        _step(odds, size, rate, is_spam=is_spam)
        for odds, size, rate in zip(opinions.log_odds, opinions.sizes, _RATES, strict=True)
    )
    return facts, words, header, text


def _step(odds: float, size: int, rate: float, *, is_spam: bool) -> int:
    error = is_spam - 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))
    return round(WEIGHT_UNIT * rate * error / math.sqrt(max(1, size))) if abs(error) >= _LEAST_ERROR else 0

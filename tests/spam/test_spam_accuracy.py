"""How good it is on real mail: judged on each mail of a sample of the corpus before it learns it.

The whole corpus is measured by bench/spam; the sample is small, so the bounds here are wider.
"""

from __future__ import annotations

import pytest

from fakes.corpus import corpus_sample
from scop.spam import Classifier, Label, digest_of
from scop.spam.evaluation import Judged, one_minus_auc
from scop.spam.evidence import evidence_of

LEARNED_FIRST = 150


@pytest.fixture(scope="module")
def judged() -> list[Judged]:
    """Return the verdicts on the sample's mails, each learned afterwards."""
    sample = sorted(corpus_sample(16), key=lambda mail: hash_of(mail[1]))
    classifier, verdicts = Classifier(), []
    for label, octets in sample:
        evidence = evidence_of(octets)
        verdict = classifier.weigh(evidence)
        verdicts.append(Judged(label == "spam", verdict.score, verdict.label))
        classifier.take(classifier.lesson_from(evidence, label, digest_of(octets)))
    return verdicts[LEARNED_FIRST:]


def hash_of(octets: bytes) -> int:
    """Return what puts mails in an order that is always the same and mixes both kinds."""
    return sum(octets[:4_000]) * 2_654_435_761 % (1 << 32)


def test_ranking_of_real_mail(judged: list[Judged]) -> None:
    """A spam mail outscores a ham mail in all but 1 % of the pairs (1-AUC)."""
    assert one_minus_auc(judged) < 0.01


def test_loss_of_ham_and_catch_of_spam(judged: list[Judged]) -> None:
    """At most one ham is called spam, and a third of the spam after so little training."""
    ham = [one.label for one in judged if not one.is_spam]
    spam = [one.label for one in judged if one.is_spam]
    assert ham.count(Label.SPAM) <= 1
    assert spam.count(Label.SPAM) >= 0.33 * len(spam)
    assert spam.count(Label.HAM) <= 0.03 * len(spam)

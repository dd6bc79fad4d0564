"""How good it is on real mail: judged on each mail of a sample of the corpus before it learns it.

The whole corpus is measured by bench/spam; the sample is small, so the bounds here are wider.
"""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from fakes.corpus import corpus_sample
from scop.spam import Classifier, Label, digest_of
from scop.spam.evaluation import Judged, one_minus_auc
from scop.spam.evidence import Evidence, evidence_of

LEARNED_FIRST = 150


@dataclass(frozen=True, slots=True)
class Known:
    """A mail of the corpus, read once for all tests."""

    label: str
    digest: bytes
    evidence: Evidence

    @property
    def is_spam(self) -> bool:
        """Whether people call it spam."""
        return self.label == "spam"


@pytest.fixture(scope="module")
def sample() -> list[Known]:
    """Return the sample's mails, mixed."""
    mails = sorted(corpus_sample(16), key=lambda mail: hash_of(mail[1]))
    return [Known(label, digest_of(octets), evidence_of(octets)) for label, octets in mails]


@pytest.fixture(scope="module")
def judged(sample: list[Known]) -> list[Judged]:
    """Return the verdicts on the sample's mails, each learned afterwards."""
    classifier, verdicts = Classifier(), []
    for mail in sample:
        verdicts.append(verdict_on(mail, classifier))
        learn(mail, classifier)
    return verdicts[LEARNED_FIRST:]


def verdict_on(mail: Known, classifier: Classifier) -> Judged:
    """Return what is said of a mail."""
    verdict = classifier.weigh(mail.evidence)
    return Judged(mail.is_spam, verdict.score, verdict.label)


def learn(mail: Known, classifier: Classifier) -> None:
    """Learn a mail by its label."""
    classifier.take(classifier.lesson_from(mail.evidence, mail.label, mail.digest))


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


def test_order_of_learning_loses_no_ham(sample: list[Known]) -> None:
    """Who learns all ham before all spam, and three times as much of it, gets hardly any of the other ham as spam."""
    ham, spam = ([mail for mail in sample if mail.is_spam is kind] for kind in (False, True))
    classifier = Classifier()
    for mail in (*ham[:35], *spam[:105]):
        learn(mail, classifier)
    labels = [verdict_on(mail, classifier).label for mail in ham[35:]]
    assert labels.count(Label.SPAM) <= 0.02 * len(labels)

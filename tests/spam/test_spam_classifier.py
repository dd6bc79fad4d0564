"""The classifier: what it learns it knows, what it does not know it says; its arithmetic is Robinson's and Fisher's."""

from __future__ import annotations

import math
from contextlib import suppress

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.spam import Classifier, Label, Verdict
from scop.spam.combine import combined, token_probability

SPAM = b"Subject: Cheap pills\r\n\r\nBuy cheap pills now, winner"
HAM = b"Subject: Minutes\r\n\r\nThe meeting of the sailing club was short"


@pytest.fixture
def trained() -> Classifier:
    """Return a classifier that has seen enough of both."""
    classifier = Classifier()
    for number in range(12):
        classifier.learn(SPAM + f" s{number}".encode(), Label.SPAM)
        classifier.learn(HAM + f" h{number}".encode(), "ham")
    return classifier


def test_untrained_is_unsure() -> None:
    """Without a model nothing is called spam or ham."""
    assert Verdict(Label.UNSURE, 0.5, ()) == Classifier().classify(SPAM)


def test_too_little_training_is_unsure() -> None:
    """Nine mails of a kind are too few, ten are enough."""
    classifier = Classifier()
    labels = []
    for _ in range(10):
        classifier.learn(SPAM, Label.SPAM)
        classifier.learn(HAM, Label.HAM)
        labels.append(classifier.classify(SPAM).label)
    assert [Label.UNSURE] * 9 + [Label.SPAM] == labels


def test_trained_tells_spam_from_ham(trained: Classifier) -> None:
    """Label, score and clues agree."""
    spam, ham = trained.classify(SPAM), trained.classify(HAM)
    assert (spam.label, ham.label) == ("spam", "ham")
    assert spam.score > 0.95
    assert ham.score < 0.05
    assert all(clue.probability > 0.5 for clue in spam.clues)
    assert 0 < len(spam.clues) <= 10


def test_unknown_mail_is_unsure(trained: Classifier) -> None:
    """Words never seen say nothing, and evidence for both sides cancels out."""
    assert Label.UNSURE == trained.classify(b"\r\nzzz yyy").label
    assert Label.UNSURE == trained.classify(SPAM + b"\r\n" + HAM).label


def test_verdict_is_the_same_every_time(trained: Classifier) -> None:
    """The order of tokens in a set has no say."""
    again = Classifier.load(trained.save())
    assert again.classify(SPAM + HAM) == trained.classify(SPAM + HAM)


def test_learning_changes_what_was_weighed_before(trained: Classifier) -> None:
    """Weights are computed anew once something is learned."""
    before = trained.classify(b"\r\nmeeting").score
    for _ in range(12):
        trained.learn(b"\r\nmeeting", Label.SPAM)
    assert trained.classify(b"\r\nmeeting").score > before


@pytest.mark.parametrize("label", ["unsure", "HAM", ""])
def test_only_ham_and_spam_are_taught(label: str) -> None:
    """Any other label is a mistake of the caller."""
    with pytest.raises(ValueError, match=r".+"):
        Classifier().learn(HAM, label)


def test_save_and_load_is_the_identity(trained: Classifier) -> None:
    """A model read from octets is the one that was written, and can learn on."""
    loaded = Classifier.load(trained.save())
    assert loaded.save() == trained.save()
    assert (loaded.ham_count, loaded.spam_count, loaded.token_count) == (12, 12, trained.token_count)
    loaded.learn(HAM, Label.HAM)
    assert 13 == loaded.ham_count


def test_load_refuses_what_is_no_model(trained: Classifier) -> None:
    """Garbage, other versions, cut and lengthened models and impossible counts raise ValueError."""
    octets = trained.save()
    magic, body = octets[:18], msgspec.msgpack.decode(octets[18:], strict=False)
    assert b"SCoP spam model 2\n" == magic
    impossible = [
        [body[0], -1, *body[2:]],
        [*body[:3], {1: [-1, 0]}],
        [*body[:3], {1: [1]}],
        [*body[:3], {1: ["a", 0]}],
        {},
    ]
    bad = [magic + msgspec.msgpack.encode(value) for value in impossible]
    for garbage in (b"", b"x", octets[:-1], octets + b"x", b"SCoP spam model 9\n" + octets[18:], *bad):
        with pytest.raises(ValueError, match="model"):
            Classifier.load(garbage)


@given(st.binary(max_size=60))
def test_load_raises_nothing_else(octets: bytes) -> None:
    """Any octets behind the right beginning are a model or a ValueError."""
    with suppress(ValueError):
        Classifier.load(b"SCoP spam model 2\n" + octets).classify(HAM)


def test_token_probability_is_robinsons() -> None:
    """f(w) = (s·x + n·p(w)) / (s + n), with rates that make both kinds equally many."""
    assert 0.5 == token_probability(0, 0, 10, 10)
    assert pytest.approx((0.45 * 0.5 + 5) / 5.45) == token_probability(5, 0, 10, 1000)
    assert pytest.approx((0.225 + 20 * (0.1 / 1.1)) / 20.45) == token_probability(10, 10, 100, 10)


def _tail_by_the_book(value: float, pairs: int) -> float:
    half = value / 2
    return min(1.0, math.fsum(math.exp(n * math.log(half) - math.lgamma(n + 1) - half) for n in range(pairs)))


@given(st.lists(st.floats(1e-4, 1 - 1e-4), min_size=1, max_size=150))
def test_combined_is_fishers(probabilities: list[float]) -> None:
    """(1 + S - H)/2 with S and H the chi-square tails of both products."""
    count = len(probabilities)
    spamminess = _tail_by_the_book(-2 * math.fsum(map(math.log, probabilities)), count)
    hamminess = _tail_by_the_book(-2 * math.fsum(math.log(1 - p) for p in probabilities), count)
    assert pytest.approx((1 + spamminess - hamminess) / 2, abs=1e-9) == combined(probabilities)


@pytest.mark.parametrize(("probability", "expected"), [(1e-9, 0.0), (1 - 1e-9, 1.0), (0.5, 0.5)])
def test_combined_of_extremes_neither_overflows_nor_underflows(probability: float, expected: float) -> None:
    """The strongest evidence that can be weighed ends at 0 and at 1; none ends in the middle."""
    assert pytest.approx(expected, abs=1e-6) == combined([probability] * 150)
    assert 0.5 == combined([])

"""The classifier: what it learns it knows, what it does not know it says, and what is taken back is gone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.examples import drawn
from scop.spam import Classifier, Label, Leanings, Lesson, Verdict
from scop.spam.classifier import MIN_MAILS

SPAM = b"Subject: Cheap pills\r\n\r\nBuy cheap pills now, winner of the great lottery"
HAM = b"Subject: Minutes\r\n\r\nThe meeting of the sailing club was short, says Ann"


def taught(mails: int) -> Classifier:
    """Return a classifier that has seen so many of both."""
    classifier = Classifier()
    for number in range(mails):
        classifier.learn(SPAM + f" s{number}".encode(), Label.SPAM)
        classifier.learn(HAM + f" h{number}".encode(), "ham")
    return classifier


@pytest.fixture(scope="module")
def trained() -> Classifier:
    """Return a classifier that has seen enough of both; who changes it loads a copy."""
    return taught(20)


@pytest.fixture
def copy(trained: Classifier) -> Classifier:
    """Return a copy to teach."""
    return Classifier.load(trained.save())


def test_untrained_is_unsure() -> None:
    """Without a model nothing is called spam or ham."""
    assert Verdict(Label.UNSURE, 0.5, ()) == Classifier().classify(SPAM)


def test_too_little_training_is_unsure() -> None:
    """Below ten mails of a kind nothing is sure, however clear it looks, and however many there are of the other."""
    classifier = taught(MIN_MAILS - 1)
    for number in range(50):
        classifier.learn(SPAM + b" %d" % number, "spam")
    assert (Label.UNSURE, Label.UNSURE) == (classifier.classify(SPAM).label, classifier.classify(HAM).label)


def test_trained_tells_spam_from_ham(trained: Classifier) -> None:
    """Label, score and clues agree."""
    spam, ham = trained.classify(SPAM), trained.classify(HAM)
    assert (spam.label, ham.label) == ("spam", "ham")
    assert spam.score > 0.95
    assert ham.score < 0.05
    assert any(clue.probability > 0.9 for clue in spam.clues)
    assert 0 < len(spam.clues) <= 10


def test_unknown_mail_is_unsure(trained: Classifier) -> None:
    """Words never seen say nothing."""
    assert Label.UNSURE == trained.classify(b"Subject: zzz\r\n\r\nxxx yyy").label


def test_good_words_hide_no_spam(trained: Classifier) -> None:
    """A spam with the text of a ham behind it is not called ham: the counts see both sides."""
    assert Label.HAM != trained.classify(SPAM + b"\r\n" + HAM.partition(b"\r\n\r\n")[2] * 3).label


def test_verdict_is_the_same_every_time(trained: Classifier, copy: Classifier) -> None:
    """A model that was read weighs as the one that was written."""
    assert copy.classify(SPAM + HAM) == trained.classify(SPAM + HAM)


def test_learning_changes_what_was_weighed_before(copy: Classifier) -> None:
    """A kind of mail that is taught the other way is weighed the other way."""
    before = copy.classify(HAM).score
    for _ in range(5):
        copy.learn(HAM, Label.SPAM)
    assert copy.classify(HAM).score > before


@pytest.mark.parametrize("label", ["unsure", "HAM", ""])
def test_only_ham_and_spam_are_taught(label: str) -> None:
    """Any other label is a mistake of the caller."""
    with pytest.raises(ValueError, match=r".+"):
        Classifier().learn(HAM, label)


def test_ten_times_as_much_of_one_kind_tilts_nothing() -> None:
    """Words of nobody's mail stay unsure, and both kinds are told apart, when there is ten times as much spam."""
    classifier = Classifier()
    for number in range(400):
        classifier.learn(SPAM + b" s%d" % number, "spam")
        if number % 10 == 0:
            classifier.learn(HAM + b" h%d" % number, "ham")
    verdicts = [classifier.classify(mail).label for mail in (SPAM, HAM, b"Subject: zzz\r\n\r\nxxx yyy")]
    assert [Label.SPAM, Label.HAM, Label.UNSURE] == verdicts


# Lessons


def test_what_is_taken_back_was_never_there(copy: Classifier) -> None:
    """Counts, weights and scores are those before, to the octet: also of words that nobody else had."""
    before = copy.save()
    lesson = copy.lesson_of(SPAM + b" unheard", "spam")
    copy.take(lesson)
    assert copy.save() != before
    copy.take_back(lesson)
    assert before == copy.save()


def test_lessons_add_up_in_any_order() -> None:
    """All lessons taken back in another order leave an untrained model, to the octet."""
    classifier, lessons = Classifier(), []
    empty = classifier.save()
    for number in range(30):
        mail, label = (SPAM, "spam") if number % 2 else (HAM, "ham")
        lessons.append(classifier.lesson_of(mail + b" %d" % number, label))
        classifier.take(lessons[-1])
    for lesson in sorted(lessons, key=lambda one: one.digest):
        classifier.take_back(lesson)
    assert (0, 0, 0) == (classifier.ham_count, classifier.spam_count, classifier.token_count)
    assert Verdict(Label.UNSURE, 0.5, ()) == classifier.classify(SPAM)
    assert len(empty) == len(classifier.save())


def test_lesson_is_read_as_it_was_written(trained: Classifier) -> None:
    """Parse inverts to_octets, and the account stays."""
    lesson = trained.lesson_of(SPAM + b" new words", "ham", account="ann@here.test")
    assert lesson == Lesson.parse(lesson.to_octets())
    assert "ann@here.test" == lesson.account


@given(st.binary(max_size=60))
def test_lesson_parse_raises_nothing_else(octets: bytes) -> None:
    """Any octets are a lesson or a ValueError."""
    with suppress(ValueError):
        Lesson.parse(octets)


@given(st.data())
@drawn(15)
def test_mutated_lessons_are_refused_or_harmless(trained: Classifier, pick: st.DataObject) -> None:
    """A lesson with a wrong octet is a ValueError, or can be taken and taken back."""
    octets = bytearray(trained.lesson_of(SPAM + b" new words", "ham").to_octets())
    octets[pick.draw(st.integers(0, len(octets) - 1))] = pick.draw(st.integers(0, 255))
    with suppress(ValueError):
        lesson = Lesson.parse(bytes(octets))
        classifier = Classifier.load(trained.save())
        classifier.take(lesson)
        classifier.take_back(lesson)


# A person's own lessons


def test_person_without_lessons_gets_the_common_verdict(trained: Classifier) -> None:
    """No lessons, and lessons that say what the model knew, change nothing."""
    for lessons in ((), (trained.lesson_of(SPAM, "spam"),)):
        assert trained.classify(SPAM + b" x") == trained.classify_for(SPAM + b" x", Leanings.of(lessons))


def test_one_mail_moved_out_of_junk_changes_the_next_of_its_like(trained: Classifier) -> None:
    """For the person who moved it; other mail is called what it is called for everybody."""
    own = Leanings.of([trained.lesson_of(SPAM + b" dear Ann", "ham", account="ann")])
    assert Label.SPAM == trained.classify(SPAM + b" dear friend").label
    assert Label.HAM == trained.classify_for(SPAM + b" dear friend", own).label
    assert trained.classify(HAM).label == trained.classify_for(HAM, own).label

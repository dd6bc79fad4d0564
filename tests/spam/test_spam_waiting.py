"""Mails that are taught in one go are learned in turn, in whatever order they were taught."""

from __future__ import annotations

from scop.spam import Classifier, Label
from scop.spam.waiting import MAX_WAITING_OCTETS, Taught, Waiting

HAM = [b"From: ann@harbor.test\nSubject: minutes %d\n\nSee you at the pier, number %d.\n" % (n, n) for n in range(24)]
SPAM = [b"From: x@pills.test\nSubject: offer %d\n\nBuy cheap pills now, number %d!\n" % (n, n) for n in range(12)]


def test_waiting_one_folder_after_the_other_makes_the_same_model_as_both_mixed() -> None:
    """Regressions believe what they saw last; nobody must get another model for teaching a folder at a time."""
    apart, mixed = Classifier(), Classifier()
    for mails, label in ((HAM, Label.HAM), (SPAM, Label.SPAM)):
        for mail in mails:
            apart.learn(mail, label)
    for number, spam in enumerate(SPAM):
        mixed.learn(spam, Label.SPAM)
        mixed.learn(HAM[2 * number], Label.HAM)
        mixed.learn(HAM[2 * number + 1], Label.HAM)
    assert (len(HAM), len(SPAM)) == (apart.ham_count, apart.spam_count)
    assert mixed.save() == apart.save()


def test_waiting_a_question_is_answered_by_all_that_was_taught() -> None:
    """What waits is learned before a mail is weighed, whom we know by it, too."""
    classifier, at_once = Classifier(), Classifier()
    for mail in HAM:
        classifier.learn(mail, Label.HAM)
        at_once.take(at_once.lesson_of(mail, Label.HAM))
    assert at_once.classify(HAM[0]) == classifier.classify(HAM[0])
    assert at_once.save() == classifier.save()


def test_waiting_yields_both_kinds_evenly_and_each_once() -> None:
    """At any moment as large a part of one kind as of the other was given out; then nothing waits."""
    waiting = Waiting()
    for label, count in ((Label.HAM, 4), (Label.SPAM, 2)):
        for number in range(count):
            waiting.put(Taught(b"%d" % number, label, None))
    ham, spam = Label.HAM, Label.SPAM
    assert [ham, spam, ham, ham, spam, ham] == [one.label for one in waiting.drain()]
    assert [] == list(waiting.drain())


def test_waiting_is_bounded_in_octets() -> None:
    """Who teaches more than memory should hold has it learned on the way."""
    waiting = Waiting()
    waiting.put(Taught(bytes(MAX_WAITING_OCTETS // 2), Label.HAM, None))
    assert not waiting.is_full
    waiting.put(Taught(bytes(MAX_WAITING_OCTETS // 2), Label.HAM, None))
    assert waiting.is_full

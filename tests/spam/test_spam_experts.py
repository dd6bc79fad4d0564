"""The opinions: none calls a mail by name against those that must agree."""

from __future__ import annotations

import numpy as np
import pytest

from scop.spam import Classifier, Label
from scop.spam.evidence import Scope, evidence_of
from scop.spam.experts import HAM_COUNTS_UP_TO, SPAM_COUNTS_FROM, SPAM_TEXT_FROM, Opinions, opinions_of
from scop.spam.features import features_of
from scop.spam.model import Hasher, Memory

HAM, SPAM, UNSURE = Label.HAM, Label.SPAM, Label.UNSURE


def opinions(*, text: float = 0.0, text_grams: int = 90, counts: float = 0.0, highest: float = 0.0) -> Opinions:
    """Return opinions of a mail whose header looks like spam through and through."""
    return Opinions(
        (6.0, 6.0, 6.0, text), (50, 20, 400, text_grams), np.array([0]), np.array([0.9]), counts, highest, 20.0
    )


def by_way(way: str, subject: str, text: str) -> bytes:
    """Return a mail with the header that mail of this way has."""
    fields = "".join(f"X-{way}-{number}: {way} {number}\r\n" for number in range(12))
    return f"Subject: {subject}\r\nX-Mailer: {way}\r\n{fields}\r\n{text}".encode()


@pytest.mark.parametrize(("text", "agrees"), [(SPAM_TEXT_FROM, True), (SPAM_TEXT_FROM - 0.01, False), (-6.0, False)])
def test_nothing_is_spam_by_its_way_alone(text: float, agrees: bool) -> None:
    """What a person reads must look like spam, too, however much the header does."""
    assert agrees == opinions(text=text).agree(SPAM)


def test_mail_without_text_may_be_spam() -> None:
    """A picture says nothing that could agree."""
    assert opinions(text_grams=0).agree(SPAM)


@pytest.mark.parametrize(("counts", "agrees"), [(HAM_COUNTS_UP_TO, True), (HAM_COUNTS_UP_TO + 0.01, False)])
def test_nothing_is_ham_where_the_counts_see_both(counts: float, agrees: bool) -> None:
    """Good words below a spam make no ham of it."""
    assert agrees == opinions(counts=counts).agree(HAM)


@pytest.mark.parametrize(("highest", "agrees"), [(SPAM_COUNTS_FROM - 0.01, True), (SPAM_COUNTS_FROM, False)])
def test_nothing_is_ham_with_the_header_or_the_words_of_spam(highest: float, agrees: bool) -> None:
    """However sure the one is, the other must not count as spam."""
    assert agrees == opinions(counts=-15.0, highest=highest).agree(HAM)


def test_everybody_agrees_to_unsure() -> None:
    """It claims nothing."""
    assert opinions(text=-6.0, counts=20.0).agree(UNSURE)


def test_wanted_mail_that_comes_as_spam_does_is_not_lost() -> None:
    """Where all that speaks for spam is how a mail came, and its text is nobody's, nothing is called by name."""
    classifier = Classifier()
    for number in range(60):
        classifier.learn(by_way("club", f"Minutes {number}", f"The meeting was short, says Ann {number}"), HAM)
        classifier.learn(by_way("blast", f"Pills {number}", f"Buy cheap pills, winner of the lottery {number}"), SPAM)
    heard = classifier.classify(by_way("blast", "Pills", "Buy cheap pills, winner of the lottery"))
    unheard = classifier.classify(by_way("blast", "Feed", "Iguana found in Salford"))
    assert [SPAM, UNSURE] == [heard.label, unheard.label]


def by_host(host: str, number: int) -> bytes:
    """Return a mail that differs from others by the host that it came from."""
    received = f"Received: from mx.{host}.test (mx.{host}.test [{host}]) by harbor.test; {number}"
    return f"{received}\r\nSubject: Minutes\r\n\r\nThe meeting was short.".encode()


def test_hosts_are_counted_and_bear_no_weight() -> None:
    """Where mail came from tells of the weeks when it was collected: it is known of both kinds, and moves nothing."""
    classifier = Classifier()
    for number in range(30):
        classifier.learn(by_host("pier", number), HAM)
        classifier.learn(by_host("lagoon", number), SPAM)
    memory = Memory.parse(classifier.save())
    ham, spam = (
        opinions_of(features_of(evidence_of(by_host(host, 0)), (), Hasher(memory.key)), memory)
        for host in ("pier", "lagoon")
    )
    assert ham.log_odds == spam.log_odds
    assert ham.counts_odds < 0.0 < spam.counts_odds


def test_what_a_text_says_outweighs_its_header() -> None:
    """A header is of a way and of a time; where it says the contrary of the text, the text is believed."""
    classifier = Classifier()
    meeting, pills = "The meeting of the sailing club was short, says Ann", "Buy cheap pills now, winner of the lottery"
    for number in range(60):
        classifier.learn(by_way("club", "", f"{meeting} {number}"), HAM)
        classifier.learn(by_way("blast", "", f"{pills} {number}"), SPAM)
    memory = Memory.parse(classifier.save())
    ham, spam = (
        opinions_of(features_of(evidence_of(by_way(way, "", text)), (), Hasher(memory.key)), memory)
        for way, text in (("blast", meeting), ("club", pills))
    )
    assert ham.margin < 0.0 < spam.margin


def test_words_stand_for_a_text_of_which_no_grams_were_cut() -> None:
    """In the plain scope words are all that is known of a text, and outweigh a header that says the contrary."""
    classifier = Classifier(scope=Scope.PLAIN)
    for number in range(60):
        classifier.learn(by_way("club", "", f"The meeting was short, says Ann {number}"), HAM)
        classifier.learn(by_way("blast", "", f"Buy cheap pills {number}"), SPAM)
    memory = Memory.parse(classifier.save())
    ham, spam = (
        opinions_of(features_of(evidence_of(by_way(way, "", text), scope=Scope.PLAIN), (), Hasher(memory.key)), memory)
        for way, text in (("blast", "The meeting"), ("club", "Buy cheap"))
    )
    assert ham.margin < 0.0 < spam.margin


def test_counts_of_words_outweigh_those_of_facts() -> None:
    """A dozen fields that always come together are no dozen witnesses: words stand above a header."""
    classifier = Classifier()
    for number in range(60):
        classifier.learn(by_way("club", "", f"The meeting of the sailing club was short, says Ann {number}"), HAM)
        classifier.learn(by_way("blast", "", f"Buy cheap pills now, winner of the great lottery {number}"), SPAM)
    memory = Memory.parse(classifier.save())
    contrary = evidence_of(by_way("blast", "", "The meeting of the sailing club was short, says Ann"))
    assert opinions_of(features_of(contrary, (), Hasher(memory.key)), memory).counts_odds < HAM_COUNTS_UP_TO

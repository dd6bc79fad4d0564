"""How much a person's word counts for all: little alone, more where others say the same, all where nobody taught."""

from __future__ import annotations

import pytest

from scop.spam import Classifier, Label, Lesson, Witnesses
from scop.spam.model.memory import UNIT
from scop.spam.witnesses import ALONE, FOR_EACH_OTHER, KEPT_WITNESSES, TOGETHER

TRAINED = 1_000  # mails of others
UNTAUGHT = Classifier()


def said(account: str, what: str, number: int = 0, label: Label = Label.HAM) -> Lesson:
    """Return what somebody said of the `number`-th mail about something."""
    words = " ".join(f"{what}{word}" for word in range(30))
    return UNTAUGHT.lesson_of(f"Subject: {what}\r\n\r\n{words} {number}\r\n".encode(), label, account=account)


@pytest.fixture
def witnesses() -> Witnesses:
    """Return those of a mail that three people called ham."""
    return Witnesses(said(who, "pills", number) for number, who in enumerate(("ann", "bob", "cid")))


@pytest.mark.parametrize(
    ("lesson", "expected"),
    [
        (said("dan", "sails"), ALONE),
        (said("dan", "pills", 9), 3 * FOR_EACH_OTHER),
        (said("dan", "pills", 9, Label.SPAM), ALONE),
        (said("ann", "pills", 9), 2 * FOR_EACH_OTHER // 4),
    ],
)
def test_word_counts_as_many_others_say_the_same(witnesses: Witnesses, lesson: Lesson, expected: int) -> None:
    """Of mail that is alike, with the same label; the own words before make it less."""
    assert expected == pytest.approx(witnesses.units_for(lesson, 0, TRAINED), abs=3)


def test_word_of_many_counts_no_more_than_half_a_mail() -> None:
    """However many there are."""
    everybody = Witnesses(said(f"a{number}", "pills", number) for number in range(9))
    assert TOGETHER == everybody.units_for(said("dan", "pills", 10), 0, TRAINED)


def test_one_person_who_says_the_same_again_and_again_adds_next_to_nothing() -> None:
    """However many copies of a mail, they count less than two."""
    alone, counted = Witnesses(), 0
    for number in range(40):
        lesson = said("eve", "pills", number)
        counted += alone.units_for(lesson, 0, TRAINED)
        alone.take(lesson)
    assert ALONE <= counted <= 2 * ALONE


def test_all_that_one_person_says_is_bounded_by_what_others_taught() -> None:
    """Five thousand mails, no two alike, count less than one in a hundred of those that others sorted."""
    lesson, nobody = said("eve", "pills"), Witnesses()
    assert 50 * sum(nobody.units_for(lesson, own, 4_000) for own in range(0, 5_000, 50)) < 4_000 * UNIT / 100


def test_where_nobody_else_has_taught_a_word_counts_in_full() -> None:
    """One person alone may teach a filter of their own."""
    units = [Witnesses().units_for(said("ann", "pills"), 100, others) for others in (0, 50, 200)]
    assert [UNIT, UNIT // 16, ALONE * 9 // 101] == units


def test_word_that_is_taken_back_is_no_witness_any_more(witnesses: Witnesses) -> None:
    """Of two words on one mail only the one that is meant goes."""
    witnesses.take(said("bob", "pills", 1, Label.SPAM))
    witnesses.take_back([said("ann", "pills", 0), said("cid", "pills", 2), said("bob", "pills", 7)])
    assert FOR_EACH_OTHER == witnesses.units_for(said("dan", "pills", 9), 0, TRAINED)
    witnesses.take_back([said("bob", "pills", 1)])
    assert ALONE == witnesses.units_for(said("dan", "pills", 9), 0, TRAINED)
    assert FOR_EACH_OTHER == witnesses.units_for(said("dan", "pills", 9, Label.SPAM), 0, TRAINED)


def test_witnesses_are_the_last_ones() -> None:
    """Who said something long ago is none any more: a bounded number is kept."""
    sails, pills = said("bob", "sails"), said("ann", "pills")
    found = Witnesses([pills, *[sails] * 2 * KEPT_WITNESSES])
    found.take(sails)
    assert ALONE == found.units_for(said("dan", "pills", 9), 0, TRAINED)


def test_lighter_lesson_is_taken_back_exactly() -> None:
    """It moves the model by its part, introduces nobody, and is no sample of what mail gets."""
    model = Classifier()
    for number in range(100):
        model.learn(b"Subject: a%d\r\n\r\nb%d\r\n" % (number, number), "spam" if number % 2 else "ham")
    before = model.save()
    whole = model.lesson_of(b"From: Ann <ann@known.test>\r\nSubject: pills\r\n\r\nb1 b3\r\n", "ham", account="ann")
    light = whole.lighter(ALONE)
    assert (True, None, False) == (whole.is_sample, light.introduction, light.is_sample)
    assert [step * ALONE // UNIT for step in whole.steps] == list(light.steps)
    assert light == Lesson.parse(light.to_octets())
    model.take(light)
    assert before != model.save()
    model.take_back(light)
    assert before == model.save()

"""Protocols: what is judged was never learned before, every mail is judged once, and the order is kept."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from scop.spam.evaluation import Judged, Sample, online, split


@dataclass
class Pupil:
    """A filter that knows only which mails it has learned, and calls those spam."""

    learned: list[bytes] = field(default_factory=list)

    def learn(self, samples: Sequence[Sample]) -> None:
        """Learn mails by heart."""
        self.learned += [one.octets for one in samples]

    def judge(self, samples: Sequence[Sample]) -> Iterator[Judged]:
        """Say how many were learned before, negative where this one was among them."""
        for one in samples:
            count = len(self.learned)
            yield Judged(one.is_spam, -count if one.octets in self.learned else count)


kinds = st.lists(st.booleans(), min_size=6, max_size=30).filter(lambda drawn: 3 <= sum(drawn) <= len(drawn) - 3)


def samples_of(drawn: Sequence[bool]) -> list[Sample]:
    """Return mails that can be told apart, of these kinds."""
    return [Sample(b"%d" % number, is_spam) for number, is_spam in enumerate(drawn)]


@given(kinds, st.integers(2, 3))
def test_split_judges_what_it_did_not_learn(drawn: list[bool], folds: int) -> None:
    """Each mail is judged once, by what learned all those of the other folds and none of its own."""
    samples = samples_of(drawn)
    judged = list(split(Pupil, samples, folds))
    assert sorted(drawn) == sorted(one.is_spam for one in judged)
    assert all(one.score > 0 for one in judged)
    assert {len(samples) - size for size in fold_sizes(drawn, folds)} == {one.score for one in judged}


def fold_sizes(drawn: Sequence[bool], folds: int) -> list[int]:
    """Return how many mails each fold has: its share of both kinds."""
    of_kind = [[one for one in drawn if one is kind] for kind in (False, True)]
    return [sum(len(kind[number::folds]) for kind in of_kind) for number in range(folds)]


def test_split_gives_each_fold_its_share_of_both_kinds() -> None:
    """Where the sorted mail is all ham and then all spam, no fold has one kind only."""
    judged = list(split(Pupil, samples_of([False] * 6 + [True] * 3), 3))
    assert [[False, False, True]] * 3 == [[one.is_spam for one in judged[start : start + 3]] for start in (0, 3, 6)]


@given(kinds)
def test_online_learns_each_after_it_was_judged(drawn: list[bool]) -> None:
    """The first mail is judged by nothing, the n-th by all before it, in the order given."""
    judged = list(online(Pupil, samples_of(drawn)))
    assert [(is_spam, number) for number, is_spam in enumerate(drawn)] == [(one.is_spam, one.score) for one in judged]

"""In which order mails are learned and judged, the same for every filter that is measured.

`split` asks how good a filter is on mail like what it was taught; `online` how it grows with each mail that people
sort, which is how a filter lives. Each yields what was said as it is said, so that whoever waits sees it go on.

Source: G. Cormack and T. Lynam, "TREC 2005 Spam Track Overview" (immediate feedback).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from scop.spam.evaluation.metrics import Judged

__all__ = ["Sample", "Trainee", "online", "split"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One mail, and what people called it."""

    octets: bytes
    is_spam: bool


S = TypeVar("S", bound=Sample)
S_contra = TypeVar("S_contra", bound=Sample, contravariant=True)


class Trainee(Protocol[S_contra]):
    """A filter that is measured; a new one has learned nothing."""

    def learn(self, samples: Sequence[S_contra]) -> None:
        """Learn mails as people called them."""

    def judge(self, samples: Sequence[S_contra]) -> Iterable[Judged]:
        """Say of each mail, in their order, what it is called and how much it looks like spam."""


def split(begin: Callable[[], Trainee[S]], samples: Sequence[S], folds: int) -> Iterator[Judged]:
    """Judge each of so many folds by a filter that learned all the others; every mail is judged once.

    Each fold has its share of ham and of spam, and within it the mails keep their order.
    """
    of_kind = {kind: [place for place, one in enumerate(samples) if one.is_spam is kind] for kind in (False, True)}
    for number in range(folds):
        left_out = {place for places in of_kind.values() for place in places[number::folds]}
        trainee = begin()
        trainee.learn([one for place, one in enumerate(samples) if place not in left_out])
        yield from trainee.judge([samples[place] for place in sorted(left_out)])


def online(begin: Callable[[], Trainee[S]], samples: Sequence[S]) -> Iterator[Judged]:
    """Judge each mail as it comes, and learn it at once as people call it."""
    trainee = begin()
    for one in samples:
        yield from trainee.judge((one,))
        trainee.learn((one,))

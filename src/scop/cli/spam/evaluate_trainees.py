"""The filters that are measured: ours in this process, bogofilter as its own program where it is installed."""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import weakref
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import click

from scop.cli.spam.arrivals import arrival_of
from scop.spam import Classifier, Label
from scop.spam.evaluation import Judged, Sample
from scop.spam.phishing import Trick

__all__ = ["Bogofilter", "Ours", "bogofilter_is_there"]

_BOGOFILTER = "bogofilter"
_SAID = re.compile(r"X-Bogosity: (Ham|Spam|Unsure), .*?spamicity=([0-9.]+)")
# The six digits that it shows by itself make most of its scores equal. It cuts at 19 characters, which is just this:
# more digits in another form lose their exponent, and fewer make equal what lies near 1.
_EXACT = "--spamicity-formats=%.17f,%.17f,%.17f"
_FAILED = 3  # its exit status; 0 to 2 are verdicts

Advance: TypeAlias = Callable[[int], None]  # is told of so many mails more


def _nobody(_count: int) -> None:
    """Tell nobody."""


class Ours:
    """scop.spam, taught from nothing."""

    def __init__(self, own_domains: Sequence[str] = (), advance: Advance = _nobody) -> None:
        self._classifier = Classifier()
        self._classifier.acquaintances.belong_to(own_domains)
        self._advance = advance
        self.tricks: Counter[tuple[Trick, bool]] = Counter()  # mails by what they try, and whether they are spam
        self.alarmed: Counter[bool] = Counter()  # mails by whether they are spam that try something that is not mild

    def learn(self, samples: Sequence[Sample]) -> None:
        """Learn mails as people called them."""
        for one in samples:
            below, connection = arrival_of(one.octets, self._classifier.acquaintances.own_domains)
            self._classifier.learn(below, Label.SPAM if one.is_spam else Label.HAM, connection=connection)
            self._advance(1)

    def judge(self, samples: Sequence[Sample]) -> Iterator[Judged]:
        """Judge each mail."""
        for one in samples:
            verdict = self._classifier.classify(*arrival_of(one.octets, self._classifier.acquaintances.own_domains))
            self.tricks.update((trick, one.is_spam) for trick in {found.trick for found in verdict.suspicions})
            self.alarmed[one.is_spam] += any(not found.is_mild for found in verdict.suspicions)
            yield Judged(one.is_spam, verdict.score, verdict.label)
            self._advance(1)


def bogofilter_is_there() -> bool:
    """Tell whether bogofilter is installed."""
    return shutil.which(_BOGOFILTER) is not None


class Bogofilter:
    """bogofilter with its defaults, its list of words in a folder that is gone when nobody holds this any more."""

    def __init__(self, advance: Advance = _nobody) -> None:
        self._advance = advance
        self._folder = tempfile.mkdtemp(prefix="scop-evaluate-")
        weakref.finalize(self, shutil.rmtree, self._folder)
        self._words = Path(self._folder, "words")
        self._words.mkdir()
        self._run(("-b", "-s"), [])  # where there is no list of words it judges nothing

    def learn(self, samples: Sequence[Sample]) -> None:
        """Learn mails as people called them, each kind by one process."""
        for flag, is_spam in (("-s", True), ("-n", False)):
            if kind := [one for one in samples if one.is_spam is is_spam]:
                self._run(("-b", flag), kind)
        self._advance(len(samples))

    def judge(self, samples: Sequence[Sample]) -> Iterator[Judged]:
        """Judge all mails by one process."""
        said = _SAID.findall(self._run(("-b", "-v", _EXACT), samples))
        if len(said) != len(samples):
            raise click.ClickException(f"bogofilter judged {len(said)} of {len(samples)} mails; --alone leaves it out")
        for one, (word, score) in zip(samples, said, strict=True):
            yield Judged(one.is_spam, float(score), Label(word.lower()))
            self._advance(1)

    def _run(self, words: Sequence[str], samples: Sequence[Sample]) -> str:
        """Run it on mails, which it reads from files."""
        with tempfile.TemporaryDirectory(dir=self._folder) as folder:
            paths = [Path(folder, str(number)) for number in range(len(samples))]
            for path, one in zip(paths, samples, strict=True):
                path.write_bytes(one.octets)
            command = (_BOGOFILTER, "-C", "-d", str(self._words), *words)
            names = "".join(f"{path}\n" for path in paths)
            done = subprocess.run(  # noqa: S603 - our own words, and names of files of ours
                command, input=names, capture_output=True, text=True, check=False
            )
        if done.returncode >= _FAILED or done.returncode < 0:
            raise click.ClickException(f"bogofilter: {done.stderr.strip() or f'status {done.returncode}'}")
        return done.stdout

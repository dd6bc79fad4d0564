"""bogofilter with its defaults, its words in a folder of its own; bulk mode, as it is fastest."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.spam.mails import Labelled
from scop.spam import Label
from scop.spam.evaluation import Judged

__all__ = ["Bogofilter", "is_there"]

_SAID = re.compile(r"X-Bogosity: (Ham|Spam|Unsure), .*?spamicity=([0-9.e+-]+)")
_EXACT = "--spamicity-formats=%.17f,%.17f,%.17f"  # the six digits of its own make most spam equal


def is_there() -> bool:
    """Tell whether bogofilter is installed."""
    return shutil.which("bogofilter") is not None


class Bogofilter:
    """A `bench.spam.contenders.Contender`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._command = ("bogofilter", "-C", "-d", str(folder))
        self._run(("-B", "-s"), [])  # where there is no list of words it judges nothing

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels: each kind by one process."""
        for flag, label in (("-s", Label.SPAM), ("-n", Label.HAM)):
            if paths := [str(mail.path) for mail in mails if mail.label is label]:
                self._run(("-b", flag), paths)

    def forget(self, mails: Sequence[Labelled]) -> bool:
        """Begin anew instead: that takes it a second."""
        return False

    def judge(self, mails: Sequence[Labelled]) -> list[Judged]:
        """Judge all mails by one process."""
        said = _SAID.findall(self._run(("-b", "-v", _EXACT), [str(mail.path) for mail in mails]))
        assert len(said) == len(mails), f"bogofilter judged {len(said)} of {len(mails)} mails"
        return [
            Judged(mail.is_spam, float(score), Label(word.lower()))
            for mail, (word, score) in zip(mails, said, strict=True)
        ]

    def close(self) -> None:
        """Nothing runs."""

    def _run(self, words: Sequence[str], paths: Sequence[str]) -> str:
        said = "".join(f"{path}\n" for path in paths)
        done = subprocess.run((*self._command, *words), input=said, capture_output=True, text=True, check=False)
        assert done.returncode != 3, done.stderr  # 0 to 2 are its verdicts
        return done.stdout

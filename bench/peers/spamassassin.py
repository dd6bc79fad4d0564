"""SpamAssassin's Bayes alone, without its rules, in one process of perl."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.spam.mails import Labelled
from scop.spam import Label
from scop.spam.evaluation import Judged

__all__ = ["SpamAssassin", "is_there"]

_PROGRAM = Path(__file__).resolve().parents[1] / "spam" / "programs" / "spamassassin_bayes.pl"
# What its own rules BAYES_99 and BAYES_00 to BAYES_05 stand for.
SPAM_FROM, HAM_UP_TO = 0.99, 0.05
PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


def is_there() -> bool:
    """Tell whether SpamAssassin is installed."""
    return shutil.which("spamassassin", path=PATH) is not None


class SpamAssassin:
    """A `scop.spam.evaluation.Trainee`."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._process = subprocess.Popen(
            ("perl", str(_PROGRAM), str(folder)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={"PATH": PATH, "HOME": str(folder), "TMPDIR": os.environ.get("TMPDIR", str(folder))},
        )

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels."""
        for mail in mails:
            self._ask(mail.label, mail)

    def judge(self, mails: Sequence[Labelled]) -> list[Judged]:
        """Judge each mail."""
        scores = [(mail, float(self._ask("judge", mail))) for mail in mails]
        return [Judged(mail.is_spam, score, _label(score)) for mail, score in scores]

    def close(self) -> None:
        """End the process."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()

    def _ask(self, verb: str, mail: Labelled) -> str:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(f"{verb} {mail.path}\n")
        self._process.stdin.flush()
        answer = self._process.stdout.readline()
        assert answer, f"SpamAssassin ended at {mail.path.name}"
        return answer


def _label(score: float) -> Label:
    if score >= SPAM_FROM:
        return Label.SPAM
    return Label.HAM if score < HAM_UP_TO else Label.UNSURE

"""SpamAssassin's Bayes alone, without its rules, in one process of perl that lives as long as the bench.

Its library's own code reads mails, finds tokens, counts, weighs and combines; bench/spam/programs keeps what was read
and learned in memory, so that it says what `sa-learn` and `spamassassin` say, sooner. Set as it comes: its words to
skip, fields to ignore and top-level domains are read from the rule files that it ships, and it says nothing before 200
mails of each kind (`bayes_min_ham_num` and `bayes_min_spam_num`), unless the bench is told otherwise. There is no
network, no learning by itself and nothing that grows old.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.peers.running import PATH
from bench.spam.mails import Labelled
from scop.cli.spam.evaluate_trainees import Advance
from scop.spam import Label
from scop.spam.evaluation import Judged

__all__ = ["SpamAssassin", "lacking"]

_PROGRAM = Path(__file__).resolve().parents[1] / "spam" / "programs" / "spamassassin_bayes.pl"
# What its own rules BAYES_99 and BAYES_00 to BAYES_05 stand for.
SPAM_FROM, HAM_UP_TO = 0.99, 0.05
AT_ONCE = 64  # mails that it is asked of before an answer is read; their names and the answers fit into the pipes


def lacking() -> str | None:
    """Return the package that has to be installed first."""
    return None if shutil.which("spamassassin", path=PATH) else "spamassassin"


class SpamAssassin:
    """A `scop.spam.evaluation.Trainee`."""

    _advance: Advance

    def __init__(self, folder: Path, least: int) -> None:
        """Start it in a new folder; it says nothing before it learned so many mails of each kind."""
        folder.mkdir(parents=True)
        # Where tokens are as strong as each other, the order in which perl keeps them decides which of them count.
        order = {"PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
        self._process = subprocess.Popen(
            ("perl", str(_PROGRAM), str(folder), str(least)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={"PATH": PATH, "HOME": str(folder), "TMPDIR": os.environ.get("TMPDIR", str(folder)), **order},
        )

    def begin_anew(self, advance: Advance) -> None:
        """Forget all that was learned, and tell `advance` from now on of each mail."""
        self._advance = advance
        tuple(self._ask([("anew", "-")]))

    def learn(self, mails: Sequence[Labelled]) -> None:
        """Learn mails by their labels."""
        for _ in self._ask([(mail.label, str(mail.path)) for mail in mails]):
            self._advance(1)

    def judge(self, mails: Sequence[Labelled]) -> Iterator[Judged]:
        """Judge each mail."""
        said = self._ask([("judge", str(mail.path)) for mail in mails])
        for mail, answer in zip(mails, said, strict=True):
            score = float(answer)
            yield Judged(mail.is_spam, score, _label(score))
            self._advance(1)

    def close(self) -> None:
        """End the process."""
        with self._process:
            pass  # it ends where there is nothing more to read

    def _ask(self, questions: Sequence[tuple[str, str]]) -> Iterator[str]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for start in range(0, len(questions), AT_ONCE):
            some = questions[start : start + AT_ONCE]
            self._process.stdin.write("".join(f"{verb} {path}\n" for verb, path in some))
            self._process.stdin.flush()
            for _, path in some:
                answer = self._process.stdout.readline()
                assert answer, f"SpamAssassin ended at {path}"
                yield answer


def _label(score: float) -> Label:
    if score >= SPAM_FROM:
        return Label.SPAM
    return Label.HAM if score < HAM_UP_TO else Label.UNSURE

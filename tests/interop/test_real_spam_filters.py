"""The filters that bench/spam measures ours beside: each says there what its makers' own programs say, and no more."""

from __future__ import annotations

import random
import re
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from bench.peers.rspamd_bayes import RspamdBayes
from bench.peers.running import PATH
from bench.peers.spamassassin import SpamAssassin
from bench.spam.mails import Labelled

from scop.spam import Label

pytestmark = pytest.mark.interop

COUNT = 12  # of each kind
HAM_WORDS = ["meeting", "minutes", "harbor", "sailing", "regatta", "anchor", "tide", "captain", "compass", "lagoon"]
SPAM_WORDS = ["winner", "casino", "pills", "lottery", "prize", "cheap", "credit", "bonus", "million", "jackpot"]
BOTH_WORDS = ["today", "please", "about", "money", "friend", "week", "letter", "answer", "number", "people", "house"]
# Its own words to skip and fields to ignore; the rest as the bench says that it differs.
PREFERENCES = """
bayes_path {folder}/bayes
bayes_auto_learn 0
bayes_auto_expire 0
bayes_min_spam_num 1
bayes_min_ham_num 1
add_header all Bayes _BAYES_
"""


@pytest.fixture(scope="module")
def mails(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Labelled]]:
    """Return mails to learn, of both kinds, and mails to judge, of words from here and there."""
    folder, drawn = tmp_path_factory.mktemp("mails"), random.Random(11)

    def mail(name: str, words: list[str], *, is_spam: bool) -> Labelled:
        path = folder / name
        text = " ".join(drawn.choices(words + BOTH_WORDS, k=60))
        path.write_text(
            f"Received: from mx{name}.example.net (mx.example.net [198.51.100.7]) by here.example.org; "
            "Sun, 29 Nov 2026 10:00:00 +0000\n"
            f"From: {drawn.choice(words)}@example.net\nTo: ada@example.org\nMessage-ID: <{name}@example.net>\n"
            f"Date: Sun, 29 Nov 2026 10:00:00 +0000\nSubject: {' '.join(drawn.choices(words, k=4))}\n\n{text}\n"
        )
        return Labelled(path.read_bytes(), is_spam, "made", path)

    kinds = (("ham", HAM_WORDS, False), ("spam", SPAM_WORDS, True))
    learned = [
        mail(f"{kind}{number}", words, is_spam=is_spam) for kind, words, is_spam in kinds for number in range(COUNT)
    ]
    mixed = [mail(f"mixed{number}", BOTH_WORDS + HAM_WORDS[number:3], is_spam=False) for number in range(2)]
    clear = [mail(f"clear-{kind}", words, is_spam=is_spam) for kind, words, is_spam in kinds]
    return {"learned": learned, "mixed": mixed, "clear": clear}


@pytest.fixture
def spamassassin(tmp_path: Path) -> Iterator[SpamAssassin]:
    """Return the bench's SpamAssassin, which knows nothing."""
    with closing(SpamAssassin(tmp_path / "kept", least=1)) as peer:
        peer.begin_anew(lambda _count: None)
        yield peer


def test_spamassassin_as_its_own_programs(
    spamassassin: SpamAssassin, mails: dict[str, list[Labelled]], tmp_path: Path
) -> None:
    """The bench's SpamAssassin gives mails the scores that `spamassassin` gives them after `sa-learn`."""
    asked = [*mails["mixed"], *mails["clear"]]
    spamassassin.learn(mails["learned"])
    scores = [judged.score for judged in spamassassin.judge(asked)]
    preferences = tmp_path / "preferences"
    preferences.write_text(PREFERENCES.format(folder=tmp_path))
    for label in (Label.HAM, Label.SPAM):
        paths = [str(mail.path) for mail in mails["learned"] if mail.label is label]
        run_perl(tmp_path, "sa-learn", "-L", "-p", str(preferences), f"--{label}", *paths)
    said = [run_perl(tmp_path, "spamassassin", "-L", "-p", str(preferences), str(mail.path)) for mail in asked]
    found = [re.search(r"^X-Spam-Bayes: ([\d.]+)", one, re.MULTILINE) for one in said]
    assert [one and one[1] for one in found] == [f"{score:.4f}" for score in scores]
    assert 0.0 < scores[0] < 1.0, "a score that is neither end is compared"


def run_perl(home: Path, *command: str) -> str:
    """Run one of SpamAssassin's programs and return what it writes."""
    settled = {"PATH": PATH, "HOME": str(home), "PERL_HASH_SEED": "0", "PERL_PERTURB_KEYS": "0"}
    return subprocess.run(command, capture_output=True, text=True, check=True, env=settled).stdout


def test_spamassassin_begins_anew(spamassassin: SpamAssassin, mails: dict[str, list[Labelled]]) -> None:
    """What SpamAssassin learned before it began anew changes no score."""
    spamassassin.learn(mails["learned"])
    first = list(spamassassin.judge(mails["clear"]))
    spamassassin.begin_anew(lambda _count: None)
    assert [judged.score for judged in spamassassin.judge(mails["clear"])] == [0.5, 0.5]
    spamassassin.learn(mails["learned"])
    assert list(spamassassin.judge(mails["clear"])) == first


def test_rspamd_says_its_probability(mails: dict[str, list[Labelled]], tmp_path: Path) -> None:
    """The bench's rspamd tells kinds apart by what it was taught, finer than in percent, and forgets on demand."""
    with closing(RspamdBayes(tmp_path / "rspamd", least=1)) as rspamd:
        rspamd.begin_anew(lambda _count: None)
        assert [judged.score for judged in rspamd.judge(mails["clear"])] == [0.5, 0.5]
        rspamd.learn(mails["learned"])
        rspamd.learn(mails["learned"][:1])  # which it refuses, and says so
        ham, spam = rspamd.judge(mails["clear"])
        assert (ham.label, spam.label) == (Label.HAM, Label.SPAM)
        assert ham.score != round(ham.score, 4)
        rspamd.begin_anew(lambda _count: None)
        assert [judged.score for judged in rspamd.judge(mails["clear"])] == [0.5, 0.5]

"""What an attacker gets: words of honest mail in spam, floods of words, and mails of 20 MB.

The attacker of the first table knows which words stand in most honest mails of one half of the corpus and puts so many
of them below his spam; the filter learned the other half and is asked of spam that it has not seen. The second table is
the longest that one mail keeps the filter busy.
"""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from bench.spam.contenders import BOGOFILTER, OURS, contenders
from bench.spam.mails import Labelled, unpacked
from scop.cli.shared import console, print_table
from scop.spam import Classifier
from scop.spam.evaluation import confusion

__all__ = ["main"]

COUNTS = (0, 50, 200, 1_000)
ASKED = 300  # spam mails that are altered
MEGABYTE = 1_000_000
_WORD = re.compile(rb"[A-Za-z]{4,12}")


def main() -> bool:
    """Measure and print; nothing here has a goal of its own but that it ends soon."""
    console.rule("What an attacker gets", align="left")
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as name:
        mails = unpacked(Path(name, "mails"))
        _good_words(mails, Path(name))
        _floods(mails)
    return True


def _good_words(mails: Sequence[Labelled], folder: Path) -> None:
    known, unseen = mails[1::2], mails[::2]
    common = Counter[bytes]()
    for mail in unseen:
        if not mail.is_spam:
            common.update(set(_WORD.findall(mail.octets.lower())))
    words = [word for word, _ in common.most_common(max(COUNTS))]
    spam = [mail for mail in unseen if mail.is_spam][:ASKED]
    rows = []
    for who, begin in contenders(folder, ExitStack(), (OURS, BOGOFILTER)).items():
        contender = begin(lambda _count: None)
        contender.learn(known)
        for count in COUNTS:
            altered = [replace(mail, octets=_with_words(mail.octets, words[:count])) for mail in spam]
            counted = confusion(contender.judge(altered))
            rows.append((who, str(count), f"{counted.spam_caught:.1%}", str(counted.spam_as_ham)))
    print_table(("", "good words", "still called spam", f"called ham, of {ASKED}"), rows, title="good words below spam")


def _with_words(octets: bytes, words: Sequence[bytes]) -> bytes:
    return octets + b"\n" + b" ".join(words) + b"\n"


def _floods(mails: Sequence[Labelled]) -> None:
    classifier = Classifier()
    for mail in mails[:1_000]:
        classifier.learn(mail.octets, mail.label)
    rows = []
    for name, make in FLOODS.items():
        octets = make()
        started = time.process_time()
        classifier.classify(octets)
        seconds = time.process_time() - started
        rows.append((name, f"{len(octets) / MEGABYTE:.1f}", f"{1000 * seconds:.1f}"))
    print_table(("mail", "MB", "ms of CPU"), rows, title="the longest that one mail keeps the filter busy")


def _random_words(count: int) -> bytes:
    drawn = random.Random(7)
    letters = "abcdefghijklmnopqrstuvwxyz"
    return " ".join("".join(drawn.choices(letters, k=drawn.randint(3, 12))) for _ in range(count)).encode()


def _text(body: bytes, subtype: bytes = b"plain") -> bytes:
    return b"From: a@b.test\nSubject: x\nMIME-Version: 1.0\nContent-Type: text/" + subtype + b"\n\n" + body


def _parts(count: int) -> bytes:
    part = b"--b\nContent-Type: text/plain\n\nword\n"
    return (
        b"From: a@b.test\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n" + part * count + b"--b--\n"
    )


FLOODS: dict[str, Callable[[], bytes]] = {
    "random words": lambda: _text(_random_words(300_000)),
    "one word of 20 MB": lambda: _text(b"a" * 20 * MEGABYTE),
    "20 MB of text": lambda: _text((b"the quick brown fox jumps over the lazy dog\n" * 500_000)[: 20 * MEGABYTE]),
    "20 MB of links": lambda: _text(b"http://a.b.test/ " * (20 * MEGABYTE // 17), b"html"),
    "20 MB of tags": lambda: _text(b"<b>x</b>" * (20 * MEGABYTE // 8), b"html"),
    "20 MB of open tags": lambda: _text(b"<div style='color:#fff'>x" * (20 * MEGABYTE // 25), b"html"),
    "20 MB of <": lambda: _text(b"<" * 20 * MEGABYTE, b"html"),
    "20 MB of &": lambda: _text(b"&" * 20 * MEGABYTE, b"html"),
    "20 MB of parts": lambda: _parts(20 * MEGABYTE // 35),
    "20 MB of fields": lambda: b"".join(b"X-%d: %d\n" % (n, n) for n in range(1_000_000)) + b"\nx\n",
    "a subject of 20 MB": lambda: b"Subject: " + b"=?utf-8?q?a?= " * (20 * MEGABYTE // 15) + b"\n\nx\n",
}

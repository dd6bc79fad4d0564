"""`scop spam explain`: the verdict, its clues and its phishing as a picture, by a model or by the running filter."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from fakes.command_line import Said, scop
from scop.cli.spam.explain_shown import why_unsure
from scop.mesh.vocabulary.filter import StatedThresholds
from scop.spam import Classifier, Label
from scop.spam.thresholds import HAM_LOSS

SPAM = b"From: <x@evil.test>\r\nSubject: Cheap pills\r\n\r\nBuy cheap pills now, winner"
HAM = b"From: <ada@lagoon.example>\r\nSubject: Minutes\r\n\r\nThe meeting of the sailing club was short"
PHISH = (
    b"From: <ada@lag0on.example>\r\nReply-To: <x@evil.test>\r\nSubject: Cheap pills\r\nContent-Type: text/html\r\n\r\n"
    b'<a href="http://192.0.2.7/">www.lagoon.example</a> cheap pills, winner'
)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file of a model that has learned twelve mails of each kind."""
    classifier = Classifier()
    for number in range(12):
        classifier.learn(SPAM + b" s%d" % number, Label.SPAM)
        classifier.learn(HAM + b" h%d" % number, Label.HAM)
    path = tmp_path_factory.mktemp("model") / "model.spam"
    path.write_bytes(classifier.save())
    return path


def explain(mail: bytes, folder: Path, *words: str) -> Said:
    """Explain a mail from a file."""
    path = folder / "mail.eml"
    path.write_bytes(mail)
    return scop("spam", "explain", str(path), *words)


def test_picture_of_a_verdict(model: Path, tmp_path: Path) -> None:
    """The score stands on a scale with the ham that it costs, clues are bars, phishing is said in sentences."""
    said = explain(PHISH, tmp_path, "--model", str(model))
    assert 0 == said.status
    for words in ("score", "▲", "speaks for ham │ speaks for spam", "█", "Looks like phishing"):
        assert words in said.out
    assert re.search(
        r"Ham up to 0\.\d{3}, spam from 0\.\d{3}, where 0\.\d\d% of ham is expected to be lost\.", said.out
    )
    assert "“lag0on.example” looks like lagoon.example and is not. (From)" in said.out
    assert "A link that reads as lagoon.example leads to 192.0.2.7. (link)" in said.out


@pytest.mark.parametrize(
    ("label", "score", "words"),
    [
        ("unsure", 0.995, "not called spam"),
        ("unsure", 0.005, "not called ham"),
        ("unsure", 0.5, ""),
        ("spam", 0.995, ""),
    ],
)
def test_doubt_against_the_score_is_told(label: str, score: float, words: str) -> None:
    """Where a mail is unsure although its score lies beyond a threshold, a sentence says who did not agree."""
    told = why_unsure(label, score, StatedThresholds(spam_from=0.99, ham_up_to=0.01, expected_ham_loss=0.001))
    assert (words in told, bool(words)) == (True, bool(told))


def test_json_tells_the_same(model: Path, tmp_path: Path) -> None:
    """Label, score, thresholds, clues and suspicions stand in JSON."""
    told: Any = explain(SPAM, tmp_path, "--model", str(model), "--json").json
    assert ("spam", 12, 12) == (told["label"], told["learned_ham"], told["learned_spam"])
    thresholds = told["thresholds"]
    assert told["score"] >= thresholds["spam_from"] > thresholds["ham_up_to"]
    assert 0 < thresholds["expected_ham_loss"] < 2 * HAM_LOSS  # of a model this young the tail is assumed
    assert all(0 <= clue["probability"] <= 1 for clue in told["clues"])
    assert 0 < len(told["clues"]) <= 10


def test_untrained_says_so(tmp_path: Path) -> None:
    """Without lessons everything is unsure, there is no threshold, and the sentence says what to do."""
    path = tmp_path / "model.spam"
    path.write_bytes(Classifier().save())
    said = explain(SPAM, tmp_path, "--model", str(path))
    assert "unsure" in said.out
    assert "Too little was learned to be sure of anything (0 ham, 0 spam): `scop spam train` teaches." in said.out
    told: Any = explain(SPAM, tmp_path, "--model", str(path), "--json").json
    assert told["thresholds"] is None


def test_standard_input_and_hostile_octets(model: Path) -> None:
    """What a mail brings is printable in the picture."""
    said = scop("spam", "explain", "-", "--model", str(model), stdin="Subject: \x1b[2Jcheap\x07\n\npills [red]\n")
    assert 0 == said.status
    assert not {"\x1b", "\x07"} & set(said.out)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--model", "{folder}/none"), "makes a model"),
        (("--model", "{folder}/mail.eml"), "no spam model of this version"),
        (("--model", "{model}", "--account", "ada@harbor.test"), "ask the running mesh"),
        (("--config", "{folder}/none.toml"), "none.toml"),
    ],
)
def test_bad_input_of_explain_is_named(model: Path, tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """One sentence names what is wrong, and the fix."""
    said = explain(SPAM, tmp_path, *(word.format(folder=tmp_path, model=model) for word in words))
    assert (2, True) == (said.status, sentence in said.err)


def test_model_in_a_file_knows_our_people(tmp_path: Path) -> None:
    """Trained with our domain, a file knows the names that people write to there, and whoever bears them elsewhere."""
    ham = tmp_path / "ham.eml"
    ham.write_bytes(b"From: <cid@lagoon.example>\nTo: Ada Lovelace <ada@harbor.test>\n\nThe minutes\n")
    model = str(tmp_path / "model.spam")
    trained = scop("spam", "train", "--ham", str(ham), "--model", model, "--domain", "harbor.test")
    assert 0 == trained.status, trained.err
    told: Any = explain(b"From: Ada Lovelace <x@evil.test>\n\nHello\n", tmp_path, "--model", model, "--json").json
    assert ["our-person"] == [one["trick"] for one in told["suspicions"]]
    assert 2 == scop("spam", "train", "--ham", str(ham), "--domain", "harbor.test").status

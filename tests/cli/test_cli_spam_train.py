"""`scop spam train --model`: a model in a file, taught by mail that people have sorted."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import cast

import pytest

from fakes.command_line import Said, scop
from scop.cli.mail_files import on_the_wire
from scop.cli.spam.train_sources import Kind, in_turn
from scop.spam import Classifier
from scop.spam.connection import Connection
from scop.store.spam_model import SpamModel

NOTHING = {"ham": 0, "spam": 0, "forgotten": 0, "known": 0}


def letters(folder: Path, words: str, count: int) -> Path:
    """Write so many mails that are alike into a folder."""
    folder.mkdir()
    for number in range(count):
        (folder / f"{number:02}.eml").write_text(f"Subject: {words} {number}\n\n{words}, and {number} times more.\n")
    return folder


@pytest.fixture
def kinds(tmp_path: Path) -> tuple[str, ...]:
    """Sort some mail: a folder, and an archive."""
    ham = letters(tmp_path / "ham", "minutes of the harbour meeting", 12)
    spam = letters(tmp_path / "spam", "cheap pills for the winner", 15)
    with zipfile.ZipFile(tmp_path / "spam.zip", "w") as archive:
        for file in spam.iterdir():
            archive.write(file, f"2026/{file.name}")
    return "--ham", str(ham), "--spam", str(tmp_path / "spam.zip")


def counted(said: Said) -> dict[str, int]:
    """Return what a command told as JSON."""
    return cast("dict[str, int]", said.json)


def test_train_makes_a_model_that_knows_both_kinds(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """The file is a model by itself, wherever it is taken."""
    path = tmp_path / "model.spam"
    said = scop("spam", "train", *kinds, "--model", str(path))
    assert (0, f"learned 12 ham and 15 spam; {path} knows 12 and 15\n") == (said.status, said.out)
    classifier = Classifier.load(path.read_bytes())
    mails = (b"Subject: pills\r\n\r\ncheap pills for the winner\r\n", b"Subject: x\r\n\r\nthe harbour meeting\r\n")
    spam, ham = (classifier.classify(mail).score for mail in mails)
    assert spam > 0.5 > ham


def test_train_goes_on_where_it_was(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """What is known is not learned again; a mail that is sorted anew changes its kind; mail is unlearned by itself."""
    path = ("--model", str(tmp_path / "model.spam"), "--json")
    one = str(tmp_path / "ham" / "03.eml")
    found = [
        counted(scop("spam", "train", *words, *path))
        for words in (kinds[:2], kinds, ("--spam", one), ("--forget", one), ("--forget", one))
    ]
    assert [
        NOTHING | {"ham": 12, "model_ham": 12, "model_spam": 0},
        NOTHING | {"spam": 15, "known": 12, "model_ham": 12, "model_spam": 15},
        NOTHING | {"spam": 1, "model_ham": 11, "model_spam": 16},
        NOTHING | {"forgotten": 1, "model_ham": 11, "model_spam": 15},
        NOTHING | {"known": 1, "model_ham": 11, "model_spam": 15},
    ] == found


def test_train_learns_a_mail_whatever_its_line_ends(tmp_path: Path) -> None:
    """It is the mail that travels: the same in a file of Unix and as it came."""
    (tmp_path / "1.eml").write_bytes(b"Subject: x\n\ntext\n")
    (tmp_path / "2.eml").write_bytes(b"Subject: x\r\n\r\ntext\r\n")
    said = scop("spam", "train", "--ham", str(tmp_path), "--model", str(tmp_path / "m"), "--json")
    assert (1, 1) == (counted(said)["ham"], counted(said)["known"])
    short = scop("spam", "train", "--ham", str(tmp_path), "--model", str(tmp_path / "m"))
    assert "every mail stays unsure until there are" in short.out


def test_train_says_what_it_passes_over(tmp_path: Path) -> None:
    """Indexes of a mail server beside the mails, or a wrong folder: a number tells which."""
    folder = letters(tmp_path / "ham", "minutes", 2)
    (folder / "dovecot.index").write_bytes(b"\1\2")
    said = scop("spam", "train", "--ham", str(folder), "--model", str(tmp_path / "model.spam"))
    assert (0, f"scop: {folder}: 1 of its files are no mail: passed over\n") == (said.status, said.err)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        ((), "name the mail to learn from: --ham PATH, --spam PATH, or --forget PATH to unlearn"),
        (("--ham", "nowhere"), "nowhere: there is no such file or folder"),
        (("--ham", "{folder}"), "there is no mail in {folder}"),
        (("--ham", ""), "a path of mail is empty; name a folder, an mbox or an archive"),
        (("--ham", "{folder}", "--spam", "{folder}"), "{folder} is named by --ham and by --spam"),
    ],
)
def test_train_without_mail_makes_nothing(tmp_path: Path, words: tuple[str, ...], sentence: str) -> None:
    """One sentence, and no file that would pass for a model."""
    folder = tmp_path / "empty"
    folder.mkdir()
    said = scop("spam", "train", *(word.format(folder=folder) for word in words), "--model", str(tmp_path / "m"))
    assert (2, True) == (said.status, sentence.format(folder=folder) in said.err)
    assert ["empty"] == [path.name for path in tmp_path.iterdir()]


def test_train_says_what_is_wrong_with_a_model(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """A file that is none, or that another process teaches, is left alone."""
    path = tmp_path / "model.spam"
    path.write_bytes(b"no model")
    said = scop("spam", "train", *kinds, "--model", str(path))
    assert (2, b"no model") == (said.status, path.read_bytes())
    assert f"{path}: " in said.err
    assert not path.with_name("model.spam.lessons").exists()
    for folder in (tmp_path / "ham", ""):
        said = scop("spam", "train", *kinds, "--model", str(folder))
        assert (2, f"scop: {folder or '.'}: a folder; name the file of a model\n") == (said.status, said.err)
    other = tmp_path / "other.spam"
    model = SpamModel.open(other)
    said = scop("spam", "train", *kinds, "--model", str(other))
    assert (2, True) == (said.status, "one at a time can teach a model" in said.err)
    model._held.close()
    said = scop("spam", "train", *kinds, "--model", str(tmp_path / "nowhere" / "model.spam"))
    assert (2, True) == (said.status, "No such file or directory" in said.err)


def test_train_takes_both_kinds_in_turn(tmp_path: Path) -> None:
    """As their numbers are, and the same each time: neither is ahead of the other by more than a mail."""
    few = Kind.at("spam", (letters(tmp_path / "few", "few", 3),))
    many = Kind.at("ham", (letters(tmp_path / "many", "many", 9),))
    order = "".join(label[0] for label, _ in in_turn(few, many, Kind.at("", ())))
    assert [1, 1, 1] == [order[start : start + 4].count("s") for start in (0, 4, 8)]


RECEIVED = (
    "Received: from helo.example (mail.example [192.0.2.7])\n"
    "\t(using TLSv1.3 with cipher TLS_AES_256_GCM_SHA384 (256/256 bits))\n"
    "\tby mx.lagoon.example (Postfix) with ESMTPS id 4ABC; Sat, 28 Nov 2026 10:00:00 +0000\n"
)


def test_train_says_what_one_kind_after_the_other_costs(
    tmp_path: Path, kinds: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A model leans to what it saw last: who teaches one kind alone is told how to do better."""
    monkeypatch.setattr("scop.cli.spam.train.ONE_SIDED", 12)
    model = ("--model", str(tmp_path / "model.spam"))
    assert "one command" not in scop("spam", "train", *kinds, *model).out
    more = letters(tmp_path / "more", "tide table of the month", 12)
    assert "one command are learned in turn" in scop("spam", "train", "--ham", str(more), *model).out


def test_train_lets_those_read_it_who_could_before(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """A model is its owner's alone; who lets the filter's user read it does that once."""
    path = tmp_path / "model.spam"
    scop("spam", "train", *kinds, "--model", str(path))
    assert 0o600 == path.stat().st_mode & 0o777
    path.chmod(0o640)
    inode = path.stat().st_ino
    scop("spam", "train", "--forget", str(tmp_path / "ham"), "--model", str(path))
    assert (0o640, True) == (path.stat().st_mode & 0o777, inode != path.stat().st_ino)


def test_train_learns_what_a_milter_will_see(tmp_path: Path) -> None:
    """A mail that our mail server stamped and labelled teaches the mail that was brought, and who brought it."""
    below = "Date: Sat, 28 Nov 2026 09:59:00 +0000\nSubject: x\n\ntext\n"
    folder = tmp_path / "mail"
    folder.mkdir()
    (folder / "1.eml").write_text(
        f"Return-Path: <a@b>\nX-SCoP-Spam: ham; score=0.1\n{RECEIVED}X-SCoP-Finding: x\n{below}"
    )
    path = tmp_path / "model.spam"
    words = ("--model", str(path), "--domain", "lagoon.example", "--json")
    assert 1 == counted(scop("spam", "train", "--spam", str(folder), *words))["spam"]
    taught = Classifier()
    taught.acquaintances.belong_to(["lagoon.example"])
    connection = Connection("192.0.2.7", "mail.example", "helo.example", "TLSv1.3", "Sat, 28 Nov 2026 10:00:00 +0000")
    taught.learn(on_the_wire(below.encode()), "spam", connection=connection)
    assert taught.token_count == Classifier.load(path.read_bytes()).token_count
    (folder / "1.eml").write_text(below)  # the same, before it was stamped
    assert 1 == counted(scop("spam", "train", "--forget", str(folder), *words))["forgotten"]


def test_filter_weighs_what_was_learned(tmp_path: Path) -> None:
    """Explaining a stored mail shows who brought it, as it was learned."""
    mail = letters(tmp_path / "mail", "pills", 1) / "00.eml"
    mail.write_text(RECEIVED + mail.read_text())
    path = ("--model", str(tmp_path / "model.spam"))
    scop("spam", "train", "--spam", str(mail), *path, "--domain", "lagoon.example")
    said = scop("spam", "explain", str(mail), *path)
    assert "What our server noted of who brought it" in said.out
    assert "from 192.0.2.7" in said.out


def test_status_shows_a_model_in_a_file(tmp_path: Path, kinds: tuple[str, ...]) -> None:
    """Whoever filters without a mesh sees what the model knows, too."""
    path = str(tmp_path / "model.spam")
    scop("spam", "train", *kinds, "--model", path)
    told = counted(scop("spam", "status", "--model", path, "--json"))
    said = scop("spam", "status", "--model", path)
    assert (12, 15, True) == (told["ham"], told["spam"], told["tokens"] > 20)
    assert f"{told['tokens']:,} features of mail are known" == said.out.splitlines()[0]
    assert 2 == scop("spam", "status", "--model", f"{path}.none").status

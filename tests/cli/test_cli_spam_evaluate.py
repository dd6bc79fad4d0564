"""`scop spam evaluate`: sorted mail is read in its order, measured, shown and drawn."""

from __future__ import annotations

import shutil
import struct
import tarfile
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from fakes.command_line import Said, scop
from scop.cli.spam.evaluate_order import IndexLine, Order, read_index
from scop.cli.spam.evaluate_samples import read_samples
from scop.cli.spam.evaluate_shown import Measured, Report, print_report
from scop.cli.spam.evaluate_trainees import Bogofilter
from scop.spam import Label
from scop.spam.evaluation import Judged, Sample

HAM = (
    "From: Ada <ada@lagoon.example>\nDate: {date}\nSubject: Minutes {n}\n\nThe meeting of the sailing club was short.\n"
)
SPAM = (
    "From: Win <x{n}@evil.test>\nReply-To: collect@freemail.test\nDate: {date}\nSubject: Cheap pills {n}\n\n"
    "Buy cheap pills now, winner!\n"
)
COUNT = 30


@pytest.fixture(scope="module")
def sorted_mail(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with `ham` and `spam`, one mail a day each."""
    folder = tmp_path_factory.mktemp("sorted")
    for name, text in (("ham", HAM), ("spam", SPAM)):
        (folder / name).mkdir()
        for number in range(COUNT):
            mail = text.format(n=number, date=f"{number % 28 + 1} Nov 2026 10:00:00 +0000")
            (folder / name / f"{number:02}.eml").write_text(mail)
    return folder


def evaluate(folder: Path, *words: str) -> Said:
    """Evaluate the sorted mail of a folder, without another filter."""
    return scop("spam", "evaluate", "--ham", str(folder / "ham"), "--spam", str(folder / "spam"), "--alone", *words)


def told(said: Said) -> dict[str, Any]:
    """Return what it says in JSON."""
    assert isinstance(said.json, dict)
    return said.json


def test_split_judges_each_mail_once(sorted_mail: Path) -> None:
    """Every mail is judged by what was learned from the others, and mails this simple are told apart."""
    found = told(evaluate(sorted_mail, "--folds", "3", "--json"))
    ours = found["filters"][0]
    counts = ours["confusion"]
    assert (3, "SCoP", 2 * COUNT) == (found["folds"], ours["name"], sum(counts.values()))
    assert 0.0 == ours["one_minus_auc"]
    assert 1.0 == ours["at_ham_loss"]["0.001"]["spam_caught"]
    assert [0.0, 0.0, None] == ours["roc"][0]
    assert [1.0, 1.0] == ours["roc"][-1][:2]
    assert {"ham": 0, "spam": COUNT} == found["phishing"]["reply-elsewhere"]
    assert {"ham": 0, "spam": 0} == found["alarmed"]


def test_online_learns_each_mail_as_it_comes(sorted_mail: Path) -> None:
    """The first mails are unsure; the learning curve counts all."""
    found = told(evaluate(sorted_mail, "--protocol", "online", "--json"))
    ours = found["filters"][0]
    assert found["folds"] is None
    assert 2 * COUNT == ours["learning"][-1]["last"]
    assert ours["confusion"]["ham_as_unsure"] > 0


def test_shown_as_tables_and_curves(sorted_mail: Path, tmp_path: Path) -> None:
    """A person sees figures, curves and phishing, and gets the picture that was asked for."""
    picture = tmp_path / "roc.png"
    said = evaluate(sorted_mail, "--folds", "2", "--png", str(picture))
    assert 0 == said.status
    for words in (f"{COUNT} ham and {COUNT} spam, in 2 parts", "1-AUC", "called spam", "● SCoP", "reply-elsewhere"):
        assert words in said.out
    octets = picture.read_bytes()
    assert (b"\x89PNG\r\n\x1a\n", (960, 640)) == (octets[:8], struct.unpack(">LL", octets[16:24]))


def shown(filters: tuple[Measured, ...], protocol: str, capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the lines that a person sees of what was measured."""
    print_report(Report(protocol, 2, filters, Counter(), Counter()))
    return capsys.readouterr().out.splitlines()


def measured(name: str, caught: int) -> Measured:
    """Return a filter that finds so many of 100 spam without any of 100 ham, and the others among the ham."""
    scores = [0.9] * caught + [0.2] * (100 - caught)
    ham = [Judged(is_spam=False, score=0.3 if number < 10 else 0.1, label=Label.HAM) for number in range(100)]
    return Measured(name, (*ham, *(Judged(is_spam=True, score=score) for score in scores)))


def test_curve_in_characters_has_round_steps_and_no_gap(capsys: pytest.CaptureFixture[str]) -> None:
    """The axis of the terminal's picture names what the PNG's names, and a curve that rises leaves no line out."""
    lines = shown((measured("SCoP", 60),), "split", capsys)
    plot = [line for line in lines if "│" in line]
    named = [label for line in plot if (label := line.partition("│")[0].strip())]
    assert ["100.0%", "90.0%", "80.0%", "70.0%", "60.0%", "50.0%"] == named
    marked = ["●" in line for line in plot]
    assert [True] * (marked.index(False)) + [False] * (len(marked) - marked.index(False)) == marked
    assert "●" in next(line for line in plot if "60.0%" in line)
    assert "●" in plot[0]


def test_learning_fits_a_narrow_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    """How two filters learned is read in 80 columns, the same stretch of both below each other."""
    lines = shown((measured("SCoP", 60), measured("bogofilter", 50)), "online", capsys)
    table = lines[lines.index(next(line for line in lines if "how learning went" in line)) :]
    assert max(map(len, table)) < 80
    assert "nan" not in " ".join(table), "a stretch of one kind has no figure"
    rows = [line.split()[:4] for line in table if " to " in line]
    stretches = [["1", "to", "100"], ["101", "to", "200"]]
    assert [[*stretch, name] for stretch in stretches for name in ("SCoP", "bogofilter")] == rows


def test_order_of_an_index(sorted_mail: Path) -> None:
    """An index alone names the mails, what they are, and when they came."""
    lines = [f"{kind} {kind}/{number:02}.eml" for number in range(COUNT) for kind in ("spam", "ham")]
    index = sorted_mail / "index"
    index.write_text("\n".join(lines[:40]) + "\n")
    alone = told(scop("spam", "evaluate", "--order", str(index), "--protocol", "online", "--alone", "--json"))
    assert 40 == alone["filters"][0]["learning"][-1]["last"]
    said = evaluate(sorted_mail, "--order", str(index), "--protocol", "online", "--json")
    assert alone == told(said)
    assert f"{2 * COUNT - 40} mails are not in the index: passed over" in said.err
    assert "index names" not in said.err


def test_index_that_names_more(sorted_mail: Path) -> None:
    """Lines of an index that name none of the mails are counted aloud, for a part of the order may be missing."""
    index = sorted_mail / "more"
    index.write_text("".join(f"{kind} {kind}/{number:02}.eml\n" for number in range(32) for kind in ("spam", "ham")))
    said = evaluate(sorted_mail, "--order", str(index), "--protocol", "online", "--json")
    assert 2 * COUNT == told(said)["filters"][0]["learning"][-1]["last"]
    assert f"the index names {2 * 32 - 2 * COUNT} mails that are not there" in said.err


def test_mails_of_an_archive(sorted_mail: Path, tmp_path: Path) -> None:
    """Mails in an archive are the same mails."""
    for name in ("ham", "spam"):
        with tarfile.open(tmp_path / name, "w:xz") as archive:
            archive.add(sorted_mail / name, arcname=name)
    assert told(evaluate(sorted_mail, "--folds", "2", "--json")) == told(evaluate(tmp_path, "--folds", "2", "--json"))


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--ham", "{folder}/ham"), "both kinds of mail are needed"),
        (("--order", "{folder}/none"), "No such file"),
        (("--order", "{folder}/ham/00.eml"), "no `ham` or `spam` stands before it"),
        (("--order", "{folder}/empty"), "names no mail; its lines are `ham PATH` or `spam PATH`"),
        (("--ham", "{folder}/ham", "--spam", "{folder}/spam", "--order", "{folder}/ham/00.eml"), "none of the mails"),
        (("--ham", "{folder}/ham", "--spam", "{folder}/spam", "--order", "{folder}/wrong"), "--order calls it spam"),
        (("--ham", "{folder}/ham", "--spam", "{folder}/ham"), "named by --ham and by --spam"),
        (("--ham", "{folder}/empty", "--spam", "{folder}/spam"), "there is no mail in {folder}/empty"),
        (("--ham", "{folder}/ham", "--spam", "{folder}/spam", "--png", "{folder}/no/roc"), "No such file"),
        (("--ham", "{folder}/ham", "--spam", "{folder}/spam", "--folds", "31"), "fewer mails of one kind"),
        (("--ham", "{folder}/nothing", "--spam", "{folder}/spam"), "there is no such file or folder"),
    ],
)
def test_bad_input_is_named(sorted_mail: Path, words: tuple[str, ...], sentence: str) -> None:
    """One sentence names what is wrong, before anything is measured."""
    (sorted_mail / "empty").write_bytes(b"")
    (sorted_mail / "wrong").write_text("spam ham/00.eml\n")
    said = scop("spam", "evaluate", "--alone", *(word.format(folder=sorted_mail) for word in words))
    assert 2 == said.status
    assert sentence.format(folder=sorted_mail) in said.err


def placed(index: str, *paths: str) -> list[int | None]:
    """Return where an index in /c has mails, of which those below `spam` are spam."""
    lines = [(name, {"h": False, "s": True}.get(kind)) for kind, name in (line.split(":") for line in index.split())]
    order = Order([IndexLine(Path(name), is_spam) for name, is_spam in lines])
    return [order.place_of(Path(path), is_spam="spam" in path) for path in paths]


def test_order_knows_mail_by_its_path_or_the_end_of_it() -> None:
    """What is named twice by one end is known by a longer one, or not at all."""
    trec = "s:/c/data/000/000 h:/c/data/000/001 h:/c/data/001/000 h:/c/data/001/001"
    assert [0, 2, 3] == placed(trec, "/x/spam/000/000", "/c/data/001/000", "/x/001/001")
    assert [None, None] == placed(trec, "/x/001", "/x/002")
    assert [1, 0] == placed("?:/c/spam/1 ?:/c/ham/1", "/x/ham/1", "/x/spam/1")


def test_order_reads_a_mail_as_a_folder_does(tmp_path: Path) -> None:
    """The postmark that TREC's mails have above them is no part of them."""
    for name in ("ham", "spam"):
        (tmp_path / name).write_text(f"From a b\nSubject: {name}\n\nFrom here\n")
    (tmp_path / "index").write_text("ham ham\nspam spam\n")
    found = read_samples((), (), tmp_path / "index")
    assert [b"Subject: ham\n\nFrom here\n", b"Subject: spam\n\nFrom here\n"] == [one.octets for one in found]


def test_order_reads_what_indexes_look_like(tmp_path: Path) -> None:
    """Blanks or tabs, capitals, line ends of Windows, names with blanks, and no kind at all."""
    (tmp_path / "index").write_bytes(b"spam ../data/inmail.1\r\n\nHAM\tinmail 2\r\ninmail.3\n")
    expected = [
        (tmp_path.parent / "data/inmail.1", True),
        (tmp_path / "inmail 2", False),
        (tmp_path / "inmail.3", None),
    ]
    assert expected == [(line.path, line.is_spam) for line in read_index(tmp_path / "index")]


@pytest.mark.skipif(shutil.which("bogofilter") is None, reason="PEER ABSENT: bogofilter")
def test_beside_bogofilter(sorted_mail: Path) -> None:
    """It judges the same mails in the same order, by both protocols."""
    index = sorted_mail / "few"
    index.write_text("".join(f"{kind} {kind}/{number:02}.eml\n" for number in range(4) for kind in ("spam", "ham")))
    for protocol in (("--folds", "2"), ("--protocol", "online")):
        found = told(scop("spam", "evaluate", "--order", str(index), *protocol, "--json"))["filters"]
        assert [("SCoP", 8), ("bogofilter", 8)] == [(one["name"], sum(one["confusion"].values())) for one in found]


@pytest.mark.skipif(shutil.which("bogofilter") is None, reason="PEER ABSENT: bogofilter")
def test_bogofilter_is_read_in_full(sorted_mail: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its scores have all the digits that it prints, wherever its files lie."""
    folder = sorted_mail / "with blanks"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    folders = sorted_mail / "ham", sorted_mail / "spam"
    samples = [Sample(path.read_bytes(), path.parent.name == "spam") for each in folders for path in each.iterdir()]
    said = Bogofilter()
    said.learn(samples[::15])
    (judged,) = said.judge([Sample(b"Subject: Minutes of the winner\n\nCheap sailing club now.\n", is_spam=True)])
    assert judged.score != round(judged.score, 6)
    del said
    assert [] == list(folder.iterdir())

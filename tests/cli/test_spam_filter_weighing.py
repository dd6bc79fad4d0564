"""What the stand-alone filters write on a mail, and the model that they take from a file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.fixed_scales import empty_model
from scop.cli.spam.filter_weighing import ModelFile, Scales, stamped, without_our_fields
from scop.net.faults import PermanentFailure
from scop.spam import Classifier, Label

FIELD = b"X-SCoP-Spam: ham; score=0.010; clues=\r\n\ta=0.01\r\n"
LINES = st.sampled_from(
    [b"Subject: tide", b"X-SCoP-Spam: ham", b"x-scop-finding : x", b"\tfolded", b"", b"X-SCoP", b"text", b"From x"]
)
MAILS = st.builds(lambda lines, end: end.join(lines), st.lists(LINES, max_size=8), st.sampled_from([b"\n", b"\r\n"]))


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"Subject: x\r\n\r\ny\r\n", FIELD + b"Subject: x\r\n\r\ny\r\n"),
        (b"Subject: x\n\ny\n", FIELD.replace(b"\r\n", b"\n") + b"Subject: x\n\ny\n"),
        (b"From a b\nSubject: x\n\ny\n", b"From a b\n" + FIELD.replace(b"\r\n", b"\n") + b"Subject: x\n\ny\n"),
        (b"no header\r\n", FIELD + b"\r\nno header\r\n"),
        (b"\r\nbody\r\n", FIELD + b"\r\nbody\r\n"),
        (b"", FIELD + b"\r\n"),
    ],
)
def test_alone_a_field_is_put_on_top(mail: bytes, expected: bytes) -> None:
    """It stands above all, below an mbox postmark, with the mail's own line ends, and is never read as a text."""
    assert expected == stamped(mail, FIELD)


@pytest.mark.parametrize(
    ("mail", "expected"),
    [
        (b"X-SCoP-Spam: ham\r\n\tx\r\nSubject: x\r\n\r\nX-SCoP-Spam: y\r\n", b"Subject: x\r\n\r\nX-SCoP-Spam: y\r\n"),
        (b"A: b\nx-scop-FINDING : z\nC: d\n\ny", b"A: b\nC: d\n\ny"),
        (b"X-Scop-Spam: all of it", b""),
        (b"X-SCoP: no field of ours\n\n", b"X-SCoP: no field of ours\n\n"),
    ],
)
def test_alone_forged_fields_are_taken_away(mail: bytes, expected: bytes) -> None:
    """Whoever reads our fields reads ours; bodies stay as they are."""
    assert expected == without_our_fields(mail)


@given(MAILS)
def test_alone_taking_away_is_final(mail: bytes) -> None:
    """After one pass no line of the header is ours, and a second pass changes nothing."""
    cleaned = without_our_fields(mail)
    assert cleaned == without_our_fields(cleaned)
    header = re.split(rb"(?m)^\r?\n", cleaned)[0]
    assert not re.search(rb"(?im)^x-scop-[a-z]+ *:", header)


def test_alone_a_model_that_is_replaced_is_used(tmp_path: Path) -> None:
    """A new file counts from the next mail on; one that is none, or gone, is told of, and the last good one stays."""
    path = empty_model(tmp_path)
    complaints: list[str] = []
    model = ModelFile(path, complaints.append)
    assert 0 == model.classifier.ham_count
    taught = Classifier()
    taught.learn(b"Subject: tide\r\n\r\nhigh water\r\n", Label.HAM)
    replace(path, taught.save())
    assert 1 == model.classifier.ham_count
    replace(path, b"no model")
    assert [1, 1] == [model.classifier.ham_count for _ in range(2)]
    path.unlink()
    assert [1, 1] == [model.classifier.ham_count for _ in range(2)]
    assert [1, 1] == [
        sum("no spam model" in each for each in complaints),
        sum("No such file" in each for each in complaints),
    ]


def replace(path: Path, octets: bytes) -> None:
    """Put another file in the place of a model, as training does."""
    beside = path.with_name("new")
    beside.write_bytes(octets)
    beside.replace(path)


def test_alone_without_a_model_nothing_starts(tmp_path: Path) -> None:
    """A file that is not there is named, and how to make it."""
    with pytest.raises(PermanentFailure, match=r"nothing.spam: No such file.*scop spam train --model"):
        ModelFile(tmp_path / "nothing.spam", print)


def test_alone_a_model_of_others_says_how_to_read_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Training as root makes a file that the filter's user cannot read."""
    path = empty_model(tmp_path)

    def refuse(_path: Path) -> bytes:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_bytes", refuse)
    with pytest.raises(PermanentFailure, match=r"model.spam: Permission denied; let the filter's user read it"):
        ModelFile(path, print)


def test_alone_a_fault_of_ours_keeps_no_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A bug in weighing is told, and the mail is unsure."""
    faults: list[Exception] = []
    scales = Scales(ModelFile(empty_model(tmp_path), print), faults.append)

    def broken(*_arguments: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Classifier, "classify", broken)
    assert Label.UNSURE is scales.weigh(b"Subject: x\r\n\r\n").label
    assert ["a bug"] == list(map(str, faults))

"""The model in use: arrives in pieces, is on the disk before it weighs, and survives what is none."""

from __future__ import annotations

from pathlib import Path

import pytest

from scop.cells.filter.model import MAX_MODEL_OCTETS, ModelInUse
from scop.mesh.vocabulary.filter import InstallModel, ModelStatus
from scop.net.faults import PermanentFailure
from scop.spam import Classifier, Label

NOTHING = ModelStatus(0, 0, 0)


def a_model() -> bytes:
    """Return a small model."""
    classifier = Classifier()
    classifier.learn(b"\r\nham words", Label.HAM)
    classifier.learn(b"\r\nspam words", Label.SPAM)
    return classifier.save()


def in_pieces(model: bytes, size: int) -> list[InstallModel]:
    """Cut a model into calls."""
    return [InstallModel(at, len(model), model[at : at + size]) for at in range(0, len(model), size)]


def test_model_in_pieces_is_in_use_after_the_last(tmp_path: Path) -> None:
    """Until the last piece the old model weighs; then the new one, also after a restart."""
    in_use = ModelInUse(tmp_path)
    pieces = in_pieces(a_model(), 20)
    assert [NOTHING] * (len(pieces) - 1) == [in_use.take(piece) for piece in pieces[:-1]]
    status = in_use.take(pieces[-1])
    assert (status.ham, status.spam) == (1, 1)
    assert status.tokens > 2
    assert status == ModelInUse(tmp_path).status()
    assert ["model.spam"] == [path.name for path in tmp_path.iterdir()]


def test_model_that_is_none_is_refused_and_the_old_one_stays(tmp_path: Path) -> None:
    """Garbage changes nothing, in memory or on the disk."""
    in_use = ModelInUse(tmp_path)
    status = in_use.take(InstallModel(0, len(a_model()), a_model()))
    with pytest.raises(PermanentFailure, match="no model"):
        in_use.take(InstallModel(0, 3, b"xxx"))
    assert status == in_use.status()
    assert status == ModelInUse(tmp_path).status()


def test_pieces_out_of_order_are_refused_and_can_begin_anew(tmp_path: Path) -> None:
    """A lost piece is noticed; the piece at 0 starts over."""
    in_use = ModelInUse(tmp_path)
    first, second, third = in_pieces(a_model(), len(a_model()) // 3 + 1)
    in_use.take(first)
    with pytest.raises(PermanentFailure, match="begin anew"):
        in_use.take(third)
    assert [0, 0, 1] == [in_use.take(piece).ham for piece in (first, second, third)]


@pytest.mark.parametrize(
    "piece",
    [
        InstallModel(0, MAX_MODEL_OCTETS + 1, b"x"),
        InstallModel(0, 1, b"xx"),
        InstallModel(-1, 10, b"x"),
        InstallModel(0, 0, b""),
    ],
)
def test_pieces_beyond_their_bounds_are_refused(tmp_path: Path, piece: InstallModel) -> None:
    """No piece makes the cell keep more than a model's largest size."""
    with pytest.raises(PermanentFailure):
        ModelInUse(tmp_path).take(piece)


def test_damaged_file_is_not_ignored(tmp_path: Path) -> None:
    """A file that is no model stops the start: silence would look like a trained filter."""
    (tmp_path / "model.spam").write_bytes(b"x")
    with pytest.raises(ValueError, match="model"):
        ModelInUse(tmp_path)

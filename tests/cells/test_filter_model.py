"""The model in use: arrives in pieces, is opened with what people taught, and is never ignored."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.mesh import KeptLog
from scop.cells.filter.model import MAX_MODEL_OCTETS, Arrival, open_model
from scop.mesh.underway import Underway
from scop.mesh.vocabulary.filter import InstallModel
from scop.net.faults import PermanentFailure

MODEL = bytes(range(256))


def in_pieces(model: bytes, size: int) -> list[InstallModel]:
    """Cut a model into calls."""
    return [InstallModel(at, len(model), model[at : at + size]) for at in range(0, len(model), size)]


def test_model_in_pieces_is_whole_after_the_last() -> None:
    """Until then there is none; a second one begins anew."""
    arrival = Arrival()
    for size in (20, 256, 1):
        found = [arrival.take(piece) for piece in in_pieces(MODEL, size)]
        assert [*[None] * (len(found) - 1), MODEL] == found


def test_pieces_out_of_order_are_refused_and_can_begin_anew() -> None:
    """A lost piece is noticed; the piece at 0 starts over."""
    arrival = Arrival()
    first, second, third = in_pieces(MODEL, len(MODEL) // 3 + 1)
    arrival.take(first)
    with pytest.raises(PermanentFailure, match="begin anew"):
        arrival.take(third)
    assert [None, None, MODEL] == [arrival.take(piece) for piece in (first, second, third)]


@pytest.mark.parametrize(
    "piece",
    [InstallModel(0, MAX_MODEL_OCTETS + 1, b"x"), InstallModel(0, 1, b"xx"), InstallModel(-1, 10, b"x")],
)
def test_pieces_beyond_their_bounds_are_refused(piece: InstallModel) -> None:
    """No piece makes the cell keep more than a model's largest size."""
    with pytest.raises(PermanentFailure):
        Arrival().take(piece)


@pytest.mark.parametrize("name", ["model.spam", "model.spam.lessons"])
def test_damaged_file_is_not_ignored(tmp_path: Path, name: str) -> None:
    """A file that is no model stops the start, which silence would make look trained; so does a file of lessons."""
    (tmp_path / name).write_bytes(b"no model, and no database either " * 200)
    with pytest.raises(ValueError, match=r"model\.spam"):
        open_model(tmp_path, "harbor.test", Underway(tmp_path), KeptLog().log("filter"))

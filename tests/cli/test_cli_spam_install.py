"""`scop spam install`: a model from a file, handed to the filter piece by piece."""

from __future__ import annotations

from pathlib import Path

import pytest

from fakes.command_line import scop
from fakes.running_filter import running_filter
from scop.cli.spam import install
from scop.spam import Classifier


async def test_install_hands_the_whole_model_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In pieces that fit a frame; the answer is what the new model knows."""
    classifier = Classifier()
    classifier.learn(b"Subject: x\r\n\r\nwords\r\n", "ham")
    monkeypatch.setattr(install, "PIECE_OCTETS", len(classifier.save()) // 3)
    async with running_filter(tmp_path) as filtering:
        told = await install._install(filtering.operator, classifier.save())
        assert (1, 0, classifier.token_count) == (told.ham, told.spam, told.tokens)


def test_install_says_that_a_file_is_empty(tmp_path: Path) -> None:
    """Before a mesh is looked for."""
    path = tmp_path / "model"
    path.touch()
    said = scop("spam", "install", str(path))
    assert (2, True) == (said.status, f"{path} is empty" in said.err)

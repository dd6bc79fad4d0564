"""A small file that is there as a whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scop.cells.keeper.salts import KEY_FILE, load_or_make_key
from scop.mesh.whole_file import write_whole


def test_whole_file_takes_the_place_of_the_old_one(tmp_path: Path) -> None:
    """The last octets stand there, for us alone, and nothing beside them; what a cut-off start left is gone."""
    path = tmp_path / "a.b"
    (tmp_path / "a.b.new").write_bytes(b"half")
    for octets in (b"one", b"", b"three"):
        write_whole(path, octets)
        assert (octets, 0o600, [path]) == (path.read_bytes(), path.stat().st_mode & 0o777, list(tmp_path.iterdir()))


def test_whole_file_keeps_the_old_one_where_writing_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that cannot hold the new octets costs nothing of the old ones."""
    path = tmp_path / "key"
    write_whole(path, b"old")

    def full(_descriptor: int) -> None:
        raise OSError("No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            write_whole(path, b"new")
    assert b"old" == path.read_bytes()


def test_keeper_s_key_is_made_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A first start that is cut off leaves no half a key, which every later start would refuse."""

    def killed(_descriptor: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", killed)
        with pytest.raises(KeyboardInterrupt):
            load_or_make_key(tmp_path)
    assert not (tmp_path / KEY_FILE).exists()
    assert load_or_make_key(tmp_path) == load_or_make_key(tmp_path)

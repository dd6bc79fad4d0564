"""One value of a cell's between its lives: read back as it was written, and never taken for none."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from scop.mesh.state_file import read_state_file, write_state_file


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept here."""

    name: str
    steps: tuple[int, ...] = ()


def test_state_file_is_read_back_as_it_was_written(tmp_path: Path) -> None:
    """The last value counts, others cannot read it, and where nothing was written there is none."""
    path = tmp_path / "state.json"
    assert None is read_state_file(path, Kept, "steps")
    for value in (Kept("first"), Kept("second", (1, 2))):
        write_state_file(path, value)
    assert (Kept("second", (1, 2)), 0o600) == (read_state_file(path, Kept, "steps"), path.stat().st_mode & 0o777)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        (b'{"name": "x"}', "was written by another version of scop, or by something else; take it away"),
        (b'{"name": "x", "steps": [], "more": 1}', "was written by another version"),
        (b'{"name": 1, "steps": []}', "tells nothing of steps: .*; take it away"),
        (b"not JSON", "tells nothing of steps"),
        (b"", "tells nothing of steps"),
    ],
)
def test_state_file_that_is_none_of_this_version_is_named(tmp_path: Path, octets: bytes, words: str) -> None:
    """What the cell would make anew, others know by the old: it says which file, and what to do."""
    path = tmp_path / "state.json"
    path.write_bytes(octets)
    with pytest.raises(ValueError, match=f"{path} {words}"):
        read_state_file(path, Kept, "steps", remedy="take it away")

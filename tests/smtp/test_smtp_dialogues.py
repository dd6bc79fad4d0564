"""Every dialogue of tests/dialogues goes as it is written, however the client's octets are cut."""

from pathlib import Path

import pytest

from fakes.dialogue import pipelined, play

_FOLDER = Path(__file__).parents[1] / "dialogues"
_NAMES = sorted(path.name for path in _FOLDER.glob("*.smtp"))


@pytest.mark.parametrize("chunk_octets", [1, 3, 1_000_000])
@pytest.mark.parametrize("name", _NAMES)
def test_dialogue_goes_as_written(name: str, chunk_octets: int) -> None:
    """Octet by octet, in threes and each line at once the conversation is the same."""
    play(_FOLDER / name, chunk_octets)


@pytest.mark.parametrize("name", _NAMES)
def test_dialogue_goes_as_written_when_all_is_said_at_once(name: str) -> None:
    """A client that hears nothing before it said all gets the same replies in the same order."""
    play(_FOLDER / name, 1_000_000, pipelined)

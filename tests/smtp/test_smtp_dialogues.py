"""Every dialogue of tests/dialogues goes as it is written, however the client's octets are cut."""

from pathlib import Path

import pytest

from fakes.dialogue import play

_FOLDER = Path(__file__).parents[1] / "dialogues"


@pytest.mark.parametrize("chunk_octets", [1, 3, 100_000])
@pytest.mark.parametrize("name", sorted(path.name for path in _FOLDER.glob("*.smtp")))
def test_dialogue_goes_as_written(name: str, chunk_octets: int) -> None:
    """Octet by octet, in threes and all at once the conversation is the same."""
    play(_FOLDER / name, chunk_octets)

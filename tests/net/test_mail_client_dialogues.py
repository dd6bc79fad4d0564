"""Every dialogue of tests/dialogues/servers goes as it is written: what servers say, odd things too, and what we do."""

from pathlib import Path

import pytest

from fakes.scripted_server import play_server, read_script

_FOLDER = Path(__file__).parents[1] / "dialogues" / "servers"
_NAMES = sorted(path.name for path in _FOLDER.glob("*.smtp"))


@pytest.mark.parametrize("write_octets", [1, 1_000_000])
@pytest.mark.parametrize("name", _NAMES)
async def test_server_is_served_as_written(name: str, write_octets: int) -> None:
    """Whether the server's words come whole or octet by octet, the client does the same."""
    await play_server(read_script(_FOLDER / name), write_octets=write_octets)

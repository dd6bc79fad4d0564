"""Every dialogue of tests/dialogues goes over sockets as it is written, however the client's octets are cut."""

from pathlib import Path

import pytest

from fakes.dialogue import pipelined
from fakes.socket_dialogue import play_over_socket

_FOLDER = Path(__file__).parents[1] / "dialogues"
_NAMES = sorted(path.name for path in _FOLDER.glob("*.smtp"))
# STARTTLS is not offered under TLS: these are played in the clear alone, with a real handshake at their `T:`.
_UNDER_TLS = [name for name in _NAMES if "starttls" not in (_FOLDER / name).read_text().partition("\nS")[0]]


@pytest.mark.parametrize("piece_octets", [1, 100_000])
@pytest.mark.parametrize("name", _NAMES)
async def test_dialogue_goes_over_a_plain_socket(name: str, piece_octets: int) -> None:
    """Octet by octet and line by line the conversation is the same."""
    await play_over_socket(_FOLDER / name, piece_octets, under_tls=False)


@pytest.mark.parametrize("piece_octets", [1, 100_000])
@pytest.mark.parametrize("name", _UNDER_TLS)
async def test_dialogue_goes_under_tls(name: str, piece_octets: int) -> None:
    """Under implicit TLS too, whatever the records are cut into."""
    await play_over_socket(_FOLDER / name, piece_octets, under_tls=True)


@pytest.mark.parametrize("name", _NAMES)
async def test_dialogue_goes_pipelined(name: str) -> None:
    """And when the client says all in one write."""
    await play_over_socket(_FOLDER / name, 100_000, pipelined, under_tls=False)


@pytest.mark.parametrize("name", _UNDER_TLS)
async def test_dialogue_goes_pipelined_under_tls(name: str) -> None:
    """And in one write under TLS."""
    await play_over_socket(_FOLDER / name, 100_000, pipelined, under_tls=True)

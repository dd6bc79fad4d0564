"""Every dialogue of tests/dialogues goes over sockets as it is written, however the client's octets are cut."""

from pathlib import Path

import pytest

from fakes.dialogue import pipelined
from fakes.loops import run_under
from fakes.socket_dialogue import play_over_socket

_FOLDER = Path(__file__).parents[1] / "dialogues"
_NAMES = sorted(path.name for path in _FOLDER.glob("*.smtp"))
# STARTTLS is not offered under TLS: these are played in the clear alone, with a real handshake at their `T:`.
_UNDER_TLS = [name for name in _NAMES if "starttls" not in (_FOLDER / name).read_text().partition("\nS")[0]]


_WHOLE = 100_000


@pytest.mark.parametrize("under_tls", [False, True])
@pytest.mark.parametrize("name", _NAMES)
@pytest.mark.parametrize("way", ["octet by octet", "line by line", "pipelined"])
def test_dialogue_goes_over_sockets(name: str, way: str, under_tls: bool) -> None:
    """In the clear and under TLS, however the client's octets come; in turn under each event loop."""
    if under_tls and name not in _UNDER_TLS:
        return
    piece_octets = 1 if way == "octet by octet" else _WHOLE
    order = pipelined if way == "pipelined" else tuple
    # Octet by octet asyncio is the slower loop, so it finds more races; the others are played under the cells' own.
    loop = "asyncio" if way == "octet by octet" else "uvloop"
    run_under(loop, lambda: play_over_socket(_FOLDER / name, piece_octets, order, under_tls=under_tls))

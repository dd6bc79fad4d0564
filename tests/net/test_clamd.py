"""What a ClamAV daemon answers is heard however its connection ends."""

from __future__ import annotations

import os
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scop.net.clamd import ClamdPlace, TooLongForScanner, scan
from scop.net.faults import TemporaryFailure

RESET = struct.pack("ii", 1, 0)  # SO_LINGER: close by a reset
LONG_OCTETS = 32 << 20  # more than the buffers of both ends hold


@contextmanager
def daemon(answer: bytes) -> Iterator[ClamdPlace]:
    """A daemon that reads the command, answers and resets the connection, whatever is still on its way."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with listener.accept()[0] as connection:
                connection.recv(1)
                connection.sendall(answer)
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)

        thread = threading.Thread(target=serve)
        thread.start()
        yield ClamdPlace("127.0.0.1", listener.getsockname()[1])
        thread.join(10)


@pytest.fixture
def long_mail(tmp_path: Path) -> Iterator[int]:
    """A descriptor of octets that no socket takes at once."""
    descriptor = os.open(tmp_path / "mail", os.O_RDWR | os.O_CREAT)
    os.truncate(descriptor, LONG_OCTETS)
    yield descriptor
    os.close(descriptor)


async def test_answer_before_a_reset_is_heard(long_mail: int) -> None:
    """It says why it takes no more, and closes with octets unread, which resets the connection under our writing."""
    with daemon(b"INSTREAM size limit exceeded. ERROR\0") as place, pytest.raises(TooLongForScanner):
        await scan(place, long_mail, LONG_OCTETS)


async def test_name_before_a_reset_is_heard(long_mail: int) -> None:
    """What is found at the beginning need not be read to its end."""
    with daemon(b"stream: Own.Tide FOUND\0") as place:
        assert "Own.Tide" == await scan(place, long_mail, LONG_OCTETS)


@pytest.mark.parametrize("answer", [b"", b"stream: O"])
async def test_reset_without_an_answer_is_for_another_time(long_mail: int, answer: bytes) -> None:
    """It may have died."""
    with daemon(answer) as place, pytest.raises(TemporaryFailure, match="clamd"):
        await scan(place, long_mail, LONG_OCTETS)

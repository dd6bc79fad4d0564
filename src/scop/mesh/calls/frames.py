"""Frames on a stream: a length of four octets, then that many."""

from __future__ import annotations

from collections.abc import Iterator

from scop.base import LimitExceeded

__all__ = ["MAX_FRAME_OCTETS", "FrameReader", "frame"]

# Ten thousand accounts in one answer are about 1 MiB; longer things travel in pieces, so that one
# neighbour's frame cannot fill a cell's memory.
MAX_FRAME_OCTETS = 4_194_304

_LENGTH_OCTETS = 4


def frame(payload: bytes) -> bytes:
    """Return the payload as it travels; raise `LimitExceeded` past `MAX_FRAME_OCTETS`."""
    _check(len(payload))
    return len(payload).to_bytes(_LENGTH_OCTETS, "big") + payload


class FrameReader:
    """Cuts a stream into frames, however it was chunked."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = bytearray()

    def receive(self, octets: bytes) -> Iterator[bytes]:
        """Yield each frame that is complete; raise `LimitExceeded` as soon as a length is too large."""
        self._buffer += octets
        while len(self._buffer) >= _LENGTH_OCTETS:
            length = int.from_bytes(self._buffer[:_LENGTH_OCTETS], "big")
            _check(length)
            end = _LENGTH_OCTETS + length
            if len(self._buffer) < end:
                return
            payload = bytes(self._buffer[_LENGTH_OCTETS:end])
            del self._buffer[:end]
            yield payload


def _check(length: int) -> None:
    if length > MAX_FRAME_OCTETS:
        raise LimitExceeded(f"a frame of {length} octets, at most {MAX_FRAME_OCTETS}")

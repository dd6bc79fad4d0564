"""DNS messages on a stream: two octets of length before each.

Standards: RFC 1035 §4.2.2, RFC 7766 §8.
"""

from __future__ import annotations

from scop.base import LocalProtocolError, RemoteProtocolError

__all__ = ["FrameReader", "frame"]

_LENGTH_OCTETS = 2
_MIN_MESSAGE_OCTETS = 12  # a header
_MAX_MESSAGE_OCTETS = 65_535


def frame(message: bytes) -> bytes:
    """Return the message with its length before it."""
    if len(message) > _MAX_MESSAGE_OCTETS:
        raise LocalProtocolError(f"a DNS message of {len(message)} octets")
    return len(message).to_bytes(_LENGTH_OCTETS, "big") + message


class FrameReader:
    """Cuts what arrives into messages; keeps at most one unfinished."""

    __slots__ = ("_buffer",)

    def __init__(self) -> None:
        self._buffer = b""

    def receive(self, octets: bytes) -> list[bytes]:
        """Return the messages that `octets` completes; raises `RemoteProtocolError` for one without a header."""
        buffer = self._buffer + octets if self._buffer else octets
        messages, start = list[bytes](), 0
        while len(buffer) - start >= _LENGTH_OCTETS:
            size = buffer[start] << 8 | buffer[start + 1]
            if size < _MIN_MESSAGE_OCTETS:
                raise RemoteProtocolError(f"a frame of {size} octets holds no DNS message")
            stop = start + _LENGTH_OCTETS + size
            if stop > len(buffer):
                break
            messages.append(buffer[start + _LENGTH_OCTETS : stop])
            start = stop
        self._buffer = buffer[start:]
        return messages

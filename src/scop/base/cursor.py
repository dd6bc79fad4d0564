"""A bounded reader over octets: every read checks the end, so a parser cannot run past it."""

from __future__ import annotations

from scop.base.errors import RemoteProtocolError

__all__ = ["Cursor"]


class Cursor:
    """Reads big-endian integers and slices from `octets[position:end]`.

    Raises `RemoteProtocolError` when a read would pass the end.
    """

    __slots__ = ("end", "octets", "position")

    def __init__(self, octets: bytes, position: int = 0, end: int | None = None) -> None:
        limit = len(octets) if end is None else end
        if not 0 <= position <= limit <= len(octets):
            raise ValueError(f"cursor bounds {position}..{limit} outside of {len(octets)} octets")
        self.octets = octets
        self.position = position
        self.end = limit

    @property
    def remaining(self) -> int:
        """Octets not yet read."""
        return self.end - self.position

    def take(self, count: int) -> bytes:
        """Return the next `count` octets."""
        start = self.position
        stop = start + count
        if count < 0 or stop > self.end:
            raise RemoteProtocolError(f"{count} octets wanted at {start}, {self.remaining} left")
        self.position = stop
        return self.octets[start:stop]

    def rest(self) -> bytes:
        """Return everything that is left."""
        return self.take(self.remaining)

    def u8(self) -> int:
        """Return the next octet as a number."""
        return int.from_bytes(self.take(1), "big")

    def u16(self) -> int:
        """Return the next two octets as a number."""
        return int.from_bytes(self.take(2), "big")

    def u32(self) -> int:
        """Return the next four octets as a number."""
        return int.from_bytes(self.take(4), "big")

"""A message as it comes in, piece by piece, in hardly more memory than its octets.

A client chooses the size of the pieces: kept one by one, pieces of two octets would cost thirty times as much.

Standards: RFC 3030 §2 (a chunk may be of any size).
"""

from __future__ import annotations

__all__ = ["MessagePieces"]

SMALL_OCTETS = 4096  # a smaller piece is copied to those before it; the object costs some 40 octets by itself
JOINED_OCTETS = 65_536  # of small pieces that are kept together; a larger buffer would be moved as it grows


class MessagePieces:
    """What came of a message so far."""

    __slots__ = ("_pieces", "_small")

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self._small = bytearray()

    def __len__(self) -> int:
        """Return how many pieces are held."""
        return len(self._pieces) + bool(self._small)

    def add(self, octets: bytes) -> None:
        """Take the next piece."""
        if len(octets) < SMALL_OCTETS and self._pieces:  # a small message in one piece is never copied
            self._small += octets
            if len(self._small) >= JOINED_OCTETS:
                self._join_small()
        else:
            self._join_small()
            self._pieces.append(octets)

    def take(self) -> bytes:
        """Return the whole message and forget it."""
        self._join_small()
        pieces, self._pieces = self._pieces, []
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def clear(self) -> None:
        """Forget it."""
        self._pieces.clear()
        self._small.clear()

    def _join_small(self) -> None:
        if self._small:
            self._pieces.append(bytes(self._small))
            self._small.clear()

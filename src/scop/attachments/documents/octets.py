"""Reads little-endian numbers and strings out of hostile octets: what is not there is an error of the value."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from scop.attachments.archives.pieces import inflated

__all__ = ["Reading", "inflated_as_far_as_sound"]


def inflated_as_far_as_sound(octets: bytes, start: int = 0) -> Iterator[bytes]:
    """Yield what a zlib stream unpacks to, up to where it is cut or wrong: so do the programs that show documents."""
    try:
        yield from inflated(octets, start, len(octets), wbits=zlib.MAX_WBITS)
    except (zlib.error, EOFError):
        return


class Reading:
    """A place in octets that moves on as they are read."""

    __slots__ = ("octets", "position")

    def __init__(self, octets: bytes, position: int = 0) -> None:
        self.octets = octets
        self.position = position

    def take(self, count: int) -> bytes:
        """Return the next octets; a `ValueError` where there are fewer."""
        taken = self.octets[self.position : self.position + count]
        if count < 0 or len(taken) < count:
            raise ValueError(f"{count} octets wanted at {self.position}, {len(taken)} left")
        self.position += count
        return taken

    def number(self, size: int) -> int:
        """Return the next number of `size` octets."""
        return int.from_bytes(self.take(size), "little")

    def text_to_zero(self, max_octets: int = 1_024) -> str:
        """Return the text up to the next zero octet, at most `max_octets` of it."""
        end = self.octets.find(b"\0", self.position, self.position + max_octets)
        if end < 0:
            raise ValueError("a text without an end")
        text = self.octets[self.position : end].decode("cp1252", "replace")
        self.position = end + 1
        return text

    def counted_text(self) -> str:
        """Return a text that its length with the zero octet precedes (MS-OLEDS §2.1.4)."""
        return self.take(self.number(4)).split(b"\0", 1)[0].decode("cp1252", "replace")

"""Where in a mail something is drawn: what it may hold depends on what stands around it."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Surroundings"]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """The line end of the mail, the boundaries of the multiparts around, and how many entities those are."""

    line_end: str
    is_utf8: bool = False  # whether addresses may be beyond ASCII (RFC 6531)
    boundaries: tuple[str, ...] = ()
    depth: int = 0

    def within(self, boundary: str = "") -> Surroundings:
        """Return what surrounds the parts of an entity that stands here."""
        boundaries = (*self.boundaries, boundary) if boundary else self.boundaries
        return Surroundings(self.line_end, self.is_utf8, boundaries, self.depth + 1)

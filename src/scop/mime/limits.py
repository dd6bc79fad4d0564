"""How much structure one mail may make us build; the octets themselves are bounded by whoever received them."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["DEFAULT_LIMITS", "Limits"]

MAX_DEPTH = 50  # mail seen in the wild stays below 10; more only costs us
MAX_PARTS = 1_000  # the same, by count: mail with hundreds of attachments exists
MAX_FIELDS = 2_000  # of one header; Postfix stops at 100 KiB of header


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of a parse: what lies beyond them stays unread and is named in `defects`."""

    depth: int = MAX_DEPTH  # levels of multipart and message/rfc822 below the top
    parts: int = MAX_PARTS  # entities below the top, together
    fields: int = MAX_FIELDS  # header fields of one entity

    def __post_init__(self) -> None:
        if not 0 <= self.depth <= 200:  # parts are cut by recursion: stay far from the interpreter's own bound
            raise ValueError(f"depth {self.depth} is not within 0..200")
        if self.parts < 0 or self.fields < 0:
            raise ValueError("limits are not negative")


DEFAULT_LIMITS = Limits()

"""Which reader looks into which type of thing."""

from __future__ import annotations

from scop.attachments import archives
from scop.attachments.thing import Reader
from scop.attachments.true_types import TrueType

__all__ = ["readers_of"]

_READERS: dict[TrueType, tuple[Reader, ...]] = {**archives.READERS}


def readers_of(kind: TrueType) -> tuple[Reader, ...]:
    """Return those who look into things of this type, the first one first."""
    return _READERS.get(kind, ())

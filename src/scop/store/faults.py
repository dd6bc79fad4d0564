"""What can go wrong with stored state."""

from __future__ import annotations

__all__ = ["Conflict", "StoreError"]


class StoreError(Exception):
    """The store cannot do what was asked: made by a newer release, busy for too long, or closed."""


class Conflict(StoreError):
    """Somebody else changed the same path since it was read."""

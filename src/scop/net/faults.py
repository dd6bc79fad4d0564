"""What can go wrong between us and a peer: worth another try, or not."""

from __future__ import annotations

__all__ = ["PermanentFailure", "TemporaryFailure"]


class TemporaryFailure(Exception):
    """It may work later: a neighbour is down, silent or busy."""


class PermanentFailure(Exception):
    """It will not work the same way again: refused, not granted, not there."""

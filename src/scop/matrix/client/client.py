"""The client: one account on one device, what it knows of its rooms, and all it can do there."""

from __future__ import annotations

from scop.matrix.steps import Surroundings

__all__ = ["Client"]


class Client:
    """One account on one device."""

    def __init__(self, surroundings: Surroundings) -> None:
        self._surroundings = surroundings

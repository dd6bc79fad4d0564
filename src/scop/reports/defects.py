"""What a reader notes while it goes on: sentences, each once, and not without end."""

from __future__ import annotations

__all__ = ["Defects"]

MAX_DEFECTS = 50


class Defects:
    """The defects of one report; `lenient` says whether also what is misspelt is read."""

    __slots__ = ("_found", "lenient")

    def __init__(self, *, lenient: bool = False) -> None:
        self._found: dict[str, None] = {}
        self.lenient = lenient

    def note(self, sentence: str) -> None:
        """Note that the report departs from its standard."""
        if len(self._found) < MAX_DEFECTS:
            self._found[sentence] = None

    def all(self) -> tuple[str, ...]:
        """Return what was noted, the first one first."""
        return tuple(self._found)

"""What our push rules want done about an event."""

from __future__ import annotations

from scop.matrix.client.event import Event
from scop.matrix.client.room import Room
from scop.matrix.json_values import JsonObject

__all__ = ["Pushing"]


class Pushing:
    """The rules that our homeserver keeps for us, evaluated here: it cannot read what is encrypted."""

    def __init__(self) -> None:
        self._rules: JsonObject | None = None

    def load(self, rules: JsonObject | None) -> None:
        """Take the content of m.push_rules."""
        self._rules = rules

    def evaluate(self, room: Room, event: Event) -> tuple[object, ...]:
        """Return the actions for an event that someone else sent."""
        return ()

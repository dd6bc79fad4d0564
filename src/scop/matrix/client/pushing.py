"""What our push rules want done about an event: our homeserver keeps them, we evaluate them, as it cannot read all."""

from __future__ import annotations

from collections.abc import Mapping

from scop.matrix.client.event import Event
from scop.matrix.client.room import Room
from scop.matrix.push_rules import Action, Circumstances, PushRules, default_push_rules

__all__ = ["Pushing"]


class Pushing:
    """The rules as the last sync that changed them brought them; until then those that everybody has."""

    def __init__(self) -> None:
        self._content: object = None
        self._rules: PushRules | None = None

    def load(self, content: object) -> None:
        """Take the content of m.push_rules."""
        self._content, self._rules = content, None

    def evaluate(self, room: Room, event: Event) -> tuple[Action, ...]:
        """Return the actions for an event; there are none for those that we sent."""
        if event.sender == room.own_user_id:
            return ()
        if self._rules is None:
            default = default_push_rules(room.own_user_id)
            self._rules = PushRules.parse(default if self._content is None else self._content)
        return self._rules.evaluate(event.json, _circumstances(room, event.sender))


def _circumstances(room: Room, sender: str) -> Circumstances:
    ours, powers = room.members.get(room.own_user_id), room.powers
    notifications = powers.levels.get("notifications")
    levels: Mapping[str, object] = notifications if isinstance(notifications, dict) else {}
    return Circumstances(
        room.own_user_id,
        room.room_id,
        None if ours is None else ours.display_name,
        room.joined_count,
        powers.of(sender),
        {key: level for key, level in levels.items() if isinstance(level, int)},
    )

"""What was said lately, so that answers, threads, reactions and edits show what they are about."""

from __future__ import annotations

from scop.matrix.client.event import Event, text_of

__all__ = ["Heard"]

MAX_HEARD = 2000
MAX_BODY_CHARACTERS = 200
MAX_QUOTED_CHARACTERS = 40


class Heard:
    """Remembers who said what, by the ids of events; the oldest is forgotten."""

    def __init__(self) -> None:
        self._said: dict[str, tuple[str, str]] = {}

    def note(self, event: Event) -> None:
        """Take an event in; an edit by its sender changes what was said."""
        about = event.replaces or event.event_id
        if about in self._said and self._said[about][0] != event.sender:
            return
        new = event.content.get("m.new_content")
        body = text_of(new, "body") if event.replaces and isinstance(new, dict) else event.body
        if not body:
            return
        self._said[about] = event.sender, body.replace("\n", " ")[:MAX_BODY_CHARACTERS]
        if len(self._said) > MAX_HEARD:
            del self._said[next(iter(self._said))]

    def sender(self, event_id: str) -> str | None:
        """Return who sent an event; None where it was not heard."""
        return self._said[event_id][0] if event_id in self._said else None

    def quoted(self, event_id: str) -> str:
        """Return the beginning of what an event says."""
        body = self._said[event_id][1] if event_id in self._said else ""
        return body if len(body) <= MAX_QUOTED_CHARACTERS else f"{body[: MAX_QUOTED_CHARACTERS - 1]}…"

"""How far we have read, that we are typing, and that we are there.

Standards: Matrix v1.19 CS §Receipts, §Fully read markers, §Typing Notifications, §Presence.
"""

from __future__ import annotations

from scop.matrix.api.client_server.presence import GetPresence, SetPresence
from scop.matrix.api.client_server.read_markers import SetReadMarker
from scop.matrix.api.client_server.receipts import PostReceipt
from scop.matrix.api.client_server.typing import SetTyping
from scop.matrix.client.core import Core
from scop.matrix.client.happenings import PresenceChanged
from scop.matrix.client.options import Presence
from scop.matrix.steps import Steps, ask

__all__ = ["Presences", "Reading"]


class Reading:
    """Tells rooms what we have read and what we are about to say."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def read(self, room_id: str, event_id: str, thread_id: str | None = None) -> Steps[None]:
        """Tell the room that we have read up to an event (`main` is the thread of what is in no thread)."""
        yield from ask(PostReceipt(room_id=room_id, receipt_type="m.read", event_id=event_id, thread_id=thread_id))

    def read_privately(self, room_id: str, event_id: str, thread_id: str | None = None) -> Steps[None]:
        """Tell our homeserver alone."""
        request = PostReceipt(room_id=room_id, receipt_type="m.read.private", event_id=event_id, thread_id=thread_id)
        yield from ask(request)

    def mark_fully_read(self, room_id: str, event_id: str) -> Steps[None]:
        """Note for our other devices that we have read all up to an event."""
        yield from ask(SetReadMarker(room_id=room_id, fully_read=event_id))

    def typing(self, room_id: str, seconds: float = 30) -> Steps[None]:
        """Tell the room that we are typing, for so long at most."""
        yield from ask(SetTyping(user_id=self._core.user_id, room_id=room_id, typing=True, timeout=int(seconds * 1000)))

    def stopped_typing(self, room_id: str) -> Steps[None]:
        """Tell the room that we are not typing."""
        yield from ask(SetTyping(user_id=self._core.user_id, room_id=room_id, typing=False))


class Presences:
    """Who is there."""

    def __init__(self, core: Core) -> None:
        self._core = core

    def known(self, user_id: str) -> PresenceChanged | None:
        """Return what syncs said of someone since this client was made."""
        return self._core.presence.get(user_id)

    def get(self, user_id: str) -> Steps[PresenceChanged]:
        """Ask for someone."""
        found = yield from ask(GetPresence(user_id=user_id))
        return PresenceChanged(user_id, found.presence, found.status_msg, found.currently_active, found.last_active_ago)

    def set(self, presence: Presence, status_message: str | None = None) -> Steps[None]:
        """Say what we are."""
        yield from ask(SetPresence(user_id=self._core.user_id, presence=presence.value, status_msg=status_message))

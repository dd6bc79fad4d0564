"""Messages and what is done to them, each sent once; encrypted where the room is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.base import LocalProtocolError
from scop.matrix.client.contents import (
    NOBODY,
    Attachment,
    Kind,
    Mentions,
    Message,
    Words,
    as_edit,
    as_reply,
    file_content,
    in_thread,
    message_content,
    reaction_content,
)
from scop.matrix.client.core import Core
from scop.matrix.client.event import Event
from scop.matrix.client.loading import Loading
from scop.matrix.client.outbox import Entry, Outbox
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps

if TYPE_CHECKING:
    from scop.matrix.encryption import Machine

__all__ = ["Sending"]

_MESSAGE = "m.room.message"
_SEALED = "m.room.encrypted"
_THREADS = 1000  # whose latest events are remembered
# Their meaning stands in m.relates_to, which is never encrypted.
_IN_THE_CLEAR = ("m.reaction", "m.room.redaction")


class Sending:
    """Sends into rooms; each method returns the id of the event."""

    def __init__(self, core: Core, outbox: Outbox, loading: Loading) -> None:
        self._core = core
        self._outbox = outbox
        self._loading = loading
        self._latest: dict[str, str] = {}  # of threads: the event that was sent last
        outbox.seal = self._sealed_now

    def event(
        self, room_id: str, event_type: str, content: JsonObject, transaction_id: str | None = None
    ) -> Steps[str]:
        """Send any event that is no state, once for each transaction id where one is said."""
        transaction_id = yield from self.queue(room_id, event_type, content, transaction_id)
        return (yield from self._outbox.deliver(transaction_id))

    def queue(
        self, room_id: str, event_type: str, content: JsonObject, transaction_id: str | None = None
    ) -> Steps[str]:
        """Encrypt an event where the room is, and keep it to be sent; return its transaction id."""
        if transaction_id is not None and self._outbox.has(transaction_id):
            return transaction_id
        event_type, content = yield from self._sealed(room_id, event_type, content)
        return (yield from self._outbox.put(room_id, event_type, content, transaction_id=transaction_id))

    def message(self, room_id: str, words: Words) -> Steps[str]:
        """Send a message."""
        return (yield from self.event(room_id, _MESSAGE, message_content(words)))

    def text(self, room_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Send words."""
        return (yield from self.message(room_id, Message(body, html)))

    def notice(self, room_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Send words of a program."""
        return (yield from self.message(room_id, Message(body, html, Kind.NOTICE)))

    def emote(self, room_id: str, body: str, html: str | None = None) -> Steps[str]:
        """Say what we do."""
        return (yield from self.message(room_id, Message(body, html, Kind.EMOTE)))

    def file(self, room_id: str, attachment: Attachment) -> Steps[str]:
        """Show a file that was uploaded."""
        return (yield from self.event(room_id, _MESSAGE, file_content(attachment)))

    def edit(self, room_id: str, event_id: str, words: Words, newly_mentioned: Mentions = NOBODY) -> Steps[str]:
        """Replace what a message of ours says; only those that are newly mentioned are told."""
        content = as_edit(message_content(words), event_id, newly_mentioned)
        return (yield from self.event(room_id, _MESSAGE, content))

    def reply(self, room_id: str, event_id: str, words: Words, thread_id: str | None = None) -> Steps[str]:
        """Answer an event, in its thread where it is in one."""
        return (yield from self.event(room_id, _MESSAGE, as_reply(message_content(words), event_id, thread_id)))

    def in_thread(self, room_id: str, thread_id: str, words: Words) -> Steps[str]:
        """Go on in the thread that begins with an event."""
        content = in_thread(message_content(words), thread_id, self._latest.get(thread_id))
        event_id = yield from self.event(room_id, _MESSAGE, content)
        self._put_latest(thread_id, event_id)
        return event_id

    def react(self, room_id: str, event_id: str, key: str) -> Steps[str]:
        """Annotate an event by an emoji or a word."""
        return (yield from self.event(room_id, "m.reaction", reaction_content(event_id, key)))

    def redact(self, room_id: str, event_id: str, reason: str | None = None) -> Steps[str]:
        """Take the content of an event away."""
        content: JsonObject = {} if reason is None else {"reason": reason}
        transaction_id = yield from self._outbox.put(room_id, "m.room.redaction", content, redacts=event_id)
        return (yield from self._outbox.deliver(transaction_id))

    def noticed(self, event: Event) -> None:
        """Take in that an event came, which may be the latest of a thread."""
        if (thread_id := event.thread_id) is not None:
            self._put_latest(thread_id, event.event_id)

    def _put_latest(self, thread_id: str, event_id: str) -> None:
        self._latest.pop(thread_id, None)
        self._latest[thread_id] = event_id
        if len(self._latest) > _THREADS:
            del self._latest[next(iter(self._latest))]

    def _sealed(self, room_id: str, event_type: str, content: JsonObject) -> Steps[tuple[str, JsonObject]]:
        """Return type and content as they go out."""
        if event_type in _IN_THE_CLEAR:
            return event_type, content
        room, machine = (yield from self._loading.room(room_id)), self._core.encryption
        if not (room.is_encrypted or (machine is not None and machine.is_encrypted(room_id))):
            return event_type, content
        if machine is None:
            # Stricter than Matrix v1.19: nothing goes into an encrypted room in the clear.
            raise LocalProtocolError(f"{room_id} is encrypted, and there is nothing here to encrypt with")
        return _SEALED, (yield from self._encrypted(machine, room_id, event_type, content))

    def _sealed_now(self, entry: Entry) -> Steps[tuple[str, JsonObject]]:
        """Return what waited as it goes out; encrypted too, where its room became so meanwhile."""
        room, machine = self._core.rooms.get(entry.room_id), self._core.encryption
        is_encrypted = machine is not None and machine.is_encrypted(entry.room_id)
        if entry.event_type == _SEALED or not (is_encrypted or (room is not None and room.is_encrypted)):
            return entry.event_type, entry.content
        return (yield from self._sealed(entry.room_id, entry.event_type, entry.content))

    def _encrypted(self, machine: Machine, room_id: str, event_type: str, content: JsonObject) -> Steps[JsonObject]:
        from scop.matrix.encryption import EncryptedRoom

        room = yield from self._loading.members(room_id)
        visibility = room.history_visibility
        # Matrix v1.19 CS §Room history visibility: `joined` shows nothing to those who are only invited.
        readers = room.members.of("join") if visibility == "joined" else room.members.of("join", "invite")
        to = EncryptedRoom(room.room_id, room.encryption or {}, frozenset(readers), visibility)
        return (yield from machine.encrypt(to, event_type, content))

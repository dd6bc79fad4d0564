"""What is to be sent: each message is kept with its transaction id before it goes out, and until it did.

A homeserver takes a transaction of a device once, however often it is asked. So whatever breaks in between, a process,
the network, the server, the same id goes out again and the message is there once. What came back in a sync with its
transaction id needs no asking.

Standards: Matrix v1.19 CS §Transaction identifiers.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TypeAlias

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.redaction import RedactEvent
from scop.matrix.api.client_server.room_send import SendMessage
from scop.matrix.api.errors import MatrixError
from scop.matrix.client.core import Core, Entries
from scop.matrix.client.happenings import NotSent
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Change, Shelf, Steps, ask, keep

__all__ = ["Entry", "Outbox"]

_REMEMBERED = 1000  # transactions whose events are known, for those who still ask for them
_MAY_BE_TAKEN = (401, 408, 429)  # refusals that say nothing of what was to be sent


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event that is to be sent, as it goes out: encrypted already. With `redacts` it is a redaction."""

    order: int
    transaction_id: str
    room_id: str
    event_type: str
    content: JsonObject
    redacts: str | None = None


Seal: TypeAlias = Callable[[Entry], Steps[tuple[str, JsonObject]]]  # type and content as they go out


class Outbox:
    """Entries in the order in which they were asked for."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self.seal: Seal | None = None
        self.load({})

    def load(self, entries: Entries) -> None:
        """Take what was kept for what is to be sent."""
        read = [_read(octets) for octets in entries.get(Shelf.OUTBOX, {}).values()]
        self._waiting = {entry.transaction_id: entry for entry in sorted(read, key=lambda entry: entry.order)}
        self._order = max((entry.order for entry in read), default=0)
        self._sent: dict[str, str] = {}
        # What the server does not take, when others followed.
        self.refused: deque[tuple[Entry, MatrixError]] = deque(maxlen=_REMEMBERED)

    @property
    def waiting(self) -> tuple[Entry, ...]:
        """What was not sent yet, as far as we know."""
        return tuple(self._waiting.values())

    def put(
        self,
        room_id: str,
        event_type: str,
        content: JsonObject,
        redacts: str | None = None,
        transaction_id: str | None = None,
    ) -> Steps[str]:
        """Keep what is to be sent; return its transaction id.

        Who keeps a queue of its own says the id itself; what waits under it already stays as it is.
        """
        if transaction_id is None:
            transaction_id = self._core.new_transaction_id()
        elif self.has(transaction_id):
            return transaction_id
        self._order += 1
        entry = Entry(self._order, transaction_id, room_id, event_type, content, redacts)
        yield from keep(Change(Shelf.OUTBOX, transaction_id, msgspec.json.encode(entry)))
        self._waiting[transaction_id] = entry
        return transaction_id

    def has(self, transaction_id: str) -> bool:
        """Tell whether something waits, or was sent lately, under a transaction id."""
        return transaction_id in self._waiting or transaction_id in self._sent

    def deliver(self, transaction_id: str) -> Steps[str]:
        """Send one entry, after those of its room that waited longer; return the id of the event.

        Raises the `MatrixError` with which the server refuses it for good; the entry is gone then.
        """
        entry = self._waiting.get(transaction_id)
        if entry is not None:
            for earlier in [one for one in self.waiting if one.room_id == entry.room_id and one.order < entry.order]:
                yield from self._deliver_and_note(earlier)
        return (yield from self._deliver(transaction_id))

    def resume(self) -> Steps[tuple[str, ...]]:
        """Send all that waits, in order; what the server refuses for good comes into `refused`."""
        sent = []
        for entry in self.waiting:
            event_id = yield from self._deliver_and_note(entry)
            if event_id is not None:
                sent.append(event_id)
        return tuple(sent)

    def cancel(self, transaction_id: str) -> Steps[None]:
        """Send an entry no longer; if the server has it already, it stays there."""
        if self._waiting.pop(transaction_id, None) is not None:
            yield from keep(Change(Shelf.OUTBOX, transaction_id, None))

    def take_refused(self) -> tuple[NotSent, ...]:
        """Return what was refused for good while others followed, and was not returned before."""
        refused = tuple(self.refused)
        self.refused.clear()
        return tuple(
            NotSent(entry.room_id, entry.transaction_id, entry.event_type, refusal.errcode, refusal.error)
            for entry, refusal in refused
        )

    def came_back(self, transaction_id: str | None, event_id: str) -> tuple[Change, ...]:
        """Take in that a sync shows an event of ours; return what is no longer kept."""
        if transaction_id is None or self._waiting.pop(transaction_id, None) is None:
            return ()
        self._remember(transaction_id, event_id)
        return (Change(Shelf.OUTBOX, transaction_id, None),)

    def _deliver_and_note(self, entry: Entry) -> Steps[str | None]:
        try:
            return (yield from self._deliver(entry.transaction_id))
        except MatrixError as refusal:
            if not _is_final(refusal):
                raise
            self.refused.append((entry, refusal))
            return None
        except LocalProtocolError:
            return None  # it cannot be encrypted here: it waits for a client that can

    def _deliver(self, transaction_id: str) -> Steps[str]:
        entry = self._waiting.get(transaction_id)
        if entry is None:
            if transaction_id in self._sent:
                return self._sent[transaction_id]
            raise LocalProtocolError(f"there is nothing to send by the transaction {transaction_id}")
        entry = yield from self._sealed(entry)
        try:
            event_id = yield from _asked(entry)
        except MatrixError as refusal:
            if _is_final(refusal):
                yield from self.cancel(transaction_id)
            raise
        self._remember(transaction_id, event_id)
        yield from self.cancel(transaction_id)
        return event_id

    def _sealed(self, entry: Entry) -> Steps[Entry]:
        """Return an entry encrypted, where its room was not when it was put here, and is now."""
        if self.seal is None:
            return entry
        event_type, content = yield from self.seal(entry)
        if event_type == entry.event_type:
            return entry
        entry = msgspec.structs.replace(entry, event_type=event_type, content=content)
        yield from keep(Change(Shelf.OUTBOX, entry.transaction_id, msgspec.json.encode(entry)))
        self._waiting[entry.transaction_id] = entry
        return entry

    def _remember(self, transaction_id: str, event_id: str) -> None:
        self._sent[transaction_id] = event_id
        if len(self._sent) > _REMEMBERED:
            del self._sent[next(iter(self._sent))]


def _asked(entry: Entry) -> Steps[str]:
    if entry.redacts is None:
        sent = yield from ask(
            SendMessage(
                room_id=entry.room_id,
                event_type=entry.event_type,
                txn_id=entry.transaction_id,
                content=entry.content,
            )
        )
        return sent.event_id
    reason = entry.content.get("reason")
    redacted = yield from ask(
        RedactEvent(
            room_id=entry.room_id,
            event_id=entry.redacts,
            txn_id=entry.transaction_id,
            reason=reason if isinstance(reason, str) else None,
        )
    )
    return redacted.event_id or ""


def _is_final(refusal: MatrixError) -> bool:
    """Tell whether a server will never take what it refuses."""
    is_refused = refusal.is_of_homeserver and not refusal.may_pass
    return is_refused and 400 <= refusal.status < 500 and refusal.status not in _MAY_BE_TAKEN


def _read(octets: bytes) -> Entry:
    try:
        return msgspec.json.decode(octets, type=Entry)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RemoteProtocolError("what is kept to be sent cannot be read") from error

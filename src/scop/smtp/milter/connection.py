"""One connection of a mail server to a filter, seen from the filter.

Theory of operation: a row of the table is a state, a cell says where an event leads; what is not in its state's row is
out of sequence. Most events want an answer before the next one is looked at. Which do not was agreed on at the
beginning; there `send(CONTINUE)` writes nothing, so that a driver answers everything alike. Macros come in packets of
their own before the event that they belong to, and are kept until that kind of event comes again.

Standards: Sendmail libmilter (mfdef.h, engine.c's order of commands); Postfix MILTER_README.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import Cursor, LocalProtocolError, RemoteProtocolError
from scop.smtp.events import NEED_DATA, NeedData
from scop.smtp.milter.answers import (
    CONTINUE,
    SKIP,
    Answer,
    Change,
    ChangeField,
    InsertField,
    Plain,
    Quarantine,
    Refusal,
)
from scop.smtp.milter.events import (
    Abort,
    BodyChunk,
    Connect,
    DataBegin,
    Event,
    Field,
    HeaderEnd,
    Helo,
    Mail,
    MessageEnd,
    Negotiation,
    Quit,
    Recipient,
    Unknown,
)
from scop.smtp.milter.packets import PacketReader, command_of, macros_of, packet
from scop.smtp.milter.words import Action, Step

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["MilterConnection", "Wishes"]

OLDEST_VERSION, NEWEST_VERSION = 2, 6
_V2_STEPS = Step(0x7F)  # all that Sendmail 8.11 to 8.13 know (SMFI_V2_PROT)
_CLIENT_MACROS = b"CH"
_MACROS = b"CHMRTLNBEU"  # of packets that mail servers tell macros for; all but those of the client are of one message


class _State(enum.Enum):
    NEW = "new"  # nothing is agreed on
    OPEN = "open"  # no message
    ENVELOPE = "envelope"
    HEADER = "header"
    BODY = "body"
    CLOSED = "closed"


_S = _State
# A message may be left at any point, and a new one begin.
_ALWAYS: Mapping[type, _State] = {Mail: _S.ENVELOPE, Helo: _S.OPEN, Connect: _S.OPEN, Abort: _S.OPEN}
_TABLE: Mapping[_State, Mapping[type, _State]] = {
    _S.NEW: {},
    _S.OPEN: {**_ALWAYS, Unknown: _S.OPEN, Quit: _S.CLOSED},
    _S.ENVELOPE: {
        **_ALWAYS,
        Unknown: _S.ENVELOPE,
        Recipient: _S.ENVELOPE,
        DataBegin: _S.ENVELOPE,
        Field: _S.HEADER,
        HeaderEnd: _S.BODY,
        BodyChunk: _S.BODY,
        MessageEnd: _S.OPEN,
        Quit: _S.CLOSED,
    },
    _S.HEADER: {
        **_ALWAYS,
        Field: _S.HEADER,
        HeaderEnd: _S.BODY,
        BodyChunk: _S.BODY,  # where the end of the header is not told
        MessageEnd: _S.OPEN,
        Quit: _S.CLOSED,
    },
    _S.BODY: {**_ALWAYS, BodyChunk: _S.BODY, MessageEnd: _S.OPEN, Quit: _S.CLOSED},
    _S.CLOSED: {},
}
_NEVER_ANSWERED: frozenset[type] = frozenset((Abort, Quit))
_SILENT: Mapping[type, Step] = {
    Connect: Step.SILENT_CONNECT,
    Helo: Step.SILENT_HELO,
    Mail: Step.SILENT_MAIL,
    Recipient: Step.SILENT_RECIPIENT,
    DataBegin: Step.SILENT_DATA,
    Unknown: Step.SILENT_UNKNOWN,
    Field: Step.SILENT_FIELD,
    HeaderEnd: Step.SILENT_HEADER_END,
    BodyChunk: Step.SILENT_BODY,
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """What a filter wants: actions that the mail server must know, steps that it takes where it knows them."""

    actions: Action
    steps: Step


class MilterConnection:
    """One connection; several clients of the mail server may follow each other on it."""

    def __init__(self, wishes: Wishes) -> None:
        self._wishes = wishes
        self._reader = PacketReader()
        self._state = _S.NEW
        self._owed: Event | None = None  # the event that waits for its answer
        self._macros: dict[bytes, dict[str, str]] = {}  # by the letter of the packet that they were told for
        self._terms = Negotiation(0, Action(0), Step(0))
        self._unanswered = _NEVER_ANSWERED

    def macro(self, name: str) -> str:
        """Return what the mail server says of the client or the message under a name, '' for nothing."""
        return next((macros[name] for macros in self._macros.values() if name in macros), "")

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the mail server."""
        self._reader.receive_data(octets)

    def next_event(self) -> Event | NeedData:
        """Return what the mail server says next; raises `RemoteProtocolError`, and while an answer is owed our own."""
        if self._owed is not None:
            raise LocalProtocolError("an answer is owed")
        while (found := self._reader.next_packet()) is not None:
            letter, content = found
            if letter == b"D":
                self._note_macros(content)
                continue
            event = self._negotiated(content) if letter == b"O" else command_of(letter, content)
            self._advance(event)
            return event
        return NEED_DATA

    def send(self, said: Answer | Change) -> bytes:
        """Write an answer to the last event, or a change before that; nothing where none is wanted."""
        owed = self._owed
        if isinstance(said, InsertField | ChangeField | Quarantine):
            return self._change(said)
        if owed is None:
            if said in (CONTINUE, SKIP):
                return b""
            raise LocalProtocolError(f"{said} where no answer is wanted")
        if isinstance(owed, Negotiation):
            return self._accept_terms(said)
        if said is SKIP and not isinstance(owed, BodyChunk):
            raise LocalProtocolError("only the rest of a body can be skipped")
        self._owed = None
        is_over = said not in (CONTINUE, SKIP) and not (isinstance(owed, Recipient) and isinstance(said, Refusal))
        if is_over and self._state is not _S.CLOSED:
            self._state = _S.OPEN
        if is_over or isinstance(owed, MessageEnd):
            self._forget(_CLIENT_MACROS)
        if said is SKIP and not self._terms.steps & Step.SKIP:
            said = CONTINUE  # an old mail server sends the rest
        if isinstance(said, Plain):
            return packet(said.value)
        return packet(b"y", said.reply.to_octets().removesuffix(b"\r\n") + b"\0")

    # What the mail server says

    def _advance(self, event: Event) -> None:
        if isinstance(event, Negotiation):
            self._state, self._owed = _S.OPEN, event
            return
        after = _TABLE[self._state].get(type(event))
        if after is None:
            raise RemoteProtocolError(f"{type(event).__name__} in {self._state.value}")
        self._state = after
        if isinstance(event, Abort | Helo):
            self._forget(_CLIENT_MACROS)
        elif isinstance(event, Connect):
            self._forget(b"C")
        elif isinstance(event, Quit) and event.is_followed:
            self._state = _S.OPEN
            self._macros.clear()
        self._owed = None if type(event) in self._unanswered else event

    def _negotiated(self, content: bytes) -> Negotiation:
        """Agree on terms: all actions that we need, of the steps those that both know."""
        if self._state is not _S.NEW:
            raise RemoteProtocolError("a negotiation in the middle")
        cursor = Cursor(content)
        version, actions, offered = cursor.u32(), Action(cursor.u32()), Step(cursor.u32())
        if version < OLDEST_VERSION:
            raise RemoteProtocolError(f"version {version} of the milter protocol; {OLDEST_VERSION} is the oldest")
        if self._wishes.actions & ~actions:
            raise RemoteProtocolError("the mail server does not let a filter do what this one is for")
        if version == OLDEST_VERSION:
            offered &= _V2_STEPS
        steps = self._wishes.steps & offered
        if steps & Step.SKIP:  # a chunk that is not answered cannot be skipped after
            steps &= ~Step.SILENT_BODY
        self._terms = Negotiation(min(version, NEWEST_VERSION), self._wishes.actions, steps)
        self._unanswered = _NEVER_ANSWERED | {kind for kind, silent in _SILENT.items() if silent in steps}
        return self._terms

    def _note_macros(self, content: bytes) -> None:
        letter, macros = macros_of(content)
        if letter == b"M":
            self._forget(_CLIENT_MACROS)
        if letter in _MACROS:
            self._macros[letter] = macros

    def _forget(self, but: bytes) -> None:
        for letter in [letter for letter in self._macros if letter not in but]:
            del self._macros[letter]

    # What we say

    def _accept_terms(self, said: Answer) -> bytes:
        if said is not CONTINUE:
            raise LocalProtocolError("terms are taken as they are")
        self._owed = None
        terms = (self._terms.version, self._terms.actions, self._terms.steps)
        return packet(b"O", b"".join(int(each).to_bytes(4, "big") for each in terms))

    def _change(self, change: Change) -> bytes:
        if not isinstance(self._owed, MessageEnd):
            raise LocalProtocolError("a message is changed when it is whole, and before that is answered")
        if change.action not in self._terms.actions:
            raise LocalProtocolError(f"{change.action.name} was not agreed on")
        match change:
            case InsertField(place, name, body):
                return packet(b"i", place.to_bytes(4, "big") + self._field(name, body))
            case ChangeField(number, name, body):
                return packet(b"m", number.to_bytes(4, "big") + self._field(name, body))
            case Quarantine(reason):
                return packet(b"q", reason.encode("ascii") + b"\0")

    def _field(self, name: bytes, body: bytes) -> bytes:
        """Write a field; the mail server adds the space behind the colon, unless it was agreed that it does not."""
        if body and self._terms.steps & Step.LEADING_SPACE:
            body = b" " + body
        return b"%b\0%b\0" % (name, body.replace(b"\r\n", b"\n"))

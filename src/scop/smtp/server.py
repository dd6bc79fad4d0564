"""The server's machine: octets in, events out, replies in, octets out; SMTP and LMTP.

Theory of operation: `next_event` returns what the client asks for; the caller decides and gives its
`Reply` to `send`, whose octets go to the client; only then the next event can be had. So pipelined
commands are answered in order by construction. `Refused`, `DataRefused` and `Challenge` bear their
reply. During a message `DataChunk`s come, which want no reply, then `DataEnd` or `DataRefused`.
The machine never reads a clock and owns no socket.

Standards: RFC 5321; RFC 2033 (LMTP); RFC 2920 (pipelining); RFC 3207 §4.2 (after STARTTLS all is forgotten).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded, LocalProtocolError, RemoteProtocolError
from scop.smtp.commands import MAX_COMMAND_OCTETS, offered, read_command
from scop.smtp.data import DataReader
from scop.smtp.events import (
    NEED_DATA,
    Authenticate,
    Challenge,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Forwarded,
    Hello,
    Mail,
    NeedData,
    Recipient,
    Refused,
    Reset,
    SaslStep,
)
from scop.smtp.extensions.auth import MAX_RESPONSE_OCTETS
from scop.smtp.options import Channel, ServerOptions
from scop.smtp.reply import Reply, reply
from scop.smtp.states import State, allows, state_after

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["ServerConnection"]

_IN_TRANSACTION = (State.MAIL, State.RECIPIENTS, State.DATA)


class ServerConnection:
    """One conversation, seen from the server."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._channel = Channel(options, options.tls_active)
        self._state = State.CONNECTED
        self._buffer = bytearray()
        self._overlong = False  # the rest of a too long line is being dropped
        self._owed: Event | None = None  # the event that waits for its reply
        self._proceed: Callable[[str], Challenge | Authenticate | SaslStep] | None = None
        self._forget_transaction()

    def _forget_transaction(self) -> None:
        self._smtputf8 = False
        self._accepted = 0  # recipients
        self._reader: DataReader | None = None
        self._message_octets = 0
        if self._channel.origin is not None:
            self._channel = replace(self._channel, origin=None)

    @property
    def state(self) -> State:
        """Where the conversation stands."""
        return self._state

    @property
    def pending_octets(self) -> int:
        """How much came that was not looked at yet; the caller stops reading when it grows."""
        return len(self._buffer)

    @property
    def channel(self) -> Channel:
        """What was agreed on so far."""
        return self._channel

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the client."""
        if self._state is State.HANDSHAKE:
            return  # RFC 3207 §4.2: nothing sent in the clear is ever looked at
        self._buffer += octets

    def next_event(self) -> Event | NeedData:
        """Return what the client asks for next; raises `LocalProtocolError` while a reply is owed."""
        if self._owed is not None or self._state is State.CONNECTED:
            raise LocalProtocolError("a reply is owed")
        if self._state in (State.CLOSED, State.HANDSHAKE):
            return NEED_DATA
        if self._state is State.DATA:
            return self._next_of_message()
        event = self._next_command()
        if event is not NEED_DATA:
            self._owed = event
        return event

    def send(self, answer: Reply) -> bytes:
        """Answer the last event (the connection itself at first); return the octets to send."""
        if self._state is State.CONNECTED:
            self._state = State.GREETED if answer.is_positive else State.CLOSED
            return answer.to_octets()
        event, self._owed = self._owed, None
        if event is None:
            raise LocalProtocolError("no reply is owed")
        # RFC 2033 §4.2: after the message one reply for each recipient that was accepted.
        each_recipient = self._options.lmtp and isinstance(event, DataEnd | DataRefused)
        octets = answer.to_octets() * (self._accepted if each_recipient else 1)
        self._advance(event, answer)
        return octets

    def hello_reply(self) -> Reply:
        """Return the reply to the hello that is owed one, with the extensions where it is an extended one."""
        hello = self._owed
        if not isinstance(hello, Hello):
            raise LocalProtocolError("no hello was said")
        lines = tuple(offered(self._channel)) if hello.verb != "HELO" else ()
        return Reply(250, "", (self._options.hostname, *lines))

    def start_tls_done(self) -> None:
        """Begin anew: the connection is under TLS now."""
        if self._state is not State.HANDSHAKE:
            raise LocalProtocolError("no handshake was agreed on")
        self._buffer.clear()
        self._channel = Channel(self._options, tls_active=True)
        self._state = State.GREETED
        self._forget_transaction()

    # Commands

    def _next_command(self) -> Event | NeedData:
        try:
            line = self._take_line()
            if line is None:
                return NEED_DATA
            event = self._proceeded(line) if self._state is State.SASL else read_command(line, self._channel)
            return self._in_sequence(event)
        except RemoteProtocolError as fault:
            return Refused(Reply.parse(f"{fault.reply_hint}\r\n".encode()), str(fault))

    def _take_line(self) -> bytes | None:
        limit = MAX_RESPONSE_OCTETS if self._state is State.SASL else MAX_COMMAND_OCTETS
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > limit:
                self._overlong = True
                del self._buffer[:-1]  # the last octet may be the CR of the end
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        overlong, self._overlong = self._overlong or end + 2 > limit, False
        if overlong:
            raise LimitExceeded(f"a line of more than {limit} octets", reply_hint="500 5.5.2 Line too long")
        return line

    def _proceeded(self, line: bytes) -> Event:
        assert self._proceed is not None
        try:
            return self._proceed(line.decode("ascii"))
        except UnicodeDecodeError as fault:
            raise RemoteProtocolError("not ASCII", reply_hint="501 5.5.2 Cannot decode response") from fault

    def _in_sequence(self, event: Event) -> Event:
        if not allows(self._state, type(event)):
            hint = "503 5.5.1 Bad sequence of commands"
            raise RemoteProtocolError(f"{type(event).__name__} in state {self._state.value}", reply_hint=hint)
        if isinstance(event, Recipient):
            self._check_recipient(event)
        return event

    def _check_recipient(self, event: Recipient) -> None:
        mailbox = event.forward_path.mailbox
        if mailbox is not None and not self._smtputf8 and not mailbox.is_ascii:  # RFC 6531 §3.5
            hint = "553 5.6.7 SMTPUTF8 is needed for this address"
            raise RemoteProtocolError("UTF-8 without SMTPUTF8", reply_hint=hint)
        if self._accepted >= self._options.max_recipients:  # RFC 5321 §4.5.3.1.10
            limit = f"more than {self._options.max_recipients} recipients"
            raise LimitExceeded(limit, reply_hint="452 4.5.3 Too many recipients")

    # The message

    def _next_of_message(self) -> DataChunk | DataEnd | DataRefused | NeedData:
        if self._reader is None:
            self._owed = DataEnd()  # its last chunk was handed out
            return self._owed
        if not self._buffer:
            return NEED_DATA
        octets = bytes(self._buffer)
        self._buffer.clear()
        text, rest = self._reader.feed(octets)
        self._message_octets += len(text)
        if rest is None:
            return DataChunk(text) if text and self._is_fit else NEED_DATA
        self._buffer += rest
        return self._ended(text)

    @property
    def _is_fit(self) -> bool:
        return self._message_octets <= self._options.max_message_octets

    def _ended(self, text: bytes) -> DataChunk | DataRefused:
        fault = self._fault_of_message()
        if fault is None:
            self._reader = None
            return DataChunk(text)
        self._owed = fault
        return fault

    def _fault_of_message(self) -> DataRefused | None:
        assert self._reader is not None
        if not self._is_fit:
            return DataRefused(reply(552, "5.3.4", "Message too large"), "message over the limit")
        if not self._reader.strict:
            text = "Message contains bare CR, bare LF or NUL"
            return DataRefused(reply(550, "5.6.0", text), text.lower())
        if self._reader.too_long_lines:
            return DataRefused(reply(554, "5.6.0", "Message contains a line that is too long"), "line over the limit")
        return None

    # What a reply changes

    def _advance(self, event: Event, answer: Reply) -> None:
        before = self._state
        self._state = state_after(before, type(event), answer)
        if answer.is_positive:
            self._note(event)
        ended = before in _IN_TRANSACTION and self._state not in _IN_TRANSACTION
        if ended or (answer.is_positive and isinstance(event, Hello | Reset)):  # RFC 5321 §4.1.4, §4.1.1.5
            self._forget_transaction()

    def _note(self, event: Event) -> None:
        match event:
            case Hello(verb):
                self._channel = replace(self._channel, extended=verb != "HELO")
            case Authenticate():
                self._channel = replace(self._channel, authenticated=True)
            case Challenge(_, proceed):
                self._proceed = proceed
            case Forwarded(origin):
                self._channel = replace(self._channel, origin=origin)
            case Mail():
                self._smtputf8 = event.smtputf8
            case Recipient():
                self._accepted += 1
            case DataBegin():
                self._reader = DataReader(self._options.max_text_line_octets)

"""The server's machine: octets in, events out, replies in, octets out; SMTP and LMTP.

Theory of operation: `next_event` returns what the client asks for; the caller decides and gives its
`Reply` to `send`, whose octets go to the client; only then the next event can be had. So pipelined
commands are answered in order by construction. `Refused`, `DataRefused`, `Challenge`, `ChunkEnd` and
`Extended` bear their reply. During a message `DataChunk`s come, which want no reply, then `DataEnd` or
`DataRefused`; where it comes by BDAT a `ChunkEnd` after each chunk that is not the last. The machine
never reads a clock and owns no socket.

Standards: RFC 5321; RFC 2033 (LMTP); RFC 2920 (pipelining); RFC 3030 (BDAT); RFC 3207 §4.2 (after STARTTLS all
is forgotten); Postfix XCLIENT_README.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from scop.base import LimitExceeded, LocalProtocolError, RemoteProtocolError
from scop.smtp.commands import read_command
from scop.smtp.data import ChunkReader, DataReader, TextRules
from scop.smtp.events import (
    NEED_DATA,
    Challenge,
    ChunkBegin,
    ChunkEnd,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Extended,
    Hello,
    Impersonated,
    Mail,
    NeedData,
    Recipient,
    Refused,
    Reset,
    SaslStep,
)
from scop.smtp.extensions.auth import MAX_RESPONSE_OCTETS, next_step
from scop.smtp.extensions.chunking import announced_octets, is_chunk
from scop.smtp.extensions.extension import BAD_PARAMETER
from scop.smtp.extensions.smtputf8 import NEEDS_SMTPUTF8
from scop.smtp.offers import offers_on
from scop.smtp.options import Channel, ServerOptions
from scop.smtp.reply import Reply, reply
from scop.smtp.states import State, allows, state_after

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["EARLY_TALK", "ServerConnection"]

_TRANSACTION = frozenset((State.MAIL, State.RECIPIENTS, State.DATA, State.CHUNK, State.CHUNKED))
_MESSAGE = frozenset((State.DATA, State.CHUNK))
_SILENT = frozenset((State.CLOSED, State.HANDSHAKE))  # nothing is read
_FRESH_STARTS = (Hello, Reset)  # RFC 5321 §4.1.4, §4.1.1.5
EARLY_TALK = reply(554, "5.5.1", "Speak when you were greeted")
_HEAD_OCTETS = 5  # of a too long line: enough to tell a BDAT
_BAD_SEQUENCE = "503 5.5.1 Bad sequence of commands"


class ServerConnection:
    """One conversation, seen from the server."""

    def __init__(self, options: ServerOptions) -> None:
        self._options = options
        self._state = State.CONNECTED
        self._buffer = bytearray()
        self._overlong = b""  # how a too long line began, whose rest is being dropped
        self._owed: Event | None = None  # the event that waits for its reply
        self._dropping: tuple[int, Refused] | None = None  # octets of a refused chunk, and the refusal
        self._proceed: Callable[[str], Event] | None = None
        self._renew(Channel(options, options.tls_active, external_identity=options.external_identity))
        self._forget_transaction()

    def _renew(self, channel: Channel) -> None:
        """Note what was agreed on, and what may be used by it."""
        self._channel = channel
        self._offers = offers_on(channel)

    def _forget_transaction(self) -> None:
        self._mail: Mail | None = None
        self._accepted = 0  # recipients
        self._reader: DataReader | ChunkReader | None = None
        self._ending: DataEnd | ChunkEnd | None = None  # follows the chunk that was just handed out
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
    def is_in_message(self) -> bool:
        """Whether octets of a message are awaited, be it one that was refused and is dropped (BDAT)."""
        return self._state in _MESSAGE or self._dropping is not None

    @property
    def channel(self) -> Channel:
        """What was agreed on so far."""
        return self._channel

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the client."""
        if self._state in _SILENT:
            return  # RFC 3207 §4.2: nothing sent in the clear is ever looked at
        if self._state is State.CONNECTED and not self._options.early_talk:
            octets = octets[: 1 - len(self._buffer)]  # enough to know by; who is let wait fills no memory
        self._buffer += octets

    @property
    def early_talker(self) -> bool:
        """Whether the client spoke before it was greeted; unless that is let pass, the greeting becomes a refusal."""
        return self._state is State.CONNECTED and bool(self._buffer) and not self._options.early_talk

    def next_event(self) -> Event | NeedData:
        """Return what the client asks for next; raises `LocalProtocolError` while a reply is owed."""
        if self._owed is not None or self._state is State.CONNECTED:
            raise LocalProtocolError("a reply is owed")
        if self._state in _MESSAGE:
            return self._next_of_message()
        if not self._buffer or self._state in _SILENT:  # the usual case: after each reply the driver asks for more
            return NEED_DATA
        event = self._dropped() if self._dropping else self._next_command()
        if event is NEED_DATA:
            return event
        if isinstance(event, ChunkBegin):
            self._begin_chunk(event)
            return self._next_of_message()
        self._owed = event
        return event

    def send(self, answer: Reply, *others: Reply) -> bytes:
        """Answer the last event (the connection itself at first); return the octets to send.

        In LMTP `others` are for the other recipients of the message; without them one answer holds for all.
        """
        if self._state is State.CONNECTED:
            if self.early_talker:  # RFC 5321 §3.1, §4.3.1: the client waits for the greeting
                answer = EARLY_TALK
            self._state = State.GREETED if answer.is_positive else State.CLOSED
            return answer.to_octets()
        event, self._owed = self._owed, None
        if event is None:
            raise LocalProtocolError("no reply is owed")
        octets = answer.to_octets()
        if self._options.lmtp and self._reader is not None and self._reader.is_last:
            # RFC 2033 §4.2: after the message one reply for each recipient that was accepted.
            octets = b"".join([octets, *(each.to_octets() for each in others)]) if others else octets * self._accepted
        self._advance(event, answer)
        return octets

    def hello_reply(self) -> Reply:
        """Return the reply to the hello that is owed one, with the extensions where it is an extended one."""
        hello = self._owed
        if not isinstance(hello, Hello):
            raise LocalProtocolError("no hello was said")
        lines = offers_on(replace(self._channel, extended=True)).lines if hello.verb != "HELO" else ()
        return Reply(250, "", (self._options.hostname, *lines))

    def start_tls_done(self, *, external_identity: str = "") -> None:
        """Begin anew: the connection is under TLS now; the client's certificate may prove who it is."""
        if self._state is not State.HANDSHAKE:
            raise LocalProtocolError("no handshake was agreed on")
        self._buffer.clear()
        self._renew(Channel(self._options, tls_active=True, external_identity=external_identity))
        self._state = State.GREETED
        self._forget_transaction()

    # Commands

    def _next_command(self) -> Event | NeedData:
        line = b""
        try:
            taken = self._take_line()
            if taken is None:
                return NEED_DATA
            line, is_whole = taken
            if not is_whole:
                raise self._too_long()
            if self._state is State.SASL:
                return self._in_sequence(self._proceeded(line), line)
            return self._in_sequence(read_command(line, self._channel, self._offers), line)
        except RemoteProtocolError as fault:
            return self._refused(line, fault)

    def _take_line(self) -> tuple[bytes, bool] | None:
        """Return the next line and whether it is whole; of a too long one only how it began."""
        limit = self._line_limit
        end = self._buffer.find(b"\r\n")
        if end < 0:
            if len(self._buffer) > limit:
                self._overlong = self._overlong or bytes(self._buffer[:_HEAD_OCTETS])
                del self._buffer[:-1]  # the last octet may be the CR of the end
            return None
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        head, self._overlong = self._overlong, b""
        if head or end + 2 > limit:
            return head or line[:_HEAD_OCTETS], False
        return line, True

    @property
    def _line_limit(self) -> int:
        return MAX_RESPONSE_OCTETS if self._state is State.SASL else self._offers.command_octets

    def _too_long(self) -> LimitExceeded:
        if self._state is State.SASL:  # RFC 4954 §6
            hint = "500 5.5.6 Authentication exchange line is too long"
        else:
            hint = "500 5.5.2 Line too long"
        return LimitExceeded(f"a line of more than {self._line_limit} octets", reply_hint=hint)

    def _proceeded(self, line: bytes) -> Event:
        assert self._proceed is not None
        try:
            return self._proceed(line.decode("ascii"))
        except UnicodeDecodeError as fault:
            raise RemoteProtocolError("not ASCII", reply_hint="501 5.5.2 Cannot decode response") from fault

    def _in_sequence(self, event: Event, line: bytes) -> Event:
        if not allows(self._state, type(event)):
            raise RemoteProtocolError(f"{type(event).__name__} in {self._state.value}", reply_hint=_BAD_SEQUENCE)
        match event:
            case Recipient():
                self._check_recipient(line)
            case DataBegin() if self._mail is not None and self._mail.body == "BINARYMIME":  # RFC 3030 §3
                raise RemoteProtocolError("DATA with BINARYMIME", reply_hint=_BAD_SEQUENCE)
            case Extended(verb) if self._state in _TRANSACTION and not self._offers.verbs[verb].in_transaction:
                raise RemoteProtocolError(f"{verb} in a transaction", reply_hint=_BAD_SEQUENCE)
        return event

    def _check_recipient(self, line: bytes) -> None:
        assert self._mail is not None
        if not self._mail.smtputf8 and not line.isascii():  # RFC 6531 §3.5
            raise RemoteProtocolError("UTF-8 without SMTPUTF8", reply_hint=NEEDS_SMTPUTF8)
        if self._accepted >= self._options.max_recipients:  # RFC 5321 §4.5.3.1.10
            limit = f"more than {self._options.max_recipients} recipients"
            raise LimitExceeded(limit, reply_hint="452 4.5.3 Too many recipients")

    def _refused(self, line: bytes, fault: RemoteProtocolError) -> Event | NeedData:
        hint = fault.reply_hint or BAD_PARAMETER
        refused = Refused(Reply.parse(f"{hint}\r\n".encode()), str(fault))
        if self._state is State.SASL or not is_chunk(line):
            return refused
        # The octets behind BDAT are never commands, whatever is wrong with it.
        octets = announced_octets(line)
        if octets is None:
            return replace(refused, closes=True)
        self._dropping = (octets, refused)
        return self._dropped()

    def _dropped(self) -> Refused | NeedData:
        """Drop what a refused BDAT announced; the refusal follows it (RFC 3030 §2)."""
        assert self._dropping is not None
        octets, refused = self._dropping
        left = max(0, octets - len(self._buffer))
        del self._buffer[:octets]
        self._dropping = (left, refused) if left else None
        return NEED_DATA if left else refused

    # The message

    def _begin_chunk(self, chunk: ChunkBegin) -> None:
        self._state = state_after(self._state, ChunkBegin, None)
        if not isinstance(self._reader, ChunkReader):
            is_binary = self._mail is not None and self._mail.body == "BINARYMIME"
            self._rules = TextRules(self._options.max_text_line_octets)
            self._reader = ChunkReader(None if is_binary else self._rules)
        self._reader.begin(chunk.octets, is_last=chunk.is_last)

    def _next_of_message(self) -> DataChunk | DataEnd | DataRefused | ChunkEnd | NeedData:
        if self._ending is not None:
            self._owed, self._ending = self._ending, None  # its last chunk was handed out
            return self._owed
        assert self._reader is not None
        if not self._buffer and not self._reader.is_whole:
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

    def _ended(self, text: bytes) -> DataChunk | DataEnd | DataRefused | ChunkEnd:
        ending = self._fault_of_message() or self._good_end()
        if text and not isinstance(ending, DataRefused):
            self._ending = ending
            return DataChunk(text)
        self._owed = ending
        return ending

    def _good_end(self) -> DataEnd | ChunkEnd:
        if isinstance(self._reader, ChunkReader) and not self._reader.is_last:
            return ChunkEnd(reply(250, "2.0.0", f"{self._reader.octets} octets received"))
        return DataEnd()

    def _fault_of_message(self) -> DataRefused | None:
        if not self._is_fit:
            return DataRefused(reply(552, "5.3.4", "Message too large"), "message over the limit")
        if self._reader is None or not self._reader.is_last:
            return None
        if not (self._rules.strict or self._options.stray_octets):
            text = "Message contains bare CR, bare LF or NUL"
            return DataRefused(reply(550, "5.6.0", text), text.lower())
        if self._rules.too_long_lines:
            return DataRefused(reply(554, "5.6.0", "Message contains a line that is too long"), "line over the limit")
        return None

    # What a reply changes

    def _advance(self, event: Event, answer: Reply) -> None:
        before = self._state
        self._state = after = state_after(before, type(event), answer)
        if answer.code < 400:
            self._note(event)
        if answer.code < 300:
            self._let_extensions_note(event)
        if isinstance(event, Refused) and event.closes:
            self._state = after = State.CLOSED
        ended = before in _TRANSACTION and after not in _TRANSACTION
        # A refused MAIL takes with it what XFORWARD said of it: the next one may be of somebody else.
        ended = ended or (after is State.IDLE and answer.code >= 400)
        if ended or (answer.code < 400 and isinstance(event, _FRESH_STARTS)):
            self._forget_transaction()

    def _note(self, event: Event) -> None:
        match event:
            case Mail():
                self._mail = event
            case Recipient():
                self._accepted += 1
            case DataBegin():
                self._rules = TextRules(self._options.max_text_line_octets)
                self._reader = DataReader(self._rules)
            case Hello(verb):
                self._renew(replace(self._channel, extended=verb != "HELO"))
            case Challenge(_, proceed):
                self._proceed = proceed
            case SaslStep(mechanism):
                self._proceed = next_step(mechanism)
            case Impersonated(_, login):  # all that was agreed on was with the proxy
                # Stricter than XCLIENT_README: once. A proxy passes on what its client says next, be it XCLIENT.
                self._options = replace(self._options, xclient=False)
                self._renew(Channel(self._options, self._channel.tls_active, authenticated=bool(login)))

    def _let_extensions_note(self, event: Event) -> None:
        effects = self._offers.effects.get(type(event))
        if effects is None:
            return
        channel = self._channel
        for after in effects:
            channel = after(channel, event)
        if channel is self._channel:
            return
        if channel.terms == self._channel.terms:
            self._channel = channel
        else:
            self._renew(channel)

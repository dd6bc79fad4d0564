"""The client's machine: commands in, octets out; octets in, replies out; SMTP and LMTP.

Theory of operation: `send` turns a command into octets and remembers it; each reply that comes
belongs to the oldest command without one. Where the server offers PIPELINING several commands may
be sent before their replies came: what may be sent is judged as if all open ones succeed, and by
what was really answered once nothing is open. The message follows DATA with its dots stuffed, or goes
in chunks (BDAT) that say their length: then nothing in it can be taken for its end.

Standards: RFC 5321; RFC 2033 §4.2 (LMTP: one reply for each recipient after the message); RFC 2920; RFC 3030;
RFC 4954; RFC 9422 (LIMITS).
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.commands import write_command
from scop.smtp.data import is_strict, stuffed_pieces
from scop.smtp.events import (
    NEED_DATA,
    Authenticate,
    ChunkBegin,
    ChunkEnd,
    DataBegin,
    DataEnd,
    Event,
    Forwarded,
    Hello,
    Mail,
    NeedData,
    Recipient,
    Reset,
    SaslStep,
    StartTls,
)
from scop.smtp.extensions import BUILT_IN, Extension
from scop.smtp.limits import Limits
from scop.smtp.objections import NO_SMTPUTF8, TOO_MANY_MAILS, TOO_MANY_RECIPIENTS, objection_to
from scop.smtp.paths import Mailbox, ReversePath
from scop.smtp.reply import OK, Reply, ReplyReader
from scop.smtp.states import State, allows, state_after

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

__all__ = ["PIECE_OCTETS", "ClientConnection", "Farewell", "Greeting", "ReplyReceived"]

PIECE_OCTETS = 262_144  # of a message that is handed out at once, and of a chunk

# RFC 2920 §3.1: commands that may stand before others in a group; RFC 3030 §4.2: chunks, too.
_PIPELINED = (Forwarded, Mail, Recipient, Reset, ChunkEnd)
_NEEDS: Mapping[type, str] = {
    Forwarded: "XFORWARD",
    StartTls: "STARTTLS",
    Authenticate: "AUTH",
    SaslStep: "AUTH",
    ChunkBegin: "CHUNKING",
}


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's first words."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The answer to `command`; 421 is the answer to all that is open."""

    command: Event
    reply: Reply


@dataclass(frozen=True, slots=True)
class Farewell:
    """The server closes though nothing was asked (421)."""

    reply: Reply


class ClientConnection:
    """One conversation, seen from the client.

    `extensions` are those whose parameters it can write; a message is handed out in pieces of `piece_octets`.
    """

    def __init__(
        self, *, lmtp: bool = False, extensions: Sequence[Extension] = BUILT_IN, piece_octets: int = PIECE_OCTETS
    ) -> None:
        self._piece_octets = piece_octets
        self._lmtp = lmtp
        self._known = extensions
        self._state = State.CONNECTED  # by the replies that came
        self._ahead = State.CONNECTED  # if all open commands succeed
        self._open: deque[Event] = deque()
        self._reader = ReplyReader()
        self._mail = Mail(ReversePath(None))  # the last that was sent
        self._named = 0  # recipients in the transaction
        self._domains: set[str] = set()  # of them, where the server bounds those
        self._accepted = 0
        self._answered = 0  # of LMTP's replies after the message
        self._transactions = 0
        self._farewell: Reply | None = None
        self._forget()

    def _forget(self) -> None:
        self._offered: dict[str, str] = {}
        self._extensions: tuple[Extension, ...] = ()
        self._limits = Limits()

    @property
    def state(self) -> State:
        """Where the conversation stands by the replies that came."""
        return self._state

    @property
    def ahead(self) -> State:
        """Where it will stand if all open commands succeed."""
        return self._ahead

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offers: keyword in capitals to its parameters."""
        return self._offered

    @property
    def limits(self) -> Limits:
        """What the server told of its limits."""
        return self._limits

    @property
    def is_spent(self) -> bool:
        """Whether the server takes no further transaction on this connection."""
        most = self._limits.mail_max
        return most is not None and self._transactions >= most

    @property
    def current_mail(self) -> Mail:
        """The mail that was begun last."""
        return self._mail

    @property
    def accepted(self) -> int:
        """How many of its recipients were accepted."""
        return self._accepted

    @property
    def open_commands(self) -> int:
        """How many replies are awaited."""
        awaited = len(self._open)
        if self._lmtp and self._open and isinstance(self._open[-1], DataEnd):
            awaited += max(1, self._accepted) - self._answered - 1
        return awaited

    def objection(self, command: Event) -> Reply | None:
        """Return the reply that says why the server can't be given this mail or recipient, None where it can."""
        match command:
            case Mail():
                return TOO_MANY_MAILS if self.is_spent else objection_to(command, self._offered)
            case Recipient():
                return self._objection_to_recipient(command)
            case _:
                return None

    def _objection_to_recipient(self, recipient: Recipient) -> Reply | None:
        if not self._mail.smtputf8 and not _is_ascii(recipient.forward_path.mailbox):
            return NO_SMTPUTF8
        limits = self._limits
        if limits.rcpt_max is not None and self._named >= limits.rcpt_max:
            return TOO_MANY_RECIPIENTS
        if limits.rcpt_domain_max is not None and len(self._domains | {_domain(recipient)}) > limits.rcpt_domain_max:
            return TOO_MANY_RECIPIENTS
        return None

    def send(self, command: Event) -> bytes:
        """Return the octets that say `command`; raises `LocalProtocolError` where it may not be said now."""
        self._check_may_send(command)
        line = f"{write_command(command, self._extensions)}\r\n".encode()
        # What a client says never smuggles: one command is one line, whatever its values are.
        if line.count(b"\r") > 1 or line.count(b"\n") > 1 or b"\0" in line:
            raise LocalProtocolError("CR, LF or NUL in a command")
        if not line.isascii() and not (command if isinstance(command, Mail) else self._mail).smtputf8:
            raise LocalProtocolError("UTF-8 without SMTPUTF8")  # RFC 6531 §3.1 (4)
        self._remember(command)
        return line

    def send_message(self, octets: bytes) -> bytes:
        """Return the message as it is sent after reply 354, with its end."""
        return b"".join(self.message_pieces(octets))

    def message_pieces(self, octets: bytes) -> Iterator[bytes]:
        """Yield what `send_message` returns, piece by piece, so that a large message is never held twice."""
        if self._state is not State.DATA or self._open:
            raise LocalProtocolError("the server does not wait for a message")
        pieces = stuffed_pieces(octets, self._piece_octets)
        self._remember(DataEnd())
        return pieces

    def message_chunks(self, octets: bytes) -> Iterator[bytes]:
        """Yield the message as BDAT commands, each with its octets; raises `LocalProtocolError` where it may not go.

        Text must be as strict as after DATA: a server behind the next one may get it by DATA again. Only BINARYMIME
        may hold any octets.
        """
        self._check_may_send(ChunkBegin(0, is_last=True))
        if self._mail.body != "BINARYMIME":
            if not is_strict(octets):
                raise LocalProtocolError("a message with bare CR, bare LF or NUL is never sent")
            if octets and not octets.endswith(b"\r\n"):
                octets += b"\r\n"
        return self._chunks(octets)

    def _chunks(self, octets: bytes) -> Iterator[bytes]:
        size = self._piece_octets
        for start in range(0, max(1, len(octets)), size):
            chunk = octets[start : start + size]
            yield self.send(ChunkBegin(len(chunk), is_last=start + size >= len(octets))) + chunk

    def cancel(self) -> bytes:
        """Return the line that ends an authentication exchange (RFC 4954 §4); the server refuses by 501."""
        if self._state is not State.SASL or self._open:
            raise LocalProtocolError("no exchange to cancel")
        self._remember(SaslStep("", b""))
        return b"*\r\n"

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the server."""
        self._reader.receive_data(octets)

    def next_event(self) -> Greeting | ReplyReceived | Farewell | NeedData:
        """Return the next answer; raises `RemoteProtocolError`."""
        if self._farewell is not None and self._open:
            return ReplyReceived(self._next_open(), self._farewell)
        answer = self._reader.next_reply()
        if answer is None:
            return NEED_DATA
        if self._state is State.CONNECTED:
            self._state = self._ahead = State.GREETED if answer.code < 300 else State.CLOSED
            return Greeting(answer)
        if answer.code == 421:  # RFC 5321 §3.8: at any time
            return self._close(answer)
        if not self._open:
            self._state = self._ahead = State.CLOSED
            raise RemoteProtocolError("a reply to nothing")
        command = self._next_open()
        self._advance(command, answer)
        return ReplyReceived(command, answer)

    def start_tls_done(self) -> None:
        """Begin anew: the connection is under TLS now."""
        if self._state is not State.HANDSHAKE:
            raise LocalProtocolError("no handshake was agreed on")
        if self._reader.pending:  # RFC 3207 §4.2; CVE-2021-3618 and its kin
            raise RemoteProtocolError("octets in the clear after the reply to STARTTLS")
        self._state = self._ahead = State.GREETED
        self._forget()

    def _check_may_send(self, command: Event) -> None:
        if self._open and not (
            "PIPELINING" in self._offered and all(isinstance(each, _PIPELINED) for each in self._open)
        ):
            raise LocalProtocolError("a reply is awaited first")
        if not allows(self._ahead, type(command)):
            raise LocalProtocolError(f"{type(command).__name__} in state {self._ahead.value}")
        needed = _NEEDS.get(type(command))
        if needed is not None and needed not in self._offered:
            raise LocalProtocolError(f"the server does not offer {needed}")
        if isinstance(command, Hello) and self._lmtp is not (command.verb == "LHLO"):
            raise LocalProtocolError(f"{command.verb} in the other protocol")
        if isinstance(command, DataBegin) and self._mail.body == "BINARYMIME":  # RFC 3030 §3
            raise LocalProtocolError("BINARYMIME goes by BDAT only")
        if objection := self.objection(command):
            raise LocalProtocolError(str(objection))

    def _remember(self, command: Event) -> None:
        match command:
            case Mail():
                self._mail = command
                self._named = self._accepted = self._answered = 0
                self._domains.clear()
                self._transactions += 1
            case Recipient():
                self._named += 1
                if self._limits.rcpt_domain_max is not None:
                    self._domains.add(_domain(command))
            case ChunkBegin(_, is_last):  # it has no reply of its own: its octets have
                self._ahead = state_after(self._ahead, ChunkBegin, None)
                command = DataEnd() if is_last else ChunkEnd(OK)
        self._open.append(command)
        self._ahead = state_after(self._ahead, type(command), None)

    def _next_open(self) -> Event:
        """Return the command that the next reply answers."""
        command = self._open[0]
        if self._lmtp and isinstance(command, DataEnd):
            self._answered += 1
            if self._answered < self._accepted:  # RFC 2033 §4.2: one reply for each recipient that was accepted
                return command
        return self._open.popleft()

    def _close(self, answer: Reply) -> ReplyReceived | Farewell:
        """Note that the server is gone: what is open will have no other answer."""
        self._state = self._ahead = State.CLOSED
        self._farewell = answer
        return ReplyReceived(self._next_open(), answer) if self._open else Farewell(answer)

    def _advance(self, command: Event, answer: Reply) -> None:
        if 300 <= answer.code < 400 and not _may_go_on(command, answer):
            raise RemoteProtocolError(f"{type(command).__name__} is answered by {answer.code}")
        if isinstance(command, ChunkEnd | DataEnd) and allows(self._state, ChunkBegin):
            self._state = state_after(self._state, ChunkBegin, None)
        if isinstance(command, DataBegin):
            self._begin_data(answer)
        elif allows(self._state, type(command)):
            self._state = state_after(self._state, type(command), answer)
        self._note(command, answer)
        if not self._open:
            self._ahead = self._state

    def _begin_data(self, answer: Reply) -> None:
        # RFC 5321 §4.2.1: the first digit says what is to be done. One that says "done" before the message was sent
        # leaves open whether the server reads it: to go on could lose the mail, or have its text read as commands.
        if answer.code < 300:
            raise RemoteProtocolError(f"DATA is answered by {answer.code}")
        if answer.code < 400:
            self._state = State.DATA  # RFC 2920 §3.1: also where no recipient was accepted

    def _note(self, command: Event, answer: Reply) -> None:
        match command:
            case Hello(verb) if answer.is_positive:
                self._note_extensions(answer if verb != "HELO" else None)
            case Recipient() if answer.is_positive:
                self._accepted += 1

    def _note_extensions(self, answer: Reply | None) -> None:
        offered: dict[str, str] = {}
        for line in answer.text[1:] if answer else ():
            # Lenient: old servers write AUTH=LOGIN, some beside the right form.
            keyword, _, parameters = line.replace("AUTH=", "AUTH ", 1).partition(" ")
            told = offered.get(keyword.upper())
            offered[keyword.upper()] = f"{told} {parameters}" if told else parameters
        self._offered = offered
        self._limits = Limits.parse(offered.get("LIMITS", ""))
        self._extensions = tuple([each for each in self._known if each.keyword in offered])


def _may_go_on(command: Event, answer: Reply) -> bool:
    """Return whether a reply of 3yz may answer a command."""
    if isinstance(command, SaslStep | Authenticate):
        return answer.code == 334  # RFC 4954 §4
    return isinstance(command, DataBegin)  # Lenient: by any of them, as RFC 5321 §4.2.1 reads the first digit


def _domain(recipient: Recipient) -> str:
    mailbox = recipient.forward_path.mailbox
    return mailbox.domain_key if mailbox else ""


def _is_ascii(mailbox: Mailbox | None) -> bool:
    return mailbox is None or mailbox.is_ascii

"""The client's machine: commands in, octets out; octets in, replies out; SMTP and LMTP.

Theory of operation: `send` turns a command into octets and remembers it; each reply that comes
belongs to the oldest command without one. Where the server offers PIPELINING several commands may
be sent before their replies came: what may be sent is judged as if all open ones succeed, and by
what was really answered once nothing is open.

Standards: RFC 5321; RFC 2033 §4.2 (LMTP: one reply for each recipient after the message); RFC 2920.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.smtp.commands import write_command
from scop.smtp.data import stuffed
from scop.smtp.events import (
    NEED_DATA,
    Authenticate,
    DataEnd,
    Event,
    Forwarded,
    Hello,
    Mail,
    NeedData,
    Recipient,
    Reset,
    StartTls,
)
from scop.smtp.extensions import BUILT_IN, Extension
from scop.smtp.reply import Reply, ReplyReader
from scop.smtp.states import State, allows, state_after

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ClientConnection", "Greeting", "ReplyReceived"]

# RFC 2920 §3.1: commands that may stand before others in a group.
_PIPELINED = (Forwarded, Mail, Recipient, Reset)
_NEEDS: Mapping[type, str] = {Forwarded: "XFORWARD", StartTls: "STARTTLS", Authenticate: "AUTH"}


@dataclass(frozen=True, slots=True)
class Greeting:
    """The server's first words."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class ReplyReceived:
    """The answer to `command`."""

    command: Event
    reply: Reply


class ClientConnection:
    """One conversation, seen from the client."""

    def __init__(self, *, lmtp: bool = False) -> None:
        self._lmtp = lmtp
        self._state = State.CONNECTED  # by the replies that came
        self._ahead = State.CONNECTED  # if all open commands succeed
        self._open: deque[Event] = deque()
        self._reader = ReplyReader()
        self._accepted = 0
        self._offered: dict[str, str] = {}
        self._extensions: tuple[Extension, ...] = ()

    @property
    def state(self) -> State:
        """Where the conversation stands by the replies that came."""
        return self._state

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offers: keyword in capitals to its parameters."""
        return self._offered

    @property
    def open_commands(self) -> int:
        """How many commands wait for a reply."""
        return len(self._open)

    def send(self, command: Event) -> bytes:
        """Return the octets that say `command`; raises `LocalProtocolError` where it may not be said now."""
        if isinstance(command, Hello) and self._lmtp is not (command.verb == "LHLO"):
            raise LocalProtocolError(f"{command.verb} in the other protocol")
        self._check_may_send(command)
        line = write_command(command, self._extensions)
        self._remember(command)
        return f"{line}\r\n".encode()

    def send_message(self, octets: bytes) -> bytes:
        """Return the message as it is sent after reply 354, with its end."""
        if self._state is not State.DATA or self._open:
            raise LocalProtocolError("the server does not wait for a message")
        text = stuffed(octets)
        # RFC 2033 §4.2: LMTP answers once for each recipient that was accepted.
        for _ in range(self._accepted if self._lmtp else 1):
            self._open.append(DataEnd())
        self._ahead = State.IDLE
        return text

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the server."""
        self._reader.receive_data(octets)

    def next_event(self) -> Greeting | ReplyReceived | NeedData:
        """Return the next answer; raises `RemoteProtocolError`."""
        answer = self._reader.next_reply()
        if answer is None:
            return NEED_DATA
        if self._state is State.CONNECTED:
            self._state = self._ahead = State.GREETED if answer.is_positive else State.CLOSED
            return Greeting(answer)
        if not self._open:
            self._state = self._ahead = State.CLOSED
            raise RemoteProtocolError("a reply to nothing")
        command = self._open.popleft()
        self._advance(command, answer)
        return ReplyReceived(command, answer)

    def start_tls_done(self) -> None:
        """Begin anew: the connection is under TLS now."""
        if self._state is not State.HANDSHAKE:
            raise LocalProtocolError("no handshake was agreed on")
        if self._reader.pending:  # RFC 3207 §4.2; CVE-2021-3618 and its kin
            raise RemoteProtocolError("octets in the clear after the reply to STARTTLS")
        self._state = self._ahead = State.GREETED
        self._offered, self._extensions = {}, ()

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
        if isinstance(command, Mail) and command.smtputf8 and "SMTPUTF8" not in self._offered:
            raise LocalProtocolError("the server does not offer SMTPUTF8")  # RFC 6531 §3.1 (5)

    def _remember(self, command: Event) -> None:
        self._open.append(command)
        self._ahead = state_after(self._ahead, type(command), None)

    def _advance(self, command: Event, answer: Reply) -> None:
        if answer.code == 421 or allows(self._state, type(command)):
            self._state = State.CLOSED if answer.code == 421 else state_after(self._state, type(command), answer)
        self._note(command, answer)
        if not self._open:
            self._ahead = self._state

    def _note(self, command: Event, answer: Reply) -> None:
        match command:
            case Hello(verb) if answer.is_positive:
                self._note_extensions(answer if verb != "HELO" else None)
            case Mail() | Reset():
                self._accepted = 0
            case Recipient() if answer.is_positive:
                self._accepted += 1

    def _note_extensions(self, answer: Reply | None) -> None:
        lines = [line.partition(" ") for line in answer.text[1:]] if answer else []
        self._offered = {keyword.upper(): parameters for keyword, _, parameters in lines}
        self._extensions = tuple(extension for extension in BUILT_IN if extension.keyword in self._offered)

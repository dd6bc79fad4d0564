"""Commands and their replies over one connection of a mail client, in groups where the server takes them so.

It knows no order of commands and no transaction: `MailClient` does.

Standards: RFC 2920 (pipelining); RFC 5321 §4.5.3.2 (timeouts).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.net.faults import TemporaryFailure
from scop.net.mail_transcript import Heard, shown_line
from scop.smtp import DataBegin, Event, Quit, Recipient, Reply, State
from scop.smtp.states import allows

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scop.net.client_wire import ClientTimeouts, ClientWire

__all__ = ["MailTalk"]


class MailTalk:
    """What is said and heard; a subclass says what for."""

    def __init__(self, wire: ClientWire, timeouts: ClientTimeouts, heard: Heard | None) -> None:
        self._wire = wire
        self._connection = wire.connection
        self._timeouts = timeouts
        self._heard = heard
        self.answers = 0  # replies that came since the pool gave it out

    @property
    def extensions(self) -> Mapping[str, str]:
        """What the server offers: keyword in capitals to its parameters."""
        return self._connection.extensions

    async def say(self, command: Event) -> Reply:
        """Say one command of any kind."""
        (answer,) = await self._say(command)
        return answer

    async def _say(self, *commands: Event) -> list[Reply]:
        if self._wire.fault or self._connection.state is State.CLOSED:
            raise TemporaryFailure(self._wire.fault or "the server has closed the connection")
        if len(commands) > 1 and "PIPELINING" not in self.extensions:
            return await self._say_one_by_one(commands)
        lines, own = self._compose(commands)
        if lines:
            await self._wire.write(b"".join(lines), self._timeouts.block)
        return [each or await self._reply(self._patience(command)) for each, command in zip(own, commands, strict=True)]

    async def _say_one_by_one(self, commands: Sequence[Event]) -> list[Reply]:
        replies: list[Reply] = []
        for command in commands:
            if allows(self._connection.state, type(command)):
                replies += await self._say(command)
            else:
                replies.append(replies[-1])  # MAIL was refused: so is every recipient
        return replies

    def _compose(self, commands: Sequence[Event]) -> tuple[list[bytes], list[Reply | None]]:
        """Return the lines to send, and for each command our own reply where it is not to be said."""
        own: list[Reply | None] = []
        lines: list[bytes] = []
        for command in commands:
            objection = self._connection.objection(command) if isinstance(command, Recipient) else None
            own.append(objection)
            if objection is None:
                lines.append(self._connection.send(command))
                if self._heard is not None:
                    self._tell("C", shown_line(command, lines[-1]))
        return lines, own

    async def _reply(self, seconds: float) -> Reply:
        answer = await self._wire.reply(seconds)
        self.answers += 1
        if self._heard is not None:
            for line in answer.to_octets().decode("utf-8", "surrogateescape").splitlines():
                self._tell("S", line)
        return answer

    def _patience(self, command: Event) -> float:
        match command:
            case DataBegin():
                return self._timeouts.data
            case Quit():
                return self._timeouts.quit
            case _:
                return self._timeouts.command

    def _note_message(self, verb: str, octets: bytes) -> None:
        self.has_begun_message = True
        if self._heard is not None:
            self._tell("C", f"{verb} ({len(octets):,} octets)".lstrip())

    def _tell(self, side: str, line: str) -> None:
        if self._heard is not None:
            self._heard(side, line)

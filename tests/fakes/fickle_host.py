"""A mail host with moods: at each stage it answers, refuses, falls silent or hangs up, as it is told."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from fakes.loops import jump

__all__ = ["CUT", "HANG", "FickleHost", "Taken"]

HANG = "hang"  # in the place of a reply: nothing is said any more, and time passes until who asked has gone
CUT = "cut"  # in the place of a reply: the connection ends

_USUAL = {
    "greeting": "220 mx.harbor.test ESMTP",
    "MAIL": "250 2.1.0 Ok",
    "RCPT": "250 2.1.5 Ok",
    "DATA": "354 Go on",
    "dot": "250 2.0.0 Taken",
    "RSET": "250 2.0.0 Ok",
    "QUIT": "221 2.0.0 Bye",
}


@dataclass(frozen=True, slots=True)
class Taken:
    """A message that the host took, whatever it said afterwards."""

    mail: str
    recipients: tuple[str, ...]
    octets: bytes


@dataclass
class FickleHost:
    """What it does by stage (greeting, EHLO, MAIL, RCPT, DATA, dot), and what it saw.

    Where it offers CHUNKING the last chunk stands for DATA and for the dot; octets that nobody is to get are dropped.
    """

    moods: dict[str, str] = field(default_factory=dict)
    recipients: dict[str, str] = field(default_factory=dict)  # reply by forward path
    max_recipients: int = 1000  # of a transaction; beyond it 452 4.5.3
    offers: tuple[str, ...] = ("PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES")
    poison: bytes = b"\0"  # a message that holds it makes the host hang up after the final dot
    taken: list[Taken] = field(default_factory=list)
    heard: list[str] = field(default_factory=list)  # every command line
    vanished: int = 0  # recipients of messages that it took without a word
    connections: int = 0
    most_at_once: int = 0
    open: int = 0

    def connection(self) -> asyncio.Protocol:
        """Return the protocol of one connection."""
        return _Connection(self)

    @property
    def told(self) -> list[str]:
        """Every recipient of every message that was taken."""
        return [path for message in self.taken for path in message.recipients]


class _Connection(asyncio.Protocol):
    def __init__(self, host: FickleHost) -> None:
        self._host = host
        self._buffer = b""
        self._in_data = False
        self._chunk_octets = 0  # that are still to come
        self._is_last = False
        self._content = b""
        self._mail = ""
        self._recipients: list[str] = []
        self._is_silent = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        host = self._host
        host.connections += 1
        host.open += 1
        host.most_at_once = max(host.most_at_once, host.open)
        self._answer("greeting")

    def connection_lost(self, _fault: Exception | None) -> None:
        self._host.open -= 1

    def data_received(self, octets: bytes) -> None:
        self._buffer += octets
        while not self._is_silent and not self._transport.is_closing():
            if self._in_data:
                message, dot, rest = self._buffer.partition(b"\r\n.\r\n")
                if not dot:
                    return
                self._buffer, self._in_data = rest, False
                self._take(message + b"\r\n")
            elif self._chunk_octets:
                if not self._take_chunk():
                    return
            else:
                line, end, rest = self._buffer.partition(b"\r\n")
                if not end:
                    return
                self._buffer = rest
                self._command(line.decode())

    async def _let_time_pass(self) -> None:
        while not self._transport.is_closing():
            jump(1)
            await asyncio.sleep(0)

    def _command(self, line: str) -> None:
        self._host.heard.append(line)
        verb = line.partition(" ")[0].upper()
        if verb == "EHLO" and verb not in self._host.moods:
            lines = ["mx.harbor.test", *self._host.offers]
            said = [f"250-{each}" for each in lines[:-1]] + [f"250 {lines[-1]}"]
            self._transport.write("".join(f"{each}\r\n" for each in said).encode())
        elif verb == "RCPT":
            self._recipient(line)
        elif verb == "BDAT":
            _, octets, *last = line.split()
            self._chunk_octets, self._is_last = int(octets), bool(last)
        elif verb == "DATA" and not self._recipients:
            self._say("503 5.5.1 No recipients")
        else:
            if verb == "MAIL":
                self._mail = "" if verb in self._host.moods else line
                self._recipients = []
            self._answer(verb)

    def _take_chunk(self) -> bool:
        """Take what came of a chunk and answer it when it is whole; return whether it is."""
        piece = self._buffer[: self._chunk_octets]
        self._buffer = self._buffer[len(piece) :]
        self._content += piece
        self._chunk_octets -= len(piece)
        if self._chunk_octets:
            return False
        refusal = self._host.moods.get("DATA") if self._recipients else "503 5.5.1 No recipients"
        if refusal or not self._is_last:
            self._say(refusal or "250 2.0.0 Go on")
        else:
            self._take(self._content)
        if self._is_last:
            self._content = b""
        return True

    def _recipient(self, line: str) -> None:
        path = line[line.index("<") : line.index(">") + 1]
        said = self._host.recipients.get(path) or self._host.moods.get("RCPT")
        if said is None and len(self._recipients) >= self._host.max_recipients:
            said = "452 4.5.3 Too many recipients"
        if not self._mail:
            said = "503 5.5.1 No MAIL"
        elif said is None:
            self._recipients.append(path)
        self._say(said or _USUAL["RCPT"])

    def _take(self, message: bytes) -> None:
        mood = CUT if self._host.poison in message else self._host.moods.get("dot", _USUAL["dot"])
        if mood in (CUT, HANG) or mood.startswith("2"):
            self._host.taken.append(Taken(self._mail, tuple(self._recipients), message))
            self._host.vanished += 0 if mood.startswith("2") else len(self._recipients)
        self._say(mood)

    def _answer(self, stage: str) -> None:
        self._say(self._host.moods.get(stage) or _USUAL.get(stage, "500 5.5.1 What?"))
        if stage == "QUIT":
            self._transport.close()

    def _say(self, mood: str) -> None:
        if mood == HANG:
            self._is_silent = True
            self._passing = asyncio.ensure_future(self._let_time_pass())
        elif mood == CUT:
            self._transport.abort()
        else:
            self._in_data = mood.startswith("354")
            self._transport.write(f"{mood}\r\n".encode())
            if mood.startswith("421"):
                self._transport.close()

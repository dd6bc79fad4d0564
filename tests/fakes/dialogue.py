"""Plays a dialogue of tests/dialogues against `ServerConnection`."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from scop.smtp import (
    NEED_DATA,
    Authenticate,
    Challenge,
    DataBegin,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Hello,
    Help,
    Mail,
    Quit,
    Recipient,
    Refused,
    Reply,
    ServerConnection,
    ServerOptions,
    StartTls,
    Verify,
    reply,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

__all__ = ["Player", "play"]

_OPTIONS: dict[str, Callable[[ServerOptions], ServerOptions]] = {
    "lmtp": lambda options: replace(options, lmtp=True),
    "trusted": lambda options: replace(options, trusted=True),
    "tls": lambda options: replace(options, tls_active=True),
    "starttls": lambda options: replace(options, tls_available=True),
    "auth": lambda options: replace(options, auth_mechanisms=("PLAIN", "LOGIN")),
    "required": lambda options: replace(options, auth_required=True),
}
_OK = reply(250, "2.0.0", "Ok")
_REPLIES = {
    DataBegin: reply(354, "", "go on"),
    Verify: reply(252, "2.5.0", "maybe"),
    Help: reply(214, "2.0.0", "no"),
    Quit: reply(221, "2.0.0", "bye"),
    StartTls: reply(220, "2.0.0", "go on"),
}


@dataclass
class Player:
    """A server that takes everything; what it said and took is kept until a test asks for it."""

    options: ServerOptions
    said: list[str] = field(default_factory=list)
    taken: list[tuple[str, str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.server = ServerConnection(self.options)
        self._chunks: list[bytes] = []
        self._recipients: list[str] = []
        self._say(reply(220, "", "mx.harbor.test ESMTP"))

    def feed(self, octets: bytes) -> None:
        """Take octets of the client and answer all that can be answered."""
        self.server.receive_data(octets)
        while (event := self.server.next_event()) is not NEED_DATA:
            if isinstance(event, DataChunk):
                self._chunks.append(event.octets)
            else:
                self._say(self._answer(event))

    def _say(self, answer: Reply) -> None:
        self.said += self.server.send(answer).decode("utf-8").splitlines()

    def _answer(self, event: Event) -> Reply:
        match event:
            case Hello():
                return self.server.hello_reply()
            case Refused() | DataRefused() | Challenge():
                self._chunks.clear()
                return event.reply
            case Mail():
                self._mail, self._recipients, self._chunks = event, [], []
            case Recipient():
                return self._recipient(event)
            case DataEnd():
                to = ",".join(self._recipients)
                self.taken.append((str(self._mail.reverse_path), to, b"".join(self._chunks)))
            case Authenticate(_, "alice", "secret"):
                return reply(235, "2.7.0", "Welcome")
            case Authenticate():
                return reply(535, "5.7.8", "Authentication failed")
        return _REPLIES.get(type(event), _OK)

    def _recipient(self, event: Recipient) -> Reply:
        mailbox = event.forward_path.mailbox
        name = mailbox.local_part if mailbox else ""
        if name == "nobody":
            return reply(550, "5.1.1", "No such user")
        self._recipients.append(str(event.forward_path))
        if name == "seen":
            origin = self._mail.origin
            seen = f"{origin.address} {origin.port} {origin.helo} {origin.ident} " if origin else ""
            return reply(250, "2.0.0", f"{seen}{self._mail.auth or ''}".strip() or "nothing")
        return _OK


def play(path: Path, chunk_octets: int) -> None:
    """Play a dialogue, sending pieces of `chunk_octets`; raises `AssertionError` where it goes otherwise."""
    player: Player | None = None
    options = ServerOptions("mx.harbor.test", max_message_octets=65536)
    for number, line in enumerate(path.read_text().split("\n"), 1):
        kind, text = line[:2], line[2:].removeprefix(" ")
        if kind == "O:":
            for word in text.split():
                options = _OPTIONS[word](options)
            continue
        if not line.strip() or line.startswith("#"):
            continue
        player = player or Player(options)
        _step(player, kind, text, chunk_octets, f"{path.name}:{number}: {line}")
    assert player is not None
    assert ([], []) == (player.said, player.taken)


def _step(player: Player, kind: str, text: str, chunk_octets: int, where: str) -> None:
    match kind:
        case "C:" | "R:":
            octets = _octets(text) + (b"\r\n" if kind == "C:" else b"")
            for start in range(0, len(octets), chunk_octets):
                player.feed(octets[start : start + chunk_octets])
        case "S:":
            assert player.said, f"{where}: the server said nothing"
            said = player.said.pop(0)
            assert fnmatch.fnmatchcase(said, text.replace("[", "[[]")), f"{where}: the server said {said}"
        case "T:":
            player.server.start_tls_done()
        case "M:":
            sender, recipients, message = text.split("|", 2)
            assert (sender, recipients, _octets(message)) == player.taken.pop(0), where
        case _:
            raise AssertionError(f"{where}: not a line of the language")


def _octets(text: str) -> bytes:
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")

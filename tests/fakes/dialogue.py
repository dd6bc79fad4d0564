"""Reads the dialogues of tests/dialogues, and plays them against `ServerConnection`."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from fakes.dialogue_host import GREETING, Host
from scop.smtp import (
    NEED_DATA,
    Authenticate,
    Challenge,
    ChunkEnd,
    DataChunk,
    DataEnd,
    DataRefused,
    Event,
    Extended,
    Hello,
    Impersonated,
    Mail,
    Recipient,
    Refused,
    Reply,
    SaslStep,
    ServerConnection,
    ServerOptions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

__all__ = ["Dialogue", "Player", "Step", "check_whole_reply", "octets_of", "pipelined", "play", "read_dialogue"]

_SCRAM = ("SCRAM-SHA-256", "SCRAM-SHA-256-PLUS")
_OPTIONS: dict[str, Callable[[ServerOptions], ServerOptions]] = {
    "lmtp": lambda options: replace(options, lmtp=True),
    "trusted": lambda options: replace(options, trusted=True),
    "tls": lambda options: replace(options, tls_active=True),
    "starttls": lambda options: replace(options, tls_available=True),
    "auth": lambda options: replace(options, auth_mechanisms=("PLAIN", "LOGIN")),
    "scram": lambda options: replace(options, auth_mechanisms=_SCRAM),
    "external": lambda options: replace(options, auth_mechanisms=("EXTERNAL",), external_identity="alice"),
    "required": lambda options: replace(options, auth_required=True),
    "binary": lambda options: replace(options, binary=True),
    "deliverby": lambda options: replace(options, min_by_seconds=60),
    "hold": lambda options: replace(options, max_hold_seconds=3600),
    "priorities": lambda options: replace(options, priorities=True),
    "few": lambda options: replace(options, max_recipients=2, max_transactions=2),
    "xclient": lambda options: replace(options, xclient=True),
    "plain": lambda options: replace(options, extensions=()),
    "early": lambda options: replace(options, early_talk=True),
    "lines": lambda options: replace(options, max_text_line_octets=998),
}
_KINDS = frozenset(("O", "E", "C", "R", "S", "S+", "T", "M"))


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a dialogue."""

    kind: str
    text: str
    where: str

    @property
    def octets(self) -> bytes:
        """What the client sends."""
        return octets_of(self.text) + (b"\r\n" if self.kind == "C" else b"")


@dataclass(frozen=True, slots=True)
class Dialogue:
    """One file: how the server is set up, and who says what."""

    words: frozenset[str]
    options: ServerOptions
    steps: tuple[Step, ...]


def read_dialogue(path: Path) -> Dialogue:
    """Read a file; raises `AssertionError` where it does not keep to the language."""
    steps = [_step(path.name, number, line) for number, line in enumerate(path.read_text().split("\n"), 1)]
    said = [step for step in steps if step.kind]
    words = frozenset(word for step in said if step.kind == "O" for word in step.text.split())
    options = ServerOptions("mx.harbor.test", max_message_octets=65536)
    for word in sorted(words):
        options = _OPTIONS[word](options)
    return Dialogue(words, options, tuple(step for step in said if step.kind != "O"))


def _step(name: str, number: int, line: str) -> Step:
    if not line.strip() or line.startswith("#"):
        return Step("", "", "")
    kind, _, text = line.partition(":")
    assert kind in _KINDS, f"{name}:{number}: not a line of the language"
    return Step(kind, text.removeprefix(" "), f"{name}:{number}: {line}")


def pipelined(steps: Sequence[Step]) -> list[Step]:
    """Return the steps as a client goes that says all it has to say in one write before it hears anything."""
    ordered: list[Step] = []
    said = b""
    heard: list[Step] = []
    for step in steps:
        if step.kind in ("C", "R"):
            said += step.octets
        elif step.kind == "T":  # what follows belongs to another connection, so to say
            ordered += (_said(said), *heard, step)
            said, heard = b"", []
        else:
            heard.append(step)
    return [*ordered, _said(said), *heard]


def _said(octets: bytes) -> Step:
    return Step("R", "".join(f"\\x{octet:02x}" for octet in octets), "pipelined")


@dataclass
class Player:
    """A server that takes everything; what it said and took is kept until a test asks for it."""

    options: ServerOptions
    said: list[str] = field(default_factory=list)
    early: bytes = b""

    def __post_init__(self) -> None:
        self.server = ServerConnection(self.options)
        self.host = Host()
        self._chunks: list[bytes] = []
        self.server.receive_data(self.early)
        self._say(GREETING)

    @property
    def taken(self) -> list[tuple[str, str, bytes]]:
        """The messages: from, to and octets."""
        return self.host.taken

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
            case Refused() | DataRefused() | Challenge() | ChunkEnd() | Extended():
                return event.reply
            case Hello():
                return self.server.hello_reply()
            case Mail():
                self._chunks.clear()
                return self.host.mail(event)
            case Recipient():
                return self.host.recipient(event)
            case DataEnd():
                return self.host.message(b"".join(self._chunks))
            case Authenticate() | SaslStep():
                return self.host.authenticate(event)
            case Impersonated():
                return GREETING
        return self.host.other(event)


def play(path: Path, chunk_octets: int, order: Callable[[Sequence[Step]], Sequence[Step]] = tuple) -> None:
    """Play a dialogue, sending pieces of `chunk_octets`; raises `AssertionError` where it goes otherwise."""
    dialogue = read_dialogue(path)
    early = b"".join(step.octets for step in dialogue.steps if step.kind == "E")
    player = Player(dialogue.options, early=early)
    player.feed(b"")
    for step in order(dialogue.steps):
        _play(player, step, chunk_octets)
    assert ([], []) == (player.said, player.taken)


def _play(player: Player, step: Step, chunk_octets: int) -> None:
    match step.kind:
        case "C" | "R":
            octets = step.octets
            for start in range(0, len(octets), chunk_octets):
                player.feed(octets[start : start + chunk_octets])
        case "S":
            assert player.said, f"{step.where}: the server said nothing"
            said = player.said.pop(0)
            assert fnmatch.fnmatchcase(said, step.text.replace("[", "[[]")), f"{step.where}: the server said {said}"
        case "S+":
            _hear_whole_reply(player.said, step)
        case "T":
            player.server.start_tls_done()
        case "M":
            sender, recipients, message = step.text.split("|", 2)
            assert (sender, recipients, octets_of(message)) == player.taken.pop(0), step.where


def _hear_whole_reply(said: list[str], step: Step) -> None:
    code, *wanted = (part.strip() for part in step.text.split("|"))
    heard: list[str] = []
    while said and said[0].startswith(f"{code}-"):
        heard.append(said.pop(0))
    heard.append(said.pop(0) if said else "nothing")
    check_whole_reply(heard, code, wanted, step.where)


def check_whole_reply(heard: Sequence[str], code: str, wanted: Sequence[str], where: str) -> None:
    """Check the lines of one reply against `+pattern` (a line is such) and `-pattern` (none is)."""
    assert heard[-1].startswith(f"{code} "), f"{where}: the server said {heard[-1]}"
    for each in wanted:
        is_there = any(fnmatch.fnmatchcase(line[4:], each[1:]) for line in heard)
        assert is_there is each.startswith("+"), f"{where}: the server said {heard}"


def octets_of(text: str) -> bytes:
    """Read the escapes of the language."""
    return text.encode("latin-1").decode("unicode_escape").encode("latin-1")

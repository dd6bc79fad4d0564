"""The mail server's end of the milter protocol: what it writes, and how it reads what a filter says."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scop.smtp.milter import (
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
    Quit,
    Recipient,
    Unknown,
)

__all__ = ["ALL_ACTIONS", "ALL_STEPS", "Heard", "heard", "macros", "offer", "written"]

ALL_ACTIONS, ALL_STEPS = 0x1FF, 0x1FFFFF


def packet(letter: bytes, content: bytes = b"") -> bytes:
    """Write one packet."""
    return struct.pack(">I", 1 + len(content)) + letter + content


def offer(version: int = 6, actions: int = ALL_ACTIONS, steps: int = ALL_STEPS) -> bytes:
    """Begin a negotiation."""
    return packet(b"O", struct.pack(">III", version, actions, steps))


def macros(letter: bytes, **named: str) -> bytes:
    """Tell macros for the packet of a letter; names of one character are written bare, others in braces."""
    words = [text for name, value in named.items() for text in (name if len(name) == 1 else f"{{{name}}}", value)]
    return packet(b"D", letter + "".join(f"{word}\0" for word in words).encode())


def written(event: Event) -> bytes:
    """Write an event as a mail server does."""
    match event:
        case Connect(name, "", _):
            return packet(b"C", name.encode() + b"\0U")
        case Connect(name, address, port):
            family = b"6" if ":" in address else b"4"
            return packet(b"C", name.encode() + b"\0" + family + struct.pack(">H", port) + address.encode() + b"\0")
        case Helo(name):
            return packet(b"H", name.encode() + b"\0")
        case Mail(path, parameters) | Recipient(path, parameters):
            words = "".join(f"{word}\0" for word in (path, *parameters)).encode()
            return packet(b"M" if isinstance(event, Mail) else b"R", words)
        case Field(name, body):
            return packet(b"L", name + b"\0" + body.replace(b"\r\n", b"\n") + b"\0")
        case BodyChunk(octets):
            return packet(b"B", octets)
        case MessageEnd(octets):
            return packet(b"E", octets)
        case Unknown(line):
            return packet(b"U", line.encode() + b"\0")
        case Quit(is_followed):
            return packet(b"K" if is_followed else b"Q")
        case _:
            return packet({DataBegin: b"T", HeaderEnd: b"N", Abort: b"A"}[type(event)])


@dataclass(slots=True)
class Heard:
    """What a filter said: its letters in order, and what it changed."""

    letters: str = ""
    terms: tuple[int, int, int] = (0, 0, 0)
    inserted: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    changed: list[tuple[int, bytes, bytes]] = field(default_factory=list)
    refusal: bytes = b""
    quarantine: bytes = b""


def heard(octets: bytes) -> Heard:
    """Read what a filter said."""
    found = Heard()
    for letter, content in _packets(octets):
        found.letters += letter.decode()
        if letter == b"O":
            found.terms = struct.unpack(">III", content)
        elif letter in (b"i", b"m"):
            name, body, _ = content[4:].split(b"\0")
            (found.inserted if letter == b"i" else found.changed).append(
                (int.from_bytes(content[:4], "big"), name, body)
            )
        elif letter == b"y":
            found.refusal = content.removesuffix(b"\0")
        elif letter == b"q":
            found.quarantine = content.removesuffix(b"\0")
    return found


def _packets(octets: bytes) -> Iterator[tuple[bytes, bytes]]:
    while octets:
        (size,) = struct.unpack(">I", octets[:4])
        yield octets[4:5], octets[5 : 4 + size]
        octets = octets[4 + size :]

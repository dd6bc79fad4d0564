"""A small mesh for tests: an authority, identities, listeners on loopback, a log that is kept."""

from __future__ import annotations

import socket
from dataclasses import dataclass, field

import msgspec

from scop.mesh.authority import Authority
from scop.mesh.pipes import PipeIdentity
from scop.net.log import Log

__all__ = ["DOMAIN", "ClockAt", "KeptLog", "identity_of", "loopback_listener"]

DOMAIN = "harbor.test"


@dataclass(frozen=True, slots=True)
class ClockAt:
    """A clock that stands still."""

    now_unix: float

    def unix(self) -> float:
        """Return the one time it shows."""
        return self.now_unix

    def monotonic(self) -> float:
        """Return the one time it shows."""
        return self.now_unix


@dataclass(slots=True)
class KeptLog:
    """A log whose lines can be asked for."""

    lines: list[dict[str, object]] = field(default_factory=list)

    def log(self, cell: str = "test") -> Log:
        """Return a log that writes here."""
        return Log(cell, lambda line: self.lines.append(msgspec.json.decode(line)))

    def reasons(self, event: str) -> list[str]:
        """Return the reasons of all lines of an event."""
        return [str(line.get("reason")) for line in self.lines if line["event"] == event]


def identity_of(authority: Authority, name: str) -> PipeIdentity:
    """Return the identity of a cell with a fresh leaf."""
    return PipeIdentity(authority.domain, name, authority.leaf(name))


def loopback_listener() -> socket.socket:
    """Return a listening socket on a port that the kernel picks."""
    return socket.create_server(("127.0.0.1", 0))

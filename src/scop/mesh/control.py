"""The control socket between the supervisor and one cell: how a cell is born, renewed and known to be ready.

A pair of SOCK_SEQPACKET sockets, so one message is one read. The supervisor sends `Boot` with the
log, the inlet and the public listeners as descriptors, later `Renew` with a fresh leaf and log;
the cell sends `Ready` or `Failed` and nothing else. No mail and no secret of users passes here.
"""

from __future__ import annotations

import socket
from typing import TypeAlias

import msgspec

from scop.mesh.config import Config
from scop.mesh.identity import Leaf

__all__ = ["Boot", "CellMessage", "Confined", "Control", "Failed", "Identifiers", "Ready", "Renew", "SupervisorMessage"]

CONTROL_DESCRIPTOR = 0  # a cell finds its end where others have standard input
MAX_MESSAGE_OCTETS = 131_072  # below the smallest default send buffer
MAX_DESCRIPTORS = 16


class Identifiers(msgspec.Struct, frozen=True):
    """The user and group that a cell becomes when it was started as root."""

    uid: int
    gid: int


class Boot(msgspec.Struct, frozen=True, tag="boot"):
    """Who the cell is. Descriptors: the log, the inlet where it serves pipes, then its public listeners."""

    cell: str
    config: Config
    state: str
    leaf: Leaf
    places: dict[str, tuple[str, int]]
    has_inlet: bool
    listeners: tuple[str, ...]
    identifiers: Identifiers | None = None


class Renew(msgspec.Struct, frozen=True, tag="renew"):
    """A fresh leaf; the descriptor is a fresh log."""

    leaf: Leaf


class Confined(msgspec.Struct, frozen=True):
    """What holds the cell, and what the kernel lacks for more."""

    landlock_abi: int
    missing: tuple[str, ...]


class Ready(msgspec.Struct, frozen=True, tag="ready"):
    """Every listener accepts."""

    confined: Confined


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The cell cannot start, for a reason that starting again does not mend."""

    reason: str


SupervisorMessage: TypeAlias = Boot | Renew
CellMessage: TypeAlias = Ready | Failed

_encode = msgspec.msgpack.Encoder().encode
_decode_for_cell = msgspec.msgpack.Decoder(SupervisorMessage)
_decode_for_supervisor = msgspec.msgpack.Decoder(CellMessage)


class Control:
    """One end of the control socket; non-blocking reads return None when nothing is there."""

    def __init__(self, end: socket.socket) -> None:
        self.socket = end

    @classmethod
    def inherited(cls) -> Control:
        """Return the end that the supervisor left this process."""
        return cls(socket.socket(fileno=CONTROL_DESCRIPTOR))

    def send(self, message: SupervisorMessage | CellMessage, descriptors: tuple[int, ...] = ()) -> None:
        """Send one message, and copies of open descriptors with it."""
        octets = _encode(message)
        assert len(octets) <= MAX_MESSAGE_OCTETS, f"a control message of {len(octets)} octets"
        if descriptors:
            socket.send_fds(self.socket, [octets], list(descriptors))
        else:
            self.socket.send(octets)

    def receive_in_cell(self) -> tuple[SupervisorMessage, tuple[int, ...]] | None:
        """Return the supervisor's next message and its descriptors; None at the end of the supervisor."""
        octets, descriptors, _, _ = socket.recv_fds(self.socket, MAX_MESSAGE_OCTETS, MAX_DESCRIPTORS)
        if not octets:
            return None
        return _decode_for_cell.decode(octets), tuple(descriptors)

    def receive_in_supervisor(self) -> CellMessage | None:
        """Return the cell's next message; None at its end."""
        octets = self.socket.recv(MAX_MESSAGE_OCTETS)
        return _decode_for_supervisor.decode(octets) if octets else None

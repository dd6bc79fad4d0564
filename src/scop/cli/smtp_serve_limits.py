"""The limits of `scop smtp serve`: those of the mesh's receiver, with its defaults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scop.cells.receiver.door import Door, DoorLimits, wall_options
from scop.cells.receiver.misdeeds import Misdeed
from scop.cells.receiver.wall import Wall
from scop.mesh.config import Firewall, Limits
from scop.mesh.config.receiver import Receiver
from scop.net.clock import SystemClock
from scop.net.log import Log
from scop.smtp import Reply, reply

if TYPE_CHECKING:
    from scop.cells.receiver.door import Refusal, Visit
    from scop.net.peer import Peer

__all__ = ["RateLimits"]

MAX_CONNECTIONS = 5000  # at once: some KB each, so that who holds thousands open shuts nobody else out

_ENOUGH = reply(421, "4.7.0", "Too many errors")


class RateLimits:
    """Satisfies `scop.net.mail_drop.Attendant`."""

    def __init__(self) -> None:
        limits, clock = DoorLimits(Limits(connections=MAX_CONNECTIONS), Receiver()), SystemClock()
        # What is refused the server logs by itself.
        wall = Wall(wall_options(limits, Firewall()), Log("receiver", _write_nothing), clock)
        self._door = Door(limits, wall, clock)

    def visit(self, peer: Peer, /) -> _Visit:
        """Return what counts for one connection."""
        return _Visit(self._door.visit(peer))

    def pause_seconds(self, peer: Peer, octets: int, /) -> float:
        """Count octets that came; return how long no more are to be read."""
        return self._door.visit(peer).pause_seconds(octets)


class _Visit:
    def __init__(self, visit: Visit) -> None:
        self._visit = visit

    def enter(self) -> tuple[Reply, str] | None:
        return _pair(self._visit.enter())

    def begin_mail(self) -> tuple[Reply, str] | None:
        return _pair(self._visit.begin_mail())

    def note_refused_recipient(self) -> tuple[Reply, str] | None:
        self._visit.note(Misdeed.REFUSED_RECIPIENT)
        return (_ENOUGH, "too many refused recipients") if self._visit.is_banned else None

    def note_broken_command(self) -> None:
        self._visit.note(Misdeed.BROKEN_COMMAND)

    def leave(self) -> None:
        self._visit.leave()


def _write_nothing(_line: bytes) -> None:
    """Satisfies `scop.net.log.Log`."""


def _pair(refusal: Refusal | None) -> tuple[Reply, str] | None:
    return None if refusal is None else (refusal.reply, refusal.reason)

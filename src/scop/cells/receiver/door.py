"""All limits at port 25 in one place: who may come in, how fast, and who has to wait for the greeting.

A limit that is reached is never the end of a mail: the reply is one of 4yz, so an honest sender, however
busy, comes again. Our own networks meet no limit but that of all connections together.

Standards: RFC 5321 §4.2.1 (4yz), §7.8 (rejecting clients); RFC 3463 §3.8 (X.7).
"""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base.sources import Sources
from scop.cells.receiver.bans import BanLimits, Bans, Misdeed, Patience
from scop.iprev import IprevWord
from scop.net.meters import Meter, Rate, TwoMeters
from scop.net.visitors import Visitors
from scop.smtp import Reply, reply

if TYPE_CHECKING:
    from scop.base import Clock
    from scop.iprev import ReverseName
    from scop.mesh.config import Limits, PerAddress, Receiver
    from scop.net.peer import Peer

__all__ = ["Door", "DoorLimits", "Refusal", "Visit"]

MINUTE = 60.0
# A burst of octets that is not slowed down: a mail of usual size passes at full speed.
OCTETS_BURST_SECONDS = 10.0

_UNCONFIRMED = (IprevWord.FAIL, IprevWord.PERMERROR)  # where the DNS is silent nobody is to blame


@dataclass(frozen=True, slots=True)
class DoorLimits:
    """What the operator set."""

    general: Limits
    receiver: Receiver
    own_networks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Refusal:
    """What the client reads, and what the log says."""

    reply: Reply
    reason: str


class Door:
    """Counts what all clients do; every table in it is bounded."""

    def __init__(self, limits: DoorLimits, clock: Clock) -> None:
        general, receiver = limits.general, limits.receiver
        self.sources = Sources(limits.own_networks)
        self.visitors = Visitors(general.connections, general.connections_per_address)
        self.networks = Visitors(general.connections, receiver.per_network.connections or general.connections)
        self.bans = Bans(
            BanLimits(general.ban_seconds, _patience(receiver.per_address), _patience(receiver.per_network)), clock
        )
        self.mails = TwoMeters(
            *(
                Meter(Rate(each.mails_per_minute, MINUTE), clock)
                for each in (receiver.per_address, receiver.per_network)
            )
        )
        self.octets = TwoMeters(
            *(
                Meter(Rate(each.octets_per_second * OCTETS_BURST_SECONDS, OCTETS_BURST_SECONDS), clock)
                for each in (receiver.per_address, receiver.per_network)
            )
        )

    def visit(self, peer: Peer) -> Visit:
        """Return what the door knows and asks of one connection."""
        return Visit(self, peer)


class Visit:
    """One connection at the door."""

    def __init__(self, door: Door, peer: Peer) -> None:
        self._door = door
        self._source = door.sources.of(peer.address)
        # Connections of our own networks are counted together only.
        self._key = self._source.host if self._source else f"{peer.address} {peer.port}"
        self._entered = False

    @property
    def is_own(self) -> bool:
        """Whether no limit holds."""
        return self._source is None

    def enter(self) -> Refusal | None:
        """Let the connection in and return None; else say why not."""
        door, source = self._door, self._source
        if source is not None and (seconds := door.bans.seconds_left(source)):
            minutes = math.ceil(seconds / MINUTE)
            told = reply(421, "4.7.0", f"Too many errors from your address, try again in {minutes} minutes")
            return Refusal(told, "banned")
        if not door.visitors.enter(self._key):
            told = reply(421, "4.7.0", "Too many connections, try again later")
            return Refusal(told, "too many connections, of this address or of all")
        if source is not None and not door.networks.enter(source.network):
            door.visitors.leave(self._key)
            told = reply(421, "4.7.0", "Too many connections from your network, try again later")
            return Refusal(told, f"too many connections from {source.network}")
        self._entered = True
        return None

    def leave(self) -> None:
        """Let go of what was counted; may be called twice, and without having come in."""
        if not self._entered:
            return
        self._entered = False
        self._door.visitors.leave(self._key)
        if self._source is not None:
            self._door.networks.leave(self._source.network)

    def must_wait(self, name: ReverseName) -> bool:
        """Say whether the client is suspicious: without a name that leads back to it, or known for misdeeds."""
        if self._source is None:
            return False
        return name.result in _UNCONFIRMED or self.misbehaved

    @property
    def misbehaved(self) -> bool:
        """Whether the host is known for misdeeds."""
        return self._source is not None and self._door.bans.remembers(self._source)

    def begin_mail(self) -> Refusal | None:
        """Count a mail that begins; say why not where it is one too many."""
        wait = self._door.mails.take(self._source) if self._source else 0.0
        if not wait:
            return None
        told = reply(451, "4.7.1", f"Too many mails from your address, try again in {math.ceil(wait)} seconds")
        return Refusal(told, "too many mails a minute")

    def pause_seconds(self, octets: int) -> float:
        """Count octets that came; return how long no more are to be read."""
        return self._door.octets.slow_down(self._source, octets) if self._source else 0.0

    def note(self, misdeed: Misdeed) -> str:
        """Count a misdeed; return who is banned from now on because of it, '' for nobody."""
        return self._door.bans.note(self._source, misdeed) if self._source else ""

    @property
    def is_banned(self) -> bool:
        """Whether to hang up now."""
        return self._source is not None and bool(self._door.bans.seconds_left(self._source))


def _patience(limits: PerAddress) -> Patience:
    return Patience(limits.broken_commands_per_hour or sys.maxsize, limits.refused_recipients_per_hour or sys.maxsize)

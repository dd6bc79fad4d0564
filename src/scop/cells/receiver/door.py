"""All limits at port 25 in one place: who may come in, how fast, and who has to wait for the greeting.

A limit that is reached is never the end of a mail: the reply is one of 4yz, so an honest sender, however
busy, comes again. Only who is shut out for more than an hour reads 554. Our own networks meet no limit but that of all
connections together.

Standards: RFC 5321 §3.1 (554), §4.2.1 (4yz), §7.8 (rejecting clients); RFC 3463 §3.8 (X.7).
"""

from __future__ import annotations

import datetime
import math
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.cells.receiver.misdeeds import Misdeed, MisdeedLimits, Patience
from scop.cells.receiver.wall import Wall, WallOptions
from scop.iprev import IprevWord
from scop.net.meters import Meter, Rate, TwoMeters
from scop.net.visitors import Visitors
from scop.reputation import Action, Cause, Entry, FirewallOptions, Standing
from scop.reputation.subjects import SubjectKind, kind_of
from scop.smtp import Reply, reply

if TYPE_CHECKING:
    from pathlib import Path

    from scop.base import Clock
    from scop.iprev import ReverseName
    from scop.mesh.config import Firewall, Limits, PerAddress, Receiver
    from scop.net.peer import Peer

__all__ = ["Door", "DoorLimits", "Refusal", "Visit", "wall_options"]

MINUTE = 60.0
# A burst of octets that is not slowed down: a mail of usual size passes at full speed.
OCTETS_BURST_SECONDS = 10.0

SHORT_SECONDS = 3600.0  # for which an honest client is only put off
_ENOUGH = reply(421, "4.7.0", "Too many errors")
_MISDEEDS = frozenset({Cause.BROKEN_COMMANDS, Cause.REFUSED_RECIPIENTS})
_REFUSALS = {
    Cause.OPERATOR: "We take no mail from your",
    Cause.FORGERY: "Forged mail came from your",
    Cause.SPAM: "Spam came from your",
    Cause.MALWARE: "Malware came from your",
    Cause.BROKEN_COMMANDS: "Too many errors from your",
    Cause.REFUSED_RECIPIENTS: "Too many errors from your",
}

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

    def __init__(self, limits: DoorLimits, wall: Wall, clock: Clock) -> None:
        general, receiver = limits.general, limits.receiver
        self.wall = wall
        self.clock = clock
        self.sources = wall.firewall.sources
        self.visitors = Visitors(general.connections, general.connections_per_address)
        self.networks = Visitors(general.connections, receiver.per_network.connections or general.connections)
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
        self._address = peer.address
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
        if (refusal := self._shut_out()) is not None:
            return refusal
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

    def why_wait(self, name: ReverseName | None, listed_by: tuple[str, ...] = ()) -> str:
        """Return why the client is suspicious, '' where it is not; `name` is None where it is not known yet."""
        wall = self._door.wall
        verdict = wall.verdict(self._address)
        if self._source is None or verdict.is_allowed:
            return ""
        if verdict.standing is not Standing.WELCOME:
            return "earlier offences"
        if wall.misdeeds.remembers(self._source):
            return "earlier misdeeds"
        if name is not None and name.result in _UNCONFIRMED:
            return f"reverse name: {name.result}"
        return f"listed by {', '.join(listed_by)}" if listed_by else ""

    def begin_mail(self) -> Refusal | None:
        """Count a mail that begins; say why not where it is one too many, or the door was shut meanwhile."""
        if self.is_banned:
            return Refusal(_ENOUGH, "banned meanwhile")
        wait = self._door.mails.take(self._source) if self._source else 0.0
        if not wait:
            return None
        told = reply(451, "4.7.1", f"Too many mails from your address, try again in {math.ceil(wait)} seconds")
        return Refusal(told, "too many mails a minute")

    def pause_seconds(self, octets: int) -> float:
        """Count octets that came; return how long no more are to be read."""
        return self._door.octets.slow_down(self._source, octets) if self._source else 0.0

    def note(self, misdeed: Misdeed) -> None:
        """Count a misdeed, which may be the one too many."""
        self._door.wall.note_misdeed(self._address, misdeed)

    @property
    def is_banned(self) -> bool:
        """Whether to hang up now."""
        return self._source is not None and self._door.wall.verdict(self._address).standing is Standing.REFUSE

    def _shut_out(self) -> Refusal | None:
        if self._source is None:
            return None
        entry = self._door.wall.verdict(self._address).entry
        if entry is None or entry.action is not Action.BLOCK:
            return None
        told = refusal_of(entry, self._door.clock.unix())
        return Refusal(told, f"shut out: {entry.subject}, {entry.cause}")


def refusal_of(entry: Entry, now_unix: float) -> Reply:
    """Return what a client reads that is shut out: to come again where that is soon, else that it is no use.

    An honest queue holds mail for days: who is shut out for an hour or less loses none of it. RFC 5321 §3.1 has 554 in
    the place of a greeting for a server that does not want the client at all.
    """
    whole = "network" if kind_of(entry.subject) is SubjectKind.NETWORK else "address"
    text = f"{_REFUSALS[entry.cause]} {whole}"
    if entry.until_unix is None:
        return reply(554, "5.7.1", text)
    if entry.until_unix - entry.since_unix > SHORT_SECONDS:
        return reply(554, "5.7.1", f"{text}, until {_date(entry.until_unix)}")
    code = "4.7.0" if entry.cause in _MISDEEDS else "4.7.1"
    return reply(421, code, f"{text}, try again in {_in_words(entry.until_unix - now_unix)}")


def _in_words(seconds: float) -> str:
    return f"{math.ceil(seconds / MINUTE)} minutes" if seconds >= MINUTE else f"{math.ceil(seconds)} seconds"


def _date(unix: float) -> str:
    return datetime.datetime.fromtimestamp(unix, datetime.UTC).strftime("%Y-%m-%d %H:%M UTC")


def wall_options(limits: DoorLimits, firewall: Firewall, folder: Path | None = None) -> WallOptions:
    """Return what the firewall is configured to, kept in `folder`."""
    receiver = limits.receiver
    return WallOptions(
        FirewallOptions(limits.general.ban_seconds, firewall.allow, limits.own_networks),
        MisdeedLimits(_patience(receiver.per_address), _patience(receiver.per_network)),
        folder,
    )


def _patience(limits: PerAddress) -> Patience:
    return Patience(limits.broken_commands_per_hour or sys.maxsize, limits.refused_recipients_per_hour or sys.maxsize)

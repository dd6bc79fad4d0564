"""Who misbehaved too often, and until when the receiver hangs up on them.

Two things count: commands that the protocol machine refuses, and recipients that are refused for good
(somebody tries names). A mail that is refused for what it says is no misdeed here: a forged sender
is the verifier's business, and whoever forwards one did nothing wrong at this door. IPv6 addresses are
counted by /64, the least that one host is given. Memory is bounded, whoever knocks.

Standards: RFC 5321 §3.1 (554 at connect), §7.8 (rejecting clients); RFC 6177 §2 (a site has at least a /64).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, TypeVar

from scop.base import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["BanLimits", "Bans", "Misdeed"]

# A connection ends after 20 broken commands: this is the third such within the hour. A broken client
# of an honest user says a few, and somebody who tests us by hand a dozen.
MAX_BROKEN_COMMANDS = 60
# More than one whole transaction of RFC 5321 §4.5.3.1.8 to people who left long ago, as an old mailing
# list may bring it; who tries names needs thousands.
MAX_REFUSED_RECIPIENTS = 150
WITHIN_SECONDS = 3600.0
MAX_NETWORKS = 10_000  # in each of the two memories, about 2 MB; the oldest is forgotten first

V = TypeVar("V")


class Misdeed(StrEnum):
    """What is counted."""

    BROKEN_COMMAND = "broken commands"
    REFUSED_RECIPIENT = "refused recipients"


@dataclass(frozen=True, slots=True)
class BanLimits:
    """How patient we are; `ban_seconds` is the operator's choice."""

    ban_seconds: float
    broken_commands: int = MAX_BROKEN_COMMANDS
    refused_recipients: int = MAX_REFUSED_RECIPIENTS
    within_seconds: float = WITHIN_SECONDS
    max_networks: int = MAX_NETWORKS


@dataclass(frozen=True, slots=True)
class _Tally:
    since: float  # of the first misdeed that counts
    broken_commands: int = 0
    refused_recipients: int = 0

    def plus(self, misdeed: Misdeed) -> _Tally:
        if misdeed is Misdeed.BROKEN_COMMAND:
            return replace(self, broken_commands=self.broken_commands + 1)
        return replace(self, refused_recipients=self.refused_recipients + 1)

    def reaches(self, limits: BanLimits) -> bool:
        return self.broken_commands >= limits.broken_commands or self.refused_recipients >= limits.refused_recipients


class Bans:
    """Counts misdeeds by network; tallies and bans are kept apart, so that cheap tallies push out no ban."""

    def __init__(self, limits: BanLimits, clock: Clock, own_networks: Iterable[str] = ()) -> None:
        self._limits = limits
        self._clock = clock
        self._own = tuple(ipaddress.ip_network(network) for network in own_networks)
        self._tallies: dict[str, _Tally] = {}  # in the order of the last misdeed
        self._ends: dict[str, float] = {}  # in the order of the bans, which all last equally long

    def is_banned(self, address: str) -> bool:
        """Say whether to hang up on an address."""
        if not self._ends:
            return False
        network = self._network_of(address)
        return self._clock.monotonic() < self._ends.get(network, 0.0)

    def note(self, address: str, misdeed: Misdeed) -> str:
        """Count a misdeed; return the network that is banned from now on because of it, '' for none."""
        network = self._network_of(address)
        if not network or self.is_banned(address):
            return ""
        now = self._clock.monotonic()
        tally = self._tallies.pop(network, None)
        if tally is None or now - tally.since >= self._limits.within_seconds:
            tally = _Tally(now)
        tally = tally.plus(misdeed)
        if not tally.reaches(self._limits):
            _remember(self._tallies, network, tally, self._limits.max_networks)
            return ""
        self._ends.pop(network, None)
        _remember(self._ends, network, now + self._limits.ban_seconds, self._limits.max_networks)
        return network

    def _network_of(self, address: str) -> str:
        """Return what is counted together with an address; '' for what is never banned."""
        try:
            host = ipaddress.ip_address(address)
        except ValueError:
            return ""  # no address of the Internet: a unix socket
        if any(host in network for network in self._own):
            return ""
        if isinstance(host, ipaddress.IPv4Address):
            return address
        return str(ipaddress.IPv6Network((int(host) >> 64 << 64, 64)))


def _remember(memory: dict[str, V], network: str, what: V, limit: int) -> None:
    memory[network] = what
    if len(memory) > limit:
        del memory[next(iter(memory))]

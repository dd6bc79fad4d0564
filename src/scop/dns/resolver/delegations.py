"""Who serves which zone: the root hints, zones that are configured, and what referrals said.

Only the parent's referral puts a delegation here, for as long as the parent says; what the zone itself says of its
servers is an answer to who asks for it and never steers us. So an answer cannot plant servers (CVE-2025-11411), and a
zone that was taken away is gone when the parent's time is over ("ghost domain names").

Standards: RFC 1034 §4.2.1 (cuts and glue), RFC 2181 §5.4.1 (glue is no answer), RFC 8109 (priming).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from scop.dns.asking import Server
from scop.dns.names import is_at_or_below, parent_name
from scop.dns.resolver.bounded import Bounded
from scop.dns.resolver.options import Way, Zone

__all__ = ["Delegation", "Delegations", "NameServer"]

MAX_DELEGATION_OCTETS = 20_971_520  # some 20,000 usual ones; who makes large ones drives out more of the others
_DELEGATION_OCTETS, _SERVER_OCTETS, _PLACE_OCTETS = 500, 180, 150  # measured: the objects, beside the names
MAX_DELEGATION_SECONDS = 86_400  # a day, whatever a parent says


@dataclass(frozen=True, slots=True)
class NameServer:
    """A server by its name; `places` came as glue. Where it `is_in_zone`, only the parent can say where it is.

    The servers of hints and of configured zones are places without a name.
    """

    name: str
    places: tuple[Server, ...] = ()
    is_in_zone: bool = True


@dataclass(frozen=True, slots=True)
class Delegation:
    """A zone and its servers; `configured` is the zone of the options that it comes from."""

    zone: str
    servers: tuple[NameServer, ...]
    configured: Zone | None = None
    until: float = float("inf")

    @property
    def is_forward(self) -> bool:
        """Whether its servers are resolvers, asked with RD."""
        return self.configured is not None and self.configured.way is Way.FORWARD

    @property
    def is_fixed(self) -> bool:
        """Whether nobody's referral can change it."""
        return self.configured is not None or not self.zone


class Delegations:
    """All of them; `now` is the time of a monotonic clock."""

    def __init__(self, roots: Iterable[Server], zones: Iterable[Zone], max_octets: int = MAX_DELEGATION_OCTETS) -> None:
        hints = tuple(roots)
        self._hints = Delegation("", (NameServer("", hints),)) if hints else None
        self._fixed = {zone.name: _of_configured(zone) for zone in zones}
        self._primed: dict[str, Delegation] = {}
        self._learned: Bounded[str, Delegation] = Bounded(max_octets)

    def closest(self, name: str, now: float, passed_over: frozenset[str] = frozenset()) -> Delegation | None:
        """Return the deepest known zone at or above `name`, configured ones before learned ones; None without a root.

        Zones in `passed_over`, and what was learned below them, count as unknown.
        """
        while True:
            if name not in passed_over:
                found = self._at(name, now)
                if found is not None and not _is_below_one(found, passed_over):
                    return found
            if not name:
                return self._hints  # below a configured root that is passed over; None without any
            name = parent_name(name)

    def glue_of(self, name: str, now: float) -> tuple[Server, ...]:
        """Return the addresses that came with a referral for a server inside of its own zone, or of one above."""
        found = self.closest(name, now)
        while found is not None and found.zone:
            places = next((server.places for server in found.servers if server.name == name), ())
            if places:
                return places
            found = self.closest(parent_name(found.zone), now)
        return ()

    def configured_above(self, name: str) -> Delegation | None:
        """Return the closest configured zone at or above `name`, the root hints left out."""
        while True:
            found = self._fixed.get(name)
            if found is not None and found.configured is not None:
                return found
            if not name:
                return None
            name = parent_name(name)

    def learn(self, delegation: Delegation, ttl_seconds: int, now: float) -> None:
        """Remember a referral."""
        if delegation.zone not in self._fixed:
            until = now + min(ttl_seconds, MAX_DELEGATION_SECONDS)
            self._learned.put(delegation.zone, replace(delegation, until=until), _weight_of(delegation))

    def prime(self, delegation: Delegation, ttl_seconds: int, now: float) -> None:
        """Use these servers in place of the hints for a while."""
        until = now + min(ttl_seconds, MAX_DELEGATION_SECONDS)
        self._primed[delegation.zone] = replace(delegation, until=until)

    def is_primed(self, zone: str, now: float) -> bool:
        """Whether the servers of a zone with hints were asked for of late."""
        found = self._primed.get(zone)
        return found is not None and found.until > now

    def forget(self, zone: str) -> None:
        """Forget what a referral said of a zone, as its servers are of no use."""
        self._learned.drop(zone)

    def _at(self, name: str, now: float) -> Delegation | None:
        for found in (self._primed.get(name), self._fixed.get(name), self._learned.get(name)):
            if found is not None and found.until > now:
                return found
        return None if name else self._hints


def _of_configured(zone: Zone) -> Delegation:
    return Delegation(zone.name, (NameServer("", zone.servers),), zone)


def _weight_of(delegation: Delegation) -> int:
    """Return about how many octets a delegation takes: a referral by TCP may name many servers at length."""
    servers = delegation.servers
    octets = sum(_SERVER_OCTETS + len(server.name) + _PLACE_OCTETS * len(server.places) for server in servers)
    return _DELEGATION_OCTETS + 2 * len(delegation.zone) + octets


def _is_below_one(found: Delegation, zones: frozenset[str]) -> bool:
    return any(is_at_or_below(found.zone, zone) for zone in zones)

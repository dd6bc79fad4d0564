"""What is trusted of zones: the anchors that trust begins with, and what was concluded of each zone on the way down.

Standards: RFC 4033 §5, RFC 4035 §4.4 (trust anchors), RFC 7646 (negative trust anchors).
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from scop.dns.dnssec.algorithms import MODERN, Accepted
from scop.dns.known import Reason
from scop.dns.names import normal_name, parent_name
from scop.dns.rdata import DNSKEY, DS
from scop.dns.rrset import RRset
from scop.dns.words import Security

__all__ = ["Anchor", "Anchors", "Trust", "Trusted", "anchors_of"]

Anchor = DS | DNSKEY
MAX_TRUSTED = 4096  # zones, and names that are no zones; one costs 1 to 2 kB
MAX_TRUST_SECONDS = 86_400  # RFC 4035 §4.3 sets none; a changed DS should be seen within a day
MAX_BROKEN = 1024  # zones that are bogus as a whole
# RFC 9520 §3.2 and §3.4: one second to five minutes. Whoever asks for thousands of names in a broken zone has it looked
# at six times a minute, and one that is repaired is well after ten seconds.
BROKEN_SECONDS = 10.0
MIN_TRUST_SECONDS = 1.0  # a TTL of 0 must still serve the question that it was asked for


@dataclass(frozen=True, slots=True)
class Anchors:
    """Where trust begins, where it is not wanted, and which algorithms count.

    `positive`: the DS or DNSKEY records of a zone's apex. At and below a name of `negative`, nothing is validated.
    """

    positive: Mapping[str, tuple[Anchor, ...]] = field(default_factory=dict)
    negative: frozenset[str] = field(default_factory=frozenset)
    accepted: Accepted = MODERN

    def __post_init__(self) -> None:
        object.__setattr__(self, "negative", frozenset(map(normal_name, self.negative)))

    def above(self, name: str) -> str | None:
        """Return the closest zone at or above `name` that has an anchor; None where nothing is to be validated."""
        while True:
            if name in self.negative:  # RFC 7646 §2: the closer one of both kinds decides, this one at the same name
                return None
            if name in self.positive:
                return name
            if not name:
                return None
            name = parent_name(name)


def anchors_of(rrsets: Iterable[RRset]) -> dict[str, tuple[Anchor, ...]]:
    """Return the anchors that DS and DNSKEY RRsets say; raises `ValueError` for any other type."""
    found: dict[str, tuple[Anchor, ...]] = {}
    for rrset in rrsets:
        anchors = tuple(rdata for rdata in rrset.rdatas if isinstance(rdata, (DS, DNSKEY)))
        if len(anchors) != len(rrset.rdatas):
            raise ValueError(f"{rrset.owner or '.'} {rrset.type} is no trust anchor")
        found[rrset.owner] = (*found.get(rrset.owner, ()), *anchors)
    return found


@dataclass(frozen=True, slots=True)
class Trust:
    """What was concluded of the zone `apex`: its keys if it is secure, and the reason in any case.

    `parent` is the zone that vouches for it, None where trust begins; `entries` are the tags of the keys vouched for.
    """

    apex: str
    security: Security
    reason: Reason
    keys: tuple[DNSKEY, ...] = ()
    entries: tuple[int, ...] = ()
    parent: str | None = None
    until: float = 0.0  # by the caller's monotonic clock

    @property
    def is_secure(self) -> bool:
        """Whether the zone's keys are known, so that its records can be judged."""
        return self.security is Security.SECURE


class Trusted:
    """What was concluded of names, for as long as it holds: of the zone at the name, or of the one that it is in."""

    def __init__(self) -> None:
        self._trusts: OrderedDict[str, Trust] = OrderedDict()
        self._broken: OrderedDict[str, tuple[Reason, float]] = OrderedDict()

    def find(self, name: str, now: float) -> Trust | None:
        """Return what holds for `name`."""
        trust = self._trusts.get(name)
        if trust is None or trust.until <= now:
            return None
        self._trusts.move_to_end(name)
        return trust

    def learn(self, name: str, trust: Trust) -> None:
        """Remember what was concluded; of a bogus zone nothing, since the next try may find a server that is well."""
        self._broken.pop(name, None)
        if trust.security is Security.BOGUS:
            self._trusts.pop(name, None)
            return
        self._trusts[name] = trust
        self._trusts.move_to_end(name)
        if len(self._trusts) > MAX_TRUSTED:
            self._trusts.popitem(last=False)

    def learn_broken(self, reason: Reason, now: float) -> None:
        """Remember for a moment that nothing of a zone can be believed, since no server of it is well."""
        if reason.zone is not None:
            self._broken[reason.zone] = reason, now + BROKEN_SECONDS
            self._broken.move_to_end(reason.zone)
            if len(self._broken) > MAX_BROKEN:
                self._broken.popitem(last=False)

    def broken(self, name: str, anchor: str, now: float) -> Reason | None:
        """Return why nothing at `name` can be believed, if a zone above it, but not above its anchor, is broken."""
        while self._broken:
            reason, until = self._broken.get(name, (None, 0.0))
            if until > now:
                return reason
            if name == anchor:
                break
            name = parent_name(name)
        return None

    def chain(self, name: str, now: float) -> tuple[Trust, ...]:
        """Return the zones from where trust begins down to the one of `name`, as far as they are remembered."""
        links: list[Trust] = []
        at: str | None = name
        while at is not None and (trust := self.find(at, now)) is not None and trust not in links:
            links.append(trust)
            at = trust.parent
        return tuple(reversed(links))

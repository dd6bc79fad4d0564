"""How each name server did of late: how fast it answers, what it cannot do, for which zones it is of no use.

Standards: RFC 1035 §7.2 (ask the best server first), RFC 6298 §2 (smoothed round trip time), RFC 6891 §7 (EDNS
fall-back), RFC 9520 §3.1 (do not ask again at once what failed).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeAlias

from scop.dns.asking import ASK_SECONDS, Server
from scop.dns.resolver.bounded import Bounded

__all__ = ["Chance", "Servers", "in_the_given_order"]

MAX_SERVERS_KNOWN = 10_000
MAX_LAME_ZONES = 64  # remembered of one server; a server of thousands of zones that it lost is seldom
LAME_SECONDS = 900.0  # a server that is wrongly named stays so until somebody repairs the delegation
FAILED_SECONDS = 30.0  # SERVFAIL passes sooner
PLAIN_SECONDS = 3600.0  # a server without EDNS is seldom replaced within the hour
MIN_TIMEOUT_SECONDS = 0.4  # below it a busy server is taken for a dead one
MAX_TIMEOUT_SECONDS = 3.0  # of 12 s for a whole question
MAX_RTT_SECONDS = 10.0
# As quick as the quickest: so much more is no matter to who waits, and chance among them halves what each has to bear.
BAND_SECONDS = 0.05
HALF_LIFE_SECONDS = 60.0  # a slow server looks half as slow after so long, and is tried again
_GAIN = 0.125  # RFC 6298 §2.3: alpha
_DEVIATION_GAIN = 0.25  # RFC 6298 §2.3: beta


Chance: TypeAlias = Callable[[int], int]  # a number below another one


def in_the_given_order(_: int) -> int:
    """Stand in for chance where each run shall be like the other."""
    return 0


@dataclass(slots=True)
class _Standing:
    rtt_seconds: float = 0.0
    deviation_seconds: float = 0.0
    measured_at: float = 0.0
    plain_until: float = 0.0
    useless_until: dict[str, float] = field(default_factory=dict)


class Servers:
    """All that are known; `now` is the time of a monotonic clock."""

    def __init__(self, chance: Chance = in_the_given_order) -> None:
        self._chance = chance
        self._standing: Bounded[Server, _Standing] = Bounded(MAX_SERVERS_KNOWN)

    def in_order(self, places: Iterable[Server], zone: str, now: float) -> list[Server]:
        """Return the servers of a zone, quickest first; unknown ones count as quick, so that they are measured.

        Among those that are about as quick as the quickest chance decides: it spreads the load, and who forges answers
        has to guess one more thing (RFC 5452 §9.2). Those come last that were of no use to the zone.
        """
        ranks = {place: self._rank(place, zone, now) for place in dict.fromkeys(places)}
        slowest = min(ranks.values(), default=(True, 0.0))[1] + BAND_SECONDS
        near = [place for place, (is_useless, seconds) in ranks.items() if not is_useless and seconds <= slowest]
        others = sorted((place for place in ranks if place not in near), key=ranks.__getitem__)
        return [*(near.pop(self._chance(len(near))) for _ in range(len(near))), *others]

    def timeout_seconds(self, server: Server) -> float:
        """Return how long to wait for a server."""
        standing = self._standing.get(server)
        if standing is None or not standing.rtt_seconds:
            return ASK_SECONDS
        wait = standing.rtt_seconds + 4 * standing.deviation_seconds  # RFC 6298 §2.3
        return min(max(wait, MIN_TIMEOUT_SECONDS), MAX_TIMEOUT_SECONDS)

    def takes_edns(self, server: Server, now: float) -> bool:
        """Whether it is not known to refuse EDNS."""
        standing = self._standing.get(server)
        return standing is None or standing.plain_until <= now

    def note_answer(self, server: Server, seconds: float, now: float) -> None:
        """Take in how long an answer took."""
        standing = self._of(server)
        if standing.rtt_seconds:
            off = abs(standing.rtt_seconds - seconds)
            standing.deviation_seconds += _DEVIATION_GAIN * (off - standing.deviation_seconds)
            standing.rtt_seconds += _GAIN * (seconds - standing.rtt_seconds)
        else:
            standing.rtt_seconds, standing.deviation_seconds = seconds, seconds / 2
        standing.measured_at = now

    def note_silent(self, server: Server, now: float) -> None:
        """Take in that no answer came in time: it counts as twice as slow (RFC 6298 §5.5)."""
        standing = self._of(server)
        standing.rtt_seconds = min(max(2 * standing.rtt_seconds, ASK_SECONDS), MAX_RTT_SECONDS)
        standing.measured_at = now

    def note_plain(self, server: Server, now: float) -> None:
        """Ask without EDNS for a while."""
        self._of(server).plain_until = now + PLAIN_SECONDS

    def note_useless(self, server: Server, zone: str, now: float, seconds: float = LAME_SECONDS) -> None:
        """Ask it last for this zone for a while."""
        useless = self._of(server).useless_until
        useless.pop(zone, None)
        while len(useless) >= MAX_LAME_ZONES:
            useless.pop(next(iter(useless)))
        useless[zone] = now + seconds

    def is_useless(self, server: Server, zone: str, now: float) -> bool:
        """Whether it was of no use to the zone a short while ago."""
        standing = self._standing.get(server)
        return standing is not None and standing.useless_until.get(zone, 0.0) > now

    def _rank(self, server: Server, zone: str, now: float) -> tuple[bool, float]:
        standing = self._standing.get(server)
        if standing is None:
            return False, 0.0
        faded = 0.5 ** (max(0.0, now - standing.measured_at) / HALF_LIFE_SECONDS)
        return self.is_useless(server, zone, now), standing.rtt_seconds * faded

    def _of(self, server: Server) -> _Standing:
        standing = self._standing.get(server)
        if standing is None:
            standing = _Standing()
            self._standing.put(server, standing)
        return standing

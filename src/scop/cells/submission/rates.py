"""How much one account, and one client's address, may send in a minute, an hour and a day.

Who is over a limit is told how long to wait (4yz), so that a program that sends too fast is slowed down and no
mail is lost. A limit is a bucket: a whole minute's mails may come at once, then as many as run out of it.

Standards: RFC 5321 §4.2.1 (4yz); RFC 3463 §3.8 (X.7.1); RFC 6409 §3.1, §7 (a submission server's own policy).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scop.base.sources import Sources
from scop.net.meters import Meter, Rate
from scop.smtp import Reply, reply

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scop.base import Clock
    from scop.mesh.config import Submission
    from scop.mesh.config.submission import PerAccount

__all__ = ["Allowance", "Excess", "Rates"]

_PERIODS = {"minute": 60.0, "hour": 3600.0, "day": 86400.0}


@dataclass(frozen=True, slots=True)
class Excess:
    """A limit that was reached."""

    what: str  # 'mails' or 'recipients'
    limit: int
    period: str
    whose: str  # 'your account' or 'your address'
    wait_seconds: float

    def reply(self) -> Reply:
        """Return what the client reads."""
        text = f"Too many {self.what}: {self.limit} a {self.period} are allowed from {self.whose}"
        return reply(450, "4.7.1", f"{text}, try again in {_duration(self.wait_seconds)}")

    def __str__(self) -> str:
        return f"more than {self.limit} {self.what} a {self.period} from {self.whose}"


class Allowance:
    """All limits of one kind: each key is counted in every period."""

    def __init__(self, limits: PerAccount, whose: str, clock: Clock) -> None:
        self._whose = whose
        self._meters = {
            what: [
                (period, limit, Meter(Rate(limit, seconds), clock))
                for period, seconds in _PERIODS.items()
                if (limit := getattr(limits, f"{what}_per_{period}"))
            ]
            for what in ("mails", "recipients")
        }

    def excess(self, what: str, key: str) -> Excess | None:
        """Return the limit that one more would pass, the one with the longest wait; nothing is counted."""
        found = [
            Excess(what, limit, period, self._whose, wait)
            for period, limit, meter in self._meters[what]
            if (wait := meter.wait_seconds(key))
        ]
        return max(found, key=lambda excess: excess.wait_seconds, default=None)

    def count(self, what: str, key: str) -> None:
        """Count one more."""
        for _, _, meter in self._meters[what]:
            meter.add(key)


class Rates:
    """What accounts and addresses have sent lately; every table in it is bounded."""

    def __init__(self, limits: Submission, clock: Clock, own_networks: Iterable[str] = ()) -> None:
        self._accounts = Allowance(limits.per_account, "your account", clock)
        self._addresses = Allowance(limits.per_address, "your address", clock)
        self._sources = Sources(own_networks)

    def take(self, what: str, account: str, address: str) -> Excess | None:
        """Count one of `what`; or count nothing and return the limit that is in the way."""
        source = self._sources.of(address)
        counted = [(self._accounts, account)] + ([(self._addresses, source.host)] if source else [])
        for allowance, key in counted:
            excess = allowance.excess(what, key)
            if excess is not None:
                return excess
        for allowance, key in counted:
            allowance.count(what, key)
        return None


def _duration(seconds: float) -> str:
    """Return a time as a person says it, never too short."""
    for unit, length in (("hours", 3600), ("minutes", 60)):
        if seconds > 2 * length:
            return f"{math.ceil(seconds / length)} {unit}"
    whole = max(1, math.ceil(seconds))
    return f"{whole} second{'s' if whole > 1 else ''}"

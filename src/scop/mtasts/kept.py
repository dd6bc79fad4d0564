"""A policy that was fetched, and what to do next: use it, fetch it, or go without.

Standards: RFC 8461 §3.3 (fetching and its failures), §5.1 (the order of things), §10.2 (why it is refreshed early).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from scop.mtasts.policy import Mode, Policy

__all__ = ["FETCH_PAUSE_SECONDS", "KeptPolicy", "Plan", "plan"]

FETCH_PAUSE_SECONDS = 300.0  # RFC 8461 §3.3: after a failure, five minutes at least
REFRESH_SHARE = 0.5  # of its age: whoever blocks the fetch must do so for all of the other half


@dataclass(frozen=True, slots=True)
class KeptPolicy:
    """A policy, the id that announced it, and when it was fetched."""

    policy: Policy
    id: str
    fetched_unix: float

    @property
    def expires_unix(self) -> float:
        """When it is no policy any more."""
        return self.fetched_unix + self.policy.max_age_seconds

    @property
    def refresh_unix(self) -> float:
        """When to fetch it anew though nobody asks for it."""
        return self.fetched_unix + self.policy.max_age_seconds * REFRESH_SHARE


class Plan(StrEnum):
    """What to do before a delivery."""

    FETCH = "fetch"  # then use what was fetched; where that fails, what is kept and still holds
    USE = "use"  # what is kept
    NONE = "none"  # there is no policy


def plan(kept: KeptPolicy | None, id_: str, now_unix: float, *, failed_unix: float | None = None) -> Plan:
    """Say what to do, given what is kept, the id in the DNS now (empty: none) and when fetching this id last failed."""
    holds = kept is not None and now_unix < kept.expires_unix
    is_new = bool(id_) and (kept is None or not holds or kept.id != id_)
    if is_new and (failed_unix is None or not 0 <= now_unix - failed_unix < FETCH_PAUSE_SECONDS):
        return Plan.FETCH
    # RFC 8461 §3.3: a record that is gone does not end a policy; only its age does, or a policy of mode none.
    return Plan.USE if kept is not None and holds and kept.policy.mode is not Mode.NONE else Plan.NONE

"""`[signer]`: how long a key seals, and what is sealed beside our own mail."""

from __future__ import annotations

import msgspec

from scop.mesh.config.checks import check_limit, check_positive

__all__ = ["Signer"]


class Signer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Keys rotate by themselves. Times may be fractions."""

    key_days: float = 90.0  # a key seals for so long; 0: until `scop dkim rotate`
    # After which nothing that the old key sealed is under way: its author may have it wait for 30 days (FUTURERELEASE),
    # queues hold it for five, and readers verify late.
    grace_days: float = 40.0
    # Until the last secondary of our zone has a new record. A new key waits for that, and then for as long as the zone
    # lets others remember that something is not there (the last number of its SOA).
    propagation_hours: float = 1.0
    arc: bool = False  # seal what the mailbox forwards by ARC

    def __post_init__(self) -> None:
        """Check that each is a time."""
        check_limit("key_days", self.key_days)
        check_positive("grace_days", self.grace_days)
        check_limit("propagation_hours", self.propagation_hours)

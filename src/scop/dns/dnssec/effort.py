"""What checking one question may cost: counted, so that no zone can be built that keeps a validator busy.

KeyTrap (CVE-2023-50387) crosses many keys of one tag with many signatures; CVE-2023-50868 has names of many labels
hashed many times. Each check and each hash is counted against one question, whatever the zones on its way are like.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.base import LimitExceeded

__all__ = ["Effort"]

# Sixteen aliases, each into a chain of zones of its own, three of them new: a DNSKEY, a DS and a proof each. One check
# takes 0.1 ms (ECDSA P-256) to 0.7 ms (P-384), so the worst question costs less than 0.1 s.
MAX_SIGNATURE_CHECKS = 128
# Honest zones have none but while two keys share a tag, or a roll-over is seen half: every further one is an attack.
MAX_FAILED_CHECKS = 16
# SHA-1 runs. Seven names of a proof hashed 150 times come to a thousand; a reverse name of IPv6 with 34 labels to five.
# At 0.5 µs each the bound is 4 ms.
MAX_HASH_RUNS = 8192


@dataclass(slots=True)
class Effort:
    """What one question has cost so far; each method raises `LimitExceeded` where it would cost too much."""

    signature_checks: int = 0
    failed_checks: int = 0
    hash_runs: int = 0
    is_spent: bool = False  # once anything would have cost too much

    def spend_check(self) -> None:
        """Count a signature that is about to be checked."""
        if self.signature_checks == MAX_SIGNATURE_CHECKS:
            raise self._limit(f"more than {MAX_SIGNATURE_CHECKS} signatures to check")
        self.signature_checks += 1

    def note_failure(self) -> None:
        """Count one that did not fit."""
        if self.failed_checks == MAX_FAILED_CHECKS:
            raise self._limit(f"more than {MAX_FAILED_CHECKS} signatures that do not fit")
        self.failed_checks += 1

    def spend_hash(self, iterations: int) -> None:
        """Count a name that is about to be hashed (RFC 5155 §5: once, and then `iterations` times)."""
        if self.hash_runs + iterations >= MAX_HASH_RUNS:
            raise self._limit(f"more than {MAX_HASH_RUNS} hashes to compute")
        self.hash_runs += iterations + 1

    def _limit(self, text: str) -> LimitExceeded:
        self.is_spent = True
        return LimitExceeded(text)

"""The denials of one response, once they are verified: NSEC and NSEC3 side by side.

Standards: RFC 4035 §5.4, RFC 5155 §8; RFC 4034 §4 and RFC 4592 (none is made of a wildcard).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scop.dns.dnssec.absence import Absence, Cut
from scop.dns.dnssec.checking import Checker
from scop.dns.dnssec.nsec import NsecProofs
from scop.dns.dnssec.nsec3 import Nsec3Proofs
from scop.dns.dnssec.signatures import believed, wildcard_encloser
from scop.dns.dnssec.trust import Trust
from scop.dns.known import Reason
from scop.dns.rrset import RRset
from scop.dns.words import Ede

__all__ = ["DENIALS", "Proofs"]

DENIALS: Final = ("NSEC", "NSEC3")


@dataclass(frozen=True, slots=True)
class Proofs:
    """What the verified denials of one zone in one response prove; `fault` is why the first of the others is not."""

    parts: tuple[NsecProofs | Nsec3Proofs, ...]
    ttl_seconds: int
    verified: tuple[RRset, ...]
    fault: Reason | None = None

    @classmethod
    def of(cls, rrsets: Iterable[RRset], zone: Trust, checker: Checker) -> Proofs:
        """Take those that a secure zone signed; any other is passed over, as it proves nothing."""
        found = [_verified(rrset, zone, checker) for rrset in rrsets if rrset.type in DENIALS]
        good = tuple(rrset for rrset in found if isinstance(rrset, RRset))
        fault = next((reason for reason in found if isinstance(reason, Reason)), None)
        parts: tuple[NsecProofs | Nsec3Proofs, ...] = (
            NsecProofs.of(zone.apex, good),
            *Nsec3Proofs.of(zone.apex, good, checker.effort),
        )
        return cls(parts, min((rrset.ttl_seconds for rrset in good), default=0), good, fault)

    def missing(self, text: str) -> Reason:
        """Return why something is not proved: denials that are no good say more than that there are none."""
        if self.fault is not None and not self.verified:
            return Reason(f"{text}: {self.fault.text}", self.fault.ede)
        return Reason(text, Ede.DNSSEC_BOGUS if self.verified else Ede.NSEC_MISSING)

    def no_name(self, name: str) -> Absence:
        """Say whether `name` does not exist."""
        return _first(part.no_name(name) for part in self.parts)

    def no_type(self, name: str, type_: str) -> Absence:
        """Say whether `name` has no `type_`."""
        return _first(part.no_type(name, type_) for part in self.parts)

    def no_closer(self, name: str, labels: int) -> Absence:
        """Say whether the wildcard below the ancestor with `labels` labels stands in for `name`."""
        return _first(part.no_closer(name, labels) for part in self.parts)

    def no_ds(self, name: str) -> Cut:
        """Say what stands at `name`, of which no DS came."""
        found = (part.no_ds(name) for part in self.parts)
        return next((cut for cut in found if cut is not Cut.MISSING), Cut.MISSING)


def _verified(rrset: RRset, zone: Trust, checker: Checker) -> RRset | Reason:
    signature = checker.signature_of(rrset, zone.apex, zone.keys)
    if isinstance(signature, Reason):
        return signature
    # A denial made of a wildcard is a replay: it speaks of the wildcard's place, not of this one's.
    if wildcard_encloser(rrset.owner, signature) is not None:
        return Reason(f"{rrset.owner} {rrset.type} is made of a wildcard", Ede.DNSSEC_BOGUS)
    return believed(rrset, signature, checker.now_unix)


def _first(found: Iterable[Absence]) -> Absence:
    return next((absence for absence in found if absence is not Absence.MISSING), Absence.MISSING)

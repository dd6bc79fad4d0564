"""Whether one of a zone's keys signed an RRset: every signature and key that could fit is tried, within bounds.

Standards: RFC 4035 §5.3, RFC 6840 §5.4 and §5.11, RFC 8914 §4.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from scop.dns.dnssec.algorithms import Accepted
from scop.dns.dnssec.canonical import signed_octets
from scop.dns.dnssec.effort import Effort
from scop.dns.dnssec.public_keys import fits
from scop.dns.dnssec.signatures import Verdict, is_made_by, signature_fault
from scop.dns.known import Reason
from scop.dns.rdata import DNSKEY, RRSIG
from scop.dns.rrset import RRset
from scop.dns.words import Ede

__all__ = ["Checker", "show"]

# A zone in an algorithm roll-over has two keys of two algorithms, each old and new; nobody needs more over one RRset.
MAX_SIGNATURES = 8
# Two keys of one zone share a tag once in 65,000 pairs; four do so on purpose (CVE-2023-50387).
MAX_KEYS_OF_A_TAG = 4

_EDES: Final = {
    Verdict.EXPIRED: Ede.SIGNATURE_EXPIRED,
    Verdict.EARLY: Ede.SIGNATURE_NOT_YET_VALID,
    Verdict.BACKWARDS: Ede.SIGNATURE_EXPIRED_BEFORE_VALID,
}


def show(name: str) -> str:
    """Return a name as people write it: the root has a dot."""
    return name or "."


@dataclass(frozen=True, slots=True)
class Checker:
    """Checks RRsets for one question at one time."""

    accepted: Accepted
    effort: Effort
    now_unix: int

    def signature_of(self, rrset: RRset, zone: str, keys: Iterable[DNSKEY]) -> RRSIG | Reason:
        """Return the signature by which `zone` said `rrset`, or why there is none."""
        what = f"{show(rrset.owner)} {rrset.type}"
        signatures = [s for s in rrset.signatures if isinstance(s, RRSIG) and s.signer == zone]
        counting = [s for s in signatures if s.algorithm in self.accepted.algorithms]
        if not counting:
            why = f"none of {show(zone)}" if not signatures else "none of an algorithm that counts"
            return Reason(f"{what} has no signature, or {why}", Ede.RRSIGS_MISSING)
        reason: Reason | None = None
        usable = [key for key in keys if not key.is_revoked]  # RFC 5011 §2.1
        for signature in counting[:MAX_SIGNATURES]:
            found = self._try(rrset, signature, usable)
            if found is None:
                return signature
            reason = reason or Reason(f"{what}: {found.text}", found.ede)
        assert reason is not None
        return reason

    def _try(self, rrset: RRset, signature: RRSIG, keys: list[DNSKEY]) -> Reason | None:
        fault = signature_fault(rrset, signature, self.now_unix)
        if fault is not None:
            return Reason(fault.value, _EDES.get(fault, Ede.DNSSEC_BOGUS))
        candidates = [key for key in keys if is_made_by(signature, key)]
        if not candidates:
            return _no_key(signature, keys)
        octets = signed_octets(rrset, signature)
        for key in candidates[:MAX_KEYS_OF_A_TAG]:
            self.effort.spend_check()
            if fits(key.algorithm, key.key, signature.signature, octets):
                return None
            self.effort.note_failure()
        return Reason(Verdict.FORGED.value, Ede.DNSSEC_BOGUS)


def _no_key(signature: RRSIG, keys: list[DNSKEY]) -> Reason:
    named = f"key {signature.key_tag} of {show(signature.signer)}"
    if any(key.key_tag == signature.key_tag and not key.is_zone_key for key in keys):
        return Reason(f"{named} is no zone key", Ede.NO_ZONE_KEY_BIT_SET)
    return Reason(f"{named} is not there", Ede.DNSKEY_MISSING)

"""Answers that ran out, for the hour in which no server of a zone can be reached.

An attacker who keeps us from a zone's servers must gain nothing by it: a proved answer is not used beyond the time of
its signatures, and keeps being called proved until then, so that nobody falls back to less.

Standards: RFC 8767 §4 and §5, RFC 8914 §4.4 and §4.20.
"""

from __future__ import annotations

from dataclasses import replace

from scop.dns.known import Known, Reason
from scop.dns.rdata import RRSIG
from scop.dns.rrset import RRset
from scop.dns.words import Ede, Rcode, Security

__all__ = ["MAX_STALE_SECONDS", "PATIENCE_SECONDS", "as_stale", "is_of_use"]

MAX_STALE_SECONDS = 86_400.0  # RFC 8767 §5: one to three days; mail would rather wait than go to an old place
STALE_TTL_SECONDS = 30  # RFC 8767 §4: so that the asker comes back when the servers do
PATIENCE_SECONDS = 1.8  # RFC 8767 §5: what an asker waits for fresh words before it is told old ones
_SERIAL_HALF = 0x8000_0000


def is_of_use(known: Known, now: float, now_unix: float, max_stale_seconds: float) -> bool:
    """Say whether what ran out may still be said."""
    if known.until + max_stale_seconds <= now or known.security not in (Security.SECURE, Security.INSECURE):
        return False
    return known.security is Security.INSECURE or not _has_expired_signature(known, now_unix)


def as_stale(known: Known) -> Known:
    """Return it with a short TTL, and the words for it."""
    word = Ede.STALE_NXDOMAIN_ANSWER if known.rcode is Rcode.NXDOMAIN else Ede.STALE_ANSWER
    return replace(
        known,
        rrsets=_briefly(known.rrsets),
        authority=_briefly(known.authority),
        reason=Reason("no server can be reached, this was true a while ago", word),
    )


def _briefly(rrsets: tuple[RRset, ...]) -> tuple[RRset, ...]:
    return tuple(replace(rrset, ttl_seconds=STALE_TTL_SECONDS) for rrset in rrsets)


def _has_expired_signature(known: Known, now_unix: float) -> bool:
    now = int(now_unix) & 0xFFFF_FFFF
    signatures = [
        signature
        for rrset in (*known.rrsets, *known.authority)
        for signature in rrset.signatures
        if isinstance(signature, RRSIG)
    ]
    # RFC 4034 §3.1.5: serial number arithmetic.
    return any((signature.expiration - now) & 0xFFFF_FFFF >= _SERIAL_HALF for signature in signatures)

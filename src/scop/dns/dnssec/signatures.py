"""One RRset and one RRSIG: the signature made, and what is to be said of one that came.

Standards: RFC 4034 §3, RFC 4035 §2.2 and §5.3, RFC 1982 (times go round), RFC 6840 §5.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum

from scop.dns.dnssec.canonical import label_count, name_key, signed_octets
from scop.dns.dnssec.keys import SigningKey
from scop.dns.dnssec.public_keys import fits
from scop.dns.names import is_at_or_below
from scop.dns.rdata import DNSKEY, RRSIG
from scop.dns.rdata.key import PROTOCOL
from scop.dns.rrset import RRset

__all__ = [
    "Validity",
    "Verdict",
    "believed",
    "is_made_by",
    "sign",
    "signature_fault",
    "trusted_ttl",
    "verify",
    "wildcard_encloser",
]

_TIMES = 1 << 32
_HALF = 1 << 31
_WILDCARD = b"*"


class Verdict(StrEnum):
    """What is to be said of a signature."""

    GOOD = "good"
    FORGED = "the signature does not fit"
    EXPIRED = "the signature has expired"
    EARLY = "the signature is not valid yet"
    BACKWARDS = "the signature expires before it is valid"
    MISPLACED = "the signature is for something else"
    WRONG_KEY = "the key did not make the signature"


@dataclass(frozen=True, slots=True)
class Validity:
    """From when to when a signature holds, in seconds of Unix time."""

    inception_unix: int
    expiration_unix: int


def sign(rrset: RRset, key: SigningKey, signer: str, validity: Validity) -> RRSIG:
    """Return the signature of the zone `signer`'s key over an RRset."""
    unsigned = RRSIG(
        rrset.type,
        key.dnskey.algorithm,
        _signed_labels(rrset.owner),
        rrset.ttl_seconds,
        validity.expiration_unix % _TIMES,
        validity.inception_unix % _TIMES,
        key.key_tag,
        signer,
        b"",
    )
    return replace(unsigned, signature=key.sign(signed_octets(rrset, unsigned)))


def verify(rrset: RRset, signature: RRSIG, key: DNSKEY, now_unix: int) -> Verdict:
    """Say whether `signature` shows that the owner of `key` said `rrset`, and that it still holds.

    Whether the key is the signer's, and the signer the zone in which the RRset stands, the caller knows.
    """
    fault = signature_fault(rrset, signature, now_unix)
    if fault is not None:
        return fault
    if not is_made_by(signature, key):
        return Verdict.WRONG_KEY
    is_good = fits(key.algorithm, key.key, signature.signature, signed_octets(rrset, signature))
    return Verdict.GOOD if is_good else Verdict.FORGED


def signature_fault(rrset: RRset, signature: RRSIG, now_unix: int) -> Verdict | None:
    """Return what is wrong with a signature already before a key is tried; None if nothing is."""
    # RFC 4035 §5.3.1: the type covered, the signer above the owner, no more labels than the owner has
    is_placed = (
        signature.covered == rrset.type
        and is_at_or_below(rrset.owner, signature.signer)
        and label_count(signature.signer) <= signature.labels <= _signed_labels(rrset.owner)
    )
    if not is_placed:
        return Verdict.MISPLACED
    if _is_before(signature.expiration, signature.inception):
        return Verdict.BACKWARDS
    if _is_before(signature.expiration, now_unix % _TIMES):
        return Verdict.EXPIRED
    if _is_before(now_unix % _TIMES, signature.inception):
        return Verdict.EARLY
    return None


def is_made_by(signature: RRSIG, key: DNSKEY) -> bool:
    """Say whether `key` may be the one that a signature names (RFC 4035 §5.3.1); several may."""
    return (
        signature.algorithm == key.algorithm
        and key.protocol == PROTOCOL
        and key.is_zone_key
        and signature.key_tag == key.key_tag
    )


def wildcard_encloser(owner: str, signature: RRSIG) -> int | None:
    """Return how many labels the closest encloser has if the RRset was made from a wildcard, else None.

    RFC 4035 §5.3.4: then it has to be proved that nothing nearer to the name exists.
    """
    return signature.labels if signature.labels < _signed_labels(owner) else None


def trusted_ttl(rrset: RRset, signature: RRSIG, now_unix: int) -> int:
    """Return for how many seconds a verified RRset may be believed (RFC 4035 §5.3.3)."""
    left = (signature.expiration - now_unix) % _TIMES
    return min(rrset.ttl_seconds, signature.original_ttl_seconds, left if left < _HALF else 0)


def believed(rrset: RRset, signature: RRSIG, now_unix: int) -> RRset:
    """Return an RRset that `signature` was found good for, as it may be kept and passed on.

    It bears no signature of another signer or of another wildcard: nobody checked those, and who reads them later
    would take the RRset for one of another zone or name. Others of the same kind stay, for who knows only those.
    """
    alike = (signature.signer, signature.labels)
    kept = (s for s in rrset.signatures if isinstance(s, RRSIG) and (s.signer, s.labels) == alike)
    return replace(rrset, ttl_seconds=trusted_ttl(rrset, signature, now_unix), signatures=tuple(kept))


def _signed_labels(owner: str) -> int:
    """Return what stands in the Labels field (RFC 4034 §3.1.3): neither the root nor a leading wildcard counts."""
    labels = name_key(owner)
    return len(labels) - (1 if labels and labels[-1] == _WILDCARD else 0)


def _is_before(first: int, second: int) -> bool:
    """Compare as RFC 1982 §3.2 does: times modulo 2**32, at most half the circle apart."""
    return first != second and (second - first) % _TIMES < _HALF

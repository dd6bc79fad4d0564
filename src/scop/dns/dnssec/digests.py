"""A DS: the digest of a zone's key, which its parent vouches for.

Standards: RFC 4034 §5.1.4, RFC 4509 §2.1 (SHA-256), RFC 6605 §2 (SHA-384).
"""

from __future__ import annotations

import hashlib
from typing import Final

from scop.dns.dnssec.algorithms import Digest
from scop.dns.names import name_to_wire
from scop.dns.rdata import CDS, DNSKEY, DS

__all__ = ["cds_of", "digest_length", "ds_of", "names_key"]

_LENGTHS: Final[dict[int, int]] = {Digest.SHA1: 20, Digest.SHA256: 32, Digest.SHA384: 48}


def digest_length(digest_type: int) -> int | None:
    """Return how many octets a digest of this type has; None for a type that we do not know."""
    return _LENGTHS.get(digest_type)


def ds_of(owner: str, key: DNSKEY, digest: Digest = Digest.SHA256) -> DS:
    """Return the DS that names `key` of the zone `owner`."""
    return DS(key.key_tag, key.algorithm, digest, _digest(owner, key, digest))


def cds_of(owner: str, key: DNSKEY, digest: Digest = Digest.SHA256) -> CDS:
    """Return the CDS by which the zone `owner` asks its parent for the DS of `key` (RFC 7344 §3.1)."""
    return CDS(key.key_tag, key.algorithm, digest, _digest(owner, key, digest))


def names_key(ds: DS, owner: str, key: DNSKEY) -> bool:
    """Say whether `ds` names `key` of the zone `owner`, whose zone flag must be set (RFC 4034 §5.2)."""
    if ds.key_tag != key.key_tag or ds.algorithm != key.algorithm or not key.is_zone_key:
        return False
    return ds.digest_type in _LENGTHS and ds.digest == _digest(owner, key, ds.digest_type)


def _digest(owner: str, key: DNSKEY, digest_type: int) -> bytes:
    octets = name_to_wire(owner) + key.to_wire()
    if digest_type == Digest.SHA1:  # counts only where the caller's `Accepted` names it
        return hashlib.sha1(octets, usedforsecurity=False).digest()
    return (hashlib.sha256(octets) if digest_type == Digest.SHA256 else hashlib.sha384(octets)).digest()

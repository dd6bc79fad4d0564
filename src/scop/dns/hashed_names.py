"""Names as NSEC3 has them: hashed, and as the first label of an owner.

Servers, signers and validators share it, and it needs nothing of any of them.

Standards: RFC 5155 §3 and §5; RFC 4648 §7 (base32hex).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache

from scop.dns.names import name_to_wire

__all__ = ["SHA1", "hash_label", "hash_name", "label_hash"]

SHA1 = 1  # RFC 5155 §11: the one hash algorithm there is
HASHES_REMEMBERED = 8192  # those of enclosers and wildcards come again; bounded, since peers choose names


@lru_cache(HASHES_REMEMBERED)
def hash_name(name: str, salt: bytes = b"", iterations: int = 0) -> bytes:
    """Return the hash of a name (RFC 5155 §5)."""
    hashed = name_to_wire(name)
    for _ in range(iterations + 1):
        hashed = hashlib.sha1(hashed + salt, usedforsecurity=False).digest()
    return hashed


def hash_label(hashed: bytes) -> str:
    """Return a hash as the first label of an NSEC3's owner (RFC 5155 §3)."""
    return base64.b32hexencode(hashed).decode("ascii").rstrip("=").lower()


def label_hash(label: str) -> bytes | None:
    """Return the hash that the first label of an NSEC3's owner says; None if it says none."""
    try:
        return base64.b32hexdecode(label.upper() + "=" * (-len(label) % 8))
    except (binascii.Error, ValueError):
        return None

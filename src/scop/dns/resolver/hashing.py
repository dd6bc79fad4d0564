"""Hashes of names as NSEC3 has them (RFC 5155 §5), and the label in which one stands."""

from __future__ import annotations

import base64
import binascii
import hashlib

from scop.dns.names import name_to_wire

__all__ = ["decoded_hash", "name_hash"]


def name_hash(name: str, salt: bytes, iterations: int) -> bytes:
    """Return the hash of a name."""
    digest = hashlib.sha1(name_to_wire(name) + salt, usedforsecurity=False).digest()
    for _ in range(iterations):
        digest = hashlib.sha1(digest + salt, usedforsecurity=False).digest()
    return digest


def decoded_hash(label: str) -> bytes | None:
    """Return the hash that the first label of an NSEC3's owner stands for."""
    try:
        return base64.b32hexdecode(label.upper())
    except (binascii.Error, ValueError):
        return None

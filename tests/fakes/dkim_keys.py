"""Keys for tests, made once a process: an RSA key takes a tenth of a second."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from scop.dkim import Algorithm, SigningKey, generate_key, public_record
from scop.dns import TXT, StaticNames

__all__ = ["ed25519_key", "made_key", "published", "rsa_key"]


@cache
def rsa_key() -> SigningKey:
    """Return an RSA-2048 key of lagoon.test."""
    return generate_key("lagoon.test", "rsa", Algorithm.RSA_SHA256)


@cache
def ed25519_key() -> SigningKey:
    """Return an Ed25519 key of lagoon.test."""
    return generate_key("lagoon.test", "ed", Algorithm.ED25519_SHA256)


def made_key(domain: str, selector: str, algorithm: Algorithm) -> SigningKey:
    """Return a key under a new name: an Ed25519 key of its own, and always the same RSA key."""
    if algorithm is Algorithm.RSA_SHA256:
        return SigningKey(domain, selector, rsa_key().private_key)
    return generate_key(domain, selector, algorithm)


def published(keys: Sequence[SigningKey]) -> StaticNames:
    """Return a DNS in which the public halves stand."""
    return StaticNames({(key.record_name, "TXT"): [TXT.of(public_record(key).encode("ascii"))] for key in keys})

"""The public key records of the DNS, parsed once for each text.

Standards: RFC 6376 §3.6.1, RFC 8301 §3.2, RFC 8463 §4.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scop.base import RemoteProtocolError, printable
from scop.dkim.keys import MIN_RSA_BITS
from scop.dkim.signature import Algorithm, parse_base64
from scop.dkim.tags import parse_tags, without_white_space

__all__ = ["KeyRecord", "parse_key_record"]

PublicKey: TypeAlias = rsa.RSAPublicKey | ed25519.Ed25519PublicKey

MAX_RSA_BITS = 8192  # RFC 8301 §3.2 asks for 4096; a larger one costs us more than it protects
_CACHED_RECORDS = 1024
_PADDING = padding.PKCS1v15()
_SHA256 = hashes.SHA256()


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key and what its owner says about its use."""

    key: PublicKey
    is_testing: bool  # t=y
    forbids_subdomains: bool  # t=s

    @property
    def algorithm(self) -> Algorithm:
        """What signatures this key can check."""
        return Algorithm.RSA_SHA256 if isinstance(self.key, rsa.RSAPublicKey) else Algorithm.ED25519_SHA256

    def verifies(self, signature: bytes, octets: bytes) -> bool:
        """Tell whether `signature` was made over `octets` with the private half."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, octets, _PADDING, _SHA256)
            else:
                self.key.verify(signature, hashlib.sha256(octets).digest())
        except InvalidSignature:
            return False
        return True


@lru_cache(maxsize=_CACHED_RECORDS)
def parse_key_record(octets: bytes) -> KeyRecord:
    """Return the key of one TXT record; raise `RemoteProtocolError` with the reason where it cannot be used."""
    tags = parse_tags(octets)
    if "v" in tags and (tags["v"] != "DKIM1" or next(iter(tags)) != "v"):
        raise RemoteProtocolError("v= is not DKIM1 or not the first tag of the key record")
    if "p" not in tags:
        raise RemoteProtocolError("key record without p=")
    if not tags["p"]:
        raise RemoteProtocolError("key revoked")
    if not {"*", "email"} & _words(tags.get("s", "*")):
        raise RemoteProtocolError("key is not for mail")
    if "h" in tags and "sha256" not in _words(tags["h"]):
        raise RemoteProtocolError("key is not for sha256")
    flags = _words(tags.get("t", ""))
    key = _public_key(tags.get("k", "rsa").lower(), parse_base64("p", tags["p"]))
    return KeyRecord(key, is_testing="y" in flags, forbids_subdomains="s" in flags)


def _words(value: str) -> frozenset[str]:
    return frozenset(without_white_space(value).lower().split(":"))


def _public_key(kind: str, octets: bytes) -> PublicKey:
    try:
        if kind == "ed25519":
            return ed25519.Ed25519PublicKey.from_public_bytes(octets)
        key = load_der_public_key(octets) if kind == "rsa" else None
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RemoteProtocolError(f"p= holds no {kind} key") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise RemoteProtocolError(f"k={printable(kind, limit=20)} does not name the kind of the key")
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        raise RemoteProtocolError(f"RSA key of {key.key_size} bits")
    return key

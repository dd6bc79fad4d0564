"""The public key records of the DNS, parsed once for each text, and the question for them.

Standards: RFC 6376 §3.6.1 and §6.1.2, RFC 8301 §3.2, RFC 8463 §4.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa
from cryptography.hazmat.primitives.serialization import load_der_public_key

from scop.base import Check, RemoteProtocolError, printable
from scop.dkim.points import flaw_of_point, flaw_of_rsa
from scop.dkim.signature import Algorithm, parse_base64
from scop.dkim.tags import parse_tags, without_white_space
from scop.dns import TXT, Answer, Question

__all__ = ["KeyRecord", "KeyUnavailable", "find_keys", "parse_key_record"]

PublicKey: TypeAlias = rsa.RSAPublicKey | ed25519.Ed25519PublicKey

MAX_KEY_RECORDS = 4  # RFC 6376 §6.1.2 (4): of several records we try the first few
_CACHED_RECORDS = 1024
_PADDING = padding.PKCS1v15()
_SHA256 = hashes.SHA256()


class KeyUnavailable(RemoteProtocolError):
    """The DNS gave no answer that can be believed; asking later may help."""


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """A public key and what its owner says about its use."""

    key: PublicKey
    is_testing: bool  # t=y
    forbids_subdomains: bool  # t=s
    algorithm: Algorithm = field(init=False)  # of the signatures that it can check

    def __post_init__(self) -> None:
        is_rsa = isinstance(self.key, rsa.RSAPublicKey)
        object.__setattr__(self, "algorithm", Algorithm.RSA_SHA256 if is_rsa else Algorithm.ED25519_SHA256)

    def verifies(self, signature: bytes, octets: bytes) -> bool:
        """Tell whether `signature` was made over `octets` with the private half."""
        try:
            if isinstance(self.key, rsa.RSAPublicKey):
                self.key.verify(signature, octets, _PADDING, _SHA256)
            else:  # RFC 8463 §3: Ed25519 is given the digest, not the octets
                self.key.verify(signature, hashlib.sha256(octets).digest())
        except InvalidSignature:
            return False
        return True


def find_keys(record_name: str, algorithm: Algorithm) -> Check[Question, Answer, tuple[KeyRecord, ...]]:
    """Ask for the keys of a signature: all of the first records that fit it.

    Raises `RemoteProtocolError` with the reason where there is none, `KeyUnavailable` where nobody knows.
    """
    try:
        question = Question(record_name, "TXT")
    except ValueError as error:
        raise RemoteProtocolError(str(error)) from error
    answer = yield question
    if answer.is_temporary:
        raise KeyUnavailable("the key could not be asked for")
    found, reason = [], RemoteProtocolError("no key for signature")
    for record in [record for record in answer.records if isinstance(record, TXT)][:MAX_KEY_RECORDS]:
        try:
            key = parse_key_record(record.joined)
            if key.algorithm is algorithm:
                found.append(key)
            else:
                reason = RemoteProtocolError(f"the key is not for {algorithm}")
        except RemoteProtocolError as error:
            reason = error
    if not found:
        raise reason
    return tuple(found)


@lru_cache(maxsize=_CACHED_RECORDS)
def parse_key_record(octets: bytes) -> KeyRecord:
    """Return the key of one TXT record; raise `RemoteProtocolError` with the reason where it cannot be used.

    Unknown tags mean nothing, g= of RFC 4871 among them (RFC 6376 §3.6.1).
    """
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
    if kind == "rsa":
        key, flaw = _rsa_key(octets)
    elif kind == "ed25519":
        key, flaw = _ed25519_key(octets)
    else:
        raise RemoteProtocolError(f"k={printable(kind, limit=20)} does not name the kind of the key")
    if flaw:
        raise RemoteProtocolError(flaw)
    return key


def _rsa_key(octets: bytes) -> tuple[PublicKey, str]:
    try:
        # RFC 6376 §3.6.1 says RSAPublicKey, all its examples are SubjectPublicKeyInfo: either is in use
        key = load_der_public_key(octets)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise RemoteProtocolError("p= holds no rsa key") from error
    if not isinstance(key, rsa.RSAPublicKey):
        raise RemoteProtocolError("k=rsa does not name the kind of the key")
    return key, flaw_of_rsa(key)


def _ed25519_key(octets: bytes) -> tuple[PublicKey, str]:
    try:
        key = ed25519.Ed25519PublicKey.from_public_bytes(octets)
    except ValueError as error:
        raise RemoteProtocolError("p= holds no ed25519 key") from error
    return key, flaw_of_point(octets)

"""A DNSKEY's public key as what checks signatures, each kept once it was read.

Standards: RFC 3110 §2 and §3, RFC 5702 §2 and §3 (RSA); RFC 6605 §4 (ECDSA); RFC 8080 §3 and §4 (EdDSA).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurve,
    EllipticCurvePublicKey,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, RSAPublicNumbers
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA1, SHA256, SHA384, SHA512, HashAlgorithm

from scop.dns.dnssec.algorithms import Algorithm

__all__ = ["fits", "forget_keys"]

KEYS_REMEMBERED = 512  # of the zones that are asked for again and again; bounded, since peers choose them
MIN_RSA_BITS = 512  # RFC 5702 §2.1
MAX_RSA_BITS = 4096  # RFC 3110 §2; what is larger costs more than any zone is worth
MAX_RSA_EXPONENT_BITS = 64  # 3, 2**16+1 and 2**32+1 are in use; a long one makes each check slow on purpose

_Check: TypeAlias = Callable[[bytes, bytes], None]  # signature and what it signs; raises InvalidSignature

_RSA_HASHES: Final[dict[int, HashAlgorithm]] = {
    Algorithm.RSASHA1: SHA1(),  # noqa: S303 - counts only where the caller's `Accepted` names it
    Algorithm.RSASHA1_NSEC3_SHA1: SHA1(),  # noqa: S303 - the same
    Algorithm.RSASHA256: SHA256(),
    Algorithm.RSASHA512: SHA512(),
}
_CURVES: Final[dict[int, tuple[EllipticCurve, HashAlgorithm]]] = {
    Algorithm.ECDSAP256SHA256: (SECP256R1(), SHA256()),
    Algorithm.ECDSAP384SHA384: (SECP384R1(), SHA384()),
}


def fits(algorithm: int, key: bytes, signature: bytes, signed: bytes) -> bool:
    """Say whether `signature` over `signed` was made by the private half of `key`; never raises."""
    check = _check_of(algorithm, key)
    if check is None:
        return False
    try:
        check(signature, signed)
    except (InvalidSignature, ValueError):  # ValueError: it has a length that none of this key has
        return False
    return True


def forget_keys() -> None:
    """Read each key anew, as for the first time."""
    _check_of.cache_clear()


@lru_cache(KEYS_REMEMBERED)
def _check_of(algorithm: int, key: bytes) -> _Check | None:
    """Return what checks a key's signatures; None for what is no key of a known algorithm."""
    try:
        if (rsa_hash := _RSA_HASHES.get(algorithm)) is not None:
            return _rsa_check(key, rsa_hash)
        if (curve := _CURVES.get(algorithm)) is not None:
            return _ecdsa_check(key, *curve)
        if algorithm == Algorithm.ED25519:
            return Ed25519PublicKey.from_public_bytes(key).verify
        if algorithm == Algorithm.ED448:
            return Ed448PublicKey.from_public_bytes(key).verify
    except (ValueError, UnsupportedAlgorithm):
        pass
    return None


def _rsa_check(key: bytes, hash_: HashAlgorithm) -> _Check:
    public = _rsa_key(key)

    def check(signature: bytes, signed: bytes) -> None:
        public.verify(signature, signed, PKCS1v15(), hash_)

    return check


def _rsa_key(key: bytes) -> RSAPublicKey:
    # RFC 3110 §2: the exponent's length in one octet, or in two after a zero.
    start, length = (3, int.from_bytes(key[1:3], "big")) if key[:1] == b"\0" else (1, int.from_bytes(key[:1], "big"))
    exponent = int.from_bytes(key[start : start + length], "big")
    modulus = int.from_bytes(key[start + length :], "big")
    bits = modulus.bit_length()
    if not MIN_RSA_BITS <= bits <= MAX_RSA_BITS or exponent.bit_length() > MAX_RSA_EXPONENT_BITS:
        raise ValueError(f"an RSA key of {bits} bits")
    return RSAPublicNumbers(exponent, modulus).public_key()


def _ecdsa_check(key: bytes, curve: EllipticCurve, hash_: HashAlgorithm) -> _Check:
    half = (curve.key_size + 7) // 8
    # RFC 6605 §4: x and y without the octet that says "uncompressed"; r and s side by side.
    public = EllipticCurvePublicKey.from_encoded_point(curve, b"\4" + key)

    def check(signature: bytes, signed: bytes) -> None:
        if len(signature) != 2 * half:
            raise InvalidSignature
        r, s = int.from_bytes(signature[:half], "big"), int.from_bytes(signature[half:], "big")
        public.verify(encode_dss_signature(r, s), signed, ECDSA(hash_))

    return check

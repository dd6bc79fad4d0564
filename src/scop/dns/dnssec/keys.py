"""A zone's private key: made, loaded and saved as PEM, and what it signs.

Standards: RFC 6605 §4, RFC 8080 §3 and §4, RFC 5702 §3, RFC 3110 §2; RFC 4034 §2; RFC 5958 (PKCS #8).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from cryptography.hazmat.primitives.asymmetric.ec import (
    ECDSA,
    SECP256R1,
    SECP384R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key as generate_rsa_key
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from scop.dns.dnssec.algorithms import Algorithm
from scop.dns.rdata import DNSKEY
from scop.dns.rdata.key import FLAG_REVOKE, FLAG_SEP, FLAG_ZONE, PROTOCOL

__all__ = ["COMBINED_FLAGS", "ZONE_FLAGS", "SigningKey"]

ZONE_FLAGS = FLAG_ZONE  # a key that signs the zone's data
COMBINED_FLAGS = FLAG_ZONE | FLAG_SEP  # a key that the parent's DS names: it signs the keys, or everything
RSA_BITS = 2048  # RFC 8624 §3.1 knows no minimum; what every validator takes in one datagram
RSA_EXPONENT = 65_537

_Private: TypeAlias = RSAPrivateKey | EllipticCurvePrivateKey | Ed25519PrivateKey | Ed448PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key and the DNSKEY that shows its public half; equal to another with the same DNSKEY."""

    dnskey: DNSKEY
    private: _Private = field(repr=False, compare=False)

    @classmethod
    def generate(cls, algorithm: Algorithm = Algorithm.ECDSAP256SHA256, *, flags: int = COMBINED_FLAGS) -> SigningKey:
        """Make a new one; raises `ValueError` for an algorithm that nobody should sign with any more."""
        return cls.of(_generated(algorithm), algorithm, flags=flags)

    @classmethod
    def of(cls, private: _Private, algorithm: Algorithm, *, flags: int = COMBINED_FLAGS) -> SigningKey:
        """Put a private key beside its DNSKEY."""
        return cls(DNSKEY(flags, PROTOCOL, algorithm, _public_octets(private)), private)

    @classmethod
    def from_pem(cls, pem: bytes, *, flags: int = COMBINED_FLAGS) -> SigningKey:
        """Load one; the kind of key says the algorithm, RSA is taken for RSASHA256. Raises `ValueError`."""
        private = load_pem_private_key(pem, None)
        if isinstance(private, RSAPrivateKey):
            return cls.of(private, Algorithm.RSASHA256, flags=flags)
        if isinstance(private, Ed25519PrivateKey):
            return cls.of(private, Algorithm.ED25519, flags=flags)
        if isinstance(private, Ed448PrivateKey):
            return cls.of(private, Algorithm.ED448, flags=flags)
        if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP256R1):
            return cls.of(private, Algorithm.ECDSAP256SHA256, flags=flags)
        if isinstance(private, EllipticCurvePrivateKey) and isinstance(private.curve, SECP384R1):
            return cls.of(private, Algorithm.ECDSAP384SHA384, flags=flags)
        raise ValueError(f"no algorithm of DNSSEC signs with a {type(private).__name__}")

    def to_pem(self) -> bytes:
        """Return the private key for a file that nobody else can read; the DNSKEY's flags are not in it."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    @property
    def algorithm(self) -> Algorithm:
        """How it signs."""
        return Algorithm(self.dnskey.algorithm)

    @property
    def key_tag(self) -> int:
        """The number by which signatures and DS name it."""
        return self.dnskey.key_tag

    def with_flags(self, flags: int) -> SigningKey:
        """Return the same key in another role."""
        shown = self.dnskey
        return SigningKey(DNSKEY(flags, shown.protocol, shown.algorithm, shown.key), self.private)

    def revoked(self) -> SigningKey:
        """Return the same key as one that says its own end (RFC 5011 §2.1)."""
        return self.with_flags(self.dnskey.flags | FLAG_REVOKE)

    def sign(self, octets: bytes) -> bytes:
        """Return the signature over `octets` as an RRSIG has it."""
        private = self.private
        if isinstance(private, EllipticCurvePrivateKey):
            is_p256 = self.dnskey.algorithm == Algorithm.ECDSAP256SHA256
            r, s = decode_dss_signature(private.sign(octets, ECDSA(SHA256() if is_p256 else SHA384())))
            half = (private.curve.key_size + 7) // 8
            return r.to_bytes(half, "big") + s.to_bytes(half, "big")  # RFC 6605 §4
        if isinstance(private, RSAPrivateKey):
            is_256 = self.dnskey.algorithm == Algorithm.RSASHA256
            return private.sign(octets, PKCS1v15(), SHA256() if is_256 else SHA512())
        return private.sign(octets)


def _generated(algorithm: Algorithm) -> _Private:
    match algorithm:
        case Algorithm.ECDSAP256SHA256:
            return generate_private_key(SECP256R1())
        case Algorithm.ECDSAP384SHA384:
            return generate_private_key(SECP384R1())
        case Algorithm.ED25519:
            return Ed25519PrivateKey.generate()
        case Algorithm.ED448:
            return Ed448PrivateKey.generate()
        case Algorithm.RSASHA256 | Algorithm.RSASHA512:
            return generate_rsa_key(RSA_EXPONENT, RSA_BITS)
        case _:
            raise ValueError(f"nothing new is signed with {algorithm.name}")


def _public_octets(private: _Private) -> bytes:
    public = private.public_key()
    if isinstance(private, EllipticCurvePrivateKey):
        return public.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)[1:]
    if isinstance(private, RSAPrivateKey):
        numbers = private.public_key().public_numbers()
        exponent = numbers.e.to_bytes((numbers.e.bit_length() + 7) // 8, "big")
        return bytes((len(exponent),)) + exponent + numbers.n.to_bytes((numbers.n.bit_length() + 7) // 8, "big")
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)

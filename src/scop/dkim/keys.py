"""Private keys that seal mail: made, kept as PEM octets, and their public halves as the DNS shows them.

Standards: RFC 6376 §3.6.1, RFC 8301 §3.2 (sizes), RFC 8463 §4 (Ed25519).
"""

from __future__ import annotations

import binascii
import hashlib
from dataclasses import dataclass
from typing import TypeAlias

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from scop.dkim.points import MIN_RSA_BITS
from scop.dkim.signature import Algorithm, record_name_of

__all__ = ["PrivateKey", "SigningKey", "generate_key", "key_from_pem", "key_to_pem", "public_record"]

RSA_BITS = 2048  # RFC 8301 §3.2: signers SHOULD use at least this
_RSA_EXPONENT = 65537  # FIPS 186-5 A.1.1: at least that, and every verifier takes it
_PADDING = padding.PKCS1v15()
_SHA256 = hashes.SHA256()

PrivateKey: TypeAlias = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A loaded private key and the name under which its public half is found."""

    domain: str
    selector: str
    private_key: PrivateKey

    def __post_init__(self) -> None:
        if isinstance(self.private_key, rsa.RSAPrivateKey) and self.private_key.key_size < MIN_RSA_BITS:
            raise ValueError(f"RSA key of {self.private_key.key_size} bits: at least {MIN_RSA_BITS} are needed")

    @property
    def algorithm(self) -> Algorithm:
        """What this key signs with."""
        return Algorithm.RSA_SHA256 if isinstance(self.private_key, rsa.RSAPrivateKey) else Algorithm.ED25519_SHA256

    @property
    def record_name(self) -> str:
        """Where the public key belongs in the DNS."""
        return record_name_of(self.selector, self.domain)

    def sign(self, octets: bytes) -> bytes:
        """Return the signature over the SHA-256 digest of `octets`."""
        if isinstance(self.private_key, rsa.RSAPrivateKey):
            return self.private_key.sign(octets, _PADDING, _SHA256)
        # RFC 8463 §3: Ed25519 is given the digest, not the octets
        return self.private_key.sign(hashlib.sha256(octets).digest())


def generate_key(domain: str, selector: str, algorithm: Algorithm) -> SigningKey:
    """Make a new key; an RSA key has 2048 bits."""
    if algorithm is Algorithm.RSA_SHA256:
        return SigningKey(domain, selector, rsa.generate_private_key(_RSA_EXPONENT, RSA_BITS))
    return SigningKey(domain, selector, ed25519.Ed25519PrivateKey.generate())


def key_to_pem(key: SigningKey) -> bytes:
    """Return the private key as unencrypted PKCS #8; whoever stores it keeps others from reading it."""
    return key.private_key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def key_from_pem(domain: str, selector: str, pem: bytes) -> SigningKey:
    """Load a private key; raise `ValueError` where it is none that DKIM knows. Takes 27 ms: keep it loaded."""
    private_key = serialization.load_pem_private_key(pem, password=None)
    if not isinstance(private_key, rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey):
        raise ValueError("neither an RSA nor an Ed25519 key")
    return SigningKey(domain, selector, private_key)


def public_record(key: SigningKey) -> str:
    """Return the text of the TXT record that belongs at `key.record_name`."""
    if isinstance(key.private_key, rsa.RSAPrivateKey):
        kind, octets = (
            "rsa",
            key.private_key.public_key().public_bytes(
                serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
            ),
        )
    else:  # RFC 8463 §4.2: the 32 octets alone
        kind, octets = "ed25519", key.private_key.public_key().public_bytes_raw()
    return f"v=DKIM1; k={kind}; h=sha256; p={binascii.b2a_base64(octets, newline=False).decode('ascii')}"

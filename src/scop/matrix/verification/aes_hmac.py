"""Encryption by AES-CTR-256 under HMAC-SHA-256, as secrets on the server and files of keys have it.

Standards: Matrix v1.19 CS §m.secret_storage.v1.aes-hmac-sha2, §Key exports.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scop.matrix.steps import Chance

__all__ = ["AesHmacKeys", "counter_start", "derive_keys", "hkdf_sha256"]

_IV_OCTETS = 16


@dataclass(frozen=True, slots=True)
class AesHmacKeys:
    """A key for AES-256 and one for HMAC-SHA-256."""

    aes: bytes = field(repr=False)
    mac: bytes = field(repr=False)

    def crypt(self, octets: bytes, iv: bytes) -> bytes:
        """Encrypt or decrypt by AES-CTR, which are one and the same."""
        cipher = Cipher(AES(self.aes), CTR(iv)).encryptor()
        return cipher.update(octets) + cipher.finalize()

    def authenticate(self, octets: bytes) -> bytes:
        """Return the MAC of octets."""
        return hmac.digest(self.mac, octets, "sha256")


def counter_start(chance: Chance) -> bytes:
    """Return a random initialization vector with bit 63 unset."""
    # Matrix v1.19 CS §m.secret_storage.v1.aes-hmac-sha2 step 2: implementations differ in where the counter overflows.
    iv = bytearray(chance(_IV_OCTETS))
    iv[8] &= 0x7F
    return bytes(iv)


def hkdf_sha256(secret: bytes, info: bytes, octets: int) -> bytes:
    """Return octets derived from a secret, without salt (which is one of 32 octets of 0)."""
    return HKDF(SHA256(), octets, None, info).derive(secret)


def derive_keys(key: bytes, name: str) -> AesHmacKeys:
    """Return the keys for what is called `name`, derived from a key of secret storage."""
    both = hkdf_sha256(key, name.encode(), 64)
    return AesHmacKeys(both[:32], both[32:])

"""Which public keys prove nothing, though the library that does the arithmetic takes them.

A key that everybody can sign for is published by mistake or on purpose; either way its domain has said nothing. OpenSSL
takes Ed25519 keys of small order, under which one constant is a signature of every mail, and encodings beyond the
field; it refuses even RSA exponents and 1, and takes any other below the modulus.

Standards: RFC 8032 §5.1.3 (decoding a point), RFC 7748 §6.1 (small order), RFC 8017 §3.1 (RSA public keys).
"""

from __future__ import annotations

from cryptography.hazmat.primitives.asymmetric import rsa

__all__ = ["flaw_of_point", "flaw_of_rsa"]

MIN_RSA_BITS = 1024  # RFC 8301 §3.2: a signature by less is never valid
MAX_RSA_BITS = 8192  # RFC 8301 §3.2 asks for 4096; a larger one costs us more than it protects
MIN_EXPONENT = 3  # with 1 every text is its own signature
MAX_EXPONENT = (1 << 64) - 1  # keys in use have 3, 17, 65537; verifying costs as much as it has bits

_FIELD = (1 << 255) - 19  # RFC 8032 §5.1
_Y_OCTETS_MASK = (1 << 255) - 1  # the highest bit is the sign of x
# The eight points whose order divides the cofactor, by y: orders 1, 2, 4 and, twice, 8.
_SMALL_ORDER = frozenset(
    {
        1,
        _FIELD - 1,
        0,
        int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
        int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
    }
)


def flaw_of_point(octets: bytes) -> str:
    """Say why 32 octets are no Ed25519 key to be believed; nothing where they are."""
    y = int.from_bytes(octets, "little") & _Y_OCTETS_MASK
    if y >= _FIELD:  # RFC 8032 §5.1.3 (1)
        return "Ed25519 key that is not in its canonical form"
    return "Ed25519 key of small order" if y in _SMALL_ORDER else ""


def flaw_of_rsa(key: rsa.RSAPublicKey) -> str:
    """Say why an RSA key is not to be believed, or not to be reckoned with; nothing where it is."""
    if not MIN_RSA_BITS <= key.key_size <= MAX_RSA_BITS:
        return f"RSA key of {key.key_size} bits"
    numbers = key.public_numbers()
    if numbers.n % 2 == 0:
        return "RSA key with an even modulus"
    if numbers.e % 2 == 0 or not MIN_EXPONENT <= numbers.e <= MAX_EXPONENT:
        return "RSA key with an exponent that is not odd or not of 2 to 64 bits"
    return ""

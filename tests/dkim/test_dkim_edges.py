"""Keys and signatures at the edge of what the arithmetic takes: what everybody could forge never passes."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

from fakes.dkim_keys import ed25519_key
from scop.base import RemoteProtocolError
from scop.dkim.records import KeyRecord, parse_key_record

TEXT = b"subject:tide\r\n"
DIGEST = hashlib.sha256(TEXT).digest()
FIELD = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493  # L of RFC 8032 §5.1
SIGN_BIT = 1 << 255

# An exponent of 3, since most forgeries of padding need a small one.
RSA3 = rsa.generate_private_key(3, 1024)
N, D, SIZE = RSA3.private_numbers().public_numbers.n, RSA3.private_numbers().d, 128


def reason_of(kind: str, octets: bytes) -> str:
    """Return why a key record with these octets is refused, nothing where it is not."""
    try:
        parse_key_record(f"k={kind}; p=".encode() + base64.b64encode(octets))
    except RemoteProtocolError as error:
        return str(error)
    return ""


def der(tag: int, *parts: bytes) -> bytes:
    """Return a DER element."""
    content = b"".join(parts)
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    head = length if len(content) < 128 else bytes([0x80 + len(length)]) + length
    return bytes([tag]) + head + content


def number(value: int) -> bytes:
    """Return a DER INTEGER."""
    return der(2, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def rsa_octets(modulus: int, exponent: int) -> bytes:
    """Return an RSA key as SubjectPublicKeyInfo, whatever its numbers are."""
    key = der(0x30, number(modulus), number(exponent))
    return der(0x30, der(0x30, bytes.fromhex("06092a864886f70d0101010500")), der(3, b"\0" + key))


# Ed25519: keys

EIGHTH = int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little")
SMALL_ORDER = {"1": 1, "2": FIELD - 1, "4": 0, "8a": EIGHTH, "8b": FIELD - EIGHTH}


@pytest.mark.parametrize("sign", [0, SIGN_BIT], ids=["even", "odd"])
@pytest.mark.parametrize("order", SMALL_ORDER)
def test_edges_keys_of_small_order_are_none(order: str, sign: int) -> None:
    """RFC 7748 §6.1: under the points of order 1, 2, 4 and 8 a signature can be made without any secret."""
    assert "Ed25519 key of small order" == reason_of("ed25519", (SMALL_ORDER[order] | sign).to_bytes(32, "little"))


@pytest.mark.parametrize("y", [FIELD, FIELD + 1, 2**255 - 1], ids=["p", "p+1", "highest"])
def test_edges_keys_beyond_the_field_are_none(y: int) -> None:
    """RFC 8032 §5.1.3 (1): y lies below p; p and p+1 are 0 and 1 in disguise."""
    assert "Ed25519 key that is not in its canonical form" == reason_of("ed25519", y.to_bytes(32, "little"))


@pytest.mark.parametrize(
    "octets",
    [
        bytes(31),
        bytes(33),
        ed25519_key()
        .private_key.public_key()
        .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
    ],
    ids=["31", "33", "spki"],
)
def test_edges_keys_are_32_octets_alone(octets: bytes) -> None:
    """RFC 8463 §4.2: no wrapping, no other length."""
    assert "p= holds no ed25519 key" == reason_of("ed25519", octets)


# Ed25519: signatures

SEED = hashlib.sha256(b"a seed of this test").digest()
PRIVATE = ed25519.Ed25519PrivateKey.from_private_bytes(SEED)
POINT = PRIVATE.public_key().public_bytes_raw()
RECORD = KeyRecord(PRIVATE.public_key(), is_testing=False, forbids_subdomains=False)


def scalar() -> int:
    """Return the secret scalar of the key (RFC 8032 §5.1.5)."""
    octets = bytearray(hashlib.sha512(SEED).digest()[:32])
    octets[0] &= 248
    octets[31] = octets[31] & 127 | 64
    return int.from_bytes(octets, "little")


def with_identity(r_octets: bytes) -> bytes:
    """Return a signature whose R is the neutral point in this encoding; only the owner can make it."""
    challenge = int.from_bytes(hashlib.sha512(r_octets + POINT + DIGEST).digest(), "little")
    return r_octets + (challenge * scalar() % ORDER).to_bytes(32, "little")


def with_order_added(signature: bytes) -> bytes:
    """Return the same signature with S + L in place of S."""
    return signature[:32] + (int.from_bytes(signature[32:], "little") + ORDER).to_bytes(32, "little")


@pytest.mark.parametrize(
    ("signature", "holds"),
    [
        (PRIVATE.sign(DIGEST), True),
        (with_order_added(PRIVATE.sign(DIGEST)), False),  # RFC 8032 §5.1.7 (1): S lies below L
        (with_identity((1).to_bytes(32, "little")), True),  # odd, but made with the key and for this text
        (with_identity((FIELD + 1).to_bytes(32, "little")), False),  # the same R beyond the field
        (PRIVATE.sign(TEXT), False),  # RFC 8463 §3: over the digest, not over the text
        (PRIVATE.sign(DIGEST)[:63], False),
        (PRIVATE.sign(DIGEST) + b"\0", False),
        (b"", False),
        (bytes(64), False),
    ],
    ids=["good", "s+l", "small-r", "r-beyond", "unhashed", "short", "long", "empty", "zeros"],
)
def test_edges_ed25519_signatures(signature: bytes, holds: bool) -> None:
    """RFC 8032 §5.1.7: one text and key have one way to write each signature; no other is taken."""
    assert holds is RECORD.verifies(signature, TEXT)


# RSA: keys

STRONG = rsa_octets(N, 65537)


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (STRONG, ""),
        (der(0x30, number(N), number(65537)), ""),  # RFC 6376 §3.6.1 asks for a bare RSAPublicKey
        (rsa_octets(N, 3), ""),  # in use, and as strong as its padding is checked
        (rsa_octets(N, 17), ""),
        (rsa_octets(N, 2**64 - 1), ""),
        (rsa_octets(N, 2**64 + 1), "RSA key with an exponent that is not odd or not of 2 to 64 bits"),
        (rsa_octets(N, N - 2), "RSA key with an exponent that is not odd or not of 2 to 64 bits"),
        (rsa_octets(N, 0), "p= holds no rsa key"),
        (rsa_octets(N, 1), "p= holds no rsa key"),  # every text would be its own signature
        (rsa_octets(N, 2), "p= holds no rsa key"),
        (rsa_octets(N, 65536), "p= holds no rsa key"),
        (rsa_octets(N, N), "p= holds no rsa key"),
        (rsa_octets(N - 1, 65537), "RSA key with an even modulus"),
        (rsa_octets(N >> 1 | 1, 65537), "RSA key of 1023 bits"),
        (rsa_octets((1 << 8192) + 1, 65537), "RSA key of 8193 bits"),
        (rsa_octets((1 << 40_000) + 1, 65537), "RSA key of 40001 bits"),
        (STRONG + b"\0", "p= holds no rsa key"),
        (STRONG[:-1], "p= holds no rsa key"),
        (STRONG.replace(b"\x30\x81", b"\x30\x80"), "p= holds no rsa key"),
        (der(0x30, number(N), der(2, b"\0\0\1\0\1")), "p= holds no rsa key"),  # X.690 §8.3.2: shortest form
    ],
    ids=[
        "good", "bare", "e3", "e17", "e64", "e65", "huge", "e0", "e1", "e2", "even", "e-is-n", "even-n",
        "1023", "8193", "40001", "more", "less", "indefinite", "padded",
    ],
)  # fmt: skip
def test_edges_rsa_keys(octets: bytes, reason: str) -> None:
    """RFC 8017 §3.1, RFC 8301 §3.2: which numbers are a key, and how large one may be."""
    assert reason == reason_of("rsa", octets)


def test_edges_a_key_is_of_the_kind_that_it_says() -> None:
    """RFC 6376 §3.6.1, k=: an Ed25519 key in the clothes of RSA is refused."""
    octets = PRIVATE.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    assert "k=rsa does not name the kind of the key" == reason_of("rsa", octets)


# RSA: signatures

INFO = bytes.fromhex("3031300d060960864801650304020105000420")  # RFC 8017 §9.2, note 1: SHA-256
WITHOUT_NULL = bytes.fromhex("302f300b0609608648016503040201") + b"\x04\x20"
LONG_LENGTHS = bytes.fromhex("308131300d060960864801650304020105000420")
SHA1_INFO = bytes.fromhex("3021300906052b0e03021a05000414")


def padded(info: bytes, *, head: bytes = b"\0\1", fill: bytes = b"\xff", end: bytes = b"\0") -> bytes:
    """Return a block as RFC 8017 §9.2 makes it, with other parts where they are given."""
    return head + fill * (SIZE - len(head) - len(end) - len(info)) + end + info


def early(padding_octets: int) -> bytes:
    """Return a block with so much padding, and garbage at the end where padding should be."""
    front = b"\0\1" + b"\xff" * padding_octets + b"\0" + INFO + DIGEST
    return front + b"\x5a" * (SIZE - len(front))


def raw(block: bytes) -> bytes:
    """Return the signature that opens to a block; it takes the private key, so padding alone is what is tested."""
    return pow(int.from_bytes(block, "big"), D, N).to_bytes(SIZE, "big")


def by_cube_root() -> bytes:
    """Return Bleichenbacher's forgery of 2006: a cube that begins like a block, made without any secret."""
    front = int.from_bytes(b"\0\1\xff\xff\xff\xff\xff\xff\xff\xff\0" + INFO + DIGEST, "big")
    spare_bits = 8 * (SIZE - 11 - len(INFO) - 32)
    root = integer_root(((front + 1) << spare_bits) - 1)
    return root.to_bytes(SIZE, "big")


def integer_root(value: int) -> int:
    """Return the cube root, rounded down."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if middle**3 <= value else (low, middle - 1)
    return low


GOOD = raw(padded(INFO + DIGEST))
SIGNATURES: dict[str, tuple[Callable[[], bytes], bool]] = {
    "good": (lambda: GOOD, True),
    "garbage behind the digest": (lambda: raw(early(8)), False),
    "no padding at all": (lambda: raw(early(0)), False),
    "cube root": (by_cube_root, False),
    "no NULL": (lambda: raw(padded(WITHOUT_NULL + DIGEST)), False),
    "lengths in BER": (lambda: raw(padded(LONG_LENGTHS + DIGEST)), False),
    "a block of type 2": (lambda: raw(padded(INFO + DIGEST, head=b"\0\2")), False),
    "a first octet that is not zero": (lambda: raw(padded(INFO + DIGEST, head=b"\1\1")), False),
    "other padding": (lambda: raw(padded(INFO + DIGEST, fill=b"\xfe")), False),
    "no end of the padding": (lambda: raw(padded(INFO + DIGEST, end=b"\xff")), False),
    "no name of the hash": (lambda: raw(padded(DIGEST)), False),
    "a name of another hash": (lambda: raw(padded(SHA1_INFO + hashlib.sha1(TEXT).digest())), False),  # RFC 8301
    "a digest that is too short": (lambda: raw(padded(INFO + DIGEST[:31])), False),
    "a digest that is too long": (lambda: raw(padded(INFO + DIGEST + b"\0")), False),
    "the digest of another text": (lambda: raw(padded(INFO + hashlib.sha256(b"x").digest())), False),
    "beyond the modulus": (lambda: (int.from_bytes(GOOD, "big") + N).to_bytes(SIZE + 1, "big"), False),
    "a leading zero": (lambda: b"\0" + GOOD, False),
    "an octet too few": (lambda: GOOD[:-1], False),
    "zero": (lambda: bytes(SIZE), False),
    "one": (lambda: (1).to_bytes(SIZE, "big"), False),
    "nothing": (lambda: b"", False),
}


@pytest.mark.parametrize("kind", SIGNATURES)
def test_edges_rsa_signatures(kind: str) -> None:
    """RFC 8017 §8.2.2: the block is compared as a whole with the only one there is, never parsed."""
    make, holds = SIGNATURES[kind]
    record = KeyRecord(RSA3.public_key(), is_testing=False, forbids_subdomains=False)
    assert holds is record.verifies(make(), TEXT)

"""A private key as people write it down: base58 in groups of four, with a check of parity.

Standards: Matrix v1.19 appendices §Cryptographic key representation.
"""

from __future__ import annotations

from functools import reduce
from operator import xor

from scop.base import RemoteProtocolError

__all__ = ["parse_recovery_key", "write_recovery_key"]

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_VALUES = {character: value for value, character in enumerate(_ALPHABET)}
_HEADER = b"\x8b\x01"
_KEY_OCTETS = 32
_MAX_CHARACTERS = 256  # a key has 48, and 11 blanks; what is much longer is no key


def write_recovery_key(key: bytes) -> str:
    """Return a key as it is shown."""
    # Matrix v1.19 appendices §Cryptographic key representation 1, 2: header, key, and parity of both.
    octets = _HEADER + key
    octets += bytes([reduce(xor, octets)])
    # 3, 4: base58 in groups of four. The header is not zero, so no leading zeros are lost.
    number, digits = int.from_bytes(octets, "big"), ""
    while number:
        number, digit = divmod(number, 58)
        digits = _ALPHABET[digit] + digits
    return " ".join(digits[start : start + 4] for start in range(0, len(digits), 4))


def parse_recovery_key(text: str, key_octets: int = _KEY_OCTETS) -> bytes:
    """Return the key that was written down, whatever blanks are in it; raises `RemoteProtocolError`."""
    digits = "".join(text[: _MAX_CHARACTERS + 1].split())
    if not digits or len(text) > _MAX_CHARACTERS:
        raise RemoteProtocolError("a recovery key has 48 characters")
    number = 0
    for digit in digits:
        value = _VALUES.get(digit)
        if value is None:
            raise RemoteProtocolError("a character that recovery keys do not have")
        number = number * 58 + value
    if digits.startswith("1") or number.bit_length() > 8 * (key_octets + 3):
        raise RemoteProtocolError("a recovery key of another length")
    octets = number.to_bytes(key_octets + 3, "big")
    if not octets.startswith(_HEADER):
        raise RemoteProtocolError("a recovery key begins with other octets, or has another length")
    if reduce(xor, octets) != 0:
        raise RemoteProtocolError("the parity of the recovery key is wrong: a typing mistake")
    return octets[2:-1]

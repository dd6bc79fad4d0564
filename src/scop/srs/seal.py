"""The two things that make a rewritten address ours and for a while only: a keyed hash and a day.

Local parts may be folded to one case on their way, so both are written and compared without regard to it.

Standards: The Sender Rewriting Scheme §3.1 (hash), §3.2 (timestamp); RFC 2104, RFC 4648 §6.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re

__all__ = ["DAYS", "HASH_CHARACTERS", "age_days", "day_text", "keyed_hash", "same_hash"]

MIN_SECRET_OCTETS = 16
# The paper's four characters are 20 bits, which a patient guesser gets through; six are 30, and still short.
HASH_CHARACTERS = 6
DAYS = 1024  # ten bits of days: two characters of base32

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_DAY = re.compile("[A-Za-z2-7]{2}")


def keyed_hash(secret: bytes, *parts: str, characters: int = HASH_CHARACTERS) -> str:
    """Return the hash of parts, which are told apart and compared in lower case."""
    if len(secret) < MIN_SECRET_OCTETS:
        raise ValueError(f"a secret has {MIN_SECRET_OCTETS} octets at least, not {len(secret)}")
    octets = [part.lower().encode() for part in parts]
    text = b"".join(len(each).to_bytes(4, "big") + each for each in octets)
    return base64.b32encode(hmac.digest(secret, text, hashlib.sha256)).decode("ascii")[:characters]


def same_hash(given: str, right: str) -> bool:
    """Compare in constant time and without regard to case."""
    return given.isascii() and hmac.compare_digest(given.upper(), right)


def day_text(day: int) -> str:
    """Return the two characters of a day."""
    high, low = divmod(day % DAYS, 32)
    return _ALPHABET[high] + _ALPHABET[low]


def age_days(text: str, today: int) -> int | None:
    """Return how many days ago a day was written, None where this is no day."""
    found = _DAY.fullmatch(text)
    if found is None:
        return None
    high, low = map(_ALPHABET.index, found[0].upper())
    return (today - (high * 32 + low)) % DAYS

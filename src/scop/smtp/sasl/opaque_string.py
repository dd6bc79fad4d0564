"""A password as octets, the same from every keyboard: other spaces become U+0020, then NFC.

Standards: RFC 8265 §4.2.2 (OpaqueString).
"""

from __future__ import annotations

import unicodedata

__all__ = ["opaque_string"]


def opaque_string(password: str) -> bytes:
    """Return the octets that are hashed; never raises, what may not be a password is the caller's to refuse."""
    # SCRAM names SASLprep (NFKC): it differs only for compatibility characters, which no generated password has.
    spaced = "".join(" " if unicodedata.category(character) == "Zs" else character for character in password)
    return unicodedata.normalize("NFC", spaced).encode("utf-8", "surrogatepass")

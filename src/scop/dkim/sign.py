"""Sealing a mail: one DKIM-Signature field for each key, so that a verifier picks what it knows.

Fields that a reader is shown are signed once more often than they occur, so that nobody can add
a second one on the way (over-signing).

Standards: RFC 6376 §5, RFC 8301, RFC 8463; c=relaxed/relaxed, no l=.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from scop.dkim.canonical import Canonicalization, canonical_body, canonical_header
from scop.dkim.header import MAX_HEADER_OCTETS, Header, header_octets, split_message
from scop.dkim.keys import SigningKey

__all__ = ["OVERSIGNED_FIELDS", "SIGNED_FIELDS", "folded_base64", "folded_names", "names_to_sign", "sign"]

# What a mail client shows or follows: RFC 6376 §5.4.1 and §8.15 (added fields). Sender is among them, since a second
# name shown beside the author's is what a forger wants; a list that writes its own there breaks the seal.
OVERSIGNED_FIELDS = (
    "From", "Sender", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
)  # fmt: skip

# What mailing lists and forwarders rightly add: signed where it stands, left open where it does not. Fields of a
# resending are prepended (RFC 5322 §3.6.6) and chosen from the bottom, so that one more resending breaks nothing.
SIGNED_FIELDS = (
    "Resent-From", "Resent-Sender", "Resent-To", "Resent-Cc", "Resent-Date", "Resent-Message-ID",
    "Content-ID", "Content-Description", "Autocrypt", "List-Id", "List-Help", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
)  # fmt: skip

_NAMES = OVERSIGNED_FIELDS + SIGNED_FIELDS
_KEYS = tuple(name.lower().encode("ascii") for name in _NAMES)
MAX_NAMES = 1000  # a mail of people has twenty; more would not fit into what a verifier reads of one field
_REMEMBERED_NAMES = 100  # most mails have the same fields, each once; a list that is longer is made anew
_LINE_OCTETS = 72  # RFC 5322 §2.1.1 allows 78; a tab, the tag and the next semicolon or colon stand there too
_RELAXED = Canonicalization.RELAXED


def sign(octets: bytes, keys: Sequence[SigningKey], *, now: float, lifetime_seconds: int = 0) -> bytes:
    """Return the fields to prepend to the mail at `now` (Unix seconds), one a key; with a lifetime they carry x=.

    The mail must have CRLF line ends, a From field, and a header that verifiers judge (`ValueError` otherwise).
    """
    if (size := header_octets(octets)) > MAX_HEADER_OCTETS:
        raise ValueError(f"a header of {size} octets cannot be sealed, {MAX_HEADER_OCTETS} can")
    header, body = split_message(octets)
    names = names_to_sign(header)
    body_hash = hashlib.sha256(canonical_body(body, _RELAXED)).digest()
    covered = header.covered(names.keys, _RELAXED)
    signed_unix = int(now)
    lifetime = f" x={signed_unix + lifetime_seconds};" if lifetime_seconds else ""
    rest = f" t={signed_unix};{lifetime}\r\n\th={names.folded};\r\n\tbh={folded_base64(body_hash)};"
    return b"".join(_field(key, rest, covered) for key in keys)


@dataclass(frozen=True, slots=True)
class SignedNames:
    """The names that h= lists: as they are written, as fields are looked up, and folded."""

    names: tuple[str, ...]
    keys: tuple[bytes, ...]
    folded: str


def names_to_sign(header: Header) -> SignedNames:
    """Return the names that h= lists, in their order; raise `ValueError` without From, or where it is too long."""
    counts = header.counts(_KEYS)
    if not counts[0]:
        raise ValueError("a mail without From cannot be sealed")  # RFC 6376 §5.4
    if (names := sum(counts) + len(OVERSIGNED_FIELDS)) > MAX_NAMES:
        raise ValueError(f"a mail with {names} fields to be covered cannot be sealed, one with {MAX_NAMES} can")
    return _remembered(counts) if sum(counts) <= _REMEMBERED_NAMES else _listed(counts)


def _listed(counts: tuple[int, ...]) -> SignedNames:
    names: list[str] = []
    for place, (name, count) in enumerate(zip(_NAMES, counts, strict=True)):
        names += [name] * (count + (place < len(OVERSIGNED_FIELDS)))
    return SignedNames(tuple(names), tuple(name.lower().encode("ascii") for name in names), folded_names(names))


_remembered = lru_cache(maxsize=64)(_listed)


def _field(key: SigningKey, rest: str, covered: bytes) -> bytes:
    start = f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n\td={key.domain}; s={key.selector};"
    unsigned = f"{start}{rest}\r\n\tb=".encode()
    signature = key.sign(covered + canonical_header(unsigned, _RELAXED))
    return unsigned + folded_base64(signature).encode("ascii") + b"\r\n"


def folded_names(names: Sequence[str]) -> str:
    """Return a list of names for h=, folded after colons."""
    lines = [""]
    for name in names:
        colon = ":" if lines[-1] else ""
        if len(lines[-1]) + len(name) + 2 > _LINE_OCTETS:
            lines[-1] += colon
            lines.append(name)
        else:
            lines[-1] += colon + name
    return "\r\n\t".join(lines)


def folded_base64(octets: bytes) -> str:
    """Return base64 in lines that fit into a header."""
    text = binascii.b2a_base64(octets, newline=False).decode("ascii")
    return "\r\n\t".join(text[at : at + _LINE_OCTETS] for at in range(0, len(text), _LINE_OCTETS))

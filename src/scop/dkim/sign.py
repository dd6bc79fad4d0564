"""Sealing a mail: one DKIM-Signature field for each key, so that a verifier picks what it knows.

Fields that a reader is shown are signed once more often than they occur, so that nobody can add
a second one on the way (over-signing).

Standards: RFC 6376 §5, RFC 8301, RFC 8463; c=relaxed/relaxed, no l=.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Sequence

from scop.dkim.canonical import Canonicalization, canonical_body, canonical_header
from scop.dkim.header import Header, split_message
from scop.dkim.keys import SigningKey

__all__ = ["OVERSIGNED_FIELDS", "SIGNED_FIELDS", "sign"]

# What a mail client shows or follows: RFC 6376 §5.4.1 and §8.15 (added fields).
OVERSIGNED_FIELDS = (
    "From", "To", "Cc", "Subject", "Date", "Message-ID", "Reply-To", "In-Reply-To", "References",
    "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
)  # fmt: skip

# What mailing lists and forwarders rightly add: signed where it stands, left open where it does not.
SIGNED_FIELDS = (
    "Sender", "Content-ID", "Content-Description", "Autocrypt", "List-Id", "List-Help", "List-Unsubscribe",
    "List-Unsubscribe-Post", "List-Subscribe", "List-Post", "List-Owner", "List-Archive",
)  # fmt: skip

_LINE_OCTETS = 76  # RFC 5322 §2.1.1 allows 78
_BASE64_OCTETS = 72
_RELAXED = Canonicalization.RELAXED


def sign(octets: bytes, keys: Sequence[SigningKey], *, now: float, lifetime_seconds: int = 0) -> bytes:
    """Return the fields to prepend to the mail at `now` (Unix seconds), one a key; with a lifetime they carry x=.

    The mail must have CRLF line ends and a From field (`ValueError` otherwise).
    """
    header, body = split_message(octets)
    names = _names_to_sign(header)
    body_hash = hashlib.sha256(canonical_body(body, _RELAXED)).digest()
    covered = header.covered([name.lower().encode("ascii") for name in names], _RELAXED)
    signed_unix = int(now)
    lifetime = f" x={signed_unix + lifetime_seconds};" if lifetime_seconds else ""
    times = f"t={signed_unix};{lifetime}"
    rest = b" " + times.encode("ascii") + b"\r\n" + _folded_names(names) + b"\r\n\tbh=" + _base64(body_hash) + b";"
    return b"".join(_field(key, rest, covered) for key in keys)


def _names_to_sign(header: Header) -> list[str]:
    names: list[str] = []
    for name in OVERSIGNED_FIELDS:
        names += [name] * (len(header.named(name.lower().encode("ascii"))) + 1)
    for name in SIGNED_FIELDS:
        names += [name] * len(header.named(name.lower().encode("ascii")))
    if names.count("From") == 1:
        raise ValueError("a mail without From cannot be sealed")  # RFC 6376 §5.4
    return names


def _field(key: SigningKey, rest: bytes, covered: bytes) -> bytes:
    start = f"DKIM-Signature: v=1; a={key.algorithm}; c=relaxed/relaxed;\r\n\td={key.domain}; s={key.selector};"
    unsigned = start.encode("utf-8") + rest + b"\r\n\tb="
    signature = _base64(key.sign(covered + canonical_header(unsigned, _RELAXED)))
    lines = [signature[at : at + _BASE64_OCTETS] for at in range(0, len(signature), _BASE64_OCTETS)]
    return unsigned + b"\r\n\t".join(lines) + b"\r\n"


def _folded_names(names: list[str]) -> bytes:
    lines = ["\th="]
    for name in names:
        colon = ":" if lines[-1] not in ("\th=", "\t") else ""
        if len(lines[-1]) + len(name) + 2 > _LINE_OCTETS:
            lines[-1] += colon
            lines.append("\t")
            colon = ""
        lines[-1] += colon + name
    return "\r\n".join(lines).encode("ascii") + b";"


def _base64(octets: bytes) -> bytes:
    return binascii.b2a_base64(octets, newline=False)

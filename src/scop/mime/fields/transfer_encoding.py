"""Content-Transfer-Encoding: how the octets of a body are spelled.

Standards: RFC 2045 §6.
"""

from __future__ import annotations

import re

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "parse_transfer_encoding", "write_transfer_encoding"]

NAMES = frozenset({"content-transfer-encoding"})

_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]+")  # RFC 2045 §5.1, in ASCII


def parse_transfer_encoding(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> str | None:
    """Return the encoding in lower case, None where none is stated.

    Lenient: a parameter's ";" behind it, which no standard knows, is passed over.
    """
    plain = without_comments(text, limits=limits, defects=defects) if "(" in text else text
    return without_surrogates(plain.strip("; \t\r")).lower() or None


def write_transfer_encoding(value: str) -> list[str]:
    """Return the word of a field body; `ValueError` for what is no token."""
    if not _TOKEN.fullmatch(value):
        raise ValueError(f"not a transfer encoding: {value!r}")
    return [value]

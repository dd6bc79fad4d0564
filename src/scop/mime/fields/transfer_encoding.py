"""Content-Transfer-Encoding: one word, in lower case.

Standards: RFC 2045 §6.1.
"""

from __future__ import annotations

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import reject_line_ends, without_comments, without_line_ends

__all__ = ["NAMES", "parse_transfer_encoding", "write_transfer_encoding"]

NAMES = frozenset({"content-transfer-encoding"})


def parse_transfer_encoding(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> str:
    """Return the encoding that an unfolded field body names, known or not; "" where it names none. Never raises.

    Lenient: a ";" before or behind it, as if parameters followed, is passed over.
    """
    bare = without_comments(text, limits=limits, defects=defects).strip("; \t\r\n").lower()
    return bare if bare.isascii() and bare.isprintable() else without_line_ends(without_surrogates(bare)).strip("; \t")


def write_transfer_encoding(value: str) -> list[str]:
    """Return the words of an encoding; what would be read as another one raises `ValueError`."""
    reject_line_ends(value).encode()
    if parse_transfer_encoding(value) != value:
        raise ValueError(f"not a transfer encoding: {value[:80]!r}")
    return value.split(" ") if value else []

"""Text for people: Subject, Comments and every field that no standard gives a structure.

Standards: RFC 5322 §2.2.1, §3.6.5; RFC 2047 §5 (1); RFC 6532.
"""

from __future__ import annotations

import re

from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import reject_line_ends
from scop.mime.words import decode_words, encode_words

__all__ = ["parse_text", "write_text"]

_MAX_WORD = 900  # a longer one is encoded, so that no line exceeds 998 octets (RFC 5322 §2.1.1)
# Printable ASCII and single blanks: what folds and unfolds to itself.
_PLAIN = re.compile(rf"[!-~]{{1,{_MAX_WORD}}}(?: [!-~]{{1,{_MAX_WORD}}})*")


def parse_text(text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None) -> str:
    """Return a field body as a person reads it: encoded words decoded, other white space as it stands."""
    return decode_words(text, limits=limits, defects=defects)


def write_text(value: str) -> list[str]:
    """Return the words of a field body: as they are where they are plain, else encoded."""
    reject_line_ends(value)
    if not value:
        return []
    if "=?" not in value and _PLAIN.fullmatch(value):
        return value.split(" ")
    return encode_words(value)

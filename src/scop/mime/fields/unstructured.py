"""Unstructured text: Subject, Comments, and every field that no family knows.

White space around the text is not part of it; within it stands as it is written.

Standards: RFC 5322 §2.2.1, §3.6.5; RFC 2047 §5 (1).
"""

from __future__ import annotations

from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import reject_line_ends, without_line_ends
from scop.mime.words import decode_words, encode_words

__all__ = ["parse_unstructured", "write_encoded", "write_unstructured"]

MAX_PLAIN_WORD = 900  # octets; a longer one fits on no line beside its name (RFC 5322 §2.1.1), so it is encoded
_LINE_OF_WORDS = 76  # RFC 2047 §2: characters of a line that holds encoded words
_MIN_ROOM = 20


def parse_unstructured(text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None) -> str:
    """Return the text of an unfolded field body, encoded words decoded; never raises.

    A line end that an encoded word spells is a blank, NUL is U+FFFD: so what is read can be written.
    """
    return without_line_ends(decode_words(text.strip(" \t\r\n"), limits=limits, defects=defects))


def write_unstructured(text: str, *, name: str = "") -> list[str]:
    """Return `text` as it is where it is plain, else as encoded words; `name` is that of the field they stand in."""
    words = text.split(" ") if text else []
    # RFC 5322 §2.2.3: a run of blanks may be cut where a line is folded, and not all readers put it together again.
    is_plain = text.isascii() and text.isprintable() and "=?" not in text and "" not in words
    if is_plain and max(map(len, words), default=0) <= MAX_PLAIN_WORD:
        return words
    return write_encoded(text, name=name)


def write_encoded(text: str, *, name: str = "") -> list[str]:
    """Return `text` as encoded words, of which the first fits on the line behind `name`."""
    return encode_words(reject_line_ends(text), room=max(_MIN_ROOM, _LINE_OF_WORDS - len(name) - len(": ")))

"""Header fields written: folded at white space, one field and no second one.

Which words a value is written in is the business of its family (`fields.write_field`).

Standards: RFC 5322 §2.1.1, §2.2, §2.2.3; RFC 6532 §3.4 (octets and characters).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

__all__ = ["fold_field", "reject_controls"]

MAX_LINE = 78  # RFC 5322 §2.1.1: characters, without the line end
MAX_HARD_LINE = 998  # RFC 5322 §2.1.1: what every reader must take; octets (RFC 6532 §3.4)
_FIELD_NAME = re.compile(r"[!-9;-~]+")  # RFC 5322 §2.2
_LINE_ENDS = frozenset("\r\n\0")
_CONTROLS = frozenset(map(chr, (*range(32), 127))) - {"\t"}


def reject_controls(text: str, what: str) -> str:
    """Return `text`; a line end or another control in it would let it write fields of its own: `ValueError`."""
    if not _CONTROLS.isdisjoint(text):
        raise ValueError(f"control character in {what}")
    return text


def fold_field(name: str, words: Iterable[str]) -> bytes:
    """Return a field whose body is `words`, joined by spaces and folded between them.

    An empty word is one more space; no line is all white space. A name that is none, a line end or NUL in a word,
    and a word that fits on no line raise `ValueError`: whatever the words are, they write this one field.
    """
    if not _FIELD_NAME.fullmatch(name):
        raise ValueError(f"not a field name: {name!r}")
    lines: list[str] = []
    line = f"{name}:"
    for word in words:
        if not _LINE_ENDS.isdisjoint(word):
            raise ValueError(f"line end or NUL in {name}")
        if word and _is_full(line, word, label=f"{name}:"):
            lines.append(line)
            line = ""
        line = f"{line} {word}"
    octets = [one.encode() for one in (*lines, line)]
    if max(map(len, octets)) > MAX_HARD_LINE:
        raise ValueError(f"{name} has a line of more than {MAX_HARD_LINE} octets that cannot be folded")
    return b"\r\n".join(octets) + b"\r\n"


def _is_full(line: str, word: str, *, label: str) -> bool:
    """Tell whether `word` goes to a line of its own; the first one stays beside the name unless it must not."""
    if line == label:
        return len(line) + 1 + len(word.encode()) > MAX_HARD_LINE
    return len(line) + 1 + len(word) > MAX_LINE

"""What structured fields share: comments taken out, quoted strings opened.

Standards: RFC 5322 §3.2.
"""

from __future__ import annotations

import re

__all__ = ["unquote", "without_comments"]

_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
# A quoted string (left alone), or the next sign that matters to comments.
_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\\.|[()]', re.DOTALL)
_COMMENT_SIGN = re.compile(r"\\.|[()]", re.DOTALL)


def unquote(text: str) -> str:
    """Return the value of a quoted string given with its quotes; the closing one may be missing."""
    inner = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner


def without_comments(text: str) -> str:
    """Return `text` with every comment replaced by a space (RFC 5322 §3.2.2: comments nest)."""
    if "(" not in text:
        return text
    kept: list[str] = []
    position = search_from = 0
    while (sign := _PIECE.search(text, search_from)) is not None:
        search_from = sign.end()
        if sign[0] == "(":
            kept.append(text[position : sign.start()])
            position = search_from = comment_end(text, search_from)
    kept.append(text[position:])
    return " ".join(kept)


def comment_end(text: str, position: int) -> int:
    """Return where the comment ends whose "(" lies just before `position`; an unclosed one takes the rest."""
    depth = 1
    while (sign := _COMMENT_SIGN.search(text, position)) is not None:
        position = sign.end()
        if sign[0] == "(":
            depth += 1
        elif sign[0] == ")":
            depth -= 1
            if depth == 0:
                return position
    return len(text)

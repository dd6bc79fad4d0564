"""Globs: patterns of `*` and `?`, matched against a whole value or against words within a text.

The pieces between stars are searched one after the other, so no pattern takes longer than the text has characters
for each of its pieces.

Standards: Matrix v1.19, Appendices §Glob-style matching; Client-Server API §Push Rules (word boundaries).
"""

from __future__ import annotations

import re
from collections.abc import Callable

__all__ = ["glob_matcher", "word_matcher"]

_WORD = frozenset("abcdefghijklmnopqrstuvwxyz0123456789_")  # of a text in lower case


def _pieces(pattern: str) -> list[re.Pattern[str]]:
    """Return what stands between the stars, each as a pattern of fixed length."""
    return [
        re.compile("".join("." if one == "?" else re.escape(one) for one in piece), re.DOTALL)
        for piece in pattern.split("*")
    ]


def glob_matcher(pattern: str, *, ignores_case: bool = True) -> Callable[[str], bool]:
    """Return a test whether a whole value matches a glob."""
    folded = pattern.lower() if ignores_case else pattern
    if "*" not in folded and "?" not in folded:
        return (lambda value: value.lower() == folded) if ignores_case else folded.__eq__
    first, *middle = _pieces(folded)
    last, last_length = (middle.pop(), len(folded.rpartition("*")[2])) if middle else (None, 0)

    def matches(value: str) -> bool:
        text = value.lower() if ignores_case else value
        if last is None:
            return first.fullmatch(text) is not None
        found = first.match(text)
        at = _after(middle, text, found.end()) if found else None
        end = len(text) - last_length
        return at is not None and end >= at and last.match(text, end) is not None

    return matches


def _after(pieces: list[re.Pattern[str]], text: str, at: int) -> int | None:
    """Return where the pieces end, each searched from where the one before it ended, or None."""
    for piece in pieces:
        found = piece.search(text, at)
        if found is None:
            return None
        at = found.end()
    return at


def word_matcher(pattern: str) -> Callable[[str], bool]:
    """Return a test whether part of a text matches a glob, from one word boundary to another, in any case."""
    first, *middle = _pieces(pattern.lower())
    last = middle.pop() if middle else None

    def matches(value: str) -> bool:
        text = value.lower()
        start = _at_boundaries(first, text, 0, starts=True, ends=last is None)
        if last is None or start is None:
            return start is not None
        at = _after(middle, text, start)
        return at is not None and _at_boundaries(last, text, at, starts=False, ends=True) is not None

    return matches


def _at_boundaries(piece: re.Pattern[str], text: str, at: int, *, starts: bool, ends: bool) -> int | None:
    """Return the end of the first match of a piece that starts and ends at boundaries, as asked."""
    while found := piece.search(text, at):
        if not (starts and not _is_boundary(text, found.start())) and not (
            ends and not _is_boundary(text, found.end())
        ):
            return found.end()
        at = found.start() + 1
        if at > len(text):
            break
    return None


def _is_boundary(text: str, at: int) -> bool:
    # Matrix v1.19 CS §Push Rules: "the start or end of the value, or any character not in the sets [A-Z], [a-z], [0-9]
    # or _", on either side.
    return at in (0, len(text)) or text[at - 1] not in _WORD or text[at] not in _WORD

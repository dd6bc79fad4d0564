"""What structured fields share: comments found and taken out, quoted strings opened and written.

Every function takes time linear in the text, whatever the text is. Nothing here raises while reading; the
writers (`quote`, `write_comment`) raise `ValueError` for what would end the line it stands in.

Standards: RFC 5322 §3.2 (with the obsolete forms of §4.1); RFC 6532 §3.2 (text beyond ASCII).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.words import decode_words

__all__ = [
    "ATEXT",
    "comment_end",
    "comments_of",
    "find_comment_end",
    "in_quotes",
    "is_atom",
    "open_comment",
    "printable_phrase",
    "quote",
    "reject_line_ends",
    "unquote",
    "without_comments",
    "without_line_ends",
    "write_comment",
]

# RFC 5322 §3.2.3, widened by RFC 6532 §3.2 to all that is not ASCII: the inside of a character class that names
# what is left out, since a class that names the planes of Unicode costs re much time and memory to compile.
ATEXT = r"^\x00-\x20\x7f()<>\[\]:;@\\,.\""

_ATOM = re.compile(rf"[{ATEXT}]+")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_INSIDE_QUOTES = re.compile(r'"((?:[^"\\]++|\\.)*+)', re.DOTALL)
# A quoted string (left alone), or the next sign that matters to comments.
_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\\.|\(', re.DOTALL)
_COMMENT_SIGN = re.compile(r"\\.|[()]", re.DOTALL)
_LINE_ENDS = frozenset("\r\n\0")
_WITHOUT_LINE_ENDS = {0: "\ufffd", 10: " ", 13: " "}


def is_atom(text: str) -> bool:
    """Tell whether `text` can stand as a word without quotes; text beyond ASCII can (RFC 6532 §3.2)."""
    return _ATOM.fullmatch(text) is not None


def reject_line_ends(text: str) -> str:
    """Return `text`; CR, LF and NUL in it could write fields of their own: `ValueError`."""
    if not _LINE_ENDS.isdisjoint(text):
        raise ValueError(f"a line end or NUL in {text[:80]!r}")
    return text


def without_line_ends(text: str) -> str:
    """Return `text` with a blank for each CR and LF and U+FFFD for each NUL: what is read can be written."""
    return text.translate(_WITHOUT_LINE_ENDS) if not text.isprintable() else text


def printable_phrase(text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None) -> str:
    """Return a phrase or comment as people see it: encoded words decoded (RFC 2047 §5), and no line ends."""
    return without_line_ends(decode_words(text, limits=limits, defects=defects))


def unquote(text: str) -> str:
    """Return what the quoted string means with which `text` begins; its closing quote may be missing."""
    match = _INSIDE_QUOTES.match(text)
    return _without_pairs(match[1]) if match is not None else ""


def quote(text: str) -> str:
    """Return the quoted string that means `text` (RFC 5322 §3.2.4); `unquote` is its inverse."""
    return in_quotes(reject_line_ends(text))


def in_quotes(text: str) -> str:
    """Return a quoted string as `quote` does, of any text at all: for values that are compared or shown."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def without_comments(text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None) -> str:
    """Return `text` with every comment replaced by a space (RFC 5322 §3.2.2: comments nest)."""
    if "(" not in text:
        return text
    is_flat = text.endswith(")") and text.count("(") == 1 == text.count(")") and limits.comment_depth > 0
    if is_flat and '"' not in text and "\\" not in text:
        return f"{text[: text.index('(')]} "  # nearly all: as a zone behind a date
    kept: list[str] = []
    position = 0
    for start, end in _comment_spans(text, limits, defects):
        kept.append(text[position:start])
        position = end
    kept.append(text[position:])
    return " ".join(kept)


def comments_of(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> tuple[str, ...]:
    """Return what the comments outside of quoted strings say, without their brackets; inner brackets stay."""
    if "(" not in text:
        return ()
    return tuple([open_comment(text[start:end]) for start, end in _comment_spans(text, limits, defects)])


def _comment_spans(text: str, limits: Limits, defects: list[DefectKind] | None) -> Iterator[tuple[int, int]]:
    position = 0
    while (sign := _PIECE.search(text, position)) is not None:
        position = sign.end()
        if sign[0] == "(":
            position = comment_end(text, position, limits=limits, defects=defects)
            yield sign.start(), position


def comment_end(
    text: str, position: int, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> int:
    """Return where the comment ends whose "(" lies just before `position`.

    One that does not end, and one that nests deeper than `limits.comment_depth`, takes the rest of the text.
    """
    end = find_comment_end(text, position, limits=limits, defects=defects)
    return len(text) if end is None else end


def find_comment_end(
    text: str, position: int, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> int | None:
    """Return where the comment ends whose "(" lies just before `position`; None where it does not."""
    depth = 1
    while depth <= limits.comment_depth:
        sign = _COMMENT_SIGN.search(text, position)
        if sign is None:
            return None
        position = sign.end()
        if sign[0] == "(":
            depth += 1
        elif sign[0] == ")":
            depth -= 1
            if depth == 0:
                return position
    if defects is not None:
        defects.append(DefectKind.COMMENT_TOO_DEEP)
    return None


def open_comment(text: str) -> str:
    """Return what a comment says that is given with its brackets, of which the closing one may be missing."""
    inner = text[1:]
    before = inner.removesuffix(")")
    if (len(before) - len(before.rstrip("\\"))) % 2 == 0:  # the bracket is no second half of a quoted pair
        inner = before
    return _without_pairs(inner).strip(" \t\r\n")


def write_comment(text: str) -> str:
    """Return the comment that says `text`, brackets in it escaped; `open_comment` gives it back, stripped."""
    escaped = reject_line_ends(text).replace("\\", "\\\\").replace("(", "\\(").replace(")", "\\)")
    return f"({escaped})"


def _without_pairs(text: str) -> str:
    return _QUOTED_PAIR.sub(r"\1", text) if "\\" in text else text

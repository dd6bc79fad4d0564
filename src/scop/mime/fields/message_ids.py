"""Message-ID and the fields that point at one: identifiers, compared octet by octet.

An identifier is kept as it is written, its quotes too: whoever looks for it compares what stands between the
brackets. Only the white space and the comments go that the obsolete grammar lets stand in it.

Standards: RFC 5322 §3.6.4, §4.5.4 (obsolete phrases between them); RFC 2045 §7 (Content-ID); RFC 6532.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import ATEXT, find_comment_end, reject_line_ends, without_comments, without_line_ends

__all__ = ["NAMES", "NAMES_OF_ONE", "MessageId", "parse_message_id", "parse_message_ids", "write_message_ids"]

NAMES = frozenset({"in-reply-to", "references"})
NAMES_OF_ONE = frozenset({"message-id", "resent-message-id", "content-id"})

_DOT_ATOM = rf"[{ATEXT}]++(?:\.[{ATEXT}]++)*+"
_WORD = rf'(?:[{ATEXT}]++|"(?:[^"\\]++|\\.)*+")'
# RFC 5322 §3.6.4, with the quoted strings of §4.5.4.
_VALID = re.compile(rf"{_WORD}(?:\.{_WORD})*+@(?:{_DOT_ATOM}|\[[^\[\]\\]*+\])", re.DOTALL)
_PLAIN = re.compile(_DOT_ATOM)
# Stricter than RFC 5322 §4.5.4: a bracket in a quoted string ends the identifier all the same, since all cut there.
_PIECE = re.compile(r'\\.|"(?:[^"\\]++|\\.)*+"|\(|<([^<>]*+)(>?)', re.DOTALL)
_ODD = re.compile(r'[\s("\\]')
_BLANKS = re.compile(r'(\\.|"(?:[^"\\]++|\\.)*+"?)|\s++', re.DOTALL)
_BARE = re.compile(r'[^\s<>@"(),;]++@[^\s<>@"(),;]++')
_SEPARATORS = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class MessageId:
    """One identifier, as in `<left@right>`; `right` is "" where nothing stands behind an "@"."""

    left: str
    right: str = ""

    def __str__(self) -> str:
        return f"<{self.left}@{self.right}>" if self.right else f"<{self.left}>"


def parse_message_ids(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> tuple[MessageId, ...] | None:
    """Return the identifiers in an unfolded field body, None where there are none; never raises.

    RFC 5322 §4.5.4: words and comments between them are passed over. Lenient: where there are no brackets at all,
    words that look like identifiers are.
    """
    readable = without_line_ends(without_surrogates(text))
    found = list(_bracketed(readable, limits))
    ids = tuple([_cut(inside) for inside, _ in found if inside])
    is_valid = bool(found) and readable == text and all(is_closed and _VALID.fullmatch(one) for one, is_closed in found)
    if not ids and "<" not in readable and "=?" not in readable:
        ids = _bare_ids(readable, limits)
    if not is_valid and defects is not None:
        defects.append(DefectKind.INVALID_MESSAGE_ID)
    return ids or None


def parse_message_id(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> tuple[MessageId, ...] | None:
    """Return the identifiers of a field that should hold one, None where there are none; never raises."""
    found = parse_message_ids(text, limits=limits, defects=defects)
    if defects is not None and DefectKind.INVALID_MESSAGE_ID not in defects and found is not None:
        around = without_comments(text, limits=limits).strip(" \t\r\n")
        if len(found) > 1 or not (around.startswith("<") and around.endswith(">")):
            defects.append(DefectKind.INVALID_MESSAGE_ID)
    return found


def _bare_ids(text: str, limits: Limits) -> tuple[MessageId, ...]:
    words = _SEPARATORS.split(without_comments(text, limits=limits).strip())
    return tuple(map(_cut, words)) if all(map(_BARE.fullmatch, words)) else ()


def _bracketed(text: str, limits: Limits) -> Iterator[tuple[str, bool]]:
    """Yield what stands between angle brackets, and whether they are closed; "" for a comment that is not."""
    position, has_comments = 0, True
    while (piece := _PIECE.search(text, position)) is not None:
        position = piece.end()
        if piece[1] is not None:
            # Lenient: an identifier whose end was cut off ends with its word.
            inside = piece[1] if piece[2] else (piece[1].split() or [""])[0]
            yield (_normal(inside, limits) if _ODD.search(inside) else inside), bool(piece[2])
        elif piece[0] == "(" and has_comments:
            end = find_comment_end(text, position, limits=limits)
            if end is None:  # Lenient: a bracket that is never closed opens nothing
                has_comments = False
                yield "", False
            position = end or position


def _normal(inside: str, limits: Limits) -> str:
    """Return an identifier without the comments and the white space of RFC 5322 §4.5.4."""
    return _BLANKS.sub(lambda found: found[1] or "", without_comments(inside, limits=limits))


def _cut(text: str) -> MessageId:
    """Cut at the last "@" that stands before the domain; a literal may hold others."""
    literal = text.find("@[") if text.endswith("]") else -1
    at = literal if literal >= 0 else text.rfind("@")
    if at < 0 or at == len(text) - 1:
        return MessageId(text)
    return MessageId(text[:at], text[at + 1 :])


def write_message_ids(value: Iterable[MessageId]) -> list[str]:
    """Return the identifiers as words; what would be read as another one raises `ValueError`."""
    return [_checked(one) for one in value]


def _checked(one: MessageId) -> str:
    text = reject_line_ends(str(one))
    text.encode()
    is_plain = _PLAIN.fullmatch(one.left) and _PLAIN.fullmatch(one.right)
    if not is_plain and parse_message_ids(text) != (one,):
        raise ValueError(f"not an identifier: {text[:80]!r}")
    return text

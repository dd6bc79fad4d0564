"""Fields of mailing lists: which list it is, and what a reader can do about it.

Standards: RFC 2919 (List-Id), RFC 2369 (List-Help, List-Post, List-Unsubscribe, …).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.addresses import write_phrase
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import (
    comment_end,
    printable_phrase,
    reject_line_ends,
    unquote,
    without_comments,
    without_line_ends,
)

__all__ = [
    "ID_NAMES",
    "NAMES",
    "ListActions",
    "ListId",
    "parse_list_actions",
    "parse_list_id",
    "write_list_actions",
    "write_list_id",
]

ID_NAMES = frozenset({"list-id"})
NAMES = frozenset(
    {"list-help", "list-subscribe", "list-unsubscribe", "list-post", "list-owner", "list-archive"}  # RFC 2369 §3
)

_PHRASE_PIECE = re.compile(r'"(?:[^"\\]++|\\.)*+"?|\s++|[^\s"]++', re.DOTALL)
_ID = re.compile(r"[^\s<>()\"@,;:\\]++")
_BLANKS = re.compile(r"\s++")
_ACTION = re.compile(r"<([^<>]*+)>?|\(|[^\s<>(,]++")
_NO = "NO"  # RFC 2369 §3.4


@dataclass(frozen=True, slots=True)
class ListId:
    """A list's name for people, and its identifier."""

    identifier: str
    phrase: str = ""


@dataclass(frozen=True, slots=True)
class ListActions:
    """URIs in the order of preference; `is_refused` is List-Post's "NO"."""

    uris: tuple[str, ...]
    is_refused: bool = False


def parse_list_id(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ListId | None:
    """Return the list that an unfolded field body names, None where it names none; never raises.

    Lenient: an identifier that stands alone needs no brackets.
    """
    readable = without_line_ends(text)
    bare = without_comments(readable, limits=limits, defects=defects).strip()
    before, bracket, behind = bare.rpartition("<")
    inside, is_closed, rest = behind.partition(">")
    # RFC 2919 §3: a label and a namespace
    if not bracket and ("." not in inside or "=?" in inside or not _ID.fullmatch(inside)):
        inside = ""
    identifier = without_surrogates(_BLANKS.sub("", without_comments(inside, limits=limits)))
    is_valid = bracket and is_closed and not rest and readable == text and _ID.fullmatch(identifier)
    if not is_valid and defects is not None:
        defects.append(DefectKind.INVALID_LIST_FIELD)
    return ListId(identifier, _phrase(before)) if identifier else None


def _phrase(text: str) -> str:
    pieces = _PHRASE_PIECE.findall(text.strip())
    return printable_phrase(
        "".join([unquote(piece) if piece[0] == '"' else " " if piece.isspace() else piece for piece in pieces])
    )


def write_list_id(value: ListId) -> list[str]:
    """Return the words of a List-Id; what would be read as another one raises `ValueError`."""
    reject_line_ends(value.identifier).encode()
    words = [*(write_phrase(value.phrase) if value.phrase else []), f"<{value.identifier}>"]
    if parse_list_id(" ".join(words)) != value:
        raise ValueError(f"not a list: {value!r:.120}")
    return words


def parse_list_actions(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ListActions | None:
    """Return the URIs that an unfolded field body names, or that there is no such thing; never raises.

    None where it says neither. Lenient: URIs without brackets.
    """
    readable = without_line_ends(without_surrogates(text))
    uris: list[str] = []
    is_refused, is_valid = False, readable == text
    for word, is_bracketed in _words(readable, limits, defects):
        is_refused = is_refused or (not is_bracketed and word.upper() == _NO)
        is_valid = is_valid and (is_bracketed or word == _NO)
        if is_bracketed or ":" in word:
            uris.append(word)
    is_refused = is_refused and not uris
    if not (is_valid and (uris or is_refused)) and defects is not None:
        defects.append(DefectKind.INVALID_LIST_FIELD)
    return ListActions(tuple(uris), is_refused) if uris or is_refused else None


def _words(text: str, limits: Limits, defects: list[DefectKind] | None) -> Iterator[tuple[str, bool]]:
    """Yield what stands between brackets, and the words outside of them, and which of both it is."""
    position = 0
    while (piece := _ACTION.search(text, position)) is not None:
        position = piece.end()
        if piece[0] == "(":
            position = comment_end(text, position, limits=limits, defects=defects)
        elif piece[1] is None:
            yield piece[0], False
        elif uri := _BLANKS.sub("", piece[1]):  # RFC 2369 §2: white space in the brackets is none of the URI's
            yield uri, True


def write_list_actions(value: ListActions) -> list[str]:
    """Return the words of a field with URIs; what would be read as another one raises `ValueError`."""
    words = [_NO] if value.is_refused else [f"<{reject_line_ends(uri)}>," for uri in value.uris]
    if words:
        words[-1] = words[-1].removesuffix(",")
    if parse_list_actions(" ".join(words)) != value:
        raise ValueError(f"not the URIs of a list: {value!r:.120}")
    return words

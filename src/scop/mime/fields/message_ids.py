"""Message-ID and the fields that point at one: identifiers, compared octet by octet.

Standards: RFC 5322 §3.6.4, §4.5.4 (obsolete phrases between them); RFC 2045 §7 (Content-ID); RFC 6532.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "MessageId", "parse_message_ids", "write_message_ids"]

NAMES = frozenset({"message-id", "in-reply-to", "references", "resent-message-id", "content-id"})

# RFC 5322 §4.5.4: the left side may be a quoted string, which keeps its ">".
_IDENTIFIER = re.compile(r'<((?:[^<>"\\]++|"(?:[^"\\]++|\\.)*+"|\\.|")*+)>', re.DOTALL)
_BLANKS = re.compile(r"[ \t\r\n]+")
_BARE = re.compile(r"[^\s<>@]++@[^\s<>@]++")
_UNWRITABLE = re.compile(r"[\x00-\x20<>\x7f]")


@dataclass(frozen=True, slots=True)
class MessageId:
    """One identifier, as in `<left@right>`; `right` is "" where no "@" stands."""

    left: str
    right: str = ""

    def __str__(self) -> str:
        return f"<{self.left}@{self.right}>" if self.right else f"<{self.left}>"


def parse_message_ids(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> tuple[MessageId, ...] | None:
    """Return the identifiers in a field body, None where there is none; words between them mean nothing (§4.5.4)."""
    plain = without_comments(text)
    found = tuple([_identifier(match[1]) for match in _IDENTIFIER.finditer(plain)])
    if not found and (bare := _BARE.fullmatch(plain.strip())) is not None:
        found = (_identifier(bare[0]),)  # Lenient: without its brackets
        if defects is not None:
            defects.append(DefectKind.INVALID_MESSAGE_ID)
    if found and all(one.left for one in found):
        return found
    if defects is not None:
        defects.append(DefectKind.INVALID_MESSAGE_ID)
    return None


def _identifier(text: str) -> MessageId:
    """Return what stands between the brackets; white space in it is obsolete and means nothing (§4.5.4)."""
    inner = without_surrogates(_BLANKS.sub("", text))
    left, at, right = inner.rpartition("@")
    return MessageId(left, right) if at and left and right else MessageId(inner)


def write_message_ids(value: tuple[MessageId, ...]) -> list[str]:
    """Return the words of a field body; `ValueError` for an identifier that would not read the same."""
    for one in value:
        if _UNWRITABLE.search(f"{one.left}{one.right}"):
            raise ValueError(f"not a message id: {str(one)!r}")
    return [str(one) for one in value]

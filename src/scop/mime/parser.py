"""Cuts a mail into its entities: one pass with `bytes.find`, no octet copied, nothing decoded.

Every cut searches only inside of its parent, so the work is bounded by the length of the mail
times the depth limit. What is odd is noted as a defect and reading goes on: nothing is raised.

Standards: RFC 2046 §5.1 (multipart), §5.2.1 (message/rfc822), RFC 6532 §3.7 (message/global).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.mime.defects import DefectKind
from scop.mime.entity import Entity, Message, Span
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.parameters import find_boundary
from scop.mime.header import find_header_end, unfold
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.transfer import IDENTITY_ENCODINGS

__all__ = ["parse"]

_TEXT = ContentType()
_DIGEST_MEMBER = ContentType("message", "rfc822")
_MESSAGE_TYPES = frozenset({"message/rfc822", "message/global"})

# RFC 2046 §5.1.1: behind the boundary only "--" and transport padding.
_DELIMITER_REST = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")


def parse(octets: bytes, *, limits: Limits = DEFAULT_LIMITS) -> Message:
    """Read a mail; any octets at all yield a message, and `to_octets()` gives them back."""
    return _Cut(limits).message(octets, 0, len(octets), 0)


class _Cut:
    """One parse: the limits, and how many parts may still be made."""

    __slots__ = ("_limits", "_parts_left")

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._parts_left = limits.parts

    def message(self, octets: bytes, start: int, end: int, depth: int) -> Message:
        """Cut a whole mail out of `octets[start:end]`."""
        message = Message(_span(octets, start, end), self._limits, _TEXT)
        self._cut_below(message, depth)
        return message

    def _cut_below(self, entity: Entity, depth: int) -> None:
        """Give `entity` its parts, and note what was odd on the way."""
        defects = entity.cut_defects
        span = entity.span
        if span.body == span.header_end and span.body < span.end:
            defects.append(DefectKind.MISSING_BLANK_LINE)
        media = entity.content_type
        if media.maintype == "multipart":
            self._cut_multipart(entity, media, depth)
        elif media.maintype == "message" and media.media_type in _MESSAGE_TYPES:
            self._cut_enclosed(entity, depth)

    def _cut_multipart(self, entity: Entity, media: ContentType, depth: int) -> None:
        boundary = find_boundary(unfold(entity.stated[b"type"]))
        if not boundary:
            entity.cut_defects.append(DefectKind.MISSING_BOUNDARY)
            return
        default_type = _DIGEST_MEMBER if media.subtype == "digest" else _TEXT
        parts: list[Entity] = []
        octets = entity.span.octets
        for start, end in _sections(entity, b"\n--" + boundary):
            if not self._may_go_below(entity, depth):
                break
            part = Entity(_span(octets, start, end), self._limits, default_type)
            self._cut_below(part, depth + 1)
            parts.append(part)
        entity.parts = tuple(parts)

    def _cut_enclosed(self, entity: Entity, depth: int) -> None:
        if not self._may_go_below(entity, depth):
            return
        span = entity.span
        if entity.transfer_encoding in IDENTITY_ENCODINGS:
            entity.parts = (self.message(span.octets, span.body, span.end, depth + 1),)
        else:  # RFC 6532 §3.7 lets message/global be encoded; then the mail inside has octets of its own
            octets = entity.content
            entity.parts = (self.message(octets, 0, len(octets), depth + 1),)

    def _may_go_below(self, entity: Entity, depth: int) -> bool:
        """Take one part from what the limits allow, or note which limit ends the cut."""
        if depth >= self._limits.depth:
            entity.cut_defects.append(DefectKind.TOO_DEEP)
            return False
        if self._parts_left == 0:
            entity.cut_defects.append(DefectKind.TOO_MANY_PARTS)
            return False
        self._parts_left -= 1
        return True


def _span(octets: bytes, start: int, end: int) -> Span:
    header_end, body = find_header_end(octets, start, end)
    return Span(octets, start, header_end, body, end)


def _sections(entity: Entity, delimiter: bytes) -> Iterator[tuple[int, int]]:
    """Yield where each body part of a multipart starts and ends (RFC 2046 §5.1.1)."""
    span = entity.span
    start = -1
    for line_start, line_end, closes in _delimiters(span, delimiter):
        if start >= 0:
            # RFC 2046 §5.1.1: the line end before a delimiter belongs to the delimiter.
            end = line_start - 1 if span.octets[line_start - 1] == 13 else line_start
            yield start, max(start, end)
        else:
            entity.preamble_end = max(span.body, line_start - (span.octets[line_start - 1] == 13))
        start = line_end
        if closes:
            entity.epilogue_start = line_end
            return
    if start < 0:
        entity.cut_defects.append(DefectKind.MISSING_PARTS)
        return
    entity.cut_defects.append(DefectKind.UNCLOSED_MULTIPART)
    yield start, span.end


def _delimiters(span: Span, delimiter: bytes) -> Iterator[tuple[int, int, bool]]:
    """Yield (index of the line end before it, index behind its line, whether it closes) of each delimiter line."""
    octets, end = span.octets, span.end
    # From one before the body on: a body that starts with its boundary has the empty line's end before it.
    position = octets.find(delimiter, max(span.body - 1, 0), end)
    while position >= 0:
        rest = _DELIMITER_REST.match(octets, position + len(delimiter), end)
        if rest is None:  # only begins like the boundary: another, longer one
            position = octets.find(delimiter, position + len(delimiter), end)
            continue
        yield position, rest.end(), rest[1] is not None
        # Two delimiters may share a line end between them: an empty part.
        position = octets.find(delimiter, rest.end() - 1, end)

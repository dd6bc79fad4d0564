"""Looks for places where two careful readers may see two mails; only runs when somebody asks, in linear time.

None of them need be an attack, and each has been one: a filter that reads one way and a mail program that reads the
other see different senders, parts or files.

Standards: RFC 5322 §3.6 (fields that stand once); RFC 2045 §6.4, §6.8; RFC 2046 §5.1.1; RFC 2047 §5 (3).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scop.mime.defects import Ambiguity, AmbiguityKind, DefectKind
from scop.mime.fields import addresses, lists, message_ids, received, return_path
from scop.mime.fields.parameters import find_boundary, parse_parameters, split_parameters
from scop.mime.header import unfold
from scop.mime.inspection import PlacedField, placed_fields, position_of
from scop.mime.structured import without_comments
from scop.mime.transfer import IDENTITY_ENCODINGS

if TYPE_CHECKING:
    from scop.mime.entity import Entity

__all__ = ["find_ambiguities"]

# RFC 5322 §3.6, RFC 2045 §3, RFC 2183 §2: at most one of each.
_ONCE = frozenset(
    {
        *("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references"),
        *("subject", "mime-version", "content-type", "content-transfer-encoding", "content-disposition"),
        "content-id",
    }
)
_WITH_PARAMETERS = frozenset({"content-type", "content-disposition"})
# RFC 2047 §5 (3): no encoded word stands in an addr-spec, in a quoted string, in a parameter or in Received.
_WITHOUT_WORDS = (
    _WITH_PARAMETERS
    | message_ids.NAMES
    | message_ids.NAMES_OF_ONE
    | received.NAMES
    | return_path.NAMES
    | (lists.NAMES - lists.ID_NAMES)
) | {
    "content-transfer-encoding",
    "date",
}
_WORD = re.compile(r"=\?[^?\s]++\?[bBqQ]\?[^?]*+\?=")
_QUOTED_OR_PATH = re.compile(r'"(?:[^"\\]++|\\.)*+"?|<[^<>"]*+>?|@?=\?[^?\s]++\?[bBqQ]\?[^?]*+\?=@?', re.DOTALL)
# How a reader that knows neither comments nor quoted pairs finds a boundary.
_PLAIN_BOUNDARY = re.compile(rb'boundary\s*+=\s*+(?:"([^"]*+)"|([^\s;"]++))', re.IGNORECASE)
_BARE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
# Begins only where a run of padding does, so that a mail of nothing but "=" is scanned once.
_DATA_AFTER_PADDING = re.compile(rb"(?<![=\r\n \t])=[\r\n \t=]*+[A-Za-z0-9+/]")
_ORDER = {kind: number for number, kind in enumerate(AmbiguityKind)}


def find_ambiguities(entity: Entity) -> tuple[Ambiguity, ...]:
    """Return the ambiguities of `entity` itself in the order of their places, each once."""
    base = entity.span.base
    found = {Ambiguity(kind, base + position) for kind, position in _ambiguities(entity)}
    found.update(
        Ambiguity(AmbiguityKind.MISSING_BLANK_LINE, defect.position)
        for defect in entity.cut_defects
        if defect.kind == DefectKind.MISSING_BLANK_LINE
    )
    return tuple(sorted(found, key=lambda ambiguity: (ambiguity.position, _ORDER[ambiguity.kind])))


def _ambiguities(entity: Entity) -> Iterator[tuple[AmbiguityKind, int]]:
    fields = tuple(placed_fields(entity))
    seen: set[str] = set()
    for field in fields:
        if field.name in seen and field.name in _ONCE:
            yield AmbiguityKind.DUPLICATE_FIELD, field.position
        seen.add(field.name)
        yield from ((kind, field.position) for kind in _field_ambiguities(field, entity.limits.field_octets))
    if entity.content_type.maintype == "multipart":
        yield from _boundary_ambiguities(fields)
    octets, start = entity.header.octets, entity.span.start
    if bare := _BARE_CARRIAGE_RETURN.search(octets):
        yield AmbiguityKind.BARE_CARRIAGE_RETURN, start + bare.start()
    if b"\0" in octets:
        yield AmbiguityKind.NUL_IN_HEADER, start + octets.index(b"\0")
    yield from _content_ambiguities(entity, fields)


def _field_ambiguities(field: PlacedField, max_octets: int) -> Iterator[AmbiguityKind]:
    text = unfold(field.body[:max_octets])
    if field.name in _WITH_PARAMETERS:
        counts = Counter(name for name, _ in split_parameters(without_comments(text)))
        if any(count > 1 for count in counts.values()):
            yield AmbiguityKind.DUPLICATE_PARAMETER
    if "=?" in text and _has_misplaced_word(field.name, text):
        yield AmbiguityKind.MISPLACED_ENCODED_WORD


def _has_misplaced_word(name: str, text: str) -> bool:
    if name in _WITHOUT_WORDS:
        return _WORD.search(without_comments(text)) is not None  # in a comment it may stand
    if name not in addresses.NAMES and name not in lists.ID_NAMES:
        return False
    return any(
        _WORD.search(found) is not None and (found[0] in '"<@' or found[-1] == "@")
        for found in _QUOTED_OR_PATH.findall(without_comments(text))
    )


def _boundary_ambiguities(fields: tuple[PlacedField, ...]) -> Iterator[tuple[AmbiguityKind, int]]:
    """Name each Content-Type behind which more than one boundary can be seen, by whatever reader."""
    seen: set[bytes] = set()
    for field in fields:
        if field.name != "content-type":
            continue
        seen.update(_boundaries_of(field.body))
        if len(seen) > 1:
            yield AmbiguityKind.SEVERAL_BOUNDARIES, field.position


def _boundaries_of(body: bytes) -> Iterator[bytes]:
    text = unfold(body)
    parameters = without_comments(text)
    stated = [value for name, value in split_parameters(parameters) if name == "boundary"]
    joined = parse_parameters(parameters).get("boundary")
    for value in (*stated, *([] if joined is None else [joined])):
        yield value.encode("utf-8", "surrogateescape").rstrip(b" \t\r")
    if boundary := find_boundary(text):
        yield boundary
    for quoted, plain in _PLAIN_BOUNDARY.findall(body):
        yield quoted or plain


def _content_ambiguities(entity: Entity, fields: tuple[PlacedField, ...]) -> Iterator[tuple[AmbiguityKind, int]]:
    encoding = entity.transfer_encoding
    is_cut = entity.content_type.maintype == "multipart" or entity.content_type.media_type == "message/rfc822"
    if is_cut and encoding not in IDENTITY_ENCODINGS:  # RFC 2045 §6.4, RFC 2046 §5.2.1
        yield AmbiguityKind.ENCODED_MULTIPART, position_of(entity, fields, "content-transfer-encoding")
    if encoding == "base64" and not entity.parts and (more := _DATA_AFTER_PADDING.search(entity.body)):
        yield AmbiguityKind.DATA_AFTER_PADDING, entity.span.body + more.end() - 1

"""Looks an entity over for defects and ambiguities; only runs when somebody asks.

Standards: RFC 5322 §3.6, RFC 2045 §6.4, RFC 2046 §5.1.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from scop.mime.charsets import is_known_charset
from scop.mime.defects import Ambiguity, AmbiguityKind, Defect, DefectKind
from scop.mime.fields.content_type import parse_content_type
from scop.mime.fields.parameters import split_parameters
from scop.mime.header import raw_fields, unfold
from scop.mime.structured import without_comments
from scop.mime.transfer import IDENTITY_ENCODINGS, KNOWN_ENCODINGS, is_clean_base64

if TYPE_CHECKING:
    from scop.mime.entity import Entity

__all__ = ["find_ambiguities", "find_defects"]

# RFC 5322 §3.6, RFC 2045 §3, RFC 2183 §2: at most one of each.
_ONCE = (
    *("date", "from", "sender", "reply-to", "to", "cc", "bcc", "message-id", "in-reply-to", "references", "subject"),
    *("mime-version", "content-type", "content-transfer-encoding", "content-disposition", "content-id"),
)
_BARE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
# Begins only where a run of padding does, so that a mail of nothing but "=" is scanned once.
_DATA_AFTER_PADDING = re.compile(rb"(?<![=\r\n \t])=[\r\n \t=]*+[A-Za-z0-9+/]")


def find_defects(entity: Entity) -> tuple[Defect, ...]:
    """Return the defects of `entity` itself, each once, in the order of the vocabulary."""
    found = {
        *(defect.kind for defect in entity.cut_defects),
        *_header_defects(entity),
        *_type_defects(entity),
        *_content_defects(entity),
    }
    return tuple([Defect(kind, entity.span.start) for kind in DefectKind if kind in found])


def _header_defects(entity: Entity) -> Iterator[DefectKind]:
    octets = entity.header.octets
    fields = raw_fields(octets)
    named = sum(1 for field in fields if field.name)
    if named < len(fields):
        yield DefectKind.MALFORMED_FIELD
    if len(entity.header) < named:
        yield DefectKind.TOO_MANY_FIELDS
    if not octets.isascii():
        try:
            octets.decode("utf-8")
        except UnicodeDecodeError:
            yield DefectKind.EIGHT_BIT_HEADER


def _type_defects(entity: Entity) -> Iterator[DefectKind]:
    stated = entity.stated.get(b"type")
    if stated is not None and parse_content_type(unfold(stated)) is None:
        yield DefectKind.INVALID_CONTENT_TYPE
    charset = entity.content_type.parameters.get("charset")
    if charset is not None and not is_known_charset(charset):
        yield DefectKind.UNKNOWN_CHARSET


def _content_defects(entity: Entity) -> Iterator[DefectKind]:
    encoding = entity.transfer_encoding
    if encoding not in KNOWN_ENCODINGS:
        yield DefectKind.UNKNOWN_ENCODING
    if encoding == "base64" and not is_clean_base64(entity.body):
        yield DefectKind.INVALID_BASE64


def find_ambiguities(entity: Entity) -> tuple[Ambiguity, ...]:
    """Return the ambiguities of `entity` itself, each once, in the order of the vocabulary."""
    found = {*_header_ambiguities(entity), *_parameter_ambiguities(entity), *_content_ambiguities(entity)}
    return tuple([Ambiguity(kind, entity.span.start) for kind in AmbiguityKind if kind in found])


def _header_ambiguities(entity: Entity) -> Iterator[AmbiguityKind]:
    octets = entity.header.octets
    if any(entity.header.all(name)[1:] for name in _ONCE):
        yield AmbiguityKind.DUPLICATE_FIELD
    if any(defect.kind == DefectKind.MISSING_BLANK_LINE for defect in entity.cut_defects):
        yield AmbiguityKind.MISSING_BLANK_LINE
    if _BARE_CARRIAGE_RETURN.search(octets):
        yield AmbiguityKind.BARE_CARRIAGE_RETURN
    if b"\0" in octets:
        yield AmbiguityKind.NUL_IN_HEADER


def _parameter_ambiguities(entity: Entity) -> Iterator[AmbiguityKind]:
    for stated in (entity.stated.get(b"type"), entity.stated.get(b"disposition")):
        counts = Counter(name for name, _ in split_parameters(without_comments(unfold(stated or b""))))
        if any(count > 1 for count in counts.values()):
            yield AmbiguityKind.DUPLICATE_PARAMETER


def _content_ambiguities(entity: Entity) -> Iterator[AmbiguityKind]:
    encoding = entity.transfer_encoding
    if entity.content_type.maintype == "multipart" and encoding not in IDENTITY_ENCODINGS:
        yield AmbiguityKind.ENCODED_MULTIPART
    if encoding == "base64" and _DATA_AFTER_PADDING.search(entity.body):
        yield AmbiguityKind.DATA_AFTER_PADDING

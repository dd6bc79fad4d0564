"""Whole entities spelled: header, empty line, body; delimiters between parts.

Standards: RFC 5322 §2.1, §3.5; RFC 2046 §5.1.1; RFC 6532 §3.7.
"""

from __future__ import annotations

from scop.hamlet.production import Production
from scop.hamlet.spelling.bodies import spell_content
from scop.hamlet.spelling.fields import spell_field
from scop.hamlet.spelling.notices import note_boundary, note_content, note_enclosed, note_media
from scop.hamlet.spelling.pen import Pen
from scop.mime.fields.content_type import ContentType
from scop.mime.values import EntityValues

__all__ = ["spell_entity"]

_PADDINGS = (b" ", b"\t", b"   ", b" \t ")


def spell_entity(pen: Pen, entity: EntityValues) -> bytes:
    """Return the octets of an entity and of all below it."""
    header = b"".join([spell_field(pen, name, value) for name, value in entity.fields])
    stated = {name.lower(): value for name, value in entity.fields}
    media, encoding = stated.get("content-type"), str(stated.get("content-transfer-encoding", ""))
    if isinstance(entity.content, bytes):
        note_media(pen, media)
        note_content(pen, entity.content, encoding)
        body = spell_content(pen, entity.content, encoding)
    elif isinstance(media, ContentType) and media.maintype == "multipart":
        note_media(pen, media)
        body = _spell_parts(pen, entity, entity.content, media.parameters["boundary"])
    else:  # message/rfc822 or message/global, which may be encoded
        note_enclosed(pen, media, encoding)
        body = spell_content(pen, spell_entity(pen, entity.content[0]), encoding)
    return _joined(pen, header, body)


def _joined(pen: Pen, header: bytes, body: bytes) -> bytes:
    if not header:
        pen.note(Production.HEADER_EMPTY)
    if body:
        return header + pen.line_end + body
    if pen.whim(2):
        pen.note(
            Production.BODY_ABSENT if header else Production.PART_ABSENT
        )  # RFC 5322 §3.5: then the empty line may be, too
        return header
    pen.note(Production.BODY_EMPTY)
    return header + pen.line_end


def _spell_parts(pen: Pen, entity: EntityValues, parts: tuple[EntityValues, ...], boundary: str) -> bytes:
    """Return the body of a multipart: preamble, parts between delimiters, epilogue."""
    note_boundary(pen, boundary, pen.boundaries)
    end, delimiter = pen.line_end, f"--{boundary}".encode()
    pieces: list[bytes] = []
    if entity.preamble:
        pen.note(Production.PREAMBLE)
        pieces += [entity.preamble, end]
    elif pen.whim(4):
        pen.note(Production.PREAMBLE_EMPTY_LINE)
        pieces.append(end)
    pen.boundaries.append(boundary)
    for part in parts:
        pieces += [delimiter, _padding(pen), end, spell_entity(pen, part), end]
    pen.boundaries.pop()
    pieces += [delimiter, b"--", _padding(pen)]
    if entity.epilogue:
        pen.note(Production.EPILOGUE_WITH_OWN_DELIMITER if delimiter in entity.epilogue else Production.EPILOGUE)
        pieces += [end, entity.epilogue]
    elif pen.below(4):
        pieces.append(end)
    else:
        pen.note(Production.CLOSE_DELIMITER_ENDS_BODY)
    return b"".join(pieces)


def _padding(pen: Pen) -> bytes:
    if not pen.whim(16):
        return b""
    pen.note(Production.DELIMITER_PADDED)  # RFC 2046 §5.1.1: transport padding
    return pen.choice(_PADDINGS)

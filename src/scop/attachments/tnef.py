"""TNEF, the envelope in which Outlook sends what plain mail has no words for (`winmail.dat`).

Standards: [MS-OXTNEF] §2.1 (attributes), §2.1.3.4 (properties).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

from scop.attachments.inspection import Inspection
from scop.attachments.shortcuts import share_findings
from scop.attachments.thing import Found, Thing

__all__ = ["read_tnef"]

_HEADER_OCTETS = 6
_NEW_ATTACHMENT, _TITLE, _CONTENT, _PROPERTIES = 0x9002, 0x8010, 0x800F, 0x9005
_BODY, _MESSAGE_PROPERTIES = 0x800C, 0x9003
_FIXED = {2: 4, 3: 4, 4: 4, 5: 8, 6: 8, 7: 8, 0xA: 4, 0xB: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset((0xD, 0x1E, 0x1F, 0x102))
_OBJECT, _UNICODE, _SEVERAL = 0xD, 0x1F, 0x1000
_ATTACHED, _LONG_NAME, _SHORT_NAME, _HTML = 0x3701, 0x3707, 0x3704, 0x1013
_FIRST_NAMED = 0x8000
_IDENT_OCTETS = 16  # before an object, what kind it is
_MAX_PROPERTIES = 5_000
_PROPERTY_EFFORT = 1_500  # as `Inspection.spend` counts


@dataclass(slots=True)
class _Attachment:
    name: str = ""
    contents: list[bytes] = field(default_factory=list)


def read_tnef(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files in an envelope, and the text of its mail."""
    attachment = _Attachment()
    for ident, content in _attributes(thing.octets):
        if ident == _NEW_ATTACHMENT:
            yield from _taken(thing, attachment)
            attachment = _Attachment()
        elif ident == _TITLE:
            attachment.name = attachment.name or _text(content)
        elif ident == _CONTENT:
            attachment.contents.append(content)
        elif ident == _PROPERTIES:
            _take_properties(content, attachment, inspection)
        elif ident == _BODY:
            yield thing.inside(content, "its text", declared_type="text/plain")
        elif ident == _MESSAGE_PROPERTIES:
            yield from _of_the_mail(thing, content, inspection)
    yield from _taken(thing, attachment)


def _of_the_mail(thing: Thing, octets: bytes, inspection: Inspection) -> Iterator[Found]:
    for _, number, value in _properties(octets):
        inspection.spend(_PROPERTY_EFFORT)
        if number >= _FIRST_NAMED:  # as the sound of a reminder, which Outlook fetches unasked
            yield from share_findings(thing, value)
        if number == _HTML:
            yield thing.inside(value, "its web page", declared_type="text/html")


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    position = _HEADER_OCTETS
    while position + 9 <= len(octets):
        ident, _, length = struct.unpack_from("<HHI", octets, position + 1)
        start = position + 9
        yield ident, octets[start : start + length]
        position = start + length + 2  # and a checksum


def _taken(thing: Thing, attachment: _Attachment) -> Iterator[Found]:
    for content in attachment.contents:
        yield thing.inside(content, attachment.name)


def _take_properties(octets: bytes, attachment: _Attachment, inspection: Inspection) -> None:
    for kind, number, value in _properties(octets):
        inspection.spend(_PROPERTY_EFFORT)
        if number == _LONG_NAME or (number == _SHORT_NAME and not attachment.name):
            attachment.name = value.decode("utf-16-le", "replace").rstrip("\0") if kind == _UNICODE else _text(value)
        elif number == _ATTACHED:
            attachment.contents.append(value[_IDENT_OCTETS:] if kind == _OBJECT else value)


def _properties(octets: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Yield type, number and value of each property."""
    (count,) = struct.unpack_from("<I", octets)
    position = 4
    for _ in range(_bounded(count)):
        stated, number = struct.unpack_from("<HH", octets, position)
        position = _behind_name(octets, position + 4) if number >= _FIRST_NAMED else position + 4
        kind, values = stated & ~_SEVERAL, 1
        if kind in _VARIABLE or stated & _SEVERAL:
            (values,) = struct.unpack_from("<I", octets, position)
            position += 4
        for _ in range(_bounded(values)):
            length = _FIXED.get(kind)
            if length is None:
                if kind not in _VARIABLE:
                    raise ValueError("a property of a type that there is not")
                (length,) = struct.unpack_from("<I", octets, position)
                position += 4
            yield kind, number, octets[position : position + length]
            position += length + -length % 4


def _bounded(count: int) -> int:
    if count > _MAX_PROPERTIES:
        raise ValueError("more properties than are read")
    return count


def _behind_name(octets: bytes, position: int) -> int:
    """Return where the value of a named property begins."""
    (kind, length) = struct.unpack_from("<II", octets, position + 16)
    return position + 24 + (length + -length % 4 if kind else 0)


def _text(octets: bytes) -> str:
    return octets.split(b"\0", 1)[0].decode("cp1252", "replace")

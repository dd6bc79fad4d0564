"""Reads the records of a binary PowerPoint document for the objects and macros that are stored in it.

Standards: MS-PPT §2.3.1 (record headers), §2.10.34 (ExOleObjStg: objects, VBA projects and controls alike).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.documents.octets import inflated_as_far_as_sound
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_presentation"]

_STORAGE = b"\x11\x10"  # RT_ExternalOleObjectStg, as it stands in a header
_MAX_STORAGES = 200


def read_presentation(thing: Thing, inspection: Inspection, stream: bytes) -> Iterator[Found]:
    """Yield the compound files that a `PowerPoint Document` stream stores."""
    # Found by their header wherever it stands: containers can say that they end before their content.
    position, count = stream.find(_STORAGE), 0
    while position >= 0 and count < _MAX_STORAGES:
        start = position - 2
        version, size = stream[start : start + 2], int.from_bytes(stream[position + 2 : position + 6], "little")
        body = stream[position + 6 : position + 6 + size]
        if version in (b"\x10\0", b"\0\0") and len(body) > 8:
            is_packed = version == b"\x10\0"
            if is_packed or body.startswith(b"\xd0\xcf\x11\xe0"):
                count += 1
                pieces = inflated_as_far_as_sound(body, 4) if is_packed else iter((body,))
                yield from inspection.unpack(thing, "object", pieces, len(body))
        position = stream.find(_STORAGE, position + 1)

"""Opens the envelope in which Word 2003 and saved web pages keep the macros of a document.

Standards: none; the layout is that of Office's `editdata.mso` and `oledata.mso`.
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.documents.octets import inflated_as_far_as_sound
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing

__all__ = ["read_active_mime"]

_HEAD = 256


def read_active_mime(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the compound file in the envelope."""
    start = thing.octets.find(b"\x78", 0x1E, _HEAD)
    while start >= 0:
        head = thing.octets[start : start + 2]
        if len(head) == 2 and int.from_bytes(head, "big") % 31 == 0:
            yield from inspection.unpack(
                thing, "macros", inflated_as_far_as_sound(thing.octets, start), len(thing.octets)
            )
            return
        start = thing.octets.find(b"\x78", start + 1, _HEAD)
    raise ValueError("an envelope with nothing in it")

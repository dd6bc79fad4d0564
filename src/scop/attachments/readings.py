"""The parts of a mail as things, in every reading that a mail program may have of them.

Standards: RFC 2045, RFC 2046, RFC 2183, RFC 2231.
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.attachments.thing import Found, Thing
from scop.mime import Message

__all__ = ["read_mail"]


def read_mail(message: Message, outer: Thing) -> Iterator[Found]:
    """Yield the parts of a mail that lies in `outer`."""
    for number, entity in enumerate(message.walk()):
        if entity.parts:
            continue
        place = f"part {number}"
        yield Thing(entity.content, entity.filename or "", entity.content_type.media_type, place, outer.depth)

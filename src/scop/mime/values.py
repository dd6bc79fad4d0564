"""What a mail says, apart from how it is written: the values of its fields and the octets of its parts.

`parse(octets).values()` reads them, `encode(values)` writes a mail that reads as the same values.

Standards: RFC 5322, RFC 2045, RFC 2046.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from scop.mime.fields import FieldValue

if TYPE_CHECKING:
    from scop.mime.entity import Entity

__all__ = ["EntityValues", "NamedValue", "values_of"]

NamedValue: TypeAlias = tuple[str, FieldValue]  # the name as it is written


@dataclass(frozen=True, slots=True)
class EntityValues:
    """One entity: its fields in order, and its content.

    `content` is octets with the transfer encoding undone, or the parts: those of a multipart, or the one mail of a
    message/rfc822 or message/global. `preamble` and `epilogue` stand before and behind the parts of a multipart.
    """

    fields: tuple[NamedValue, ...] = ()
    content: bytes | tuple[EntityValues, ...] = b""
    preamble: bytes = b""
    epilogue: bytes = b""


def values_of(entity: Entity) -> EntityValues:
    """Return the values of `entity` and of all below it; nothing of how they were written stays."""
    made: dict[int, EntityValues] = {}
    # From the last entity to the first, so that the parts stand ready; a deep mail costs no recursion.
    for one in reversed(tuple(entity.walk())):
        parts = tuple([made.pop(id(part)) for part in one.parts])
        fields = tuple([(field.name, field.value) for field in one.header.fields])
        if parts:
            made[id(one)] = EntityValues(fields, parts, one.preamble, one.epilogue)
        else:
            made[id(one)] = EntityValues(fields, one.content)
    return made[id(entity)]

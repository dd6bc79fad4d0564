"""Just enough DER to walk through a certificate: step over elements, each bounded by the one around it.

Standards: X.690 §8.1, §10.1 (DER: definite lengths in their shortest form).
"""

from __future__ import annotations

from typing import Final

from scop.base.cursor import Cursor
from scop.base.errors import RemoteProtocolError

__all__ = ["INTEGER", "OBJECT_IDENTIFIER", "SEQUENCE", "element", "explicit", "next_tag"]

INTEGER: Final = 0x02
OBJECT_IDENTIFIER: Final = 0x06
SEQUENCE: Final = 0x30

MAX_LENGTH_OCTETS = 4  # 4 GiB: far above any certificate
_LONG_FORM = 0x80


def explicit(number: int) -> int:
    """Return the tag of an element that is explicitly tagged with a small number."""
    return 0xA0 + number


def next_tag(cursor: Cursor) -> int | None:
    """Return the tag of the next element without a step, None at the end."""
    return cursor.octets[cursor.position] if cursor.remaining else None


def element(cursor: Cursor, tag: int) -> Cursor:
    """Step over one element, which must bear `tag`, and return a cursor over what it holds."""
    found = cursor.u8()
    if found != tag:
        raise RemoteProtocolError(f"DER tag {found:#x} where {tag:#x} belongs")
    length = cursor.u8()
    if length >= _LONG_FORM:  # X.690 §8.1.3.5
        count = length - _LONG_FORM
        if not 1 <= count <= MAX_LENGTH_OCTETS:
            raise RemoteProtocolError("a DER length that no certificate has")
        length = int.from_bytes(cursor.take(count), "big")
        if length < _LONG_FORM or length >> (8 * (count - 1)) == 0:  # X.690 §10.1
            raise RemoteProtocolError("a DER length that is not in its shortest form")
    start = cursor.position
    cursor.take(length)
    return Cursor(cursor.octets, start, start + length)

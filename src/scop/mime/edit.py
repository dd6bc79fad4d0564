"""Changes to a mail that leave every other octet as it is, so that what was signed elsewhere in it stays signed.

Any octets at all can be edited: broken mail too, with the line ends that it has.

Standards: RFC 5322 §3.6.7 (trace fields go on top), RFC 2046 §5.1.1.
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.mime.encode import Delimiter, write_value
from scop.mime.entity import Entity, Message
from scop.mime.fields import FieldValue
from scop.mime.fields.parameters import find_boundary
from scop.mime.header import raw_fields, split_header

__all__ = ["line_end_of", "prepend_field", "remove_field", "replace_part"]


def line_end_of(octets: bytes) -> bytes:
    """Return the line end that a mail uses, by its first one; CRLF where it has none."""
    first = octets.find(b"\n")
    return b"\n" if first >= 0 and not octets.startswith(b"\r", first - 1 if first else 0) else b"\r\n"


def prepend_field(octets: bytes, name: str, value: FieldValue) -> bytes:
    """Return the mail with one more field above all others; a value that cannot be written raises `ValueError`.

    An mbox "From " line, and whatever else above the first field is no field, stays on top: a line that begins with
    a space would continue the new field.
    """
    line_end = line_end_of(octets)
    field = write_value(name, value).replace(b"\r\n", line_end)
    header, body = split_header(octets)
    position = _first_field(header)
    if position and not octets.endswith(b"\n", 0, position):
        field = line_end + field
    if not header and len(body) == len(octets) > 0:  # all of it is body: it must not become header
        field += line_end
    return octets[:position] + field + octets[position:]


def _first_field(header: bytes) -> int:
    position = 0
    for field in raw_fields(header):
        if field.name:
            break
        position += len(field.octets)
    return position


def remove_field(mail: Message | bytes, name: str, *, index: int = 0) -> bytes:
    """Return the mail without the field called `name` that stands at `index` among its namesakes, from the top.

    `LookupError` where there is none. Where the last field goes and no empty line parts header and body, one is put.
    """
    octets = mail if isinstance(mail, bytes) else mail.to_octets()
    header, body = split_header(octets)
    start, end = _position(header, name.lower().encode(), index)
    rest = octets[:start] + octets[end:]
    is_parted = len(header) + len(body) < len(octets)
    if body and not is_parted and end - start == len(header):
        return line_end_of(octets) + rest
    return rest


def _position(header: bytes, name: bytes, index: int) -> tuple[int, int]:
    position = 0
    found: list[tuple[int, int]] = []
    for field in raw_fields(header):
        end = position + len(field.octets)
        if field.name.lower() == name:
            found.append((position, end))
        position = end
    if not 0 <= index < len(found):
        raise LookupError(f"{len(found)} fields called {name.decode()!r}, none at {index}")
    return found[index]


def replace_part(message: Message, entity: Entity, octets: bytes) -> bytes:
    """Return the mail with `octets`, header and body, in the place of `entity`, one of `message.walk()`.

    `ValueError` where `entity` is none of them, where it lies in encoded octets, and where a delimiter of the
    multiparts around it stands in `octets`.
    """
    if entity.span.octets is not message.span.octets:
        raise ValueError("the entity does not lie in the octets of this mail")
    for around in _around(message, entity):
        stated = around.header.all("content-type")
        boundary = find_boundary(stated[0].unfolded) if stated else b""
        if boundary and Delimiter(boundary).stands_in(octets):
            raise ValueError(f"the delimiter of {boundary!r} stands in the new octets")
    whole, outer, inner = message.span.octets, message.span, entity.span
    return whole[outer.start : inner.start] + octets + whole[inner.end : outer.end]


def _around(message: Message, entity: Entity) -> Iterator[Entity]:
    """Yield what `entity` lies in, from the inside."""
    parents = {id(part): around for around in message.walk() for part in around.parts}
    if entity is not message and id(entity) not in parents:
        raise ValueError("the entity is no part of this mail")
    while (around := parents.get(id(entity))) is not None:
        yield around
        entity = around

"""Looks an entity over for what breaks a standard; only runs when somebody asks.

Each entity answers for its own octets: those of its parts are theirs. Of lines and of octets that may stand nowhere
the first is named, of fields each.

Standards: RFC 5322 §2.1.1, §2.2, §3.6; RFC 2045; RFC 2046 §5.1; RFC 7103 §7 (what broken mail has).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from scop.mime.charsets import is_cleanly_decodable, is_known_charset
from scop.mime.defects import Defect, DefectKind
from scop.mime.fields import parse_field
from scop.mime.header import raw_fields, unfold
from scop.mime.limits import Limits
from scop.mime.transfer import KNOWN_ENCODINGS, find_flaw

if TYPE_CHECKING:
    from scop.mime.entity import Entity

__all__ = ["PlacedField", "find_defects", "placed_fields", "position_of"]

_Place: TypeAlias = tuple[DefectKind, int]
_ORDER = {kind: number for number, kind in enumerate(DefectKind)}

_MAX_LINE = 998  # RFC 5322 §2.1.1
# These begin with a literal: the regex engine then looks for it at the speed of memchr.
_BARE_LINE_FEED = re.compile(rb"\n(?<!\r\n)")
_BARE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
_LINES = re.compile(rb"(?:[^\n]{0,%d}+\r?\n)*+" % _MAX_LINE)
_REQUIRED = ("date", "from")  # RFC 5322 §3.6

_FLAWS = {
    "base64": DefectKind.INVALID_BASE64,
    "quoted-printable": DefectKind.INVALID_QUOTED_PRINTABLE,
}


class PlacedField(NamedTuple):
    """A field, and the index of its first octet among those that the entity lies in."""

    position: int
    name: str  # in lower case; "" for a line that is no field
    octets: bytes  # with its folding and its line end

    @property
    def body(self) -> bytes:
        """What follows the colon, with its folding."""
        return self.octets[self.octets.find(b":") + 1 :]


def placed_fields(entity: Entity) -> tuple[PlacedField, ...]:
    """Return the lines of the header as fields, beyond every limit too: no number of others hides one."""
    position = entity.span.start
    found = []
    for field in raw_fields(entity.header.octets):
        found.append(PlacedField(position, field.name.decode("ascii").lower(), field.octets))
        position += len(field.octets)
    return tuple(found)


def position_of(entity: Entity, fields: Iterable[PlacedField], name: str) -> int:
    """Return where the first field called `name` stands; where there is none, where the entity begins."""
    return next((field.position for field in fields if field.name == name), entity.span.start)


def find_defects(entity: Entity) -> tuple[Defect, ...]:
    """Return the defects of `entity` itself in the order of their places, each kind once at each."""
    base = entity.span.base
    fields = placed_fields(entity)
    found = {Defect(kind, base + position) for kind, position in _defects(entity, fields)}
    for defect in entity.cut_defects:
        is_stated = defect.kind is DefectKind.MISSING_BOUNDARY
        found.add(Defect(defect.kind, base + position_of(entity, fields, "content-type")) if is_stated else defect)
    return tuple(sorted(found, key=lambda defect: (defect.position, _ORDER[defect.kind])))


def _defects(entity: Entity, fields: tuple[PlacedField, ...]) -> Iterator[_Place]:
    yield from _header_defects(entity, fields)
    yield from _field_defects([field for field in fields if field.name], entity.limits)
    yield from _octet_defects(entity)
    yield from _content_defects(entity, fields)


def _header_defects(entity: Entity, fields: Iterable[PlacedField]) -> Iterator[_Place]:
    start = entity.span.start
    malformed = next((field.position for field in fields if not field.name), None)
    if malformed is not None:
        yield DefectKind.MALFORMED_FIELD, malformed
    try:
        entity.header.octets.decode("utf-8")  # RFC 6532 §3
    except UnicodeDecodeError as error:
        yield DefectKind.EIGHT_BIT_HEADER, start + error.start
    if entity.is_message and not {field.name for field in fields}.issuperset(_REQUIRED):
        yield DefectKind.MISSING_FIELD, start


def _field_defects(fields: list[PlacedField], limits: Limits) -> Iterator[_Place]:
    if len(fields) > limits.fields:
        yield DefectKind.TOO_MANY_FIELDS, fields[limits.fields].position
    for field in islice(fields, limits.fields):
        read = field._replace(octets=field.octets[: limits.field_octets])
        if len(read.octets) < len(field.octets.removesuffix(b"\n").removesuffix(b"\r")):
            yield DefectKind.FIELD_TOO_LONG, field.position
        found: list[DefectKind] = []
        parse_field(field.name, unfold(read.body), limits=limits, defects=found)
        for kind in found:
            yield kind, field.position


def _octet_defects(entity: Entity) -> Iterator[_Place]:
    """Look over the lines, of which those of the parts are theirs."""
    octets, regions = entity.span.octets, _own_regions(entity)
    wanted = _IN_LINES | (_IN_CRLF_LINES if _has_crlf(octets, regions) else {})
    for kind, find in wanted.items():
        found = next((index for start, end in regions if (index := find(octets, start, end)) >= 0), None)
        if found is not None:
            yield kind, found


def _own_regions(entity: Entity) -> list[tuple[int, int]]:
    """Return where the octets lie that are none of a part's."""
    span = entity.span
    if entity.transfer_encoding == "binary" and not entity.parts:  # RFC 2045 §2.9: there are no lines in it
        return [(span.start, span.body)]
    regions, position = [], span.start
    for part in entity.parts:
        if part.span.octets is span.octets:
            regions.append((position, part.span.start))
            position = part.span.end
    return [*regions, (position, span.end)]


def _has_crlf(octets: bytes, regions: list[tuple[int, int]]) -> bool:
    """Tell whether lines should end with CRLF: the first line of the mail does, or one of these."""
    first = octets.find(b"\n")
    return octets[max(first - 1, 0) : first] == b"\r" or any(
        octets.find(b"\r\n", start, end) >= 0 for start, end in regions
    )


def _bare_line_feed(octets: bytes, start: int, end: int) -> int:
    found = _BARE_LINE_FEED.search(octets, start, end)
    return -1 if found is None else found.start()


def _bare_carriage_return(octets: bytes, start: int, end: int) -> int:
    found = _BARE_CARRIAGE_RETURN.search(octets, start, end)
    return -1 if found is None else found.start()


def _nul(octets: bytes, start: int, end: int) -> int:
    return octets.find(b"\0", start, end)


def _long_line(octets: bytes, start: int, end: int) -> int:
    short = _LINES.match(octets, start, end)
    position = start if short is None else short.end()
    return position if end - position > _MAX_LINE else -1


_IN_LINES = {
    DefectKind.BARE_CARRIAGE_RETURN: _bare_carriage_return,
    DefectKind.NUL: _nul,
    DefectKind.LINE_TOO_LONG: _long_line,
}
_IN_CRLF_LINES = {DefectKind.BARE_LINE_FEED: _bare_line_feed}


def _content_defects(entity: Entity, fields: Iterable[PlacedField]) -> Iterator[_Place]:
    encoding, charset = entity.transfer_encoding, entity.content_type.parameters.get("charset")
    if encoding not in KNOWN_ENCODINGS:
        yield DefectKind.UNKNOWN_ENCODING, position_of(entity, fields, "content-transfer-encoding")
    is_known = charset is None or is_known_charset(charset)
    if not is_known:
        yield DefectKind.UNKNOWN_CHARSET, position_of(entity, fields, "content-type")
    body, maintype = entity.body, entity.content_type.maintype
    if not body or maintype == "multipart":
        return
    flaw = find_flaw(body, encoding)
    if flaw is not None:
        yield _FLAWS.get(encoding, DefectKind.INVALID_UUENCODE), entity.span.body + flaw
    # Lenient: text that states no charset is US-ASCII (RFC 2045 §5.2), today's senders mean UTF-8.
    if maintype == "text" and is_known and not is_cleanly_decodable(entity.content, charset or "utf-8"):
        yield DefectKind.UNDECODABLE_TEXT, entity.span.body

"""The expected values beside the mails of mail-parser's collection, laid next to what we read, one fact at a time.

The JSON numbers the parts of a mail in the order of the text; a message within it has numbers of its own.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakes.shared import shared_path
from scop.mime import Address, ContentType, DefectKind, Entity, Field, Group, parse
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["Fact", "facts", "vectors"]

_TOKENS = {"content-transfer-encoding"}  # compared without regard to case (RFC 2045 §6.1)

# One JSON object: its shape is that of the collection, which is not ours.
_Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that both say of a mail; `name` says which: `rfc/002: part 2.0: from`."""

    name: str
    expected: object
    found: object


def vectors() -> list[Path]:
    """Return the mails that have expected values beside them."""
    return sorted(shared_path("vectors", "mime", "mail-parser").glob("*/*.eml"))


def facts(path: Path, line_end: bytes) -> Iterator[Fact]:
    """Yield every fact of one mail, with one of the two line ends."""
    octets = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", line_end)
    expected = json.loads(path.with_suffix(".json" if line_end == b"\n" else ".crlf.json").read_bytes())
    yield from _message_facts(f"{path.parent.name}/{path.stem}: part ", parse(octets), expected)


def _message_facts(name: str, message: Entity, expected: _Json) -> Iterator[Fact]:
    parts = expected["parts"]
    number_of: dict[int, Entity] = {}
    _number(message, parts, 0, number_of)
    for index, part in enumerate(parts):
        if index not in number_of:
            yield Fact(f"{name}{index}", "a part", None)
            continue
        yield from _part_facts(f"{name}{index}", number_of[index], part)


def _number(entity: Entity, parts: list[_Json], index: int, number_of: dict[int, Entity]) -> None:
    """Find which entity is which numbered part."""
    number_of[index] = entity
    for below, part in zip(parts[index]["body"].get("Multipart", ()), entity.parts, strict=False):
        _number(part, parts, below, number_of)


def _part_facts(name: str, entity: Entity, part: _Json) -> Iterator[Fact]:
    span = entity.span
    yield Fact(f"{name}: start", part["offset_header"], span.start)
    yield Fact(f"{name}: body", part["offset_body"], span.body)
    yield Fact(f"{name}: end", part["offset_end"], span.end)
    yield from _field_facts(name, entity, part["headers"])
    yield Fact(f"{name}: flawed encoding", part["is_encoding_problem"], _has_flawed_encoding(entity))
    ((kind, value),) = part["body"].items()
    if kind == "Multipart":
        yield Fact(f"{name}: parts", len(value), len(entity.parts))
    elif kind == "Message":
        yield from _message_facts(f"{name}.", entity.parts[0] if entity.parts else entity, value)
    elif kind in ("Text", "Html"):
        yield Fact(f"{name}: text", value, entity.text)
    else:
        yield Fact(f"{name}: content", bytes(value), entity.content)


def _has_flawed_encoding(entity: Entity) -> bool:
    flaws = {DefectKind.INVALID_BASE64, DefectKind.INVALID_QUOTED_PRINTABLE, DefectKind.UNKNOWN_ENCODING}
    return any(defect.kind in flaws for defect in entity.defects)


def _field_facts(name: str, entity: Entity, headers: list[_Json]) -> Iterator[Fact]:
    names = [_field_name(header) for header in headers]
    yield Fact(f"{name}: fields", names, [field.name.lower() for field in entity.header.fields])
    for header in headers:
        same = [field for field in entity.header.all(_field_name(header)) if _stands_at(entity, header, field)]
        if not same:
            yield Fact(f"{name}: {_field_name(header)}", header["value"], None)
        for field in same:
            yield Fact(f"{name}: {_field_name(header)}", _expected(header), _ours(field))


def _expected(header: _Json) -> object:
    """Return what the JSON says of a field in plain values."""
    if header["value"] == "Empty":
        return None
    ((kind, value),) = header["value"].items()
    return value.lower() if _field_name(header) in _TOKENS else _READERS[kind](value)


def _field_name(header: _Json) -> str:
    name = header["name"]
    written: str = name["other"] if isinstance(name, dict) else name.replace("_", "-")
    return written.lower()


def _stands_at(entity: Entity, header: _Json, field: Field) -> bool:
    """Tell whether the field's octets are those between the offsets that are given."""
    octets = entity.span.octets[header["offset_start"] : header["offset_end"]]
    return octets.rstrip(b"\r\n") == field.raw.rstrip(b"\r\n")


def _date(value: dict[str, int]) -> object:
    zone = datetime.timedelta(hours=value["tz_hour"], minutes=value["tz_minute"])
    zone = -zone if value["tz_before_gmt"] else zone
    day = [value[unit] for unit in ("year", "month", "day")]
    hour, minute, second = (value[unit] for unit in ("hour", "minute", "second"))
    try:
        time = datetime.time(hour, minute, second, tzinfo=datetime.timezone(zone))
    except ValueError:  # a minute of 232 seconds
        return day, hour, minute, second
    return datetime.datetime.combine(datetime.date(*day), time)


def _addresses(value: _Json) -> object:
    return [(one["name"] or "", one["address"] or "") for one in value["List"]]


def _content_type(value: _Json) -> object:
    kind = value["c_type"] + (f"/{value['c_subtype']}" if value["c_subtype"] else "")
    return kind.lower(), {one["name"]: one["value"] for one in value["attributes"] or ()}


def _received(value: _Json) -> object:
    hosts = [value[name]["Name"] for name in ("from", "by")]
    words = [value[name].strip() for name in ("from_ip", "with", "id", "for_")]  # one id holds its line end
    return [*hosts, *words, _date(value["date"])]


_READERS: dict[str, Callable[[Any], object]] = {
    "Text": str,
    "DateTime": _date,
    "Address": _addresses,
    "ContentType": _content_type,
    "Received": _received,
}


def _ours(field: Field) -> object:
    """Return the value of a field as the JSON would show it."""
    value = field.value
    if isinstance(value, ContentType):
        return value.media_type, dict(value.parameters)
    if isinstance(value, Disposition):
        return value.kind, dict(value.parameters)
    if isinstance(value, Received):
        return _hop(value)
    if isinstance(value, ReturnPath):
        return value.addr_spec
    return _listed(value) if isinstance(value, tuple) else value


def _hop(value: Received) -> object:
    return [value.from_, value.by, value.address, value.protocol, value.id, value.for_address, value.date]


def _listed(value: tuple[object, ...]) -> object:
    if all(isinstance(one, MessageId) for one in value):
        return " ".join(str(one)[1:-1] for one in value)
    addresses = [one for one in value if isinstance(one, Address | Group)]
    return [(one.display_name, one.addr_spec if isinstance(one, Address) else "") for one in addresses]

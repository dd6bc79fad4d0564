"""What a mail says, for people and for programs: values in words and as JSON, defects with their line.

Everything here comes from strangers: `spoken` gives one printable line, and the caller escapes it for the terminal.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from typing import TypeAlias

from scop.base import printable
from scop.mime import Address, Ambiguity, ContentType, Defect, Entity, Group
from scop.mime.fields import FieldValue
from scop.mime.fields.disposition import Disposition
from scop.mime.fields.lists import ListActions, ListId
from scop.mime.fields.message_ids import MessageId
from scop.mime.fields.received import Received
from scop.mime.fields.return_path import ReturnPath

__all__ = ["Json", "entity_line", "finding_words", "line_of", "numbered", "plain", "shown_entity", "spoken"]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

MAX_SHOWN = 1000  # characters of one value

_WORDS = {
    "malformed_field": "a line of the header is no field",
    "missing_blank_line": "no empty line parts the header from the body",
    "missing_field": "a From or a Date is missing, and every mail has both",
    "eight_bit_header": "the header is neither ASCII nor UTF-8",
    "bare_carriage_return": "a carriage return stands without a line feed",
    "bare_line_feed": "a line feed stands without a carriage return",
    "nul": "there are NUL octets",
    "line_too_long": "a line is longer than 998 octets",
    "invalid_date": "a date cannot be read",
    "invalid_address": "an address list breaks the grammar",
    "invalid_message_id": "a message id breaks the grammar",
    "invalid_received": "a Received field cannot be read, or names no date",
    "invalid_return_path": "the Return-Path is no path",
    "invalid_list_field": "a List field breaks the grammar",
    "invalid_content_type": "the Content-Type cannot be read",
    "invalid_disposition": "the Content-Disposition cannot be read",
    "invalid_parameter": "a parameter cannot be decoded",
    "invalid_encoded_word": "an encoded word cannot be decoded",
    "unknown_encoding": "the Content-Transfer-Encoding is not known",
    "invalid_base64": "the base64 holds what is none",
    "invalid_quoted_printable": "the quoted-printable holds what is none",
    "invalid_uuencode": "the uuencoded body is damaged",
    "unknown_charset": "the charset is not known",
    "undecodable_text": "there are octets that are none of the stated charset",
    "missing_boundary": "a multipart names no boundary",
    "missing_parts": "the boundary of a multipart never stands in it",
    "unclosed_multipart": "a multipart is not closed: the mail may be cut off",
    "duplicate_field": "a field that may stand once stands twice",
    "duplicate_parameter": "a parameter stands twice",
    "several_boundaries": "several boundaries are possible",
    "misplaced_encoded_word": "an encoded word stands where none may",
    "encoded_multipart": "a multipart is encoded: some decode it first, some cut it first",
    "nul_in_header": "there are NUL octets in the header",
    "data_after_padding": "base64 goes on behind its end",
}


def finding_words(found: Defect | Ambiguity) -> str:
    """Say what is odd; a limit that was met says so by its name."""
    return _WORDS.get(found.kind, found.kind.replace("_", " "))


def spoken(value: FieldValue) -> str:
    """Return a value on one printable line."""
    return printable(_words(value), limit=MAX_SHOWN)


def _words(value: FieldValue) -> str:
    match value:
        case str():
            return value
        case datetime.datetime():
            return value.isoformat(sep=" ")
        case tuple():
            return ", ".join(_member_words(member) for member in value)
        case ContentType():
            return value.media_type + _parameter_words(value.parameters)
        case Disposition():
            return value.kind + _parameter_words(value.parameters)
        case ReturnPath():
            return f"<{value.addr_spec}>"
        case ListId():
            return f"{value.phrase} <{value.identifier}>".lstrip()
        case ListActions():
            return "NO" if value.is_refused else ", ".join(value.uris)
        case Received():
            return _received_words(value)


def _member_words(member: Address | Group | MessageId) -> str:
    if isinstance(member, Group):
        return f"{member.display_name}: {', '.join(map(str, member.members))};"
    return str(member)


def _parameter_words(parameters: Mapping[str, str]) -> str:
    return "".join([f"; {name}={text}" for name, text in parameters.items()])


def _received_words(value: Received) -> str:
    clauses = [
        " ".join(filter(None, (one.name, one.value, f"({one.comment})" if one.comment else "")))
        for one in value.clauses
    ]
    when = f"; {value.date.isoformat(sep=' ')}" if value.date is not None else ""
    return " ".join(clauses) + when


def plain(value: object) -> Json:
    """Return any value of a field, or a record of them, as JSON knows values."""
    match value:
        case None | str() | bool() | int() | float():
            return value
        case datetime.datetime():
            return value.isoformat()
        case Mapping():
            return {str(name): plain(one) for name, one in value.items()}
        case tuple() | list():
            return [plain(one) for one in value]
    assert is_dataclass(value)
    return {field.name: plain(getattr(value, field.name)) for field in fields(value)}


def numbered(entity: Entity, number: str = "") -> Iterator[tuple[str, Entity]]:
    """Yield each entity with its number, as IMAP counts: "" is the mail, "2.1" the first part of its second part."""
    yield number, entity
    for place, part in enumerate(entity.parts, 1):
        yield from numbered(part, f"{number}.{place}".lstrip("."))


def entity_line(entity: Entity) -> str:
    """Return type, charset, encoding, size and filename on one printable line."""
    said = [entity.content_type.media_type]
    if not entity.parts:
        charset = entity.content_type.parameters.get("charset")
        said += [charset] if charset else []
        said += [entity.transfer_encoding] if entity.transfer_encoding else []
        said.append(_size(len(entity.content)))
    said += [entity.disposition] if entity.disposition else []
    said += [f'"{entity.filename}"'] if entity.filename else []
    return printable(", ".join(said), limit=MAX_SHOWN)


def _size(octets: int) -> str:
    return "1 octet" if octets == 1 else f"{octets:,} octets"


def shown_entity(entity: Entity, number: str = "", *, with_fields: bool = True) -> dict[str, Json]:
    """Return an entity and all below it for a program."""
    shown: dict[str, Json] = {"part": number, "type": entity.content_type.media_type}
    shown |= {"charset": entity.content_type.parameters.get("charset"), "encoding": entity.transfer_encoding or None}
    shown |= {"disposition": entity.disposition, "filename": entity.filename}
    shown |= {"start": entity.span.start, "body": entity.span.body, "end": entity.span.end}
    shown["content_octets"] = None if entity.parts else len(entity.content)
    if with_fields:
        shown["fields"] = [{"name": field.name, "value": plain(field.value)} for field in entity.header.fields]
        shown["defects"] = [_shown_finding(entity, found) for found in entity.defects]
        shown["ambiguities"] = [_shown_finding(entity, found) for found in entity.ambiguities]
    shown["parts"] = [
        shown_entity(part, f"{number}.{place}".lstrip("."), with_fields=with_fields)
        for place, part in enumerate(entity.parts, 1)
    ]
    return shown


def _shown_finding(entity: Entity, found: Defect | Ambiguity) -> Json:
    line = line_of(entity, found)
    return {"kind": found.kind.value, "position": found.position, "line": line, "says": finding_words(found)}


def line_of(entity: Entity, found: Defect | Ambiguity) -> int:
    """Return the number of the line in which something is odd, from 1."""
    return entity.span.octets.count(b"\n", 0, found.position) + 1

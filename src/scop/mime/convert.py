"""Mail for hosts that carry less: 8-bit contents made 7-bit, UTF-8 headers made ASCII, where that is possible.

Only what must change does; every other octet stays. What cannot be changed without a loss is an outcome, not a fault:
the relay that asked returns the mail (RFC 6152 §3, RFC 6531 §3.6).

Theory: entities are looked at from the last to the first, so that the new parts of each stand ready. An entity that
needs no change and has no changed part is not touched. DKIM signatures over what changes break: who converts knows.

Standards: RFC 6152 §3, RFC 2045 §6, RFC 1847 §2.1, RFC 1428 (8-bit text without MIME), RFC 6531 §3.6, RFC 6532 §3.7.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.mime.ascii_fields import value_in_ascii
from scop.mime.edit import line_end_of
from scop.mime.encode import encode_content, write_value
from scop.mime.entity import Entity, Message
from scop.mime.fields import FieldValue, parse_field
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.parameters import find_boundary
from scop.mime.header import raw_fields, unfold
from scop.mime.next_hop import NextHop, choose_encoding, content_domain, with_crlf
from scop.mime.parts import goes_unencoded
from scop.mime.transfer import IDENTITY_ENCODINGS, KNOWN_ENCODINGS

__all__ = ["Obstacle", "Unconvertible", "to_7bit", "to_ascii"]

_NOT_ASCII = re.compile(rb"[^\x01-\x7f]")


class Obstacle(StrEnum):
    """Why a mail cannot be converted."""

    SIGNED = "signed"  # RFC 1847 §2.1: another transfer encoding breaks the signature
    UTF8_NAME = "utf8_name"  # a local part or a message identifier beyond ASCII
    UNENCODABLE_TYPE = "unencodable_type"  # RFC 2045 §6.4: message/* and multipart are never encoded
    UNKNOWN_ENCODING = "unknown_encoding"  # one encoding cannot be put upon another


@dataclass(frozen=True, slots=True)
class Unconvertible:
    """The outcome of a conversion that cannot be made; `what` names the place for people."""

    obstacle: Obstacle
    what: str


_Made: TypeAlias = bytes | Unconvertible | None  # what becomes of an entity; None: it stays as it is


class _Obstructed(Exception):
    def __init__(self, obstacle: Obstacle, what: str) -> None:
        self.outcome = Unconvertible(obstacle, what)


def to_7bit(message: Message) -> bytes | Unconvertible:
    """Return the mail for a host with neither 8BITMIME nor SMTPUTF8: all ASCII, contents in lines of 998 octets."""
    return _convert(message, _SevenBit(line_end_of(message.to_octets())))


def to_ascii(message: Message) -> bytes | Unconvertible:
    """Return the mail for a host without SMTPUTF8: every header ASCII, contents as they are."""
    return _convert(message, _AsciiHeaders(line_end_of(message.to_octets())))


def _convert(message: Message, goal: _AsciiHeaders) -> bytes | Unconvertible:
    made: dict[int, _Made] = {}
    for entity in reversed(tuple(message.walk())):
        parts = [made.pop(id(part)) for part in entity.parts]
        made[id(entity)] = goal.convert(entity, parts)
    found = made[id(message)]
    return message.to_octets() if found is None else found


class _AsciiHeaders:
    """Makes every header ASCII, and of each message/global a message/rfc822."""

    def __init__(self, line_end: bytes) -> None:
        self._line_end = line_end

    def convert(self, entity: Entity, parts: Sequence[_Made]) -> _Made:
        """Return the octets of `entity` as they go out."""
        if not self._needs_change(entity, parts):
            return None  # whatever is in it: base64 can carry what its own header could not
        octets: list[bytes | None] = []
        for part in parts:
            if isinstance(part, Unconvertible):
                return part
            octets.append(part)
        if entity.content_type.media_type == "multipart/signed" and any(part is not None for part in octets):
            return Unconvertible(Obstacle.SIGNED, "multipart/signed")
        fields: dict[str, FieldValue] = {}
        try:
            body = self._body(entity, octets, fields)
            return self._header(entity, fields) + body
        except _Obstructed as obstructed:
            return obstructed.outcome

    def _needs_change(self, entity: Entity, parts: Sequence[_Made]) -> bool:
        is_ascii = _header_octets(entity).isascii() and entity.content_type.media_type != "message/global"
        return not is_ascii or any(part is not None for part in parts)

    def _body(self, entity: Entity, parts: Sequence[bytes | None], fields: dict[str, FieldValue]) -> bytes:
        """Return the new body, and note in `fields` what the header must say of it."""
        if not parts:
            return entity.body
        if entity.content_type.media_type == "message/global":
            fields["Content-Type"] = ContentType("message", "rfc822")
        enclosed = entity.parts[0]
        if enclosed.span.octets is entity.span.octets:
            return b"".join(self._pieces(entity, parts))
        octets = parts[0] if parts[0] is not None else enclosed.to_octets()
        fields["Content-Transfer-Encoding"] = content_domain(octets)  # RFC 2046 §5.2.1: no other for message/rfc822
        return octets

    def _pieces(self, entity: Entity, parts: Sequence[bytes | None]) -> Iterator[bytes]:
        span, position = entity.span, entity.span.body
        for part, new in zip(entity.parts, parts, strict=True):
            yield self._between(span.octets[position : part.span.start])
            yield part.to_octets() if new is None else new
            position = part.span.end
        yield self._between(span.octets[position : span.end])

    def _between(self, octets: bytes) -> bytes:
        return octets

    def _header(self, entity: Entity, fields: dict[str, FieldValue]) -> bytes:
        """Return the header with its empty line, `fields` stated in it, what is not ASCII written as ASCII."""
        wanted = {name.lower(): name for name in fields}
        written = []
        for field in raw_fields(_header_octets(entity)):
            name = wanted.pop(field.name.decode("ascii").lower(), None)
            written.append(field.octets if name is None else self._written(name, fields[name]))
        header = b"".join([octets if octets.isascii() else self._in_ascii(octets) for octets in written])
        if wanted and header and not header.endswith(b"\n"):
            header += self._line_end
        header += b"".join([self._written(name, fields[name]) for name in wanted.values()])
        span = entity.span
        if span.body > span.header_end:
            return header + span.octets[span.header_end : span.body]
        return header + self._line_end if span.body < span.end else header

    def _in_ascii(self, octets: bytes) -> bytes:
        field = next(iter(raw_fields(octets)))
        if not field.name:
            return _NOT_ASCII.sub(b"?", octets)  # no field, so it has no value that could be kept
        name = field.name.decode("ascii")
        try:
            written = self._written(name, value_in_ascii(parse_field(name, unfold(field.body))))
        except ValueError as error:
            raise _Obstructed(Obstacle.UTF8_NAME, f"{name}: {error}") from error
        if not written.isascii():
            raise _Obstructed(Obstacle.UTF8_NAME, name)
        return written

    def _written(self, name: str, value: FieldValue) -> bytes:
        return write_value(name, value).replace(b"\r\n", self._line_end)


class _SevenBit(_AsciiHeaders):
    """Makes contents 7bit too."""

    def _needs_change(self, entity: Entity, parts: Sequence[_Made]) -> bool:
        return not self._is_7bit(entity.to_octets())

    def _is_7bit(self, octets: bytes) -> bool:
        return content_domain(self._with_crlf(octets)) == "7bit"

    def _with_crlf(self, octets: bytes) -> bytes:
        return with_crlf(octets) if self._line_end == b"\n" else octets

    def _body(self, entity: Entity, parts: Sequence[bytes | None], fields: dict[str, FieldValue]) -> bytes:
        if parts:
            return self._composite(entity, parts, fields)
        if self._is_7bit(entity.body):
            return entity.body
        return self._leaf(entity, fields)

    def _composite(self, entity: Entity, parts: Sequence[bytes | None], fields: dict[str, FieldValue]) -> bytes:
        stated = entity.header.all("content-type")
        if stated and not find_boundary(stated[0].unfolded).isascii():
            raise _Obstructed(Obstacle.UNENCODABLE_TYPE, "a boundary beyond ASCII")
        if entity.transfer_encoding in ("8bit", "binary"):
            fields["Content-Transfer-Encoding"] = "7bit"
        return super()._body(entity, parts, fields)

    def _between(self, octets: bytes) -> bytes:
        # Preamble and epilogue are shown to nobody (RFC 2046 §5.1.1).
        return octets if octets.isascii() else _NOT_ASCII.sub(b"?", octets)

    def _leaf(self, entity: Entity, fields: dict[str, FieldValue]) -> bytes:
        media, stated = entity.content_type, entity.transfer_encoding
        if goes_unencoded(media):
            raise _Obstructed(Obstacle.UNENCODABLE_TYPE, media.media_type)
        if stated not in KNOWN_ENCODINGS:
            raise _Obstructed(Obstacle.UNKNOWN_ENCODING, stated)
        content = entity.content
        if stated in IDENTITY_ENCODINGS:
            content = self._with_crlf(content) if media.maintype == "text" else content
        encoding = choose_encoding(content, NextHop.ASCII)
        if encoding == "7bit":  # its packing was broken, or its lines are not the mail's
            encoding = "quoted-printable"
        fields["Content-Transfer-Encoding"] = encoding
        if isinstance(entity, Message):
            self._state_mime(entity, content, fields)
        return b"".join(encode_content(content, encoding)).replace(b"\r\n", self._line_end)

    def _state_mime(self, message: Message, content: bytes, fields: dict[str, FieldValue]) -> None:
        """Note the fields without which a mail's transfer encoding says nothing (RFC 2045 §4)."""
        if "mime-version" not in message.header:
            fields["MIME-Version"] = "1.0"
        if "content-type" not in message.header:
            fields["Content-Type"] = ContentType("text", "plain", {"charset": _charset_of(content)})


def _charset_of(octets: bytes) -> str:
    try:
        octets.decode()
    except UnicodeDecodeError:
        return "unknown-8bit"  # RFC 1428 §3
    return "utf-8"


def _header_octets(entity: Entity) -> bytes:
    span = entity.span
    return span.octets[span.start : span.header_end]

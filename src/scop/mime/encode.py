"""Writes a mail from values: parsing what is written gives the same values again.

Exactly what the values state is written: the stated transfer encoding is applied, the stated boundary is used.
Line ends that are ours are CRLF; those within contents stay as they are. `compose` chooses such values, this does not.

Standards: RFC 5322 §2.1, RFC 2045 §6, RFC 2046 §5.1.1 and §5.2.1, RFC 6532 §3.7.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from scop.mime.fields import FieldValue, write_field
from scop.mime.fields.content_type import ContentType
from scop.mime.fold import fold_field
from scop.mime.transfer import UU_ENCODINGS, encode_base64_lines, encode_quoted_printable, encode_uu
from scop.mime.values import EntityValues, NamedValue

__all__ = ["Delimiter", "Draft", "Stream", "Writable", "encode", "encode_content", "write_value"]


@dataclass(frozen=True, slots=True)
class Stream:
    """Content that is read while it is written, once; it is never held, so it must not go out as it is."""

    chunks: Iterable[bytes]


@dataclass(frozen=True, slots=True)
class Draft:
    """An entity to be written: as `EntityValues`, but contents may be streams.

    A part that is `bytes` is a whole entity, header and body, that goes out as it stands.
    """

    fields: tuple[NamedValue, ...] = ()
    content: bytes | Stream | tuple[Draft | EntityValues | bytes, ...] = b""
    preamble: bytes = b""
    epilogue: bytes = b""


Writable: TypeAlias = EntityValues | Draft
_Kind = TypeVar("_Kind")
_Item: TypeAlias = "bytes | Iterator[bytes] | _Place"

_ENCODERS: dict[str, Callable[[Iterable[bytes]], Iterator[bytes]]] = {
    "base64": encode_base64_lines,
    "quoted-printable": encode_quoted_printable,
    **dict.fromkeys(UU_ENCODINGS, encode_uu),
}
_MESSAGE_TYPES = frozenset({"message/rfc822", "message/global"})
_TEXT = ContentType()
_DIGEST_MEMBER = ContentType("message", "rfc822")
_LINE_FEED = 0x0A
_REST_OF_DELIMITER = re.compile(rb"(?:--)?[ \t\r]{0,1000}+(?:\n|\Z)")  # as the parser takes it (RFC 2046 §5.1.1)


class Delimiter:
    """The boundary of a multipart that is being written."""

    __slots__ = ("line",)

    def __init__(self, boundary: bytes) -> None:
        self.line = b"--" + boundary

    def stands_in(self, octets: bytes) -> bool:
        """Tell whether the parser would end a part inside of `octets`."""
        # Looked for piece by piece: to compile a pattern for each boundary took a twentieth of the time of a mail.
        at = octets.find(self.line)
        while at >= 0:
            begins_line = at == 0 or octets[at - 1] == _LINE_FEED
            if begins_line and _REST_OF_DELIMITER.match(octets, at + len(self.line)):
                return True
            at = octets.find(self.line, at + 1)
        return False


@dataclass(frozen=True, slots=True)
class _Place:
    """An entity that waits to be written, which delimiters must not stand in it, and its type if it states none."""

    entity: Writable | bytes
    open: tuple[Delimiter, ...] = ()
    default_type: ContentType = _TEXT


def encode(values: Writable) -> Iterator[bytes]:
    """Write `values` as a mail, in pieces; what cannot be written raises `ValueError` when its turn comes.

    `parse(b"".join(encode(values))).values() == values` for everything that `parse` gave from well-formed mail.
    """
    waiting: list[_Item] = [_Place(values)]
    while waiting:
        item = waiting.pop()
        if isinstance(item, bytes):
            yield item
        elif isinstance(item, _Place):
            waiting.extend(reversed(_laid_out(item)))
        else:
            yield from item


def encode_content(octets: bytes, encoding: str) -> Iterator[bytes]:
    """Return `octets` in a transfer encoding, in pieces; an identity or unknown one leaves them as they are."""
    encoder = _ENCODERS.get(encoding)
    return encoder([octets]) if encoder else iter([octets])


def write_value(name: str, value: FieldValue) -> bytes:
    """Return one field, folded, with its line end; `ValueError` names what cannot be written."""
    return fold_field(name, write_field(name, value))


def _laid_out(place: _Place) -> list[_Item]:
    """Return what `place` is written as, from its header on."""
    entity = place.entity
    if isinstance(entity, bytes):
        return [_guarded(entity, place.open)]
    header = b"".join([write_value(name, value) for name, value in entity.fields]) + b"\r\n"
    return [header, *_content(entity, place)]


def _content(entity: Writable, place: _Place) -> list[_Item]:
    content = entity.content
    media = _stated(entity, "content-type", ContentType) or place.default_type
    encoder = _ENCODERS.get((_stated(entity, "content-transfer-encoding", str) or "").lower())
    if isinstance(content, tuple):
        if media.maintype == "multipart":
            return _multipart(entity, content, media, place)
        if media.media_type not in _MESSAGE_TYPES or len(content) != 1:
            raise ValueError(f"{media.media_type} with {len(content)} parts")
        if encoder is None:
            return [_Place(content[0], place.open)]
        # RFC 6532 §3.7: a message/global may be encoded; then no delimiter can stand in it.
        inner = content[0]
        return [encoder([inner] if isinstance(inner, bytes) else encode(inner))]
    if encoder is not None and media.maintype != "multipart":  # RFC 2045 §6.4: a multipart has none, cut or not
        return [encoder(content.chunks if isinstance(content, Stream) else [content])]
    if isinstance(content, Stream):
        raise ValueError("streamed content needs a transfer encoding: nobody can look for boundaries in it")
    return [_guarded(content, place.open)]


def _multipart(entity: Writable, parts: tuple[Writable | bytes, ...], media: ContentType, place: _Place) -> list[_Item]:
    boundary = media.parameters.get("boundary", "").encode().rstrip(b" \t\r")  # as `find_boundary` reads it
    if not boundary or not parts:
        raise ValueError(f"{media.media_type} without {'parts' if boundary else 'a boundary'}")
    delimiter = Delimiter(boundary)
    within = (*place.open, delimiter)
    default_type = _DIGEST_MEMBER if media.subtype == "digest" else _TEXT  # RFC 2046 §5.1.5
    items: list[_Item] = [_guarded(entity.preamble, within), b"\r\n"] if entity.preamble else []
    for part in parts:
        items += [delimiter.line + b"\r\n", _Place(part, within, default_type), b"\r\n"]
    return [*items, delimiter.line + b"--\r\n", _guarded(entity.epilogue, place.open)]


def _stated(entity: Writable, name: str, kind: type[_Kind]) -> _Kind | None:
    """Return the value of the first field called `name`, None where it cannot be read as one: as the parser does."""
    value = next((value for stated, value in entity.fields if stated.lower() == name), None)
    return value if isinstance(value, kind) else None


def _guarded(octets: bytes, delimiters: tuple[Delimiter, ...]) -> bytes:
    """Return octets that go out as they are; a delimiter in them would cut the mail elsewhere."""
    for delimiter in delimiters:
        if delimiter.stands_in(octets):
            raise ValueError(f"the delimiter {delimiter.line.decode(errors='replace')!r} stands in a content")
    return octets

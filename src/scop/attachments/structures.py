"""Every other structure that a mail program may see in a mail: each written out as a mail of its own.

Standards: RFC 2045 §5, §6.4; RFC 2046 §5.1 (delimiters); RFC 5322 §2.2 (fields), RFC 7103 (broken mail).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from scop.attachments.content_fields import content_fields
from scop.mime import DefectKind, Entity, Message
from scop.mime.fields.content_type import ContentType, parse_content_type
from scop.mime.fields.parameters import find_boundary, parse_parameters, split_parameters
from scop.mime.header import unfold
from scop.mime.structured import without_comments
from scop.mime.transfer import IDENTITY_ENCODINGS, decode_content

__all__ = ["OtherStructure", "other_structures"]

_EMPTY_RESTATED = b'Content-Type: multipart/mixed; boundary="="\r\n\r\n'
_COMPOSITE = ("multipart", "message")
_PLAIN_BOUNDARY = re.compile(rb'boundary\s*+=\s*+(?:"([^"]*+)"|([^\s;"]++))', re.IGNORECASE)
_EMPTY_DELIMITER = re.compile(rb"^--(--)?[ \t]*\r?$", re.MULTILINE)
_FIRST_DELIMITER = re.compile(rb"^--([^\s-][^\r\n]{0,200}?)[ \t]*\r?$", re.MULTILINE)
_BARE_CARRIAGE_RETURN = re.compile(rb"\r(?!\n)")
_LATE_HEADER = re.compile(rb"\s*+(?=content-[a-z-]{2,40}:)", re.IGNORECASE)
_BLANK_LINE = re.compile(rb"^[ \t]+\r?\n", re.MULTILINE)
_SPACED_FIELD = re.compile(rb"^(content-[a-z-]{2,40}|mime-version)[ \t]+:", re.IGNORECASE | re.MULTILINE)
# RFC 5322 §2.2; folded lines, and the postmark of an mbox, are none of them.
_NO_FIELD = re.compile(rb"^(?![ \t\r\n]|[!-9;-~]++[ \t]*+:|>?From )[^\r\n]", re.MULTILINE)
_MAX_BOUNDARIES = 40  # more than the readings that are looked into, which is told


@dataclass(frozen=True, slots=True)
class OtherStructure:
    """Another reading of an entity; it is made only where somebody looks at it."""

    number: str  # of the part in the first reading
    reason: str
    octets: Callable[[], bytes]


def other_structures(entity: Entity, number: str) -> Iterator[OtherStructure]:
    """Yield the structures that others may see in an entity and in what is below it."""
    yield from _by_header(entity, number)
    yield from _by_content_type(entity, number)
    if entity.parts:
        yield from _by_delimiters(entity, number)


def _by_header(entity: Entity, number: str) -> Iterator[OtherStructure]:
    header = entity.header.octets
    is_mail = isinstance(entity, Message)
    if b"\0" in header:
        yield OtherStructure(number, "a NUL stands in its header", lambda: entity.to_octets().replace(b"\0", b""))
    octets = entity.to_octets() if is_mail else header
    if _BARE_CARRIAGE_RETURN.search(octets):
        reason = "lines end with a bare carriage return"
        yield OtherStructure(number, reason, lambda: _with_line_feeds(entity.to_octets()))
    if blank := _BLANK_LINE.search(header, 1):
        reason = "its header may end at a line of blanks"
        yield OtherStructure(
            number, reason, lambda: header[: blank.start()] + b"\r\n" + entity.to_octets()[blank.end() :]
        )
    if _SPACED_FIELD.search(header):
        reason = "a blank stands before the colon of a field"
        yield OtherStructure(number, reason, lambda: _SPACED_FIELD.sub(rb"\1:", header) + _behind(entity))
    if (end := _first_malformed(header)) > 0:
        reason = "a line stands in its header that is no field"
        yield OtherStructure(number, reason, lambda: header[:end] + b"\r\n" + entity.to_octets()[end:])
    if not is_mail and not header.strip() and (late := _LATE_HEADER.match(entity.body)):
        reason = "an empty line stands before its header"
        yield OtherStructure(number, reason, lambda: entity.body[late.end() :])
    if any(defect.kind is DefectKind.MISSING_BLANK_LINE for defect in entity.cut_defects):
        reason = "no empty line ends its header"
        yield OtherStructure(number, reason, lambda: _without_first_line(entity))


def _with_line_feeds(octets: bytes) -> bytes:
    """Return octets in which a line feed follows each carriage return; one by one they would take gigabytes."""
    return octets.replace(b"\r\n", b"\r").replace(b"\r", b"\r\n")


def _first_malformed(header: bytes) -> int:
    """Return where the first line begins that is no field; -1 where each is one, and for the postmark of an mbox."""
    found = _NO_FIELD.search(header)
    return -1 if found is None else found.start()


def _behind(entity: Entity) -> bytes:
    """Return what stands behind the fields: the empty line and the body."""
    return entity.to_octets()[len(entity.header.octets) :]


def _without_first_line(entity: Entity) -> bytes:
    """Return the entity as one reads it who passes over a line in the header that is no field."""
    body = entity.body
    return entity.header.octets + body[body.find(b"\n") + 1 or len(body) :]


def _by_content_type(entity: Entity, number: str) -> Iterator[OtherStructure]:
    used = entity.content_type
    encoding = entity.transfer_encoding
    fields = content_fields(entity, b"type")
    for position, body in enumerate(fields):
        media = parse_content_type(unfold(body))
        if position and media is not None and media != used and _COMPOSITE[0] in (media.maintype, used.maintype):
            yield OtherStructure(number, "two Content-Types are stated", _restated(entity, body))
        if (media is None and b"multipart" in body.lower()) or _says_multipart(media, body):
            loose = b" multipart/mixed;" + body.partition(b";")[2]
            yield OtherStructure(number, "its Content-Type is malformed", _restated(entity, loose))
        if media is not None and media.maintype == "multipart":
            yield from _by_boundaries(entity, number, body)
    if used.maintype in _COMPOSITE and encoding not in IDENTITY_ENCODINGS and fields:
        yield OtherStructure(number, "what holds parts is itself encoded", _decoded(entity, fields[0], encoding))
    if entity.parts and encoding not in IDENTITY_ENCODINGS and used.maintype == "message" and fields:
        yield OtherStructure(number, "what holds parts is itself encoded", _restated(entity, fields[0]))


def _says_multipart(media: ContentType | None, field: bytes) -> bool:
    """Tell whether a field that states another type is a multipart's to one who only leaves out comments."""
    bare = without_comments(unfold(field)).partition(";")[0]
    return (media is None or media.maintype != "multipart") and "multipart" in "".join(bare.split()).lower()


def _restated(entity: Entity, content_type: bytes) -> Callable[[], bytes]:
    def octets() -> bytes:
        return b"Content-Type:" + content_type.strip(b"\r\n") + b"\r\n\r\n" + entity.body

    return octets


def _decoded(entity: Entity, content_type: bytes, encoding: str) -> Callable[[], bytes]:
    def octets() -> bytes:
        return b"Content-Type:" + content_type.strip(b"\r\n") + b"\r\n\r\n" + decode_content(entity.body, encoding)

    return octets


def _by_boundaries(entity: Entity, number: str, field: bytes) -> Iterator[OtherStructure]:
    used = find_boundary(unfold(entity.stated.get(b"type", b"")))
    candidates = dict.fromkeys([boundary for boundary in _boundaries_in(field) if boundary and boundary != used])
    for boundary in list(candidates)[:_MAX_BOUNDARIES]:
        if b"--" + boundary in entity.body:
            yield OtherStructure(number, "two boundaries can be read", _cut_at(entity, boundary))
    if not entity.parts and not used and _EMPTY_DELIMITER.search(entity.body):
        yield OtherStructure(number, "its boundary is empty", lambda: _EMPTY_RESTATED + _named_delimiters(entity.body))
    if not entity.parts and (guess := _FIRST_DELIMITER.search(entity.body)):
        reason = "it does not say where its parts begin"
        yield OtherStructure(number, reason, _cut_at(entity, guess[1]))


def _named_delimiters(body: bytes) -> bytes:
    return _EMPTY_DELIMITER.sub(lambda found: b"--=" + (found[1] or b""), body)


def _boundaries_in(field: bytes) -> Iterator[bytes]:
    text = unfold(field)
    for bare in (without_comments(text), text):
        parameters = ";" + bare.partition(";")[2]
        for name, value in split_parameters(parameters):
            if name == "boundary":
                yield value.encode("utf-8", "surrogateescape").rstrip(b" \t\r")
        yield parse_parameters(parameters).get("boundary", "").encode("utf-8", "surrogateescape")
    for quoted, plain in _PLAIN_BOUNDARY.findall(field):
        yield quoted or plain


def _cut_at(entity: Entity, boundary: bytes) -> Callable[[], bytes]:
    return _restated(entity, b' multipart/mixed; boundary="' + re.sub(rb'(["\\])', rb"\\\1", boundary) + b'"')


def _by_delimiters(entity: Entity, number: str) -> Iterator[OtherStructure]:
    if entity.content_type.maintype != "multipart":
        return
    boundary = find_boundary(unfold(entity.stated.get(b"type", b"")))
    if boundary and b"\n--" + boundary in b"\n" + entity.epilogue:
        body = entity.body
        closing = re.compile(rb"^--" + re.escape(boundary) + rb"--[ \t]*\r?$", re.MULTILINE)
        open_body = closing.sub(b"--" + boundary, body)
        field = entity.stated[b"type"]
        reason = "parts stand behind the end of its parts"
        yield OtherStructure(number, reason, lambda: b"Content-Type:" + field.strip(b"\r\n") + b"\r\n\r\n" + open_body)

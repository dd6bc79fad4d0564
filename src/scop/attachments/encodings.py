"""A part's content in every way in which its transfer encoding can be undone.

Standards: RFC 2045 §6 (transfer encodings), §6.8 (base64: what to do with octets that have no place in it).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from scop.attachments.content_fields import content_fields
from scop.mime import Entity
from scop.mime.fields.transfer_encoding import parse_transfer_encoding
from scop.mime.header import unfold
from scop.mime.transfer import (
    KNOWN_ENCODINGS,
    decode_base64,
    decode_content,
    decode_quoted_printable,
    is_clean_base64,
)

__all__ = ["Content", "contents_of"]

_LOOKS_LIKE = re.compile(r"(base-?\s*64|b64)|(quoted|printable)|(uu)", re.IGNORECASE)
_BY_LOOK = ("base64", "quoted-printable", "x-uuencode")
# Four lines of nothing but base64, or one that fills most of the body: text has blanks.
_ONLY_BASE64 = re.compile(rb"\s*+(?:[A-Za-z0-9+/]{4,200}+\s{1,4}+)*+[A-Za-z0-9+/]{0,200}+={0,2}+\s*+")
_MIN_BASE64 = 40
_BLANKS = b" \t\r\n\v\f"
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=\s]")
_BAD_LINE = re.compile(rb"^[A-Za-z0-9+/= \t\v\f\r]*+[^A-Za-z0-9+/=\s][^\n]*+", re.MULTILINE)
_MAX_BAD_LINES = 100_000
_PADDED = re.compile(rb"[^=]++(?:=[=\s]*+|\Z)")
_MAX_SEGMENTS = 2_000
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


class Content(NamedTuple):
    """One reading of a part's octets; `reason` says when it counts, "" for what the standard says."""

    octets: bytes
    reason: str = ""


def contents_of(entity: Entity) -> Iterator[Content]:
    """Yield the content of a leaf as the standard has it, and then the others that differ from it."""
    usual = entity.content
    yield Content(usual)
    seen = {_digest(usual)}
    del usual
    for content in _others(entity):
        digest = _digest(content.octets)
        if content.octets and digest not in seen:
            seen.add(digest)
            yield content


def _digest(octets: bytes) -> bytes:
    return blake2b(octets, digest_size=16).digest()


def _others(entity: Entity) -> Iterator[Content]:
    stated = _stated_encodings(entity)
    body = entity.body
    for encoding in stated[1:]:
        yield Content(decode_content(body, encoding), "two transfer encodings are stated")
    for encoding in stated:
        if encoding not in KNOWN_ENCODINGS and (look := _LOOKS_LIKE.search(encoding)):
            decoded = decode_content(body, _BY_LOOK[(look.lastindex or 1) - 1])
            yield Content(decoded, "the name of its transfer encoding is misspelt")
    if "base64" in stated:
        yield from _other_base64(body)
    elif _is_only_base64(body):
        yield Content(decode_base64(body), "it is base64 and does not say so")
    if "quoted-printable" in stated and b"=" in body and (loose := _loose_quoted_printable(body)) is not None:
        yield Content(loose, "its quoted-printable is broken")


def _stated_encodings(entity: Entity) -> list[str]:
    """Return the stated transfer encodings, each once; the one that counts comes first."""
    stated = [entity.transfer_encoding]
    for body in content_fields(entity, b"transfer-encoding"):
        encoding = parse_transfer_encoding(unfold(body))
        if encoding not in stated:
            stated.append(encoding)
    return stated


def _other_base64(body: bytes) -> Iterator[Content]:
    """Yield what readers make of base64 that is not clean: where one stops another goes on."""
    if is_clean_base64(body):
        return
    whole = body.replace(b"=", b"")
    if whole != body.rstrip(b"=\r\n \t"):
        segments = [found[0] for found in islice(_PADDED.finditer(body), _MAX_SEGMENTS)]
        if len(segments) > 1:
            joined = b"".join([decode_base64(segment) for segment in segments])
            yield Content(joined, "its base64 goes on behind its end")
            yield Content(decode_base64(body[len(segments[0]) :]), "its base64 begins twice")
        yield Content(decode_base64(whole), "its base64 goes on behind its end")
    if bad := _NOT_BASE64.search(body):
        yield Content(decode_base64(body[: bad.start()]), "octets stand in its base64 that do not belong there")
        if b"-" in body or b"_" in body:
            yield Content(decode_base64(body.translate(_URL_SAFE)), "its base64 is that of web addresses")
        lines = _BAD_LINE.sub(b"", body, count=_MAX_BAD_LINES)
        yield Content(decode_base64(lines), "lines stand in its base64 that do not belong there")


def _is_only_base64(body: bytes) -> bool:
    return (
        len(body) >= _MIN_BASE64 and _ONLY_BASE64.fullmatch(body) is not None and len(b"".join(body.split())) % 4 == 0
    )


def _loose_quoted_printable(body: bytes) -> bytes | None:
    """Return the body as a reader has it who takes lower-case digits and bare line ends otherwise than we do."""
    loose = re.sub(rb"=\s*([0-9A-Fa-f])\s*([0-9A-Fa-f])", rb"=\1\2", body)
    return decode_quoted_printable(loose) if loose != body else None

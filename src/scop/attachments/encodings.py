"""A part's content in every way in which its transfer encoding can be undone.

Standards: RFC 2045 §6 (transfer encodings), §6.8 (base64: what to do with octets that have no place in it).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Iterator
from hashlib import blake2b
from itertools import islice
from typing import NamedTuple

from scop.attachments.content_fields import content_fields
from scop.mime import Entity
from scop.mime.base64_encoding import Base64Decoder
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
_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=" + _BLANKS
_BEHIND_PADDING = re.compile(rb"[^=\r\n \t]")
_MAX_LINES = 1_000_000  # twice as many as a mail has that is as large as mails may be
_PADDED = re.compile(rb"[^=]++(?:=[=\s]*+|\Z)")
_MAX_SEGMENTS = 2_000
_PIECE = 1 << 16  # octets that are decoded at once: nothing but the result is as large as the mail
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
        del content  # before the next one is made


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
    padding = body.find(b"=")
    if padding >= 0 and _BEHIND_PADDING.search(body, padding):
        yield from _behind_padding(body)
    if (bad := _first_bad(body)) >= 0:
        yield Content(_decoded(_pieces(body, 0, bad)), "octets stand in its base64 that do not belong there")
        if b"-" in body or b"_" in body:
            pieces = (piece.translate(_URL_SAFE) for piece in _pieces(body, 0, len(body)))
            yield Content(_decoded(pieces), "its base64 is that of web addresses")
        yield Content(_decoded(_good_lines(body)), "lines stand in its base64 that do not belong there")


def _behind_padding(body: bytes) -> Iterator[Content]:
    """Yield what readers make of base64 in which padding stands before its end."""
    segments = [found.span() for found in islice(_PADDED.finditer(body), _MAX_SEGMENTS)]
    if len(segments) > 1:
        runs = (_pieces(body, begin, end) for begin, end in segments)
        yield Content(_decoded_runs(runs), "its base64 goes on behind its end")
        yield Content(_decoded(_pieces(body, segments[0][1], len(body))), "its base64 begins twice")
    pieces = (piece.replace(b"=", b"") for piece in _pieces(body, 0, len(body)))
    yield Content(_decoded(pieces), "its base64 goes on behind its end")


def _first_bad(body: bytes) -> int:
    """Return where the first octet stands that base64 does not have; -1 where none does."""
    for begin in range(0, len(body), _PIECE):
        if body[begin : begin + _PIECE].translate(None, _BASE64):  # ten times as fast as to seek it everywhere
            bad = _NOT_BASE64.search(body, begin)
            return -1 if bad is None else bad.start()
    return -1


def _good_lines(body: bytes) -> Iterator[bytes]:
    """Yield the body in pieces without the lines that are no base64, as far as there are so many lines."""
    begin, left = 0, _MAX_LINES
    while begin < len(body):
        end = body.find(b"\n", begin + _PIECE) + 1 or len(body)
        lines = body[begin:end]
        begin = end
        if left > 0 and lines.translate(None, _BASE64):
            left -= lines.count(b"\n")
            lines = b"".join([line for line in lines.split(b"\n") if not line.translate(None, _BASE64)])
        yield from _pieces(lines, 0, len(lines))


def _pieces(octets: bytes, begin: int, end: int) -> Iterator[bytes]:
    return (octets[at : min(at + _PIECE, end)] for at in range(begin, end, _PIECE))


def _decoded(pieces: Iterable[bytes]) -> bytes:
    """Return what `decode_base64` gives for the pieces put together."""
    return _decoded_runs((pieces,))


def _decoded_runs(runs: Iterable[Iterable[bytes]]) -> bytes:
    """Return what is in several pieces of base64 that each end with padding, one behind the other."""
    taken = io.BytesIO()  # which gives its octets without another copy of them
    for pieces in runs:
        decoder = Base64Decoder()
        for piece in pieces:
            taken.write(decoder.decode(piece))
        taken.write(decoder.finish())
    return taken.getvalue()


def _is_only_base64(body: bytes) -> bool:
    if len(body) < _MIN_BASE64 or _ONLY_BASE64.fullmatch(body) is None:
        return False
    return (len(body) - sum(body.count(blank) for blank in _BLANKS)) % 4 == 0


def _loose_quoted_printable(body: bytes) -> bytes | None:
    """Return the body as a reader has it who takes lower-case digits and bare line ends otherwise than we do."""
    loose = re.sub(rb"=\s*([0-9A-Fa-f])\s*([0-9A-Fa-f])", rb"=\1\2", body)
    return decode_quoted_printable(loose) if loose != body else None

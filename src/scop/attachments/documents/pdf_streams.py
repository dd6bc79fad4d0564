"""Unpacks the streams of a PDF piece by piece, so that what grows without end is met at its bound.

Standards: ISO 32000-2:2020 §7.4 (filters).
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

import pikepdf

from scop.attachments.documents.octets import inflated_as_far_as_sound

__all__ = ["unpacked_stream"]

_PIECE = 1 << 16
_MAX_PACKED_BY_OTHERS = 1 << 14  # what is left to qpdf at once: LZW makes 2,700 octets of one at most
_NAMES = {"/Fl": "/FlateDecode", "/AHx": "/ASCIIHexDecode", "/A85": "/ASCII85Decode"}


def unpacked_stream(stream: pikepdf.Stream, max_octets: int) -> Iterator[bytes]:
    """Yield the content of a stream in pieces, up to a little over `max_octets`."""
    filters = _filters(stream)
    octets = stream.read_raw_bytes()
    for position, name in enumerate(filters):
        if name == "/FlateDecode":
            pieces = inflated_as_far_as_sound(octets)
            if position == len(filters) - 1:
                yield from _bounded(pieces, max_octets)
                return
            octets = b"".join(_bounded(pieces, max_octets))
        elif name == "/ASCIIHexDecode":
            digits = re.sub(rb"[^0-9A-Fa-f]", b"", octets.split(b">")[0])
            octets = binascii.a2b_hex(digits + b"0" * (len(digits) % 2))
        elif name == "/ASCII85Decode":
            octets = base64.a85decode(octets.split(b"~>")[0].strip().removeprefix(b"<~"))
        elif len(octets) <= _MAX_PACKED_BY_OTHERS and not position:
            octets = stream.read_bytes()
            break
        else:
            break  # a picture's or a rare one: what is there is looked at as it is
    yield from (octets[start : start + _PIECE] for start in range(0, len(octets), _PIECE))


def _filters(stream: pikepdf.Stream) -> list[str]:
    value = stream.get("/Filter")
    names = list(value) if isinstance(value, pikepdf.Array) else [value] if value is not None else []
    return [_NAMES.get(str(name), str(name)) for name in names[:8]]


def _bounded(pieces: Iterator[bytes], max_octets: int) -> Iterator[bytes]:
    size = 0
    for piece in pieces:
        yield piece
        size += len(piece)
        if size > max_octets:
            return

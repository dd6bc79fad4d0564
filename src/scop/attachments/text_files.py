"""Files that stand in a text: uuencoded ones and those of yEnc.

Standards: POSIX.1-2017 `uuencode`; the yEnc draft 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing
from scop.mime.charsets import decode_text
from scop.mime.uuencode import find_uuencoded

__all__ = ["read_text"]

_YENC = re.compile(rb"^=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]*\r?\n)?", re.MULTILINE)
_BEGIN = re.compile(rb"^(?:begin|=ybegin)[ -]", re.MULTILINE)
_MAX_BEGINS = 500
# What an octet and an escaped one cost, as `Inspection.spend` counts.
_FILE_EFFORT, _ESCAPE_EFFORT = 30, 800
_CRITICAL = re.compile(rb"=(.)", re.DOTALL)
_SHIFTED = bytes((octet - 42) % 256 for octet in range(256))


def read_text(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files that stand in a text."""
    octets = thing.octets
    if b"begin" not in octets:
        return
    begins = [found.start() for found in islice(_BEGIN.finditer(octets), _MAX_BEGINS + 1)]
    if len(begins) > _MAX_BEGINS:
        octets = octets[: begins[-1]]
        reason = f"{thing.where} is a text with more files in it than are looked into."
        yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
    for found in find_uuencoded(octets):
        inspection.spend(_FILE_EFFORT * len(found.content))
        yield thing.inside(found.content, found.filename)
    for begin in _YENC.finditer(octets):
        yield thing.inside(_yenc_content(octets, begin.end(), inspection), decode_text(begin[1].strip(), ""))


def _yenc_content(octets: bytes, start: int, inspection: Inspection) -> bytes:
    """Return what stands between a "=ybegin" and the next line that ends or begins a file."""
    inspection.spend(len(octets) - start)  # its end is sought as far as that
    ends = [end for mark in (b"\n=yend", b"\n=ybegin") if (end := octets.find(mark, start - 1)) >= 0]
    lines = octets[start : min(ends, default=len(octets))].translate(None, b"\r\n")
    inspection.spend(_FILE_EFFORT * len(lines) + _ESCAPE_EFFORT * lines.count(b"="))
    return _CRITICAL.sub(lambda found: bytes(((found[1][0] - 64) % 256,)), lines).translate(_SHIFTED)

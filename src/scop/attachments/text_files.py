"""Files that stand in a text: uuencoded ones and those of yEnc.

Standards: POSIX.1-2017 `uuencode`; the yEnc draft 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.inspection import Inspection
from scop.attachments.thing import Found, Thing
from scop.mime.charsets import decode_text
from scop.mime.uuencode import find_uuencoded

__all__ = ["read_text"]

_YENC = re.compile(rb"^=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]*\r?\n)?", re.MULTILINE)
_YENC_END = b"\n=yend"
_MAX_FILES = 100
_CRITICAL = re.compile(rb"=(.)", re.DOTALL)
_SHIFTED = bytes((octet - 42) % 256 for octet in range(256))


def read_text(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files that stand in a text."""
    octets = thing.octets
    if b"begin" not in octets:
        return
    for found in find_uuencoded(octets)[:_MAX_FILES]:
        yield thing.inside(found.content, found.filename)
    for begin in list(_YENC.finditer(octets))[:_MAX_FILES]:
        end = octets.find(_YENC_END, begin.end() - 1)
        lines = octets[begin.end() : end if end >= 0 else len(octets)].replace(b"\r", b"").replace(b"\n", b"")
        escaped = _CRITICAL.sub(lambda found: bytes(((found[1][0] - 64) % 256,)), lines)
        yield thing.inside(escaped.translate(_SHIFTED), decode_text(begin[1].strip(), ""))

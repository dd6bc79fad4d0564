"""Files that stand in a text: uuencoded ones and those of yEnc.

Standards: POSIX.1-2017 `uuencode`; the yEnc draft 1.3.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from scop.mime.charsets import decode_text
from scop.mime.uuencode import find_uuencoded

__all__ = ["TextFile", "files_in_text"]

_YENC = re.compile(rb"^=ybegin [^\r\n]{0,200}?name=([^\r\n]{1,255})\r?\n(?:=ypart [^\r\n]*\r?\n)?", re.MULTILINE)
_YENC_END = b"\n=yend"
_MAX_FILES = 100
_CRITICAL = re.compile(rb"=(.)", re.DOTALL)
_SHIFTED = bytes((octet - 42) % 256 for octet in range(256))


class TextFile(NamedTuple):
    """A file in a text, with the name that the text gives it."""

    name: str
    octets: bytes


def files_in_text(octets: bytes) -> Iterator[TextFile]:
    """Yield the files that stand in a text."""
    if b"begin" not in octets:
        return
    for found in find_uuencoded(octets)[:_MAX_FILES]:
        yield TextFile(found.filename, found.content)
    for begin in list(_YENC.finditer(octets))[:_MAX_FILES]:
        end = octets.find(_YENC_END, begin.end() - 1)
        lines = octets[begin.end() : end if end >= 0 else len(octets)].replace(b"\r", b"").replace(b"\n", b"")
        escaped = _CRITICAL.sub(lambda found: bytes(((found[1][0] - 64) % 256,)), lines)
        yield TextFile(decode_text(begin[1].strip(), ""), escaped.translate(_SHIFTED))

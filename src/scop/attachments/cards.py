"""Calendar entries and business cards: the files that stand in them, and the addresses that run something.

Standards: RFC 5545 §3.1, §3.8.1.1 (iCalendar, ATTACH); RFC 6350 §3.2, §6 (vCard); RFC 2426 §2.4.2 (ENCODING=b).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.attachments.finding import Kind, Severity
from scop.attachments.inspection import Inspection
from scop.attachments.text_octets import decoded_octets
from scop.attachments.thing import Found, Thing, shown
from scop.mime.transfer import decode_base64

__all__ = ["read_card"]

_FOLD = re.compile(rb"\r?\n[ \t]")  # RFC 5545 §3.1
_INLINE = re.compile(
    rb"^[a-z.-]{1,60}+((?:;[^\r\n:;]{1,300}+){0,20}?;(?:encoding=)?(?:b|base64)(?:;[^\r\n:;]{1,300}+){0,20}+):([^\r\n]++)",
    re.IGNORECASE | re.MULTILINE,
)
_NAME = re.compile(rb";(?:x-)?(?:apple-)?filename=\"?([^;\"]{1,255})", re.IGNORECASE)
# A file of somebody else's computer, to which Windows sends who it is, or a program.
_ADDRESS = re.compile(
    rb"^(?:[a-z0-9-]{1,40}\.)?(?:attach|url|photo|logo|sound|key|image)\b[^\r\n:]{0,600}:((?:file|search-ms|ms-[a-z]{2,20}+):[^\r\n]{1,300}+|\\\\[^\r\n]{1,300}+)",
    re.IGNORECASE | re.MULTILINE,
)
_MAX_FILES = 1_000


def read_card(thing: Thing, inspection: Inspection) -> Iterator[Found]:
    """Yield the files in a calendar or a card, and what it opens that is no web page."""
    octets = _FOLD.sub(b"", decoded_octets(thing.octets))
    if address := _ADDRESS.search(octets):
        opens = shown(address[1].decode("utf-8", "replace"))
        reason = f"{thing.where} opens no web page but {opens}, which can run a program."
        yield thing.finding(Kind.SHORTCUT, Severity.SUSPICIOUS, reason)
    for count, found in enumerate(_INLINE.finditer(octets)):
        if count == _MAX_FILES:
            reason = f"{thing.where} has more files in it than are looked into."
            yield thing.finding(Kind.UNSCANNABLE, Severity.SUSPICIOUS, reason)
            return
        name = _NAME.search(found[1])
        yield thing.inside(decode_base64(found[2]), name[1].decode("utf-8", "replace") if name is not None else "")

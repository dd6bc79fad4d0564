"""The mails that somebody attached to a mail, to have them learned.

Only an attached mail is what its reader got: one that is quoted or forwarded inline has lost its header.

Standards: RFC 2046 §5.2.1 (message/rfc822), RFC 6532 §3.7 (message/global).
"""

from __future__ import annotations

from collections.abc import Iterator

from scop.mime import Entity, parse
from scop.smtp.stamps import begins_with_header

__all__ = ["attached_originals"]

MAX_ORIGINALS = 100  # of one mail
_MESSAGES = {"message/rfc822", "message/global"}
_FILE_ENDS = (".eml", ".msg")  # as mail programs name a mail that they save; Outlook's own format begins otherwise


def attached_originals(octets: bytes) -> tuple[bytes, ...]:
    """Return each mail that is attached to this one, not those inside of them; their lines end with CRLF."""
    found = (original for part in _own_parts(parse(octets)) if (original := _original(part)))
    return tuple(original for original, _ in zip(found, range(MAX_ORIGINALS), strict=False))


def _own_parts(message: Entity) -> Iterator[Entity]:
    """Yield the parts of a mail, but not those of the mails that are attached to it."""
    waiting = list(reversed(message.parts))
    while waiting:
        part = waiting.pop()
        yield part
        if part.content_type.maintype == "multipart":
            waiting.extend(reversed(part.parts))


def _original(part: Entity) -> bytes:
    is_named_so = (part.filename or "").lower().endswith(_FILE_ENDS)
    if part.content_type.media_type not in _MESSAGES and not is_named_so:
        return b""
    octets = part.content
    octets = octets if b"\r\n" in octets else octets.replace(b"\n", b"\r\n")
    return octets if begins_with_header(octets) and not octets.startswith(b"\r\n") else b""

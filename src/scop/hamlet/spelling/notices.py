"""What the pen notes of an entity as a whole: its kind, its charset, the boundary it is cut by.

These are choices of values, not of spelling; they are counted as productions all the same, for a reader must know them.

Standards: RFC 2046, RFC 6532 §3.7.
"""

from __future__ import annotations

from collections.abc import Sequence

from scop.hamlet.lexicon import SCRIPTS
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.mime.fields.content_type import ContentType

__all__ = ["note_boundary", "note_content", "note_enclosed", "note_media"]

MAX_BOUNDARY = 70
_TSPECIALS = frozenset('()<>@,;:\\"/[]?=')  # RFC 2045 §5.1: these want quotes
_DEEP = 3
_MULTIPARTS = {
    "mixed": Production.MULTIPART_MIXED,
    "alternative": Production.MULTIPART_ALTERNATIVE,
    "related": Production.MULTIPART_RELATED,
    "digest": Production.MULTIPART_DIGEST,
    "signed": Production.MULTIPART_SIGNED,
    "report": Production.MULTIPART_REPORT,
    "form-data": Production.MULTIPART_FORM_DATA,
    "parallel": Production.MULTIPART_PARALLEL,
}
_OTHERS = {
    "message/partial": Production.MESSAGE_PARTIAL,
    "message/external-body": Production.MESSAGE_EXTERNAL_BODY,
    "message/delivery-status": Production.MESSAGE_DELIVERY_STATUS,
    "message/disposition-notification": Production.MESSAGE_DISPOSITION_NOTIFICATION,
    "text/rfc822-headers": Production.TEXT_RFC822_HEADERS,
}
_CHARSETS = {
    charset.label.lower(): Production[f"TEXT_IN_{charset.codec.upper().replace('-', '_')}"]
    for script in SCRIPTS
    for charset in script.charsets
} | {"utf-16": Production.TEXT_IN_UTF_16}


def note_media(pen: Pen, media: object) -> None:
    """Note what an entity says that it holds."""
    if not isinstance(media, ContentType):
        pen.note(Production.TEXT_IN_UNSTATED_CHARSET)
        return
    if media.maintype == "multipart":
        pen.note(_MULTIPARTS.get(media.subtype, Production.MULTIPART_UNKNOWN))
    elif (other := _OTHERS.get(media.media_type)) is not None:
        pen.note(other)
    parameters = media.parameters
    if (charset := parameters.get("charset")) is not None:
        pen.note(_CHARSETS[charset.lower()])
    if "format" in parameters:
        pen.note(Production.FORMAT_FLOWED)


def note_enclosed(pen: Pen, media: object, encoding: str) -> None:
    """Note in which way a mail is enclosed in another."""
    if not isinstance(media, ContentType):
        pen.note(Production.MESSAGE_RFC822_BY_DEFAULT)
    elif media.subtype == "rfc822":
        pen.note(Production.MESSAGE_RFC822)
    else:
        pen.note(
            Production.MESSAGE_GLOBAL_ENCODED
            if encoding in ("base64", "quoted-printable")
            else Production.MESSAGE_GLOBAL
        )


def note_boundary(pen: Pen, boundary: str, outer: Sequence[str]) -> None:
    """Note what is awkward about a boundary."""
    found = [
        (" " in boundary, Production.BOUNDARY_WITH_BLANK),
        (not _TSPECIALS.isdisjoint(boundary), Production.BOUNDARY_TO_BE_QUOTED),
        (len(boundary) == MAX_BOUNDARY, Production.BOUNDARY_OF_SEVENTY),
        (boundary.endswith("--"), Production.BOUNDARY_LIKE_A_CLOSE),
        (bool(outer), Production.MULTIPART_NESTED),
        (len(outer) >= _DEEP, Production.MULTIPART_DEEP),
        (any(map(boundary.startswith, outer)), Production.BOUNDARY_BEGINS_LIKE_OUTER),
        (any(other.startswith(boundary) for other in outer), Production.BOUNDARY_BEGINS_OUTER),
    ]
    for is_so, production in found:
        if is_so:
            pen.note(production)


def note_content(pen: Pen, content: bytes, encoding: str) -> None:
    """Note what is awkward about octets, and in which encoding they go."""
    if b"\0" in content:
        pen.note(Production.CONTENT_WITH_NUL)
    if encoding in ("base64", "quoted-printable") and b"\n" in content.replace(b"\r\n", b"") and pen.line_end != b"\n":
        pen.note(Production.CONTENT_WITH_OTHER_LINE_ENDS)
    if b"\n--" in content:
        pen.note(
            Production.DELIMITER_ENCODED
            if encoding in ("base64", "quoted-printable")
            else Production.CONTENT_LIKE_DELIMITER
        )

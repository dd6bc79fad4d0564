"""Finds fields that were put into a mail in our name, and removes them.

A sender may spell our name in any way the grammar allows: in another case, quoted, behind comments,
folded, with a version. A field that cannot be read but in which our name stands is taken for a
forgery too, since somebody downstream may read it otherwise.

Standards: RFC 8601 §5 (removing existing header fields), §1.6 (trust boundary).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scop.authres.parser import MAX_FIELD_OCTETS, read_authserv_id
from scop.authres.scanner import MAX_COMMENT_DEPTH, Scanner
from scop.base import a_labels

__all__ = ["claims_authserv", "remove_forged"]

_NAME = b"authentication-results"
_HEADER_END = re.compile(rb"\n(?:\r?\n|\r)|\r\r")
_LINE = re.compile(rb"[^\r\n]*(?:\r\n|\n|\r|$)")
_SQUEEZED_OUT = re.compile(r"[\s\"\\\x00-\x1f]+")
_COMMENT = re.compile(r"\([^()]*\)")


def remove_forged(octets: bytes, authserv_id: str, *, also: tuple[bytes, ...] = ()) -> bytes:
    """Return the mail without the Authentication-Results fields that bear `authserv_id`.

    `also` are lower-case beginnings of further field names to remove, such as `b"x-scop-"`. The same
    object comes back when there is nothing to remove.
    """
    end = _header_octets(octets)
    lowered = octets[:end].lower()
    if not any(name in lowered for name in (_NAME, *also)):
        return octets
    kept = [field for field in _fields(octets[:end]) if not _is_forged(field, authserv_id, also)]
    header = b"".join(kept)
    return octets if len(header) == end else b"".join((header, memoryview(octets)[end:]))


def claims_authserv(body: str, authserv_id: str) -> bool:
    """Say whether the body of an Authentication-Results field may be read as coming from `authserv_id`."""
    ours = _normal_name(authserv_id)
    if len(body) <= MAX_FIELD_OCTETS:
        try:
            return _normal_name(read_authserv_id(Scanner(body))[0]) == ours
        except ValueError:
            pass
    # Stricter than RFC 8601 §5: not readable, but it has our name in it
    return ours in _squeezed(body)


def _is_forged(field: bytes, authserv_id: str, also: tuple[bytes, ...]) -> bool:
    name, _, body = field.partition(b":")
    # Lenient: white space before the colon is obsolete (RFC 5322 §4.5), and read by many
    name = name.strip().lower()
    if name == _NAME:
        return claims_authserv(body.decode("utf-8", "replace").rstrip("\r\n"), authserv_id)
    return bool(also) and name.startswith(also)


def _header_octets(octets: bytes) -> int:
    """Return where the header ends: behind its last line, before the empty one."""
    if octets.startswith((b"\r\n", b"\n", b"\r")):
        return 0
    match = _HEADER_END.search(octets)
    return len(octets) if match is None else match.start() + 1


def _fields(header: bytes) -> Iterator[bytes]:
    """Cut a header into its fields, each with its folded lines; any line end counts, as readers differ."""
    start = position = 0
    while position < len(header):
        match = _LINE.match(header, position)
        position = match.end() if match else len(header)
        if header[position : position + 1] not in (b" ", b"\t"):
            yield header[start:position]
            start = position
    if start < position:
        yield header[start:position]


def _normal_name(name: str) -> str:
    """Return the form in which names are compared: lower case, A-labels, no final dot."""
    return a_labels(name.rstrip("."))


def _squeezed(body: str) -> str:
    """Return what is left of a body when comments, quotes and white space are gone."""
    for _ in range(MAX_COMMENT_DEPTH):
        body, count = _COMMENT.subn("", body)
        if not count:
            break
    return _SQUEEZED_OUT.sub("", body).lower()

"""Finds fields that were put into a mail in our name, and removes them.

A sender may spell our name in any way the grammar allows: in another case, quoted, behind comments,
folded, with a version; or take another name of our domain, which a reader would trust as well. A field
that cannot be read but in which our name stands is taken for a forgery too, since somebody downstream
may read it otherwise.

Standards: RFC 8601 §5 (removing existing header fields), §1.6 (trust boundary).
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator

from scop.authres.parser import MAX_FIELD_OCTETS, read_authserv_id
from scop.authres.scanner import MAX_COMMENT_DEPTH, Scanner
from scop.base import a_labels

__all__ = ["claims_authserv", "remove_forged"]

MAX_FIELDS_READ = 500  # honest mails have a few dozen; what comes below so many is removed unread

_NAME = b"authentication-results"
_HEADER_END = re.compile(rb"\n(?:\r?\n|\r)|\r\r")
# From a name to the end of its field with the folded lines; any line end counts, as readers differ
_REST_OF_FIELD = re.compile(rb"[^\r\n]*+(?:(?:\r\n|\n|\r)[ \t][^\r\n]*+)*+(?:\r\n|\n|\r)?")
_SQUEEZED_OUT = re.compile(r"[\s\"\\\x00-\x1f]+")
_COMMENT = re.compile(r"\([^()]*\)")
_PLAIN = re.compile(r"[ \t]*([A-Za-z0-9.-]+)[ \t]*(?:;|$)")  # how nearly everybody writes the beginning
_SIGNS = string.punctuation + "\xa0\u200b\ufeff"
_WHITE = b" \t\r\n\v\f"


def remove_forged(octets: bytes, authserv_id: str, *, domain: str = "", also: tuple[bytes, ...] = ()) -> bytes:
    """Return the mail without the Authentication-Results fields that bear `authserv_id`, or any name of our `domain`.

    `also` are lower-case beginnings of further field names to remove, such as `b"x-scop-"`. The same
    object comes back when there is nothing to remove.
    """
    lowered = octets[: _header_octets(octets)].lower()
    found = sorted(place for name in (_NAME, *also) for place in _fields_named(lowered, name))
    pieces: list[bytes] = []
    position = 0
    unread = MAX_FIELDS_READ
    for start, stop in found:
        field = octets[start:stop]
        name = field.partition(b":")[0].strip().lower()
        if name == _NAME:
            is_forged = unread <= 0 or _claims(field, authserv_id, domain)
            unread -= 1
        else:
            is_forged = bool(also) and name.startswith(also)
        if is_forged:
            pieces.append(octets[position:start])
            position = stop
    return b"".join((*pieces, memoryview(octets)[position:])) if pieces else octets


def claims_authserv(body: str, authserv_id: str, *, domain: str = "") -> bool:
    """Say whether the body of an Authentication-Results field may be read as coming from `authserv_id`.

    With a `domain` that is ours, also from whatever is named at or below it.
    """
    ours, boundary = _normal_name(authserv_id), _normal_name(domain)
    if (plain := _PLAIN.match(body)) is not None:
        return _is_ours(_normal_name(plain[1]), ours, boundary)
    if len(body) <= MAX_FIELD_OCTETS:
        try:
            return _is_ours(_normal_name(read_authserv_id(Scanner(body))[0]), ours, boundary)
        except ValueError:
            pass
    # Stricter than RFC 8601 §5: not readable, but it has our name in it
    squeezed = _squeezed(body)
    return ours in squeezed or (bool(boundary) and boundary in squeezed)


def _is_ours(name: str, ours: str, boundary: str) -> bool:
    # RFC 8601 §5: what says that it was added within our domain, be it by a host that there is none of
    return name == ours or (bool(boundary) and (name == boundary or name.endswith(f".{boundary}")))


def _claims(field: bytes, authserv_id: str, domain: str) -> bool:
    # Lenient: white space before the colon is obsolete (RFC 5322 §4.5), and read by many
    body = field.partition(b":")[2].decode("utf-8", "replace").rstrip("\r\n")
    return claims_authserv(body, authserv_id, domain=domain)


def _header_octets(octets: bytes) -> int:
    """Return where the header ends for whoever reads on longest: behind its last line, before the empty one."""
    if octets.startswith((b"\r\n", b"\n", b"\r")):
        return 0
    end = octets.find(b"\r\n\r\n")
    if end >= 0:  # what others take for an empty line before is none where CRLF alone ends a line
        return end + 2
    match = _HEADER_END.search(octets)
    return len(octets) if match is None else match.start() + 1


def _fields_named(lowered: bytes, name: bytes) -> Iterator[tuple[int, int]]:
    """Find the fields of a header in lower case whose names begin with `name`: where each begins and ends."""
    position = lowered.find(name)
    while position >= 0:
        start = _field_start(lowered, position)
        if start is None:
            position += len(name)
        elif (match := _REST_OF_FIELD.match(lowered, position)) is not None:
            position = match.end()
            yield start, position
        position = lowered.find(name, position)


def _field_start(lowered: bytes, position: int) -> int | None:
    """Return where the field begins that has only white space before `position`; None where there is more."""
    start = position
    while start and (before := lowered[start - 1]) in _WHITE:
        here = lowered[start]
        # A line that begins with space or tab continues the one before
        if before in b"\r\n" and here not in b" \t" and not (before == 13 and here == 10):
            return start
        start -= 1
    return None if start else 0


def _normal_name(name: str) -> str:
    """Return the form in which names are compared: lower case, A-labels, no final dot nor signs around it."""
    # Stricter than RFC 8601 §2.2, to which 'mx.harbor.test' in single quotes is another name; to people it is not
    return a_labels(name.strip(_SIGNS))


def _squeezed(body: str) -> str:
    """Return what is left of a body when comments, quotes and white space are gone."""
    for _ in range(MAX_COMMENT_DEPTH):
        body, count = _COMMENT.subn("", body)
        if not count:
            break
    return _SQUEEZED_OUT.sub("", body).lower()

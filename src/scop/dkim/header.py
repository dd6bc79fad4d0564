"""The header of a mail cut into whole fields, and the choice of those that a signature covers.

Strict: only CRLF ends a line, as on the wire; a mail from a file with bare LF is converted first.

Standards: RFC 6376 §5.4.2, §8.4 (bounded work).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable

from scop.dkim.canonical import Canonicalization, canonical_lines, canonical_start

__all__ = ["MAX_HEADER_OCTETS", "Header", "header_octets", "split_message"]

MAX_HEADER_OCTETS = 1 << 20  # of a mail that is judged; each of several signatures may cover all of it
_FIELD_END = re.compile(rb"\r\n(?![ \t])")


def header_octets(octets: bytes) -> int:
    """Return how long the header of a mail is, without cutting it."""
    end = octets.find(b"\r\n\r\n")
    return 0 if octets.startswith(b"\r\n") else len(octets) if end < 0 else end


def split_message(octets: bytes) -> tuple[Header, bytes]:
    """Return the header and the body of a mail; without an empty line all of it is header."""
    if octets.startswith(b"\r\n"):
        return Header(b""), octets[2:]
    block, _, body = octets.partition(b"\r\n\r\n")
    return Header(block), body


class Header:
    """The fields of one mail by lower-case name."""

    __slots__ = ("_fields",)

    def __init__(self, block: bytes) -> None:
        self._fields: defaultdict[bytes, list[bytes]] = defaultdict(list)
        for field in _FIELD_END.split(block.removesuffix(b"\r\n")) if block else ():
            name, colon, _ = field.partition(b":")
            if colon:
                self._fields[name.rstrip(b" \t").lower()].append(field + b"\r\n")

    def named(self, name: bytes) -> tuple[bytes, ...]:
        """Return the whole fields of a lower-case name from top to bottom, each with its CRLF."""
        return tuple(self._fields.get(name, ()))

    def counts(self, names: Iterable[bytes]) -> tuple[int, ...]:
        """Return how many fields of each lower-case name there are."""
        return tuple([len(self._fields.get(name, ())) for name in names])

    def without(self, name: bytes, index: int) -> Header:
        """Return the same header without one field, the `index`-th from the top of its lower-case name."""
        other = Header(b"")
        other._fields.update(self._fields)
        other._fields[name] = [field for at, field in enumerate(self._fields[name]) if at != index]
        return other

    def covered(self, names: Iterable[bytes], algorithm: str, last: bytes = b"") -> bytes:
        """Return the canonical fields that `names` (lower case) choose, in that order, and then a `last` whole field.

        RFC 6376 §5.4.2: a name given again means the next field further up; one too many means nothing.
        """
        fields = self._fields
        unused: dict[bytes, int] = {}
        chosen = []
        for name in names:
            left = unused.get(name)
            if left is None:
                left = len(fields[name]) if name in fields else 0
            if left:
                unused[name] = left = left - 1
                chosen.append(fields[name][left])
        if last:
            chosen.append(last)
        return _canonical(chosen, algorithm)


def _canonical(fields: list[bytes], algorithm: str) -> bytes:
    """Return whole fields as `canonical_header` makes each, in half the time: lines are seen to all at once."""
    if algorithm == Canonicalization.SIMPLE:
        return b"".join(fields)
    return canonical_lines(b"".join(map(canonical_start, fields)))

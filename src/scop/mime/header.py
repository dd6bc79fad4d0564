"""The header of a mail or a part: cut into fields once, decoded on demand, every octet kept.

`split_header` and `raw_fields` work on plain octets for those who need exactness (DKIM, the
stamps of the cells); `Header` is the reader's view of the same fields.

Standards: RFC 5322 §2.2, §3.6; RFC 6532; obsolete forms of RFC 5322 §4.5.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from scop.mime.fields import FieldValue, parse_field
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.words import decode_words

__all__ = ["Field", "Header", "RawField", "raw_fields", "split_header"]

# These begin with a literal: the regex engine then looks for it at the speed of memchr.
_EMPTY_LINE = re.compile(rb"\n\r?\n")
_UNFOLDED_LINE_END = re.compile(rb"\n(?![ \t])")
_LINE_OF_NO_FIELD = re.compile(rb"\n(?![!-9;-~]++[ \t]*+:|[ \t])")
_ANY_FIELD = re.compile(rb"\n[!-9;-~]++[ \t]*+:")

_CONTENT_FIELD = re.compile(
    rb"\ncontent-(type|transfer-encoding|disposition)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)", re.IGNORECASE
)

# RFC 5322 §2.2: the name and its colon, and the lines of the body; a field stands alone in an unfolded header.
_FIELD = re.compile(rb"^(([!-9;-~]++)[ \t]*+:)[^\n]*+(?:\n[ \t][^\n]*+)*+", re.MULTILINE)
_ITEM = re.compile(r"\n([!-9;-~]++)[ \t]*+:[ \t\r]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)")

# RFC 5322 §2.2: printable ASCII but the colon; §4.5.8: obsolete white space before the colon.
_NAME = re.compile(rb"([!-9;-~]++)[ \t]*+:")
# Lenient: mbox's "From " line and a folded first line do not end the header.
_FIRST_LINE = re.compile(rb"[!-9;-~]++[ \t]*+:|>?From |[ \t]")


class RawField(NamedTuple):
    """One field as it stands: `octets` with its folding and line end; `name` is empty where the line is no field."""

    name: bytes
    octets: bytes

    @property
    def body(self) -> bytes:
        """What follows the colon, with its folding, without the last line end."""
        return _without_line_end(self.octets[self.octets.find(b":") + 1 :])


class HeaderEnd(NamedTuple):
    """Where a header ends and where the body begins; `is_cut` where it ends at a limit."""

    end: int
    body: int
    is_cut: bool = False


def _without_line_end(octets: bytes) -> bytes:
    if octets.endswith(b"\n"):
        octets = octets[:-1]
        if octets.endswith(b"\r"):
            octets = octets[:-1]
    return octets


def find_empty_line(octets: bytes | bytearray, start: int, position: int, end: int) -> tuple[int, int] | None:
    """Return where the header at `start` ends and the body begins if an empty line stands before `end`.

    What lies before `position` is known to hold none.
    """
    if octets.startswith(b"\n", start, end):
        return start, start + 1
    if octets.startswith(b"\r\n", start, end):
        return start, start + 2
    empty = _EMPTY_LINE.search(octets, position, end)
    return (empty.start() + 1, empty.end()) if empty is not None else None


def find_header_end(octets: bytes | bytearray, start: int, end: int, *, is_cut: bool = False) -> HeaderEnd:
    """Return where the header of `octets[start:end]` ends, past its last line end, and where the body begins.

    With `is_cut` more octets follow behind `end`, and the header may not have them.
    """
    empty = find_empty_line(octets, start, start, end)
    if empty is not None:
        return header_with_fields(octets, start, empty)
    # Lenient: without an empty line the header ends before the first line that is no field.
    stop = _LINE_OF_NO_FIELD.search(octets, start, end)
    last = octets.rfind(b"\n", start, end) + 1 or start if is_cut else end
    header_end = last if stop is None else stop.start() + 1
    found = header_with_fields(octets, start, (header_end, header_end))
    return HeaderEnd(found.end, found.body, is_cut and found.end == last)


def header_with_fields(octets: bytes | bytearray, start: int, found: tuple[int, int]) -> HeaderEnd:
    """Return the header that ends as `found`; without a single field in it, all of it is body."""
    header_end, body = found
    if (
        header_end > start
        and _FIRST_LINE.match(octets, start, header_end) is None
        and _ANY_FIELD.search(octets, start, header_end) is None
    ):
        return HeaderEnd(start, start)
    return HeaderEnd(header_end, body)


def split_header(octets: bytes) -> tuple[bytes, bytes]:
    """Return the header with its last line end, and the body; the empty line between them is in neither."""
    header_end, body, _ = find_header_end(octets, 0, len(octets))
    return octets[:header_end], octets[body:]


def raw_fields(header: bytes) -> tuple[RawField, ...]:
    """Return the fields of a header in order; their `octets` joined are `header` again."""
    lines = _UNFOLDED_LINE_END.split(header)
    last = lines.pop()
    whole = [line + b"\n" for line in lines]
    if last:
        whole.append(last)
    return tuple([RawField(match[1] if (match := _NAME.match(line)) else b"", line) for line in whole])


def find_content_fields(octets: bytes | bytearray, start: int, header_end: int) -> dict[bytes, bytes]:
    """Return the raw bodies of Content-Type, -Transfer-Encoding and -Disposition by the lower-case rest of the name.

    The first of each counts. This is what tells the structure of a mail, so it costs one regex and no cut.
    """
    if start == 0:
        found = _CONTENT_FIELD.findall(b"\n" + octets[:header_end])
    else:  # the octet before is the line end of a delimiter or of an empty line
        found = _CONTENT_FIELD.findall(octets, start - 1, header_end)
    return {rest.lower(): body for rest, body in reversed(found)}


class Field:
    """One header field: `name` as written, `body` unfolded and decoded, `octets` as they stand but the line end."""

    __slots__ = ("_body", "_limits", "name", "octets", "raw")

    def __init__(self, name: str, octets: bytes, raw: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
        self.name = name
        self.octets = octets
        self.raw = raw  # the octets after the colon, with their folding, without the last line end
        self._limits = limits
        self._body: str | None = None

    @property
    def unfolded(self) -> str:
        """The body on one line, nothing decoded: what structured fields are parsed from."""
        return unfold(self.raw)

    @property
    def body(self) -> str:
        """The body on one line as a person reads it."""
        if self._body is None:
            self._body = decode_words(self.unfolded, limits=self._limits)
        return self._body

    @property
    def value(self) -> FieldValue:
        """What the body means: a value of the field's family, or its text where it cannot be read as one."""
        return parse_field(self.name, self.unfolded, limits=self._limits)

    def __repr__(self) -> str:
        return f"Field({self.name!r}, {self.body!r})"


def unfold(octets: bytes) -> str:
    """Return a field body on one line, without white space around it (RFC 5322 §2.2.3).

    Octets that are not UTF-8 stand for themselves (`surrogateescape`): an encoded word may hold them.
    """
    return _on_one_line(octets.decode("utf-8", "surrogateescape"))  # RFC 6532 §3


def _on_one_line(text: str) -> str:
    if "\n" in text:
        text = text.replace("\r\n", "").replace("\n", "")
    return text.strip(" \t\r")


def _decoded(body: str, limits: Limits) -> str:
    return body if "=?" not in body and body.isascii() else decode_words(body, limits=limits)


class Header:
    """The fields of one entity; names are compared without regard to case."""

    __slots__ = ("_fields", "_index", "_limits", "octets")

    def __init__(self, octets: bytes, limits: Limits = DEFAULT_LIMITS) -> None:
        self.octets = octets
        self._limits = limits
        self._fields: tuple[Field, ...] | None = None
        self._index: dict[str, list[Field]] | None = None

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field from the top, up to the limits of their number and octets; lines that are none are left out."""
        if self._fields is None:
            limits = self._limits
            self._fields = tuple(islice(_cut_fields(self.octets, limits.field_octets, limits), limits.fields))
        return self._fields

    def items(self) -> tuple[tuple[str, str], ...]:
        """Return name and body of each of `fields`; the quickest way to all of them."""
        octets, limits = self.octets, self._limits
        if len(octets) > limits.field_octets:
            return tuple([(field.name, field.body) for field in self.fields])
        text = octets.decode("utf-8", "surrogateescape")
        found = _ITEM.findall(f"\n{text}")[: limits.fields]
        if ("?" in text and "=?" in text) or not text.isascii():
            return tuple([(name, _decoded(_on_one_line(body), limits)) for name, body in found])
        return tuple([(name, _on_one_line(body) if "\n" in body else body.rstrip(" \t\r")) for name, body in found])

    def get(self, name: str) -> str | None:
        """Return the decoded body of the first field called `name`."""
        found = self._by_name().get(name.lower())
        return found[0].body if found else None

    def raw(self, name: str) -> bytes | None:
        """Return the octets after the colon of the first field called `name`, without the last line end."""
        found = self._by_name().get(name.lower())
        return found[0].raw if found else None

    def all(self, name: str) -> tuple[Field, ...]:
        """Return every field called `name`, from the top."""
        return tuple(self._by_name().get(name.lower(), ()))

    def every(self, name: str) -> tuple[Field, ...]:
        """Return every field called `name`, those beyond the limit too, and whole: no number of others hides one."""
        if len(self.fields) < self._limits.fields and len(self.octets) <= self._limits.field_octets:
            return self.all(name)
        wanted = name.lower()
        every = _cut_fields(self.octets, len(self.octets), self._limits)
        return tuple([field for field in every if field.name.lower() == wanted])

    def _by_name(self) -> dict[str, list[Field]]:
        if self._index is None:
            self._index = {}
            for field in self.fields:
                self._index.setdefault(field.name.lower(), []).append(field)
        return self._index

    def __contains__(self, name: str) -> bool:
        return name.lower() in self._by_name()

    def __len__(self) -> int:
        return len(self.fields)

    def __repr__(self) -> str:
        return f"Header({len(self)} fields)"


def _cut_fields(octets: bytes, field_octets: int, limits: Limits) -> Iterator[Field]:
    """Yield the fields, of each at most `field_octets`."""
    for found in _FIELD.finditer(octets):
        start, end = found.span()
        if end - start > field_octets:
            end = start + field_octets
        elif octets.endswith(b"\r", start, end):  # the line end's, or the one that is missing
            end -= 1
        body = found.end(1)
        yield Field(octets[start : found.end(2)].decode("ascii"), octets[start:end], octets[body:end], limits)

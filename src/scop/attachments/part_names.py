"""Every name that a mail program may show for a part.

Standards: RFC 2183 §2.3 (filename), RFC 2045 §5.1 (name), RFC 2231 (sections, charset), RFC 2047 (encoded words,
which do not belong into parameters and stand in them every day).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from scop.attachments.content_fields import content_fields
from scop.attachments.thing import ending_of
from scop.mime import Entity
from scop.mime.fields.parameters import parse_parameters, split_parameters
from scop.mime.header import unfold
from scop.mime.structured import without_comments
from scop.mime.words import decode_words

__all__ = ["MAX_NAMES", "PartNames", "names_of"]

_NAMES = frozenset(("filename", "name"))
MAX_NAMES = 12  # of the others; honest parts have one, in several spellings
# How a reader finds a name that does not take a field apart.
_PLAIN = re.compile(r"""(?:file)?name\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s;"]+))""", re.IGNORECASE)
_FOLD = re.compile(rb"\r?\n[ \t]++")
_FOLD_IN_NAME = re.compile(rb"name[*0-9]*+=\"[^\"\n]*+\n[ \t]", re.IGNORECASE)
_SECTION = re.compile(r"(name|filename)\*(\d{1,3})\*?", re.IGNORECASE)
_PERCENT = re.compile(r"%[0-9A-Fa-f]{2}")


@dataclass(frozen=True, slots=True)
class PartNames:
    """The names of one part, the one that the standards give first."""

    stated: str  # "" where there is none
    others: tuple[str, ...]

    @property
    def all(self) -> tuple[str, ...]:
        """Each name once."""
        return (self.stated, *self.others)


def names_of(entity: Entity) -> PartNames:
    """Return every name that somebody may read for a part."""
    stated = entity.filename or ""
    others: dict[str, None] = {}
    for body in (*content_fields(entity, b"disposition"), *content_fields(entity, b"type")):
        for name in _names_in(unfold(body)):
            if name.strip() and name != stated and len(others) < MAX_NAMES:
                others[name] = None
        for name in _joined_otherwise(body):
            if ending_of(name) not in map(ending_of, (stated, *others)) and len(others) < MAX_NAMES:
                others[name] = None
    if not stated and others:
        stated = next(iter(others))
        del others[stated]
    return PartNames(stated, tuple(others))


def _names_in(text: str) -> Iterator[str]:
    bare = without_comments(text)
    _, _, parameters = bare.partition(";")
    parsed = parse_parameters(";" + parameters)
    for name in _NAMES:
        if name in parsed:
            yield parsed[name]
            yield decode_words(parsed[name])  # an encoded word in sections
    for key, value in split_parameters(";" + parameters):
        if key in _NAMES:
            yield from _decoded(value)
    for found in _PLAIN.findall(text):
        yield from _decoded("".join(found))


def _joined_otherwise(body: bytes) -> Iterator[str]:
    """Yield names that only readers have who join folded lines without the blank, or sections with a gap between."""
    if _FOLD_IN_NAME.search(body):
        yield from _names_in(_FOLD.sub(b"", body).decode("utf-8", "surrogateescape"))
    sections: dict[str, dict[int, str]] = {}
    _, _, parameters = without_comments(unfold(body)).partition(";")
    for key, value in split_parameters(";" + parameters):
        if found := _SECTION.fullmatch(key):  # RFC 2231 §3
            sections.setdefault(found[1].lower(), {}).setdefault(int(found[2]), value)
    for parts in sections.values():
        if max(parts) >= len(parts):
            yield from _decoded("".join([parts[number] for number in sorted(parts)]))


def _decoded(value: str) -> Iterator[str]:
    yield decode_words(value)
    if _PERCENT.search(value):
        octets = re.sub(rb"%([0-9A-Fa-f]{2})", lambda found: bytes.fromhex(found[1].decode()), _octets(value))
        yield octets.decode("utf-8", "replace")


def _octets(value: str) -> bytes:
    return value.encode("utf-8", "surrogateescape")

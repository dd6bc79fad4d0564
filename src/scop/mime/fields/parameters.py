"""Content-Type and Content-Disposition: a value and its parameters, whole again where they were split.

Standards: RFC 2045 §5, RFC 2183, RFC 2231 (continuations, charset and language).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scop.mime.charsets import decode_text, without_surrogates
from scop.mime.structured import unquote, without_comments
from scop.mime.words import decode_words

__all__ = ["ContentType", "find_boundary", "parse_content_type", "parse_parameters"]

MAX_PARAMETERS = 200  # far beyond any real field; RFC 2231 sections count one each

_ATOM = r"[^\x00-\x20()<>@,;:\\\"/\[\]?=]"  # RFC 2045 §5.1, and beyond ASCII: names seen in the wild
_TYPE = re.compile(rf"\s*+({_ATOM}++)\s*+/\s*+({_ATOM}++)")
# Lenient: a value that is no token runs to the next ";" (unquoted blanks, "/" and "=" are common).
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*+"?|[^;]*+)', re.DOTALL)
_SECTION = re.compile(r"(.+?)(?:\*(0|[1-9][0-9]{0,3}))?(\*)?", re.DOTALL)

_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")

_NAMES = frozenset({"name", "filename"})  # parameters whose value is for people
_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class ContentType:
    """What an entity says that it holds; names are lower-case, parameter values as they are meant."""

    maintype: str = "text"
    subtype: str = "plain"
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    @property
    def media_type(self) -> str:
        """`maintype/subtype`."""
        return f"{self.maintype}/{self.subtype}"

    def __hash__(self) -> int:
        return hash((self.maintype, self.subtype, tuple(sorted(self.parameters.items()))))


def parse_content_type(unfolded: str) -> ContentType | None:
    """Return the content type that a field body states, None where it states none."""
    text = without_comments(unfolded)
    match = _TYPE.match(text)
    if match is None:
        return None
    maintype, subtype = without_surrogates(match[1].lower()), without_surrogates(match[2].lower())
    return ContentType(maintype, subtype, parse_parameters(text[match.end() :]))


def parse_disposition(unfolded: str) -> tuple[str, Mapping[str, str]]:
    """Return the lower-case disposition ("" where none is stated) and its parameters."""
    text = without_comments(unfolded)
    value, semicolon, rest = text.partition(";")
    return without_surrogates(value.strip().lower()), parse_parameters(semicolon + rest)


def parse_parameters(text: str) -> Mapping[str, str]:
    """Return the parameters in `;name=value;…`, of which comments are already gone; the first of a name counts."""
    values: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in split_parameters(text):
        if "*" not in name:
            # Lenient: RFC 2047 §5 (3) forbids encoded words here, many senders write them.
            values.setdefault(name, decode_words(value) if name in _NAMES else without_surrogates(value))
            continue
        match = _SECTION.fullmatch(name)
        if match is None:
            continue
        of_name = sections.setdefault(match[1], {})
        of_name.setdefault(int(match[2] or 0), (value, match[3] is not None))
    for name, of_name in sections.items():  # RFC 6266 §4.3: the extended form is the better one
        values[name] = _join_sections(of_name)
    return MappingProxyType(values) if values else _NOTHING


def split_parameters(text: str) -> Iterator[tuple[str, str]]:
    """Yield the parameters as they are written, quotes opened, names lower-case, up to the limit."""
    for count, match in enumerate(_PARAMETER.finditer(text)):
        if count == MAX_PARAMETERS:
            return
        value = match[2]
        yield without_surrogates(match[1].lower()), unquote(value) if value.startswith('"') else value.rstrip()


def find_boundary(unfolded: str) -> bytes:
    """Return the octets of a multipart's boundary; empty where the Content-Type names none (RFC 2046 §5.1.1)."""
    text = without_comments(unfolded)
    value = next((value for name, value in split_parameters(text) if name == "boundary"), None)
    if value is None:
        value = parse_parameters(text).get("boundary", "")  # in RFC 2231 sections, though nobody does
    # A boundary does not end with a space: one that does was padded on its way.
    return value.encode("utf-8", "surrogateescape").rstrip(b" \t\r")


def _join_sections(sections: Mapping[int, tuple[str, bool]]) -> str:
    """Join RFC 2231 sections from 0 on, up to the first gap (§3), in the charset that section 0 names (§4)."""
    charset = ""
    octets: list[bytes] = []
    for number in range(len(sections)):
        if number not in sections:
            break
        value, extended = sections[number]
        if number == 0 and extended and value.count("'") >= 2:
            charset, _, value = value.split("'", 2)
        section = value.encode("utf-8", "surrogateescape")
        octets.append(_PERCENT.sub(lambda match: bytes.fromhex(match[1].decode()), section) if extended else section)
    return decode_text(b"".join(octets), charset or "utf-8")

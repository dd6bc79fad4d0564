"""The parameters of Content-Type and Content-Disposition, whole again where they were split.

Standards: RFC 2045 §5.1, RFC 2231 (continuations, charset and language), RFC 2047 §5 (3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from scop.mime.charsets import decode_text, without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import quote, reject_line_ends, unquote, without_comments
from scop.mime.words import decode_words

__all__ = [
    "NO_PARAMETERS",
    "TYPE_CHARACTER",
    "find_boundary",
    "is_token",
    "parse_parameters",
    "split_parameters",
    "write_parameters",
]

TYPE_CHARACTER = r"[^\x00-\x20()<>@,;:\\\"/\[\]?=\x7f]"  # RFC 2045 §5.1, and beyond ASCII: names seen in the wild
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})

# Lenient: a value that is no token runs to the next ";" (unquoted blanks, "/" and "=" are common).
_PARAMETER = re.compile(r';\s*+([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*+"?|[^;]*+)', re.DOTALL)
_SECTION = re.compile(r"([^*]+)(?:\*(0|[1-9][0-9]{0,3}))?(\*)?")
_TOKEN = re.compile(r"[!#-'*+\-.0-9A-Z^-~]+")  # RFC 2045 §5.1
_ATTRIBUTE = re.compile(r"[!#$&+\-.0-9A-Z^-~]+")  # RFC 2231 §7: what needs no percent, and names a parameter
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_NAMES = frozenset({"name", "filename"})  # parameters whose value is for people
_SECTION_CHARACTERS = 48


def is_token(text: str) -> bool:
    """Tell whether `text` can stand without quotes (RFC 2045 §5.1)."""
    return _TOKEN.fullmatch(text) is not None


def parse_parameters(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Mapping[str, str]:
    """Return the parameters in `;name=value;…`, of which comments are already gone; the first of a name counts."""
    values: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[str, bool]]] = {}
    for name, value in split_parameters(text, limits=limits, defects=defects):
        if "*" not in name:
            # Lenient: RFC 2047 §5 (3) forbids encoded words here, many senders write them.
            values.setdefault(name, decode_words(value, limits=limits) if name in _NAMES else without_surrogates(value))
        elif (match := _SECTION.fullmatch(name)) is not None:
            of_name = sections.setdefault(match[1], {})
            of_name.setdefault(int(match[2] or 0), (value, match[3] is not None))
        elif defects is not None:
            defects.append(DefectKind.INVALID_PARAMETER)
    for name, of_name in sections.items():  # RFC 6266 §4.3: the extended form is the better one
        if defects is not None and any(number not in of_name for number in range(len(of_name))):
            defects.append(DefectKind.INVALID_PARAMETER)
        if 0 in of_name:  # RFC 2231 §3: sections are counted from 0 on
            values[name] = _join_sections(of_name)
    return MappingProxyType(values) if values else NO_PARAMETERS


def split_parameters(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Iterator[tuple[str, str]]:
    """Yield the parameters as they are written, quotes opened, names lower-case, up to the limit."""
    for count, match in enumerate(_PARAMETER.finditer(text)):
        if count == limits.parameters:
            if defects is not None:
                defects.append(DefectKind.TOO_MANY_PARAMETERS)
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


def write_parameters(value: str, parameters: Mapping[str, str]) -> list[str]:
    """Return `value` and its parameters as the words of a field body, each parameter behind a ";"."""
    words = [value]
    for name, text in parameters.items():
        for word in _parameter_words(name, reject_line_ends(text)):
            words[-1] += ";"
            words.append(word)
    return words


def _parameter_words(name: str, text: str) -> list[str]:
    if not _ATTRIBUTE.fullmatch(name) or name != name.lower():
        raise ValueError(f"not a parameter's name: {name!r}")
    if text.isascii() and text.isprintable() and len(text) <= _SECTION_CHARACTERS and "=?" not in text:
        return [f"{name}={text}" if is_token(text) else f"{name}={quote(text)}"]
    sections: list[str] = [""]
    for character in text:
        plain = _ATTRIBUTE.fullmatch(character) is not None
        escaped = character if plain else "".join(f"%{octet:02X}" for octet in character.encode())
        if len(sections[-1]) + len(escaped) > _SECTION_CHARACTERS:
            sections.append("")
        sections[-1] += escaped
    if len(sections) == 1:
        return [f"{name}*=utf-8''{sections[0]}"]
    sections[0] = f"utf-8''{sections[0]}"  # RFC 2231 §4.1: the charset stands in the first section only
    return [f"{name}*{number}*={section}" for number, section in enumerate(sections)]

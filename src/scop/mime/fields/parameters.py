"""Parameters of Content-Type and Content-Disposition: `;name=value`, whole again where they were split.

Standards: RFC 2045 §5.1, RFC 2231 (continuations, charset and language), RFC 2047 §5 (3).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeAlias

from scop.mime.charsets import decode_text, is_cleanly_decodable, without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import printable_phrase, quote, reject_line_ends, unquote, without_comments, without_line_ends

__all__ = [
    "NAME_CHARACTER",
    "NO_PARAMETERS",
    "find_boundary",
    "frozen",
    "parse_parameters",
    "split_parameters",
    "write_parameter",
    "write_parameters",
]

# RFC 2045 §5.1: all but blanks, controls and tspecials. RFC 6532 §3.2: beyond ASCII, names and types stay as they are.
NAME_CHARACTER = r"""[^\x00-\x20\x7f()<>@,;:\\"/\[\]?=]"""
_MEDIA_TYPE = re.compile(rf"\A\s*+{NAME_CHARACTER}++\s*+/\s*+{NAME_CHARACTER}++")
NO_PARAMETERS: Mapping[str, str] = MappingProxyType({})

# Lenient: a value that is no token runs to the next ";" (unquoted blanks, "/" and "=" are common).
_PARAMETER = re.compile(r'([;\s]*+)([^\s=;"]++)\s*+=\s*+("(?:[^"\\]++|\\.)*+"?|[^;]*+)', re.DOTALL)
_NO_PARAMETER = re.compile(r"[;\s]*+[^;]*+")
_NAME = re.compile(rf"{NAME_CHARACTER[:-1]}*]++")
_SECTION = re.compile(rf"({NAME_CHARACTER[:-1]}*]++)(?:\*([0-9]{{1,4}}))?(\*)?")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")
_SOUND_PERCENT = re.compile(rb"(?:[^%]++|%[0-9A-Fa-f]{2})*+")
_FOR_PEOPLE = frozenset({"name", "filename"})

# RFC 2045 §5.1
_TOKEN = re.compile(r"[!#$%&'*+.0-9A-Z^_`a-z{|}~-]+")
# RFC 2231 §7: what needs no percent in an extended value.
_ATTRIBUTE_CHARS = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~{}")
_PERCENTED = [chr(octet) if octet in _ATTRIBUTE_CHARS else f"%{octet:02X}" for octet in range(0x100)]
_MAX_WORD = 76  # RFC 5322 §2.1.1, with a blank before it and ";" behind it
_MAX_LONG_WORD = 900  # RFC 5322 §2.1.1: what a line must hold
_MIN_SECTION = 20
_CHARSET = "utf-8''"  # RFC 2231 §4.1: in the first section only
_LONG_VALUE = 3_000  # octets; in sections of one line each they would come near to `Limits.parameters`

_Sections: TypeAlias = dict[int, tuple[str, bool]]  # by number: the text, and whether it is extended


def frozen(parameters: Mapping[str, str]) -> Mapping[str, str]:
    """Return `parameters` as a mapping that nobody changes, neither here nor where it came from."""
    return parameters if isinstance(parameters, MappingProxyType) else MappingProxyType(dict(parameters))


def split_parameters(text: str, defects: list[DefectKind] | None = None) -> Iterator[tuple[str, str]]:
    """Yield the parameters of a body without comments as they are written: quotes opened, names lower-case.

    Repeated ones and the sections of RFC 2231 come one by one.
    """
    position = 0
    while position < len(text):
        match = _PARAMETER.match(text, position)
        if match is None:
            match = _NO_PARAMETER.match(text, position)
            assert match is not None, "it matches everything"
            if match[0].strip("; \t\r\n"):
                _note(defects, DefectKind.INVALID_PARAMETER)
        else:
            value = match[3]
            if ";" not in match[1] or not _is_sound(value):
                _note(defects, DefectKind.INVALID_PARAMETER)
            yield match[2].lower(), unquote(value) if value.startswith('"') else value.rstrip(" \t\r\n")
        position = match.end()


def _is_sound(value: str) -> bool:
    if value.startswith('"'):
        return len(value) > 1 and value.endswith('"')
    return _TOKEN.fullmatch(value.rstrip(" \t\r\n")) is not None


def _note(defects: list[DefectKind] | None, kind: DefectKind) -> None:
    if defects is not None and kind not in defects:
        defects.append(kind)


def parse_parameters(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Mapping[str, str]:
    """Return the parameters in `;name=value;…`, of which comments are already gone, as they are meant.

    The first of a name counts, and a whole one in the form of RFC 2231 more than a plain one (RFC 6266 §4.3).
    """
    plain: dict[str, str] = {}
    sections: dict[str, _Sections] = {}
    order: dict[str, None] = {}
    for count, (name, value) in enumerate(split_parameters(text, defects)):
        if count == limits.parameters:
            _note(defects, DefectKind.TOO_MANY_PARAMETERS)
            break
        found = _SECTION.fullmatch(without_surrogates(name))
        if found is None:
            _note(defects, DefectKind.INVALID_PARAMETER)
            continue
        order[found[1]] = None
        if "*" in name:
            _take_section(found, value, sections.setdefault(found[1], {}), defects)
        elif plain.setdefault(found[1], value) is not value:
            _note(defects, DefectKind.INVALID_PARAMETER)
    values = {}
    for name in order:
        joined = _join_sections(sections[name], defects) if name in sections else None
        if joined is not None:
            values[name] = joined
        elif name in plain:
            values[name] = _readable(name, plain[name], defects)
    return frozen(values) if values else NO_PARAMETERS


def _readable(name: str, value: str, defects: list[DefectKind] | None) -> str:
    if "=?" in value and name in _FOR_PEOPLE:
        # Lenient: RFC 2047 §5 (3) forbids encoded words here, many senders write them.
        _note(defects, DefectKind.INVALID_PARAMETER)
        return printable_phrase(value)
    return value if value.isprintable() else without_line_ends(without_surrogates(value))


def _take_section(found: re.Match[str], value: str, sections: _Sections, defects: list[DefectKind] | None) -> None:
    """Note one section of a parameter (RFC 2231 §3), the first of its number."""
    number = int(found[2] or 0)
    # RFC 2231 §3: no leading zeros. Lenient: they are read.
    if number in sections or (found[2] and found[2] != str(number)):
        _note(defects, DefectKind.INVALID_PARAMETER)
    sections.setdefault(number, (value, found[3] is not None))


def _join_sections(sections: _Sections, defects: list[DefectKind] | None) -> str | None:
    """Join sections from 0 on, up to the first gap (RFC 2231 §3); None where there is no section 0.

    Their charset is the one that section 0 names (§4), UTF-8 where it names none.
    """
    charset = ""
    octets: list[bytes] = []
    for number in range(len(sections)):
        if number not in sections:
            _note(defects, DefectKind.INVALID_PARAMETER)
            break
        value, is_extended = sections[number]
        if number == 0 and is_extended:
            charset, value = _cut_charset(value, defects)
        octets.append(_section_octets(value, is_extended, defects))
    if not octets:
        return None
    joined, charset = b"".join(octets), charset or "utf-8"
    if defects is not None and not is_cleanly_decodable(joined, charset):
        _note(defects, DefectKind.INVALID_PARAMETER)
    return without_line_ends(decode_text(joined, charset))


def _cut_charset(value: str, defects: list[DefectKind] | None) -> tuple[str, str]:
    """Return the charset that section 0 names, and what stands behind it and the language (RFC 2231 §4)."""
    charset, _, rest = value.partition("'")
    _, second, behind = rest.partition("'")
    if second:
        return charset, behind
    _note(defects, DefectKind.INVALID_PARAMETER)
    return "", value


def _section_octets(value: str, is_extended: bool, defects: list[DefectKind] | None) -> bytes:
    try:
        octets = value.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:  # half a character; text that was read from octets has none
        octets = value.encode("utf-8", "replace")
    if not is_extended:
        return octets
    if defects is not None and not _SOUND_PERCENT.fullmatch(octets):
        _note(defects, DefectKind.INVALID_PARAMETER)
    return _PERCENT.sub(lambda match: bytes.fromhex(match[1].decode()), octets)


def find_boundary(unfolded: str) -> bytes:
    """Return the octets of a multipart's boundary; empty where the Content-Type names none (RFC 2046 §5.1.1)."""
    text = _MEDIA_TYPE.sub("", without_comments(unfolded), count=1)
    value = next((value for name, value in split_parameters(text) if name == "boundary"), None)
    if value is None:
        value = parse_parameters(text).get("boundary", "")  # in RFC 2231 sections, though nobody does
    # A boundary does not end with a space: one that does was padded on its way.
    return value.encode("utf-8", "surrogateescape").rstrip(b" \t\r")


def write_parameters(value: str, parameters: Mapping[str, str]) -> list[str]:
    """Return the words of a body: `value`, and behind it the parameters; `ValueError` where one cannot be written."""
    words = [value]
    for name, text in parameters.items():
        for word in write_parameter(name, text):
            words[-1] += ";"
            words.append(word)
    if len(words) - 1 > DEFAULT_LIMITS.parameters:
        raise ValueError(f"{len(words) - 1} parameters are more than anybody reads")
    return words


def write_parameter(name: str, text: str) -> list[str]:
    """Return `name=text` as one word, a token or a quoted string, or else as the sections of RFC 2231."""
    if not _NAME.fullmatch(name) or name != name.lower():
        raise ValueError(f"not a parameter name: {name[:80]!r}")
    if _TOKEN.fullmatch(text) and "=?" not in text:
        word = f"{name}={text}"
    elif reject_line_ends(text).isascii() and text.isprintable() and not ("=?" in text and name in _FOR_PEOPLE):
        word = f"{name}={quote(text)}"
    else:
        return list(_sections(name, text))
    # Nobody puts a boundary together from sections, so that it may make a longer line.
    if len(word) <= (_MAX_LONG_WORD if name == "boundary" else _MAX_WORD):
        return [word]
    return list(_sections(name, text))


def _sections(name: str, text: str) -> Iterator[str]:
    room = _MAX_LONG_WORD if len(text.encode()) > _LONG_VALUE else _MAX_WORD
    room = max(_MIN_SECTION, room - len(name) - len("*100*="))
    sections = [_CHARSET]
    for character in text:
        escaped = "".join([_PERCENTED[octet] for octet in character.encode()])
        if len(sections[-1]) + len(escaped) > room:
            sections.append("")
        sections[-1] += escaped
    if len(sections) == 1:
        yield f"{name}*={sections[0]}"
        return
    for number, section in enumerate(sections):
        yield f"{name}*{number}*={section}"

"""Content-Type and Content-Disposition spelled, and their parameters in every form that RFC 2231 allows.

Standards: RFC 2045 §5.1, RFC 2183 §2, RFC 2231 §3 (continuations), §4 (charset and language), RFC 6532 §3.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from scop.hamlet.lexicon import Charset
from scop.hamlet.production import Production
from scop.hamlet.spelling.pen import Pen
from scop.hamlet.spelling.phrases import spell_quoted
from scop.hamlet.spelling.words import find_charset, spell_words
from scop.mime.fields.content_type import ContentType
from scop.mime.fields.disposition import Disposition

__all__ = ["spell_content_type", "spell_disposition"]

_TOKEN = re.compile(r"[!#$%&'*+.^_`{|}~A-Za-z0-9-]+")  # RFC 2045 §5.1
# RFC 2231 §7: attribute-char, what an extended value may hold as it is.
_ATTRIBUTE = frozenset(b"!#$&+-.^_`{|}~ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_PERCENT = tuple([chr(octet) if octet in _ATTRIBUTE else f"%{octet:02X}" for octet in range(0x100)])
_LANGUAGES = ("", "", "en", "de-CH", "ja")
_FOR_PEOPLE = frozenset({"name", "filename"})
_MAX_SECTIONS = 8


def spell_content_type(pen: Pen, media: ContentType) -> str:
    """Return `type/subtype; name=value; …`."""
    slash = f"{pen.gap()}/{pen.gap()}" if pen.whim(16) else "/"
    value = f"{pen.any_case(media.maintype)}{slash}{pen.any_case(media.subtype)}"
    return f"{pen.gap()}{value}{_spell_parameters(pen, media.parameters)}"


def spell_disposition(pen: Pen, disposition: Disposition) -> str:
    """Return `inline; name=value; …`."""
    pen.note(Production.DISPOSITION)
    return f"{pen.gap()}{pen.any_case(disposition.kind)}{_spell_parameters(pen, disposition.parameters)}"


def _spell_parameters(pen: Pen, parameters: Mapping[str, str]) -> str:
    pieces = [f"{pen.gap()};{pen.cfws()}{piece}" for item in parameters.items() for piece in _spell_one(pen, *item)]
    if pieces and pen.whim(20):
        pen.note(Production.PARAMETERS_END_WITH_SEMICOLON)  # against RFC 2045 §5.1, and common
        pieces.append(";")
    return "".join(pieces) + pen.gap()


def _spell_one(pen: Pen, name: str, value: str) -> list[str]:
    """Return one parameter as one `name=value`, or as several sections of it."""
    is_structural = name in ("boundary", "charset")
    if is_structural and not pen.whim(20):
        return [_assigned(pen, name, _spell_plain(pen, value))]
    if value.isascii() and "=?" not in value:
        if not pen.whim(4):
            return [_assigned(pen, name, _spell_plain(pen, value))]
        if len(value) > 1 and pen.below(2):
            return _spell_continued(pen, name, value)
    elif pen.whim(6) and "=?" not in value:
        pen.note(Production.PARAMETER_UTF8)
        return [_assigned(pen, name, spell_quoted(pen, value))]
    elif name in _FOR_PEOPLE and pen.whim(6):
        # Against RFC 2047 §5 (3), and common.
        pen.note(Production.PARAMETER_ENCODED_WORD)
        return [_assigned(pen, name, f'"{spell_words(pen, value)}"')]
    return _spell_extended(pen, name, value)


def _assigned(pen: Pen, name: str, spelled: str) -> str:
    equals = f"{pen.gap()}={pen.gap()}" if pen.whim(12) else "="
    return f"{pen.any_case(name)}{equals}{spelled}"


def _spell_plain(pen: Pen, value: str) -> str:
    if _TOKEN.fullmatch(value) and pen.below(2):
        pen.note(Production.PARAMETER_TOKEN)
        return value
    pen.note(Production.PARAMETER_QUOTED)
    return spell_quoted(pen, value)


def _spell_continued(pen: Pen, name: str, value: str) -> list[str]:
    """RFC 2231 §3: a long value in numbered sections, each a token or a quoted string."""
    pen.note(Production.PARAMETER_CONTINUED)
    step = max(1 + pen.below(len(value)), -(-len(value) // _MAX_SECTIONS))
    sections = [
        _assigned(pen, f"{name}*{number}", _spell_plain(pen, value[at : at + step]))
        for number, at in enumerate(range(0, len(value), step))
    ]
    return _in_any_order(pen, sections)


def _spell_extended(pen: Pen, name: str, value: str) -> list[str]:
    """RFC 2231 §4: in a charset, with a language, in one piece or in sections (§4.1)."""
    charset = find_charset(pen, value)
    octets = value.encode(charset.codec)
    start = f"{pen.any_case(charset.label)}'{pen.choice(_LANGUAGES)}'"
    if len(octets) < 2 or pen.below(2):
        pen.note(Production.PARAMETER_EXTENDED)
        return [*_fallback(pen, name), _assigned(pen, f"{name}*", start + _percent(octets))]
    pen.note(Production.PARAMETER_EXTENDED_CONTINUED)
    step = max(1 + pen.below(len(octets)), -(-len(octets) // _MAX_SECTIONS))
    sections: list[str] = []
    for number, at in enumerate(range(0, len(octets), step)):
        sections.append(_spell_section(pen, f"{name}*{number}", octets[at : at + step], start, charset))
        start = ""
    return _in_any_order(pen, sections)


def _fallback(pen: Pen, name: str) -> list[str]:
    """Return what a reader who does not know RFC 2231 is to see; others prefer the extended value (RFC 6266 §4.3)."""
    if name not in _FOR_PEOPLE or not pen.whim(4):
        return []
    pen.note(Production.PARAMETER_WITH_FALLBACK)
    return [_assigned(pen, name, '"???"')]


def _spell_section(pen: Pen, name: str, octets: bytes, start: str, charset: Charset) -> str:
    # RFC 2231 §4.1: the first section names the charset, so it is extended; of the others each may be or not.
    if not start and octets.isascii() and charset.has_ascii and pen.below(2):
        pen.note(Production.PARAMETER_MIXED)
        return _assigned(pen, name, _spell_plain(pen, octets.decode("ascii")))
    return _assigned(pen, f"{name}*", start + _percent(octets))


def _percent(octets: bytes) -> str:
    return "".join([_PERCENT[octet] for octet in octets])


def _in_any_order(pen: Pen, sections: list[str]) -> list[str]:
    if len(sections) > 1 and pen.whim(3):
        pen.note(Production.PARAMETER_SECTIONS_MIXED_UP)
        return pen.draw.shuffled(sections)
    return sections

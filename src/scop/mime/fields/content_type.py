"""Content-Type: what an entity holds, and what its reader must know beside.

Standards: RFC 2045 §5, RFC 2046 §5.1.1 (boundary), RFC 2231.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.parameters import (
    NAME_CHARACTER,
    NO_PARAMETERS,
    frozen,
    parse_parameters,
    write_parameters,
)
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "ContentType", "parse_content_type", "write_content_type"]

NAMES = frozenset({"content-type"})

_TYPE = re.compile(rf"\s*+({NAME_CHARACTER}++)\s*+/\s*+({NAME_CHARACTER}++)")
_WRITTEN_TYPE = re.compile(rf"{NAME_CHARACTER}++/{NAME_CHARACTER}++")
# The shape of nearly all: no comment, no escape, nothing split or encoded.
_PLAIN_PARAMETER = r""";[ \t]*+([a-z0-9-]++)=(?:"([^"\\?\x00-\x1f\x7f-\U0010ffff]*+)"|([a-z0-9_.+-]++))"""
_PLAIN = re.compile(rf"([a-z0-9.+-]++)/([a-z0-9.+-]++)((?:{_PLAIN_PARAMETER})*+);?", re.IGNORECASE | re.ASCII)
_PLAIN_PARAMETERS = re.compile(_PLAIN_PARAMETER, re.IGNORECASE | re.ASCII)
_MAX_PLAIN = 120  # characters
_MAX_REMEMBERED = 200  # bodies; most mails state one of few


@dataclass(frozen=True, slots=True)
class ContentType:
    """What an entity says that it holds; names are lower-case, parameter values as they are meant."""

    maintype: str = "text"
    subtype: str = "plain"
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_PARAMETERS)

    def __post_init__(self) -> None:
        if type(self.parameters) is not MappingProxyType:
            object.__setattr__(self, "parameters", frozen(self.parameters))

    @property
    def media_type(self) -> str:
        """`maintype/subtype`."""
        return f"{self.maintype}/{self.subtype}"

    def __hash__(self) -> int:
        return hash((self.maintype, self.subtype, tuple(sorted(self.parameters.items()))))


def parse_content_type(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ContentType | None:
    """Return the content type that an unfolded field body states, None where it states none; never raises."""
    plain = _parse_plain(text) if len(text) <= _MAX_PLAIN else None
    if plain is not None and len(plain.parameters) <= limits.parameters:
        return plain
    bare = without_comments(text, limits=limits, defects=defects)
    match = _TYPE.match(bare)
    if match is None:
        if defects is not None:
            defects.append(DefectKind.INVALID_CONTENT_TYPE)
        return None
    maintype, subtype = without_surrogates(match[1].lower()), without_surrogates(match[2].lower())
    return ContentType(maintype, subtype, parse_parameters(bare[match.end() :], limits=limits, defects=defects))


@lru_cache(maxsize=_MAX_REMEMBERED)
def _parse_plain(text: str) -> ContentType | None:
    """Return the content type of a body of the plain shape; None for others, and where it repeats a parameter."""
    plain = _PLAIN.fullmatch(text)
    if plain is None:
        return None
    maintype, subtype, stated = plain[1].lower(), plain[2].lower(), plain[3]
    if not stated:
        return ContentType(maintype, subtype)
    found = _PLAIN_PARAMETERS.findall(stated)
    parameters = {name.lower(): quoted or token for name, quoted, token in found}
    return ContentType(maintype, subtype, MappingProxyType(parameters)) if len(parameters) == len(found) else None


def write_content_type(value: ContentType) -> list[str]:
    """Return the words of a content type; what would be read as another one raises `ValueError`."""
    media_type = value.media_type
    media_type.encode()
    if not _WRITTEN_TYPE.fullmatch(media_type) or media_type != media_type.lower():
        raise ValueError(f"not a media type: {media_type[:80]!r}")
    return write_parameters(media_type, value.parameters)

"""Content-Type: what an entity holds.

Standards: RFC 2045 §5, RFC 2046, RFC 2231, RFC 6838 §4.2 (names).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.parameters import NO_PARAMETERS, TYPE_CHARACTER, parse_parameters, write_parameters
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "ContentType", "parse_content_type", "write_content_type"]

NAMES = frozenset({"content-type"})

_TYPE = re.compile(rf"\s*+({TYPE_CHARACTER}++)\s*+/\s*+({TYPE_CHARACTER}++)")


@dataclass(frozen=True, slots=True)
class ContentType:
    """What an entity says that it holds; names are lower-case, parameter values as they are meant."""

    maintype: str = "text"
    subtype: str = "plain"
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_PARAMETERS)

    @property
    def media_type(self) -> str:
        """`maintype/subtype`."""
        return f"{self.maintype}/{self.subtype}"

    def __hash__(self) -> int:
        return hash((self.maintype, self.subtype, tuple(sorted(self.parameters.items()))))


def parse_content_type(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> ContentType | None:
    """Return the content type that a field body states, None where it states none."""
    plain = without_comments(text, limits=limits, defects=defects) if "(" in text else text
    match = _TYPE.match(plain)
    if match is None:
        if defects is not None:
            defects.append(DefectKind.INVALID_CONTENT_TYPE)
        return None
    maintype, subtype = without_surrogates(match[1].lower()), without_surrogates(match[2].lower())
    parameters = parse_parameters(plain[match.end() :], limits=limits, defects=defects)
    return ContentType(maintype, subtype, parameters)


def write_content_type(value: ContentType) -> list[str]:
    """Return the words of a field body; `ValueError` for a name that is no token."""
    words = write_parameters(value.media_type, value.parameters)
    if _TYPE.fullmatch(value.media_type) is None or not value.media_type.isascii():
        raise ValueError(f"not a media type: {value.media_type!r}")
    return words

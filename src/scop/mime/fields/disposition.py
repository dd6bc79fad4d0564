"""Content-Disposition: whether a part is shown or kept, and under which name.

Standards: RFC 2183, RFC 2231, RFC 7578 §4.2 (form-data).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.parameters import NO_PARAMETERS, is_token, parse_parameters, write_parameters
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "Disposition", "parse_disposition", "write_disposition"]

NAMES = frozenset({"content-disposition"})


@dataclass(frozen=True, slots=True)
class Disposition:
    """`kind` is `inline`, `attachment`, `form-data` or another word in lower case; parameters as they are meant."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_PARAMETERS)

    def __hash__(self) -> int:
        return hash((self.kind, tuple(sorted(self.parameters.items()))))


def parse_disposition(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Disposition | None:
    """Return the disposition that a field body states, None where its word is no token."""
    plain = without_comments(text, limits=limits, defects=defects) if "(" in text else text
    word, semicolon, rest = plain.partition(";")
    kind = without_surrogates(word.strip().lower())
    parameters = parse_parameters(semicolon + rest, limits=limits, defects=defects)
    if is_token(kind):
        return Disposition(kind, parameters)
    if defects is not None:
        defects.append(DefectKind.INVALID_DISPOSITION)
    # Lenient: RFC 2183 §2.8 has a disposition that is not known read as an attachment.
    return Disposition("attachment", parameters) if parameters else None


def write_disposition(value: Disposition) -> list[str]:
    """Return the words of a field body; `ValueError` for a word that is no token."""
    if not is_token(value.kind):
        raise ValueError(f"not a disposition: {value.kind!r}")
    return write_parameters(value.kind, value.parameters)

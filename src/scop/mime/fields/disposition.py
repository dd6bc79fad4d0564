"""Content-Disposition: whether a part is shown or kept, and under which name.

Standards: RFC 2183, RFC 2231.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scop.mime.charsets import without_surrogates
from scop.mime.defects import DefectKind
from scop.mime.fields.parameters import NAME_CHARACTER, NO_PARAMETERS, frozen, parse_parameters, write_parameters
from scop.mime.limits import DEFAULT_LIMITS, Limits
from scop.mime.structured import without_comments

__all__ = ["NAMES", "Disposition", "parse_disposition", "write_disposition"]

NAMES = frozenset({"content-disposition"})

_KIND = re.compile(rf"\s*+({NAME_CHARACTER}++)(?=[\s;]|\Z)")
_WRITTEN_KIND = re.compile(rf"{NAME_CHARACTER}++")


@dataclass(frozen=True, slots=True)
class Disposition:
    """`kind` is `inline`, `attachment`, `form-data` or another word in lower case; parameters as they are meant."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=lambda: NO_PARAMETERS)

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", frozen(self.parameters))

    def __hash__(self) -> int:
        return hash((self.kind, tuple(sorted(self.parameters.items()))))


def parse_disposition(
    text: str, *, limits: Limits = DEFAULT_LIMITS, defects: list[DefectKind] | None = None
) -> Disposition | None:
    """Return the disposition that an unfolded field body states, None where it states none; never raises.

    Lenient: one that begins with its parameters is an attachment (RFC 2183 §2.8: what is not known is one).
    """
    bare = without_comments(text, limits=limits, defects=defects)
    match = _KIND.match(bare)
    if match is None and defects is not None:
        defects.append(DefectKind.INVALID_DISPOSITION)
    parameters = parse_parameters(bare[match.end() if match else 0 :], limits=limits, defects=defects)
    if match is None:
        return Disposition("attachment", parameters) if parameters else None
    return Disposition(without_surrogates(match[1].lower()), parameters)


def write_disposition(value: Disposition) -> list[str]:
    """Return the words of a disposition; what would be read as another one raises `ValueError`."""
    value.kind.encode()
    if not _WRITTEN_KIND.fullmatch(value.kind) or value.kind != value.kind.lower():
        raise ValueError(f"not a disposition: {value.kind[:80]!r}")
    return write_parameters(value.kind, value.parameters)

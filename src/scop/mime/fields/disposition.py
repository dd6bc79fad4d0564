"""Content-Disposition: whether a part is shown or kept, and under which name.

Standards: RFC 2183, RFC 2231.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Disposition"]

_NOTHING: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Disposition:
    """`kind` is `inline`, `attachment`, `form-data` or another word in lower case; parameters as they are meant."""

    kind: str
    parameters: Mapping[str, str] = field(default_factory=lambda: _NOTHING)

    def __hash__(self) -> int:
        return hash((self.kind, tuple(sorted(self.parameters.items()))))

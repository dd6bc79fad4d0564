"""What the validation of a chain returns.

Standards: RFC 8617 §4.4 (chain validation status), §5.2.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["ArcResult", "ArcWord"]


class ArcWord(StrEnum):
    """RFC 8617 §4.4."""

    NONE = "none"  # nobody sealed it
    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class ArcResult:
    """The outcome for a chain.

    `sealers` are the domains of the seals, from the first to the last; `oldest_pass` is RFC 8617 §5.2 (5); `results`
    are the bodies of the ARC-Authentication-Results fields in the same order, believed by nobody but who trusts
    their sealer. `reason` is private.
    """

    result: ArcWord
    sealers: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    oldest_pass: int = 0
    reason: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", ArcWord(self.result))

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

    Of a chain that passes, `sealers` are the domains of the seals (A-labels, lower case), from the first to the last,
    and `results` what each says of the mail as it got it: an authserv-id and its results, as `scop.authres.parse` reads
    them, believed by nobody but who trusts their sealer. `oldest_pass` is RFC 8617 §5.2 (5): the first set from which
    on the mail is unchanged, 0 where it is so from the first one. Of any other chain nothing is told but `reason`,
    which is private. `is_temporary` says that a key could not be asked for, so that asking later may help.
    """

    result: ArcWord
    sealers: tuple[str, ...] = ()
    results: tuple[str, ...] = ()
    oldest_pass: int = 0
    reason: str = ""
    is_temporary: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", ArcWord(self.result))

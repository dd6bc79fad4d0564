"""What a DMARC evaluation returns.

Standards: RFC 9989 §4.7 (policies), §5.3.5 (pass and fail), §5.3.6 (DNS errors), RFC 8601 §2.7.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

__all__ = ["Disposition", "DmarcResult", "DmarcWord"]


class DmarcWord(StrEnum):
    """The results, in the registry's words."""

    NONE = "none"  # no policy applies
    PASS = "pass"  # an identifier is aligned  # noqa: S105 - a result, not a secret
    FAIL = "fail"  # none is
    TEMPERROR = "temperror"  # the DNS did not answer
    PERMERROR = "permerror"  # there is no author domain to evaluate


class Disposition(StrEnum):
    """What the domain owner asks for; the stricter one is the later one."""

    NONE = "none"
    QUARANTINE = "quarantine"
    REJECT = "reject"

    @property
    def severity(self) -> int:
        """Return how strict it is, from 0."""
        return tuple(Disposition).index(self)


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """The outcome for one mail.

    `disposition` is what the receiver is asked to do with this mail; `policy` is what it would be asked
    if the mail failed, known also where it passed or could not be evaluated. Both are after test mode.
    `policy_domain` is where the record was found, empty where none was.
    """

    result: DmarcWord
    disposition: Disposition = Disposition.NONE
    policy_domain: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    reason: str = ""
    policy: Disposition = Disposition.NONE

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", DmarcWord(self.result))
        object.__setattr__(self, "disposition", Disposition(self.disposition))
        object.__setattr__(self, "policy", Disposition(self.policy))

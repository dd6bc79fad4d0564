"""What a DMARC evaluation returns.

Standards: RFC 9989 §4.7 (policies), §5.3.5 (pass and fail), §5.3.6 (DNS errors), RFC 8601 §2.7, RFC 9990 §3.1.1 (words
of reports).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scop.dmarc.record import Policy

__all__ = ["Action", "Aligned", "Disposition", "DmarcResult", "DmarcWord", "Override", "OverrideWord"]


class DmarcWord(StrEnum):
    """The results, in the registry's words."""

    NONE = "none"  # no policy applies
    PASS = "pass"  # noqa: S105 - a result, no secret: an identifier is aligned - a result, not a secret
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
        return _DISPOSITIONS.index(self)


_DISPOSITIONS = tuple(Disposition)


class Action(StrEnum):
    """What was done with a mail, in the words of reports (RFC 9990, ActionDispositionType)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - the word of reports, no secret: it passed under a policy that asks for something
    QUARANTINE = "quarantine"
    REJECT = "reject"


class OverrideWord(StrEnum):
    """Why another policy was applied than was published (RFC 9990, PolicyOverrideType)."""

    LOCAL_POLICY = "local_policy"
    MAILING_LIST = "mailing_list"
    OTHER = "other"
    POLICY_TEST_MODE = "policy_test_mode"
    TRUSTED_FORWARDER = "trusted_forwarder"


@dataclass(frozen=True, slots=True)
class Override:
    """One reason for a deviation; `comment` goes to the domain owner, and so says nothing that is private."""

    word: OverrideWord
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Aligned:
    """An identifier that passed and is aligned: `method` is `spf` or `dkim`."""

    method: str
    domain: str


@dataclass(frozen=True, slots=True)
class DmarcResult:
    """The outcome for one mail.

    `disposition` is what the receiver is asked to do with this mail; `policy` is what it would be asked
    if the mail failed, known also where it passed or could not be evaluated. Both are after test mode.
    `policy_domain` is where the record was found, empty where none was; `published` is that record.
    `author_domain` is the domain it was judged for, `aligned` are the identifiers that count, and
    `overrides` say why `disposition` is not what the record asks for. `reason` is private.
    """

    result: DmarcWord
    disposition: Disposition = Disposition.NONE
    policy_domain: str = ""
    spf_aligned: bool = False
    dkim_aligned: bool = False
    reason: str = ""
    policy: Disposition = Disposition.NONE
    author_domain: str = ""
    published: Policy | None = None
    aligned: tuple[Aligned, ...] = ()
    overrides: tuple[Override, ...] = ()

    def __post_init__(self) -> None:
        # To call an enumeration costs more than all the rest; our own words are its members already
        if type(self.result) is not DmarcWord:
            object.__setattr__(self, "result", DmarcWord(self.result))
        if type(self.disposition) is not Disposition:
            object.__setattr__(self, "disposition", Disposition(self.disposition))
        if type(self.policy) is not Disposition:
            object.__setattr__(self, "policy", Disposition(self.policy))

    @property
    def action(self) -> Action:
        """What a report says was done, where `disposition` was followed."""
        if self.result is DmarcWord.PASS and self.policy is not Disposition.NONE:
            return Action.PASS
        return Action(self.disposition)

"""What an SPF check returns, and what it may be told beforehand.

Standards: RFC 7208 §2.6 (results), §4.6.4 (limits), RFC 8601 §2.7.2 (the same words in a header field).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["MAX_LOOKUPS", "MAX_VOID_LOOKUPS", "SpfOptions", "SpfResult", "SpfStep", "SpfWord"]

MAX_LOOKUPS = 10  # RFC 7208 §4.6.4: terms that ask the DNS
MAX_VOID_LOOKUPS = 2  # RFC 7208 §4.6.4: lookups that find nothing


class SpfWord(StrEnum):
    """The seven results (RFC 7208 §2.6)."""

    NONE = "none"  # no policy, or no domain that could have one
    NEUTRAL = "neutral"  # the owner says nothing about this address
    PASS = "pass"  # the address may send  # noqa: S105 - a result, not a secret
    FAIL = "fail"  # it may not
    SOFTFAIL = "softfail"  # it probably may not
    TEMPERROR = "temperror"  # the DNS did not answer
    PERMERROR = "permerror"  # the policy is broken


@dataclass(frozen=True, slots=True)
class SpfStep:
    """One policy that was found, or one of its terms and what came of it; for people who ask why.

    `depth` counts the policies around it. `outcome` is empty where the whole check ended in the midst of the term.
    """

    depth: int
    domain: str
    term: str
    outcome: str = ""


@dataclass(frozen=True, slots=True)
class SpfResult:
    """The outcome for one domain.

    `explanation` is the domain owner's text for a refused client (only with `fail`, printable and
    bounded, but foreign); `reason` is ours and for the log. `mechanism` is the term that decided, as the
    policy writes it. `steps` are there where the options ask for them; results that differ in them only are equal.
    """

    result: SpfWord
    domain: str = ""
    explanation: str = ""
    reason: str = ""
    mechanism: str = ""
    steps: tuple[SpfStep, ...] = field(default=(), compare=False, repr=False)

    def __post_init__(self) -> None:
        if type(self.result) is not SpfWord:
            object.__setattr__(self, "result", SpfWord(self.result))


@dataclass(frozen=True, slots=True)
class SpfOptions:
    """What a check is told beside the four facts of the connection.

    `receiver` and `now_unix` fill the macros `%{r}` and `%{t}` of explanations; `notes_steps` has the result tell
    how it came about.
    """

    receiver: str = "unknown"
    now_unix: int = 0
    default_explanation: str = ""
    max_lookups: int = MAX_LOOKUPS
    max_void_lookups: int = MAX_VOID_LOOKUPS
    notes_steps: bool = False

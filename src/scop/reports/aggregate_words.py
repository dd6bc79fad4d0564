"""The words that an aggregate report may use where the standard closes the choice.

Standards: RFC 9990 §3.1.1 and its schema; RFC 7489 appendix C (words that only the old form has).
"""

from __future__ import annotations

from enum import StrEnum

__all__ = [
    "AlignmentMode",
    "DiscoveryMethod",
    "OverrideType",
    "ReportedDkim",
    "ReportedSpf",
    "SpfScope",
]


class AlignmentMode(StrEnum):
    """How much alike two domains must be (AlignmentType)."""

    RELAXED = "r"
    STRICT = "s"


class DiscoveryMethod(StrEnum):
    """How the policy record was found (DiscoveryType)."""

    PSL = "psl"  # RFC 7489
    TREEWALK = "treewalk"  # RFC 9989


class OverrideType(StrEnum):
    """Why another policy was applied than was published (PolicyOverrideType)."""

    LOCAL_POLICY = "local_policy"
    MAILING_LIST = "mailing_list"
    OTHER = "other"
    POLICY_TEST_MODE = "policy_test_mode"
    TRUSTED_FORWARDER = "trusted_forwarder"
    FORWARDED = "forwarded"  # RFC 7489 only
    SAMPLED_OUT = "sampled_out"  # RFC 7489 only: beyond pct

    @property
    def is_old(self) -> bool:
        """Whether only the old form knows it."""
        return self in (OverrideType.FORWARDED, OverrideType.SAMPLED_OUT)


class ReportedDkim(StrEnum):
    """How a signature was verified (DKIMResultType, RFC 8601 §2.7.1)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class ReportedSpf(StrEnum):
    """What check_host said (SPFResultType, RFC 8601 §2.7.2)."""

    NONE = "none"
    PASS = "pass"  # noqa: S105 - a result, not a secret
    FAIL = "fail"
    SOFTFAIL = "softfail"
    POLICY = "policy"
    NEUTRAL = "neutral"
    TEMPERROR = "temperror"
    PERMERROR = "permerror"


class SpfScope(StrEnum):
    """Which identity SPF looked at (SPFDomainScope)."""

    MFROM = "mfrom"
    HELO = "helo"  # RFC 7489 only

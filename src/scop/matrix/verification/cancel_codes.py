"""Why a verification ended without a result.

Standards: Matrix v1.19 CS §m.key.verification.cancel, §Verification messages specific to SAS.
"""

from __future__ import annotations

from enum import StrEnum

__all__ = ["CancelCode", "VerificationRefused"]


class CancelCode(StrEnum):
    """The codes of the specification."""

    USER = "m.user"
    TIMEOUT = "m.timeout"
    UNKNOWN_TRANSACTION = "m.unknown_transaction"
    UNKNOWN_METHOD = "m.unknown_method"
    UNEXPECTED_MESSAGE = "m.unexpected_message"
    KEY_MISMATCH = "m.key_mismatch"
    USER_MISMATCH = "m.user_mismatch"
    INVALID_MESSAGE = "m.invalid_message"
    ACCEPTED = "m.accepted"
    MISMATCHED_COMMITMENT = "m.mismatched_commitment"
    MISMATCHED_SAS = "m.mismatched_sas"


class VerificationRefused(Exception):
    """What came does not verify anything: the code tells the other device so, the reason tells people."""

    def __init__(self, code: CancelCode, reason: str) -> None:
        super().__init__(f"{code}: {reason}")
        self.code = code
        self.reason = reason

"""A failure report as a value: one mail that failed, told to the domain in whose name it came.

RFC 9991, which says today how DMARC uses these reports, was not at hand when this was written: what is here follows
RFC 6591, RFC 5965 and what RFC 9989 and RFC 7489 §7.3 fix.

Standards: RFC 6591 §3, RFC 5965 §3, RFC 7489 §7.3.1 (Identity-Alignment and `dmarc`).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from scop.reports.numbers import canonical_address

__all__ = ["AuthFailure", "DeliveryResult", "FailedSignature", "FailureReport"]


class AuthFailure(StrEnum):
    """What failed (RFC 6591 §3.3, RFC 7489 §7.3.1)."""

    ADSP = "adsp"
    BODYHASH = "bodyhash"
    REVOKED = "revoked"
    SIGNATURE = "signature"
    SPF = "spf"
    DMARC = "dmarc"


class DeliveryResult(StrEnum):
    """What became of the mail (RFC 6591 §3.2.2)."""

    DELIVERED = "delivered"
    SPAM = "spam"
    POLICY = "policy"
    REJECT = "reject"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class FailedSignature:
    """The DKIM signature that a report is about (RFC 6591 §3.2.3 to §3.2.7)."""

    domain: str
    selector: str = ""
    identity: str = ""


@dataclass(frozen=True, slots=True)
class FailureReport:
    """What a report says of one mail; '' and None are what it does not say.

    `identity_alignment` lists mechanisms (`dkim`, `spf`), () is its `none`, and None where it says nothing. What it
    lists changed: by RFC 7489 those that gave an aligned identity, by the working group's drafts for RFC 9991 those
    that did not; a report does not say which. `returned` is the header or the whole of that mail, as it came back;
    `is_standard` is False for a report that was no feedback report, but text for people.
    """

    reported_domain: str
    auth_failure: AuthFailure | None = None
    source_ip: str = ""
    original_mail_from: str | None = None  # without angle brackets; '' is the null reverse path
    original_rcpt_to: tuple[str, ...] = ()
    arrived: datetime.datetime | None = None
    delivery_result: DeliveryResult | None = None
    authentication_results: tuple[str, ...] = ()
    identity_alignment: tuple[str, ...] | None = None
    signature: FailedSignature | None = None
    spf_dns: tuple[str, ...] = ()
    envelope_id: str = ""
    message_id: str = ""
    user_agent: str = ""
    reporting_mta: str = ""
    incidents: int = 1
    returned: bytes = b""
    is_standard: bool = True
    defects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.source_ip:
            canonical_address(self.source_ip)

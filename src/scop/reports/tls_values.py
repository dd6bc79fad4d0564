"""A TLS report as a value: how the sessions of one sender with one domain's hosts went.

Standards: RFC 8460 §4.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from scop.reports.numbers import check_number

__all__ = ["TlsFailure", "TlsPolicy", "TlsPolicyType", "TlsReport", "TlsResultType"]


class TlsPolicyType(StrEnum):
    """Which kind of policy the sender held to (RFC 8460 §4.4)."""

    TLSA = "tlsa"
    STS = "sts"
    NO_POLICY_FOUND = "no-policy-found"


class TlsResultType(StrEnum):
    """How a session failed (RFC 8460 §4.3)."""

    STARTTLS_NOT_SUPPORTED = "starttls-not-supported"
    CERTIFICATE_HOST_MISMATCH = "certificate-host-mismatch"
    CERTIFICATE_EXPIRED = "certificate-expired"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    VALIDATION_FAILURE = "validation-failure"  # and whatever has no word of its own
    TLSA_INVALID = "tlsa-invalid"
    DNSSEC_INVALID = "dnssec-invalid"
    DANE_REQUIRED = "dane-required"
    STS_POLICY_FETCH_ERROR = "sts-policy-fetch-error"
    STS_POLICY_INVALID = "sts-policy-invalid"
    STS_WEBPKI_INVALID = "sts-webpki-invalid"


@dataclass(frozen=True, slots=True)
class TlsFailure:
    """So many sessions that failed alike; '' is what is not said."""

    result_type: TlsResultType
    failed_sessions: int
    sending_mta_ip: str = ""
    receiving_mx_hostname: str = ""
    receiving_mx_helo: str = ""
    receiving_ip: str = ""
    additional_information: str = ""
    failure_reason_code: str = ""

    def __post_init__(self) -> None:
        check_number(self.failed_sessions, "failed-session-count")


@dataclass(frozen=True, slots=True)
class TlsPolicy:
    """The sessions under one policy."""

    policy_type: TlsPolicyType
    policy_domain: str
    successful_sessions: int
    failed_sessions: int
    policy_string: tuple[str, ...] = ()
    mx_hosts: tuple[str, ...] = ()
    failures: tuple[TlsFailure, ...] = ()

    def __post_init__(self) -> None:
        check_number(self.successful_sessions, "total-successful-session-count")
        check_number(self.failed_sessions, "total-failure-session-count")


@dataclass(frozen=True, slots=True)
class TlsReport:
    """A whole report; `defects` are sentences that say where what was read departs from the standard."""

    organization_name: str
    contact_info: str
    report_id: str
    begin: datetime.datetime
    end: datetime.datetime
    policies: tuple[TlsPolicy, ...]
    defects: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.begin.tzinfo is None or self.end.tzinfo is None:
            raise ValueError("times of a report have a zone")

"""Reports of those who receive mail to those in whose name it came: aggregate, failure and TLS reports.

Standards: RFC 9990 (aggregate), RFC 7489 appendix C (their old form), RFC 6591 and RFC 9991 (failure), RFC 8460 (TLS).
"""

from scop.reports.aggregate_values import (
    AggregateReport,
    Override,
    PolicyPublished,
    Record,
    ReportedSignature,
    ReportedSpfCheck,
    ReportMetadata,
)
from scop.reports.failure_values import FailedSignature, FailureReport
from scop.reports.tls_values import TlsFailure, TlsPolicy, TlsReport

__all__ = [
    "AggregateReport",
    "FailedSignature",
    "FailureReport",
    "Override",
    "PolicyPublished",
    "Record",
    "ReportMetadata",
    "ReportedSignature",
    "ReportedSpfCheck",
    "TlsFailure",
    "TlsPolicy",
    "TlsReport",
]

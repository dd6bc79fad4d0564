"""Reports of those who receive mail to those in whose name it came: aggregate, failure and TLS reports.

`parse_aggregate`, `parse_failure` and `parse_tls` read what others sent, in mail, gzip, zip or plain; `parse_report`
reads any of them. What they cannot understand is a `RemoteProtocolError` whose sentence names the place. The writers
make whole mails from the same values. Nothing in a report is proved: it says what its sender says.

RFC 9991 was not at hand when this was written: failure reports follow RFC 6591, RFC 9989 and what the drafts of its
working group say.

Standards: RFC 9990 (aggregate), RFC 7489 appendix C (their old form), RFC 6591 and RFC 9991 (failure), RFC 8460 (TLS).
"""

from scop.reports.aggregate_mail import compose_aggregate
from scop.reports.aggregate_reading import parse_aggregate
from scop.reports.aggregate_values import (
    AggregateReport,
    Override,
    PolicyPublished,
    Record,
    ReportedSignature,
    ReportedSpfCheck,
    ReportMetadata,
)
from scop.reports.aggregate_writing import write_aggregate
from scop.reports.any_reading import AnyReport, parse_report
from scop.reports.failure_reading import parse_failure
from scop.reports.failure_values import FailedSignature, FailureReport
from scop.reports.failure_writing import compose_failure
from scop.reports.limits import Limits
from scop.reports.posting import Posting
from scop.reports.tls_reading import parse_tls
from scop.reports.tls_values import TlsFailure, TlsPolicy, TlsReport
from scop.reports.tls_writing import compose_tls, write_tls

__all__ = [
    "AggregateReport",
    "AnyReport",
    "FailedSignature",
    "FailureReport",
    "Limits",
    "Override",
    "PolicyPublished",
    "Posting",
    "Record",
    "ReportMetadata",
    "ReportedSignature",
    "ReportedSpfCheck",
    "TlsFailure",
    "TlsPolicy",
    "TlsReport",
    "compose_aggregate",
    "compose_failure",
    "compose_tls",
    "parse_aggregate",
    "parse_failure",
    "parse_report",
    "parse_tls",
    "write_aggregate",
    "write_tls",
]

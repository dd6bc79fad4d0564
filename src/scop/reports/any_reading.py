"""Reads a report of whatever kind: for the mailbox to which all of them are sent.

Standards: RFC 9990 §3.5.2, RFC 6591 §3, RFC 8460 §5.3.
"""

from __future__ import annotations

from typing import TypeAlias

from scop.reports.aggregate_reading import aggregate_of
from scop.reports.aggregate_values import AggregateReport
from scop.reports.contents import attached_report, is_json, open_report
from scop.reports.failure_reading import failure_of, feedback_part
from scop.reports.failure_values import FailureReport
from scop.reports.limits import DEFAULT_LIMITS, Limits
from scop.reports.tls_reading import tls_of
from scop.reports.tls_values import TlsReport

__all__ = ["AnyReport", "parse_report"]

AnyReport: TypeAlias = AggregateReport | FailureReport | TlsReport


def parse_report(octets: bytes, *, lenient: bool = False, limits: Limits = DEFAULT_LIMITS) -> AnyReport:
    """Read a report of any kind out of whatever it is in; `lenient` as in the readers of each kind.

    Raises `RemoteProtocolError`, which is a `ValueError`, for what is none.
    """
    opened = open_report(octets, limits)
    if not isinstance(opened, bytes):
        # A feedback report comes first: the mail that it sends back may have any files in it.
        found = None if feedback_part(opened) is not None else attached_report(opened, limits)
        if found is None:
            return failure_of(opened, lenient=lenient)
        opened = found
    if is_json(opened):
        return tls_of(opened, lenient=lenient, limits=limits)
    return aggregate_of(opened, lenient=lenient, limits=limits)

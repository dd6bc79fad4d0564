"""Writes aggregate reports in the form of RFC 9990, valid against its schema, and always the same for the same value.

Standards: RFC 9990 §3.1.1 and its schema; XML 1.0 §2.2 (characters), §2.4 (escapes).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import chain

from scop.reports.aggregate_values import (
    AggregateReport,
    Override,
    PolicyPublished,
    Record,
    ReportedSignature,
    ReportedSpfCheck,
    ReportMetadata,
)
from scop.reports.aggregate_words import SpfScope

__all__ = ["NAMESPACE", "write_aggregate"]

NAMESPACE = "urn:ietf:params:xml:ns:dmarc-2.0"
MAX_SIGNATURES = 100  # RFC 9990 §3.1.3: of one row

_HEAD = f'<?xml version="1.0" encoding="UTF-8"?>\n<feedback xmlns="{NAMESPACE}">\n  <version>1.0</version>\n'
_FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MARKUP = re.compile("[&<>\r]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#13;"}


def write_aggregate(report: AggregateReport) -> bytes:
    """Return the XML of a report; `ValueError` for what the form of RFC 9990 has no words for.

    Of more than 100 signatures in a record the first ones are written: they are to stand in the order of RFC 9990
    §3.1.3. What XML cannot hold, such as a NUL in a comment, is written as U+FFFD.
    """
    if not report.records:
        raise ValueError("a report has at least one record")
    lines = chain(
        _branch("report_metadata", _metadata(report.metadata)),
        _branch("policy_published", _policy(report.policy)),
        *(_branch("record", _record(record)) for record in report.records),
    )
    return "".join([_HEAD, *(f"  {line}\n" for line in lines), "</feedback>\n"]).encode()


def _branch(name: str, lines: Iterator[str]) -> Iterator[str]:
    yield f"<{name}>"
    for line in lines:
        yield f"  {line}"
    yield f"</{name}>"


def _leaf(name: str, text: str | int) -> str:
    escaped = _FORBIDDEN.sub("\ufffd", str(text))
    return f"<{name}>{_MARKUP.sub(lambda found: _ESCAPES[found[0]], escaped)}</{name}>"


def _leaves(*named: tuple[str, str | None]) -> Iterator[str]:
    """Yield the leaves that say something."""
    for name, text in named:
        if text:
            yield _leaf(name, text)


def _metadata(metadata: ReportMetadata) -> Iterator[str]:
    # RFC 9990 §3.1.1.3
    yield _leaf("org_name", metadata.org_name)
    yield _leaf("email", metadata.email)
    yield from _leaves(("extra_contact_info", metadata.extra_contact_info))
    yield _leaf("report_id", metadata.report_id)
    span = (_leaf("begin", metadata.begin_unix), _leaf("end", metadata.end_unix))
    yield from _branch("date_range", iter(span))
    yield from _leaves(("error", metadata.error), ("generator", metadata.generator))


def _policy(policy: PolicyPublished) -> Iterator[str]:
    # RFC 9990 §3.1.1.5
    testing = None if policy.testing is None else "y" if policy.testing else "n"
    yield _leaf("domain", policy.domain)
    yield from _leaves(
        ("discovery_method", policy.discovery_method),
        ("p", policy.p),
        ("sp", policy.sp),
        ("np", policy.np),
        ("fo", policy.fo),
        ("adkim", policy.adkim),
        ("aspf", policy.aspf),
        ("testing", testing),
    )


def _record(record: Record) -> Iterator[str]:
    # RFC 9990 §3.1.1.7
    yield from _branch("row", _row(record))
    yield from _branch("identifiers", _identifiers(record))
    yield from _branch("auth_results", _auth_results(record))


def _row(record: Record) -> Iterator[str]:
    yield _leaf("source_ip", record.source_ip)
    yield _leaf("count", record.count)
    yield from _branch("policy_evaluated", _evaluated(record))


def _evaluated(record: Record) -> Iterator[str]:
    yield _leaf("disposition", record.disposition)
    yield _leaf("dkim", "pass" if record.dkim_aligned else "fail")
    yield _leaf("spf", "pass" if record.spf_aligned else "fail")
    for override in record.overrides:
        yield from _branch("reason", _reason(override))


def _reason(override: Override) -> Iterator[str]:
    if override.type.is_old:
        raise ValueError(f"RFC 9990 has no override {override.type}")
    yield _leaf("type", override.type)
    yield from _leaves(("comment", override.comment))


def _identifiers(record: Record) -> Iterator[str]:
    # RFC 9990 §3.1.1.10: envelope_from may be there and empty, for the null reverse path.
    yield _leaf("header_from", record.header_from)
    if record.envelope_from is not None:
        yield _leaf("envelope_from", record.envelope_from)
    if record.envelope_to is not None:
        yield _leaf("envelope_to", record.envelope_to)


def _auth_results(record: Record) -> Iterator[str]:
    # RFC 9990 §3.1.1.11
    if len(record.spf) > 1:
        raise ValueError("RFC 9990 has one SPF result in a record")
    for signature in record.dkim[:MAX_SIGNATURES]:
        yield from _branch("dkim", _signature(signature))
    for check in record.spf:
        yield from _branch("spf", _spf(check))


def _signature(signature: ReportedSignature) -> Iterator[str]:
    yield _leaf("domain", signature.domain)
    yield _leaf("selector", signature.selector)
    yield _leaf("result", signature.result)
    yield from _leaves(("human_result", signature.human_result))


def _spf(check: ReportedSpfCheck) -> Iterator[str]:
    if check.scope is SpfScope.HELO:  # RFC 9990 §3.1.1.13: only MAIL FROM is used
        raise ValueError("RFC 9990 reports SPF of MAIL FROM only")
    yield _leaf("domain", check.domain)
    yield from _leaves(("scope", check.scope))
    yield _leaf("result", check.result)
    yield from _leaves(("human_result", check.human_result))

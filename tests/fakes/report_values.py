"""Strategies for reports as values: whatever RFC 9990 and RFC 8460 have words for."""

from __future__ import annotations

import datetime

from hypothesis import strategies as st

from scop.dmarc import Action, Disposition
from scop.reports import (
    AggregateReport,
    Override,
    PolicyPublished,
    Record,
    ReportedSignature,
    ReportedSpfCheck,
    ReportMetadata,
    TlsFailure,
    TlsPolicy,
    TlsReport,
)
from scop.reports.aggregate_words import (
    AlignmentMode,
    DiscoveryMethod,
    OverrideType,
    ReportedDkim,
    ReportedSpf,
    SpfScope,
)
from scop.reports.tls_values import TlsPolicyType, TlsResultType

__all__ = ["aggregate_reports", "tls_reports"]

# Readers strip white space; what XML cannot hold is another test's business.
_TEXTS = st.text(st.sampled_from("aZ9 -é€<>&'\"]\t\n\U0001f600"), max_size=12).map(str.strip)
_SAID = _TEXTS.filter(bool)
_DOMAINS = st.sampled_from(["harbor.test", "mail.lagoon.test", "xn--bcher-kva.test"])
_NUMBERS = st.integers(0, 2**53 - 1)
_ADDRESSES = st.one_of(st.ip_addresses(v=4), st.ip_addresses(v=6)).map(str)
_OVERRIDES = st.builds(Override, st.sampled_from([word for word in OverrideType if not word.is_old]), _TEXTS)

_METADATA = st.builds(
    ReportMetadata,
    org_name=_SAID,
    email=_SAID,
    report_id=_SAID,
    begin_unix=st.integers(0, 1_000),
    end_unix=st.integers(1_000, 2**33),
    extra_contact_info=_TEXTS,
    error=_TEXTS,
    generator=_TEXTS,
)
_POLICIES = st.builds(
    PolicyPublished,
    domain=_DOMAINS,
    p=st.sampled_from(Disposition),
    sp=st.none() | st.sampled_from(Disposition),
    np=st.none() | st.sampled_from(Disposition),
    adkim=st.none() | st.sampled_from(AlignmentMode),
    aspf=st.none() | st.sampled_from(AlignmentMode),
    discovery_method=st.none() | st.sampled_from(DiscoveryMethod),
    fo=st.sampled_from(["", "0", "1:d:s"]),
    testing=st.none() | st.booleans(),
)
_SIGNATURES = st.builds(ReportedSignature, _DOMAINS, _SAID, st.sampled_from(ReportedDkim), _TEXTS)
_CHECKS = st.builds(
    ReportedSpfCheck, st.just("") | _DOMAINS, st.sampled_from(ReportedSpf), st.sampled_from([None, SpfScope.MFROM])
)
_RECORDS = st.builds(
    Record,
    source_ip=_ADDRESSES,
    count=_NUMBERS,
    disposition=st.sampled_from(Action),
    dkim_aligned=st.booleans(),
    spf_aligned=st.booleans(),
    header_from=_DOMAINS,
    envelope_from=st.none() | st.just("") | _DOMAINS,
    envelope_to=st.none() | _DOMAINS,
    overrides=st.lists(_OVERRIDES, max_size=2).map(tuple),
    dkim=st.lists(_SIGNATURES, max_size=2).map(tuple),
    spf=st.lists(_CHECKS, max_size=1).map(tuple),
)
_MOMENTS = st.integers(0, 4_000_000_000).map(lambda unix: datetime.datetime.fromtimestamp(unix, datetime.UTC))
_FAILURES = st.builds(
    TlsFailure,
    result_type=st.sampled_from(TlsResultType),
    failed_sessions=_NUMBERS,
    sending_mta_ip=st.just("") | _ADDRESSES,
    receiving_mx_hostname=_TEXTS,
    receiving_mx_helo=_TEXTS,
    receiving_ip=st.just("") | _ADDRESSES,
    additional_information=_TEXTS,
    failure_reason_code=_TEXTS,
)
_TLS_POLICIES = st.builds(
    TlsPolicy,
    policy_type=st.sampled_from(TlsPolicyType),
    policy_domain=st.just("lagoon.test"),
    successful_sessions=_NUMBERS,
    failed_sessions=_NUMBERS,
    policy_string=st.lists(_TEXTS, max_size=2).map(tuple),
    mx_hosts=st.lists(_TEXTS, max_size=2).map(tuple),
    failures=st.lists(_FAILURES, max_size=2).map(tuple),
)


def aggregate_reports() -> st.SearchStrategy[AggregateReport]:
    """Return aggregate reports that RFC 9990 can say."""
    return st.builds(AggregateReport, _METADATA, _POLICIES, st.lists(_RECORDS, min_size=1, max_size=3).map(tuple))


def tls_reports() -> st.SearchStrategy[TlsReport]:
    """Return TLS reports about one domain."""
    return st.builds(
        TlsReport,
        organization_name=_SAID,
        contact_info=st.just("reports@harbor.test"),
        report_id=st.sampled_from(["1", "5065427c-23d3-47ca", "a.b@harbor.test"]),
        begin=_MOMENTS,
        end=_MOMENTS,
        policies=st.lists(_TLS_POLICIES, min_size=1, max_size=2).map(tuple),
    )

"""Turns what was counted into reports as values: what a mail was judged by is what its domain is told.

Standards: RFC 9990 §3.1.1 (elements), RFC 8460 §4.4 (fields).
"""

from __future__ import annotations

import datetime
from enum import StrEnum
from typing import TypeVar

from scop.cells.reporter.counting import CountedMail, Counts
from scop.dmarc import Action, Disposition
from scop.mesh.vocabulary.relay import TlsSessions
from scop.mesh.vocabulary.reporter import PublishedPolicy
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

__all__ = ["aggregate_report", "count_of", "tls_report"]

_Word = TypeVar("_Word", bound=StrEnum)


def aggregate_report(metadata: ReportMetadata, counts: Counts) -> AggregateReport:
    """Return the report of what was counted of one policy domain."""
    policy = _policy(counts.policy)
    return AggregateReport(metadata, policy, tuple(_record(mail, count) for mail, count in counts.mails))


def tls_report(metadata: ReportMetadata, sessions: tuple[TlsSessions, ...]) -> TlsReport:
    """Return the report of the sessions with one destination."""
    return TlsReport(
        organization_name=metadata.org_name,
        contact_info=metadata.email,
        report_id=metadata.report_id,
        begin=datetime.datetime.fromtimestamp(metadata.begin_unix, datetime.UTC),
        end=datetime.datetime.fromtimestamp(metadata.end_unix, datetime.UTC),
        policies=tuple(map(_tls_policy, sessions)),
    )


def count_of(sessions: tuple[TlsSessions, ...]) -> int:
    """Return how many sessions these are."""
    return sum(each.successes + sum(failed.sessions for failed in each.failures) for each in sessions)


def _policy(published: PublishedPolicy) -> PolicyPublished:
    return PolicyPublished(
        domain=published.domain,
        p=_word(Disposition, published.p) or Disposition.NONE,
        sp=_word(Disposition, published.sp),
        np=_word(Disposition, published.np),
        adkim=_word(AlignmentMode, published.adkim),
        aspf=_word(AlignmentMode, published.aspf),
        discovery_method=_word(DiscoveryMethod, published.discovery_method),
        fo=published.fo,
        testing=None if not published.testing else published.testing.lower() == "y",
    )


def _record(mail: CountedMail, count: int) -> Record:
    return Record(
        source_ip=mail.source_address,
        count=count,
        disposition=_word(Action, mail.disposition) or Action.NONE,
        dkim_aligned=mail.dkim_aligned,
        spf_aligned=mail.spf_aligned,
        header_from=mail.author_domain,
        envelope_from=mail.envelope_from,
        envelope_to=mail.envelope_to or None,
        overrides=tuple(
            Override(_word(OverrideType, one.type) or OverrideType.OTHER, one.comment) for one in mail.overrides
        ),
        dkim=tuple(
            ReportedSignature(domain, selector, _word(ReportedDkim, result) or ReportedDkim.PERMERROR)
            for domain, selector, result in mail.dkim
        ),
        spf=_spf(mail),
    )


def _spf(mail: CountedMail) -> tuple[ReportedSpfCheck, ...]:
    # RFC 9990 §3.1.1.13: only the MAIL FROM identity is told of, which is postmaster at HELO for the null path.
    result = _word(ReportedSpf, mail.spf_result)
    if result is None or not mail.spf_domain or (mail.spf_scope == "helo" and mail.envelope_from):
        return ()
    return (ReportedSpfCheck(mail.spf_domain, result, SpfScope.MFROM),)


def _tls_policy(sessions: TlsSessions) -> TlsPolicy:
    return TlsPolicy(
        policy_type=TlsPolicyType(sessions.policy_type),
        policy_domain=sessions.domain,
        successful_sessions=sessions.successes,
        failed_sessions=sum(failed.sessions for failed in sessions.failures),
        policy_string=sessions.policy,
        mx_hosts=sessions.mx,
        failures=tuple(
            TlsFailure(
                result_type=_word(TlsResultType, failed.result_type) or TlsResultType.VALIDATION_FAILURE,
                failed_sessions=failed.sessions,
                sending_mta_ip=failed.sending_address,
                receiving_mx_hostname=failed.mx_host,
                receiving_ip=failed.receiving_address,
                failure_reason_code=failed.reason,
            )
            for failed in sessions.failures
        ),
    )


def _word(kind: type[_Word], text: str) -> _Word | None:
    """Return the word of a closed vocabulary; None for '' and for what is none of it."""
    lowered = text.lower()
    return kind(lowered) if lowered in kind._value2member_map_ else None

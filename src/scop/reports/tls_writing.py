"""Writes TLS reports, and the mail in which one travels.

Standards: RFC 8460 §4.4 (the object), §5.1 (the file's name), §5.2 (gzip), §5.3 (the mail), RFC 8689 §3 (TLS-Required).
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from typing import TypeAlias

from scop.mime import Attachment, compose_chunks
from scop.mime.parts import file_part, text_part
from scop.mime.structures import report as report_parts
from scop.reports.packing import pack_gzip
from scop.reports.posting import AUTO_SUBMITTED, Posting, check_domain, file_name, message_id_of, subject_of, wrapped
from scop.reports.tls_values import TlsFailure, TlsPolicy, TlsReport

__all__ = ["compose_tls", "write_tls"]

_Written: TypeAlias = "str | int | list[str] | list[_Written] | Mapping[str, _Written]"


def write_tls(report: TlsReport) -> bytes:
    """Return the JSON of a report, always the same for the same value."""
    value: _Written = {
        "organization-name": report.organization_name,
        "date-range": {"start-datetime": _time(report.begin), "end-datetime": _time(report.end)},
        "contact-info": report.contact_info,
        "report-id": report.report_id,
        "policies": [_policy(policy) for policy in report.policies],
    }
    # RFC 8460 §4: I-JSON; half a character has no place in it.
    return (json.dumps(value, indent=1, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def _file_name(report: TlsReport, posting: Posting) -> str:
    """Return the name under which a report is sent, always the same for the same report."""
    span = (int(report.begin.timestamp()), int(report.end.timestamp()))
    return file_name(_domain(report), posting, span, "json.gz", report.report_id)


def compose_tls(report: TlsReport, posting: Posting) -> bytes:
    """Return the whole mail about one domain's sessions; `ValueError` where RFC 8460 has no form for it."""
    domain = _domain(report)
    if report.contact_info.rpartition("@")[2].lower() != posting.submitter.lower():  # RFC 8460 §5.3
        raise ValueError(f"contact-info {report.contact_info!r} is not at {posting.submitter}, who submits the report")
    message_id = message_id_of(report.report_id, posting)
    packed = Attachment(_file_name(report, posting), "application/tlsrpt+gzip", pack_gzip(write_tls(report)))
    content = report_parts("tlsrpt", text_part(_text(report, domain, posting)), file_part(packed), seed=message_id)
    return b"".join(
        compose_chunks(
            author=posting.author,
            to=posting.recipients,
            subject=subject_of(domain, posting, message_id),
            date=posting.date,
            message_id=message_id,
            fields=[
                ("TLS-Report-Domain", domain),
                ("TLS-Report-Submitter", check_domain(posting.submitter)),
                # RFC 8460 §5.3: what reports that TLS fails must arrive although it fails.
                ("TLS-Required", "No"),
                AUTO_SUBMITTED,
            ],
            content=content,
        )
    )


def _domain(report: TlsReport) -> str:
    domains = {check_domain(policy.policy_domain) for policy in report.policies}
    if len(domains) != 1:
        raise ValueError(f"a TLS report is about one domain, not {len(domains)}")
    return domains.pop()


def _text(report: TlsReport, domain: str, posting: Posting) -> str:
    successes = sum(policy.successful_sessions for policy in report.policies)
    failures = sum(policy.failed_sessions for policy in report.policies)
    return wrapped(
        f"This is an aggregate TLS report of {posting.submitter} about sessions with the mail hosts of {domain} "
        f"from {_time(report.begin)} to {_time(report.end)}: {successes} with TLS, {failures} failed.",
        f"The attached file is for programs (RFC 8460). Questions: {report.contact_info}",
    )


def _time(moment: datetime.datetime) -> str:
    whole = moment.astimezone(datetime.UTC).replace(tzinfo=None, microsecond=0)
    return f"{whole.isoformat()}Z"  # RFC 3339 §5.6


def _policy(policy: TlsPolicy) -> _Written:
    stated: dict[str, _Written] = {"policy-type": policy.policy_type}
    if policy.policy_string:
        stated["policy-string"] = list(policy.policy_string)
    stated["policy-domain"] = policy.policy_domain
    if policy.mx_hosts:
        stated["mx-host"] = list(policy.mx_hosts)
    written: dict[str, _Written] = {
        "policy": stated,
        "summary": {
            "total-successful-session-count": policy.successful_sessions,
            "total-failure-session-count": policy.failed_sessions,
        },
    }
    if policy.failures:
        written["failure-details"] = [_failure(failure) for failure in policy.failures]
    return written


def _failure(failure: TlsFailure) -> _Written:
    texts = {
        "sending-mta-ip": failure.sending_mta_ip,
        "receiving-mx-hostname": failure.receiving_mx_hostname,
        "receiving-mx-helo": failure.receiving_mx_helo,
        "receiving-ip": failure.receiving_ip,
    }
    reasons = {
        "additional-information": failure.additional_information,
        "failure-reason-code": failure.failure_reason_code,
    }
    return {
        "result-type": failure.result_type,
        **{name: text for name, text in texts.items() if text},
        "failed-session-count": failure.failed_sessions,
        **{name: text for name, text in reasons.items() if text},
    }

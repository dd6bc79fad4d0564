"""The mail in which an aggregate report travels: a sentence for people and the XML in gzip.

Standards: RFC 9990 §3.5.2, RFC 6713 (application/gzip).
"""

from __future__ import annotations

import datetime

from scop.mime import Attachment, compose_chunks
from scop.reports.aggregate_values import AggregateReport
from scop.reports.aggregate_writing import write_aggregate
from scop.reports.packing import pack_gzip
from scop.reports.posting import AUTO_SUBMITTED, Posting, file_name, message_id_of, subject_of, wrapped

__all__ = ["compose_aggregate"]


def _file_name(report: AggregateReport, posting: Posting) -> str:
    """Return the name under which a report is sent, always the same for the same report."""
    span = (report.metadata.begin_unix, report.metadata.end_unix)
    return file_name(report.policy.domain, posting, span, "xml.gz", report.metadata.report_id)


def compose_aggregate(report: AggregateReport, posting: Posting, *, document: bytes = b"") -> bytes:
    """Return the whole mail; it is to be signed so that it passes DMARC itself (RFC 9990 §3.5.2).

    `document` is the XML of the report, where it was written already: a large one takes a second. `ValueError` where
    RFC 9990 has no form for the report, its id or its domain.
    """
    metadata = report.metadata
    packed = pack_gzip(document or write_aggregate(report))
    return b"".join(
        compose_chunks(
            author=posting.author,
            to=posting.recipients,
            subject=subject_of(report.policy.domain, posting, metadata.report_id),
            date=posting.date,
            message_id=message_id_of(metadata.report_id, posting),
            fields=[AUTO_SUBMITTED],
            text=_text(report, posting),
            attachments=[Attachment(_file_name(report, posting), "application/gzip", packed)],
        )
    )


def _text(report: AggregateReport, posting: Posting) -> str:
    metadata = report.metadata
    begin, end = (
        f"{datetime.datetime.fromtimestamp(unix, datetime.UTC):%Y-%m-%d %H:%M:%S}"
        for unix in (metadata.begin_unix, metadata.end_unix)
    )
    aligned = sum(record.count for record in report.records if record.is_aligned)
    return wrapped(
        f"This is an aggregate DMARC report of {posting.submitter} about mail in the name of {report.policy.domain} "
        f"from {begin} to {end} UTC: {report.count} mails, {aligned} of which passed.",
        f"The attached file is for programs (RFC 9990). Questions: {metadata.email}",
    )

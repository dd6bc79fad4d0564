"""Writes a report and its letters: one mail for each address, each under a trace of its own.

Above each letter stands a `Received` field of ours, as above all mail that begins here: the signer's seal goes above
that, so the relay knows a letter that it is handed twice.

Standards: RFC 9990 §3.5.2 (mail), §3.1.1.3 (metadata); RFC 8460 §5.3, RFC 8689 §5 (TLS-Required); RFC 5321 §4.4.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scop.base import printable
from scop.cells.reporter.aims import Aim
from scop.cells.reporter.counting import Counts
from scop.cells.reporter.letters import Draft, MadeReport, ReportForm
from scop.cells.reporter.making import aggregate_report, count_of, tls_report
from scop.cells.reporter.told import Span
from scop.mesh.vocabulary.relay import TlsSessions
from scop.mime import Address
from scop.net.trace import new_trace_id
from scop.reports import Posting, ReportMetadata, compose_aggregate, compose_tls, write_aggregate, write_tls
from scop.smtp import Mailbox
from scop.smtp.stamps import Handover, prepend, received_field

__all__ = ["Author", "letters_of", "write_aggregate_letters", "write_tls_letters"]

GENERATOR = "SCoP"
MAX_ERROR = 500  # characters


@dataclass(frozen=True, slots=True)
class Author:
    """Who reports: our domain, by the host that its mail bears, from the address at which reports to us are read."""

    mailbox: Mailbox
    hostname: str

    @property
    def domain(self) -> str:
        """The domain that reports."""
        return self.mailbox.domain


def write_aggregate_letters(author: Author, aim: Aim, span: Span, counts: Counts, now_unix: float) -> MadeReport:
    """Return the report of what was counted of one domain, and its letters; `ValueError` where it cannot be told."""
    # RFC 9990 §3.1.5: what of the record could not be followed is told to whom it belongs.
    error = printable("; ".join(aim.reasons), limit=MAX_ERROR)
    report = aggregate_report(_metadata(author, span, error), counts)
    document = write_aggregate(report)
    return MadeReport(
        kind=ReportForm.AGGREGATE,
        about=report.policy.domain,
        report_id=report.metadata.report_id,
        begin_unix=span.begin_unix,
        end_unix=span.end_unix,
        mails=report.count,
        document=document,
        letters=letters_of(
            author, aim, now_unix, lambda posting: compose_aggregate(report, posting, document=document)
        ),
    )


def write_tls_letters(
    author: Author, aim: Aim, span: Span, sessions: tuple[TlsSessions, ...], now_unix: float
) -> MadeReport:
    """Return the report of the sessions with one destination, and its letters; `ValueError` as above."""
    report = tls_report(_metadata(author, span), sessions)
    return MadeReport(
        kind=ReportForm.TLS,
        about=sessions[0].domain,
        report_id=report.report_id,
        begin_unix=span.begin_unix,
        end_unix=span.end_unix,
        mails=count_of(sessions),
        document=write_tls(report),
        letters=letters_of(author, aim, now_unix, lambda posting: compose_tls(report, posting)),
    )


def _metadata(author: Author, span: Span, error: str = "") -> ReportMetadata:
    return ReportMetadata(
        org_name=author.domain,
        email=str(author.mailbox),
        # RFC 9990 §3.5.1: never used twice; nobody guesses it, so it proves that an answer is one
        report_id=new_trace_id() + new_trace_id(),
        begin_unix=span.begin_unix,
        end_unix=span.end_unix,
        error=error,
        generator=GENERATOR,
    )


def letters_of(author: Author, aim: Aim, now_unix: float, compose: Callable[[Posting], bytes]) -> tuple[Draft, ...]:
    """Return the letters of a report: each composed for its address, or for nobody where we cannot reach that."""
    drafts = [Draft(uri) for uri in aim.unsupported]
    for address in aim.addresses:
        trace = new_trace_id()
        sender = Address(author.domain, str(author.mailbox), author.mailbox.local_part, author.domain)
        posting = Posting(sender, (address,), author.domain, now_unix)
        handover = Handover(
            helo="reporter",
            name="localhost",
            address="127.0.0.1",
            hostname=author.hostname,
            protocol="ESMTP",
            trace=trace,
            unix=now_unix,
        )
        drafts.append(Draft(address, trace, prepend(compose(posting), received_field(handover))))
    return tuple(drafts)

"""How one report is shown: what it says, read here once more from its own octets."""

from __future__ import annotations

from collections.abc import Iterator

from scop.base import RemoteProtocolError, printable
from scop.cli.shared import console, print_table, when
from scop.mesh.vocabulary.reporter import ArrivedReport, ReportPage, SentReport
from scop.reports import AggregateReport, AnyReport, FailureReport, TlsReport, parse_report

__all__ = ["print_page"]

MAX_ROWS = 200  # of a page; --raw has all
MAX_HEADER_OCTETS = 32_768  # of a mail that failed: what a person looks through


def print_page(page: ReportPage) -> None:
    """Print a report for people."""
    facts = list(_facts(page))
    width = max(len(name) for name, _ in facts)
    for name, value in facts:
        console.print(f"{name:<{width}}  {value}", markup=False)
    if page.sent is not None and not page.octets:  # of a failure report nothing is kept
        return
    try:
        report = parse_report(page.octets, lenient=True)
    except RemoteProtocolError as fault:
        if page.arrived is None or page.arrived.state != "broken":
            console.print(f"it cannot be read: {fault}", markup=False)
        return
    console.print()
    _print_report(report)


def _facts(page: ReportPage) -> Iterator[tuple[str, str]]:
    if page.arrived is not None:
        yield from _facts_of_arrived(page.arrived)
    if page.sent is not None:
        yield from _facts_of_sent(page.sent)


def _facts_of_arrived(one: ArrivedReport) -> Iterator[tuple[str, str]]:
    yield "came", f"{when(one.unix)} UTC, trace {one.trace}"
    yield "from", f"{one.author_domain or 'nobody'}, {'proved by DMARC' if one.is_proven else 'not proved'}"
    yield "subject", one.subject
    yield "state", f"{one.state} {one.kind}".strip()
    if one.reason:
        yield "remark", one.reason
    if one.kind:
        yield from _span(one.report_id, one.begin_unix, one.end_unix)


def _facts_of_sent(one: SentReport) -> Iterator[tuple[str, str]]:
    yield "made", f"{when(one.made_unix)} UTC, {one.kind} report about {one.about}"
    for letter in one.letters:
        yield "to", f"{letter.destination}: {letter.state} {letter.words}".strip()
    yield from _span(one.report_id, one.begin_unix, one.end_unix)


def _span(report_id: str, begin_unix: int, end_unix: int) -> Iterator[tuple[str, str]]:
    yield "about", f"{when(begin_unix)} to {when(end_unix)} UTC"
    yield "report id", report_id


def _print_report(report: AnyReport) -> None:
    if isinstance(report, AggregateReport):
        _print_aggregate(report)
    elif isinstance(report, TlsReport):
        _print_tls(report)
    else:
        _print_failure(report)


def _print_aggregate(report: AggregateReport) -> None:
    policy = report.policy
    tags = (("p", policy.p), ("sp", policy.sp), ("np", policy.np), ("adkim", policy.adkim), ("aspf", policy.aspf))
    said = "; ".join(f"{name}={value}" for name, value in tags if value)
    console.print(f"the policy of {printable(policy.domain)}: {said}", markup=False)
    rows = (
        (
            record.source_ip,
            str(record.count),
            record.disposition,
            "yes" if record.dkim_aligned else "no",
            "yes" if record.spf_aligned else "no",
            record.header_from,
            ", ".join(f"{one.domain} {one.result}" for one in record.dkim),
            ", ".join(f"{one.domain} {one.result}" for one in record.spf),
            ", ".join(f"{one.type} {one.comment}".strip() for one in record.overrides),
        )
        for record in report.records[:MAX_ROWS]
    )
    headings = ("source", "mails", "done", "DKIM", "SPF", "in From", "signed by", "sent by", "why else")
    print_table(headings, rows)
    if len(report.records) > MAX_ROWS:
        console.print(f"… and {len(report.records) - MAX_ROWS} more records", markup=False)


def _print_tls(report: TlsReport) -> None:
    rows = []
    for policy in report.policies:
        head = policy.policy_domain, policy.policy_type
        rows.append((*head, "successful", "", str(policy.successful_sessions), ""))
        for failed in policy.failures:
            host = f"{failed.receiving_mx_hostname} {failed.receiving_ip}".strip()
            why = failed.failure_reason_code or failed.additional_information
            rows.append((*head, failed.result_type, host, str(failed.failed_sessions), why))
    print_table(("domain", "policy", "result", "host", "sessions", "reason"), rows[:MAX_ROWS])


def _print_failure(report: FailureReport) -> None:
    rows = [
        ("domain", report.reported_domain),
        ("what failed", str(report.auth_failure or "")),
        ("source", report.source_ip),
        ("delivery", str(report.delivery_result or "")),
        *(("results", text) for text in report.authentication_results),
    ]
    print_table(("what", "value"), [row for row in rows if row[1]])
    if report.returned:
        console.print()
        for line in report.returned[:MAX_HEADER_OCTETS].splitlines():
            console.print(printable(line, limit=998), markup=False)

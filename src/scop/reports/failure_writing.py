"""Writes failure reports: a mail that fails, told to the domain in whose name it came.

RFC 9991 was not at hand when this was written. What is here follows RFC 6591, RFC 9989 and the drafts of its working
group: `Identity-Alignment` lists the mechanisms that gave no aligned identity. Which mail may be told of, how often,
and what of it is left out for the sake of its recipient, is the caller's business.

Standards: RFC 6591 §3, RFC 5965 §3, RFC 6522 §3, RFC 9989 §5.3.9; RFC 3834 §5.
"""

from __future__ import annotations

import re

from scop.mime import compose_chunks
from scop.mime.fields.dates import write_date
from scop.mime.fold import fold_field
from scop.mime.parts import part, text_part
from scop.mime.structures import report as report_parts
from scop.reports.failure_values import FailureReport
from scop.reports.posting import AUTO_SUBMITTED, Posting, check_domain, wrapped

__all__ = ["compose_failure"]

_UNPRINTABLE = re.compile(rb"[^\t\n -~]")
MAX_RETURNED_OCTETS = 65_536  # of the header that goes back
MAX_FIELD_OCTETS = 4_000  # of one value that came from outside


def compose_failure(report: FailureReport, posting: Posting, ident: str) -> bytes:
    """Return the whole mail; `ident` makes its Message-ID. What goes back of the mail is `report.returned`: a header.

    Octets of it that are not ASCII are written as question marks. `ValueError` where RFC 6591 needs a value that the
    report lacks.
    """
    if report.auth_failure is None or not report.authentication_results:  # RFC 6591 §3.1: both are required
        raise ValueError("a failure report says what failed, and with which results")
    content = report_parts(
        "feedback-report",
        text_part(_text(report, posting)),
        part("message/feedback-report", _feedback(report)),
        part("text/rfc822-headers", _header(report.returned)),
        seed=ident,
    )
    return b"".join(
        compose_chunks(
            author=posting.author,
            to=posting.recipients,
            subject=f"Failure report about mail in the name of {check_domain(report.reported_domain)}",
            date=posting.date,
            message_id=f"{ident}@{check_domain(posting.submitter)}",
            fields=[AUTO_SUBMITTED],
            content=content,
        )
    )


def _text(report: FailureReport, posting: Posting) -> str:
    source = f" from {report.source_ip}" if report.source_ip else ""
    when = f" on {' '.join(write_date(report.arrived))}" if report.arrived is not None else ""
    return wrapped(
        f"This is a failure report of {posting.submitter} about a mail in the name of {report.reported_domain} that "
        f"was received{source}{when}.",
        "The second part is for programs (RFC 6591), the third is the header of that mail.",
    )


def _feedback(report: FailureReport) -> bytes:
    # RFC 5965 §3.1, RFC 6591 §3.1
    fields = [
        ("Feedback-Type", "auth-failure"),
        ("User-Agent", report.user_agent or "SCoP/1"),
        ("Version", "1"),
        ("Auth-Failure", str(report.auth_failure)),
        *(("Authentication-Results", text) for text in report.authentication_results),
        ("Reported-Domain", check_domain(report.reported_domain)),
    ]
    fields += _of_the_mail(report)
    fields += _of_the_checks(report)
    return b"".join(_field(name, text) for name, text in fields)


def _of_the_mail(report: FailureReport) -> list[tuple[str, str]]:
    fields = [("Original-Rcpt-To", f"<{path}>") for path in report.original_rcpt_to]
    if report.original_mail_from is not None:
        fields.append(("Original-Mail-From", f"<{report.original_mail_from}>"))
    if report.arrived is not None:
        fields.append(("Arrival-Date", " ".join(write_date(report.arrived))))
    for name, text in (
        ("Source-IP", report.source_ip),
        ("Original-Envelope-Id", report.envelope_id),
        ("Message-ID", report.message_id),
        ("Delivery-Result", report.delivery_result or ""),
        ("Reporting-MTA", f"dns; {report.reporting_mta}" if report.reporting_mta else ""),
        ("Incidents", str(report.incidents) if report.incidents != 1 else ""),
    ):
        if text:
            fields.append((name, text))
    return fields


def _of_the_checks(report: FailureReport) -> list[tuple[str, str]]:
    fields = []
    if report.identity_alignment is not None:  # RFC 7489 §7.3.1
        fields.append(("Identity-Alignment", ", ".join(report.identity_alignment) or "none"))
    if report.signature is not None:  # RFC 6591 §3.2.3 to §3.2.5
        fields.append(("DKIM-Domain", report.signature.domain))
        fields += [("DKIM-Selector", report.signature.selector)] if report.signature.selector else []
        fields += [("DKIM-Identity", report.signature.identity)] if report.signature.identity else []
    return fields + [("SPF-DNS", text) for text in report.spf_dns]


def _field(name: str, text: str) -> bytes:
    """Return one field; what came from outside cannot end it, nor be longer than a line may be."""
    shown = text.encode("ascii", "backslashreplace")[:MAX_FIELD_OCTETS].decode("ascii")
    words = "".join(character if character.isprintable() else " " for character in shown).split()
    return fold_field(name, [piece for word in words for piece in _pieces(word)])


def _pieces(word: str) -> list[str]:
    """Return a word in pieces that each fit on a line."""
    return [word[at : at + 900] for at in range(0, len(word), 900)]


def _header(returned: bytes) -> bytes:
    """Return the header with CRLF line ends, in printable ASCII, in lines that SMTP can carry, without the body."""
    lines = returned[:MAX_RETURNED_OCTETS].replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    header = _UNPRINTABLE.sub(b"?", lines.partition(b"\n\n")[0]).decode("ascii")
    return "".join("\r\n ".join(_pieces(line)) + "\r\n" for line in header.strip("\n").split("\n")).encode()

"""Failure reports read: their fields as they were meant, and what is noted."""

from __future__ import annotations

import datetime

import pytest

from scop.base import RemoteProtocolError
from scop.reports import FailureReport, parse_failure, parse_report
from scop.reports.failure_values import AuthFailure, DeliveryResult
from scop.reports.packing import pack_gzip

FIELDS = """Feedback-Type: auth-failure
Version: 1
User-Agent: Test/1
Auth-Failure: dmarc
Authentication-Results: mx.a.test; dmarc=fail header.from=Example.com
Reported-Domain: Example.com
"""


def mail(fields: str, *, returned: str = "From: A <a@example.org>\nMessage-ID: <1@example.org>\n") -> bytes:
    """Return a failure report with these fields."""
    parts = (
        "text/plain\n\nfor people\n",
        f"message/feedback-report\n\n{fields}\n",
        f"text/rfc822-headers\n\n{returned}\n",
    )
    body = "".join(f"--b\nContent-Type: {part}" for part in parts)
    return f"Content-Type: multipart/report; report-type=feedback-report; boundary=b\n\n{body}--b--\n".encode()


def read_with(old: str, new: str, *, lenient: bool = False) -> FailureReport:
    """Return the report in whose fields `old` is `new`."""
    assert old in FIELDS
    return parse_failure(mail(FIELDS.replace(old, new)), lenient=lenient)


def test_a_report_with_what_must_be_there() -> None:
    """RFC 6591 §3.1: the rest is empty or has the standard's own value."""
    report = parse_failure(mail(FIELDS))
    assert report == FailureReport(
        "example.com",
        AuthFailure.DMARC,
        authentication_results=("mx.a.test; dmarc=fail header.from=Example.com",),
        message_id="<1@example.org>",
        user_agent="Test/1",
        returned=b"From: A <a@example.org>\nMessage-ID: <1@example.org>\n",
    )


def test_a_report_with_all_that_may_be_there() -> None:
    """RFC 6591 §3.2, RFC 5965 §3.2: paths lose their brackets, addresses have their usual form."""
    report = parse_failure(
        mail(
            FIELDS
            + "Source-IP: [IPv6:2001:DB8:0::1]\nArrival-Date: Thu, 8 Mar 2005 14:00:00 +0000\nIncidents: 7\n"
            + "Original-Mail-From: <>\nOriginal-Rcpt-To: <b@a.test>\nOriginal-Rcpt-To: c@a.test\n"
            + "Identity-Alignment: none\nDKIM-Domain: Example.com\nDKIM-Identity: @example.com\nDKIM-Selector: s\n"
            + "Delivery-Result: Spam\nReporting-MTA: dns; mx.a.test\nOriginal-Envelope-Id: 9\nMessage-ID: <2@b.test>\n"
        )
    )
    assert ("2001:db8::1", 7, "", ("b@a.test", "c@a.test")) == (
        report.source_ip,
        report.incidents,
        report.original_mail_from,
        report.original_rcpt_to,
    )
    assert datetime.datetime(2005, 3, 8, 14, tzinfo=datetime.UTC) == report.arrived
    assert ((), DeliveryResult.SPAM, "mx.a.test", "9", "<2@b.test>") == (
        report.identity_alignment,
        report.delivery_result,
        report.reporting_mta,
        report.envelope_id,
        report.message_id,
    )
    assert ("example.com", "s", "@example.com") == (
        report.signature and report.signature.domain,
        report.signature and report.signature.selector,
        report.signature and report.signature.identity,
    )
    assert () == report.defects


WRAPPINGS = {"gzip": pack_gzip(mail(FIELDS)), "mail": mail(FIELDS), "fields alone": FIELDS.encode()}


@pytest.mark.parametrize("name", WRAPPINGS)
def test_a_report_is_read_in_any_wrapping(name: str) -> None:
    """A mail, one that was packed to be kept, or the part for programs by itself."""
    report = parse_failure(WRAPPINGS[name])
    assert ("example.com", AuthFailure.DMARC, report) == (
        report.reported_domain,
        report.auth_failure,
        parse_report(WRAPPINGS[name]),
    )


NOTED = {
    "no failure": ("Auth-Failure: dmarc\n", "", "it has no Auth-Failure"),
    "other failure": ("Auth-Failure: dmarc", "Auth-Failure: magic", "Auth-Failure is 'magic'"),
    "own delivery": ("Version: 1", "Delivery-Result: binned", "Delivery-Result is 'binned'"),
    "alignment": ("Version: 1", "Identity-Alignment: arc", "Identity-Alignment is 'arc'"),
    "alignment twice": ("Version: 1", "Identity-Alignment: spf, spf", "Identity-Alignment is 'spf, spf'"),
    "address": ("Version: 1", "Source-IP: nowhere", "Source-IP is 'nowhere', no address"),
    "incidents": ("Version: 1", "Incidents: many", "Incidents is 'many', no number from 0 to 9007199254740991"),
    "no domain": ("Reported-Domain: Example.com\n", "", "it has no Reported-Domain"),
}


@pytest.mark.parametrize("name", NOTED)
def test_what_cannot_be_used_is_noted(name: str) -> None:
    """The report is about the same mail without it; the domain stands in the results, too."""
    report = read_with(*NOTED[name][:2])
    assert ("example.com", (NOTED[name][2],)) == (report.reported_domain, report.defects)


def test_the_domain_of_the_author_is_a_leniency() -> None:
    """RFC 6591 §3.1 demands Reported-Domain; the From of the mail that came back is the last that can tell."""
    old, new = FIELDS[FIELDS.index("Authentication") :], ""
    with pytest.raises(RemoteProtocolError, match="has no Reported-Domain"):
        read_with(old, new)
    assert "example.org" == read_with(old, new, lenient=True).reported_domain


NO_REPORTS = {
    "abuse": (mail(FIELDS.replace("auth-failure", "abuse")), "the feedback report is 'abuse', not auth-failure"),
    "no type": (mail("Version: 1\n"), "the feedback report is '', not auth-failure"),
    "no fields": (mail(""), "the feedback report is '', not auth-failure"),
    "XML": (b"<feedback/>", "a failure report is a mail, this is XML or JSON"),
    "a mail": (b"From: a@b.test\r\n\r\nSender Domain: b.test\r\n", "it has no report in it"),
}


@pytest.mark.parametrize("name", NO_REPORTS)
def test_what_is_no_failure_report(name: str) -> None:
    """RFC 6591 §3.1: the feedback is an auth-failure; half a letter is no letter."""
    octets, sentence = NO_REPORTS[name]
    with pytest.raises(RemoteProtocolError) as caught:
        parse_failure(octets)
    assert sentence in str(caught.value)


def test_a_report_in_the_mail_that_came_back_is_not_read() -> None:
    """The outer report is meant: a stranger's mail cannot bring fields or a second report into it."""
    inner = mail(FIELDS.replace("Example.com", "evil.test")).decode().replace("--b", "--c").replace("=b", "=c")
    outer = mail(FIELDS, returned=inner).replace(b"text/rfc822-headers", b"message/rfc822", 1)
    report = parse_failure(outer)
    assert ("example.com", inner.encode()) == (report.reported_domain, report.returned)

"""Reports written: valid, read back as the same, and in the mails that the standards ask for."""

from __future__ import annotations

import datetime
import email
import email.policy
import re
from dataclasses import replace
from email.message import EmailMessage

import pytest
import xmlschema
from hypothesis import given, settings

from fakes.report_values import aggregate_reports, tls_reports
from fakes.shared import shared_path
from scop.dmarc import Action, Disposition
from scop.mime import Address
from scop.reports import (
    AggregateReport,
    FailedSignature,
    FailureReport,
    Override,
    PolicyPublished,
    Posting,
    Record,
    ReportedSignature,
    ReportedSpfCheck,
    ReportMetadata,
    TlsPolicy,
    TlsReport,
    compose_aggregate,
    compose_failure,
    compose_tls,
    parse_aggregate,
    parse_failure,
    parse_report,
    parse_tls,
    write_aggregate,
    write_tls,
)
from scop.reports.aggregate_words import OverrideType, ReportedDkim, ReportedSpf, SpfScope
from scop.reports.failure_values import AuthFailure, DeliveryResult
from scop.reports.tls_values import TlsPolicyType

RECORD = Record("192.0.2.1", 3, Action.NONE, True, False, "example.com")
REPORT = AggregateReport(
    ReportMetadata("Harbor", "reports@harbor.test", "f00ba4", 1_700_000_000, 1_700_086_399),
    PolicyPublished("example.com", Disposition.REJECT),
    (RECORD,),
)
DAY = datetime.datetime(2026, 11, 28, tzinfo=datetime.UTC)
SESSIONS = TlsPolicy(TlsPolicyType.STS, "lagoon.test", 7, 0, mx_hosts=("mx.lagoon.test",))
TLS = TlsReport("Harbor", "reports@harbor.test", "f00ba4", DAY, DAY.replace(hour=23, minute=59, second=59), (SESSIONS,))
FAILURE = FailureReport(
    "example.com",
    AuthFailure.DMARC,
    source_ip="2001:db8::1",
    original_mail_from="",
    original_rcpt_to=("bob@harbor.test",),
    arrived=DAY,
    delivery_result=DeliveryResult.REJECT,
    authentication_results=("mx.harbor.test; dmarc=fail header.from=example.com",),
    identity_alignment=("dkim", "spf"),
    signature=FailedSignature("example.com", "s1", "@example.com"),
    spf_dns=('txt : example.com : "v=spf1 -all"',),
    envelope_id="7",
    message_id="<1@example.com>",
    user_agent="SCoP/1",
    reporting_mta="mx.harbor.test",
    incidents=3,
    returned=b"From: <a@example.com>\r\nSubject: x\r\n",
)
POSTING = Posting(Address("Reports", "reports@harbor.test"), ("rua@example.com",), "harbor.test", 1_700_090_000.0)


def read_by_library(octets: bytes) -> EmailMessage:
    """Return a mail as the standard library reads it."""
    message = email.message_from_bytes(octets, policy=email.policy.SMTP)
    assert isinstance(message, EmailMessage)
    return message


@settings(max_examples=20)
@given(report=aggregate_reports())
def test_an_aggregate_report_is_read_as_it_was_written(report: AggregateReport) -> None:
    """RFC 9990 §3.1.1: write and parse are inverse, and the same value is always the same octets."""
    octets = write_aggregate(report)
    assert (report, octets) == (parse_aggregate(octets), write_aggregate(parse_aggregate(octets)))


def test_what_is_written_is_valid() -> None:
    """RFC 9990 appendix A: a validator of the schema finds no fault with any made report."""
    schema = xmlschema.XMLSchema(str(shared_path("standards", "dmarc-aggregate-report.xsd")))

    @settings(max_examples=12)
    @given(report=aggregate_reports())
    def holds(report: AggregateReport) -> None:
        schema.validate(write_aggregate(report).decode().partition("?>")[2])

    holds()


@settings(max_examples=20)
@given(report=tls_reports())
def test_a_tls_report_is_read_as_it_was_written(report: TlsReport) -> None:
    """RFC 8460 §4: write and parse are inverse, and the same value is always the same octets."""
    octets = write_tls(report)
    assert (report, octets) == (parse_tls(octets), write_tls(parse_tls(octets)))


def test_what_xml_cannot_hold_is_replaced() -> None:
    """XML 1.0 §2.2: a NUL or half a character in a comment spoils no report."""
    record = replace(RECORD, overrides=(Override(OverrideType.OTHER, "a\0b\x1b\ud800\uffffc\rd"),))
    report = parse_aggregate(write_aggregate(replace(REPORT, records=(record,))))
    assert "a\ufffdb\ufffd\ufffd\ufffdc\rd" == report.records[0].overrides[0].comment


def test_of_many_signatures_the_first_hundred_are_written() -> None:
    """RFC 9990 §3.1.3: no more than 100 in a row."""
    signatures = tuple(ReportedSignature(f"d{number}.test", "s", ReportedDkim.PASS) for number in range(101))
    report = parse_aggregate(write_aggregate(replace(REPORT, records=(replace(RECORD, dkim=signatures),))))
    assert signatures[:100] == report.records[0].dkim


SPF = ReportedSpfCheck("example.com", ReportedSpf.PASS)
WORDLESS = {
    "no record": (replace(REPORT, records=()), "at least one record"),
    "old override": (
        replace(REPORT, records=(replace(RECORD, overrides=(Override(OverrideType.FORWARDED),)),)),
        "no override forwarded",
    ),
    "two SPF results": (replace(REPORT, records=(replace(RECORD, spf=(SPF, SPF)),)), "one SPF result"),
    "HELO": (replace(REPORT, records=(replace(RECORD, spf=(replace(SPF, scope=SpfScope.HELO),)),)), "MAIL FROM only"),
}


@pytest.mark.parametrize("name", WORDLESS)
def test_what_only_the_old_form_has_is_not_written(name: str) -> None:
    """RFC 9990 §3.1.1: the writer says so, and makes no report that is invalid."""
    report, sentence = WORDLESS[name]
    with pytest.raises(ValueError, match=sentence):
        write_aggregate(report)


def test_the_mail_of_an_aggregate_report() -> None:
    """RFC 9990 §3.5.2: subject, media type and file name by its ABNF, a text for people, the same Message-ID again."""
    octets = compose_aggregate(REPORT, POSTING)
    message = read_by_library(octets)
    attached = next(message.iter_attachments())
    assert isinstance(attached, EmailMessage)
    assert "Report Domain: example.com Submitter: harbor.test Report-ID: <f00ba4>" == message["Subject"]
    assert ("<f00ba4@harbor.test>", "auto-generated") == (message["Message-ID"], message["Auto-Submitted"])
    assert "application/gzip" == attached.get_content_type()
    assert "harbor.test!example.com!1700000000!1700086399!f00ba4.xml.gz" == attached.get_filename()
    assert (REPORT, octets) == (parse_aggregate(octets), compose_aggregate(REPORT, POSTING))


NAMES = {
    "id with other characters": ("1-2.a@harbor.test", "example.com", ""),
    "long": ("0123456789abcdef" * 2, "a-very-long-name.example.com", ""),
    "U-label": ("f00", "b\u00fccher.test", "!f00"),
}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_the_file(name: str) -> None:
    """RFC 9990 §3.1.4, §3.5.2: the id is the Report-ID or is left out, the domain has A-labels."""
    report_id, domain, shown = NAMES[name]
    metadata = replace(REPORT.metadata, report_id=report_id)
    report = replace(REPORT, metadata=metadata, policy=replace(REPORT.policy, domain=domain))
    attached = next(read_by_library(compose_aggregate(report, POSTING)).iter_attachments())
    ascii_domain = domain.encode("idna").decode()
    assert f"harbor.test!{ascii_domain}!1700000000!1700086399{shown}.xml.gz" == attached.get_filename()


HOSTILE = {
    "line end in the id": (
        replace(REPORT, metadata=replace(REPORT.metadata, report_id="1\r\nBcc: x@y.test")),
        "no Report-ID",
    ),
    "space in the id": (replace(REPORT, metadata=replace(REPORT.metadata, report_id="1 2")), "no Report-ID"),
    "path in the domain": (replace(REPORT, policy=replace(REPORT.policy, domain="../etc")), "is no domain"),
    "line end in the domain": (replace(REPORT, policy=replace(REPORT.policy, domain="a\r\nB: c")), "is no domain"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_no_value_writes_a_field_of_its_own(name: str) -> None:
    """What goes into the subject and the file's name is an id and domains, or there is no mail."""
    report, sentence = HOSTILE[name]
    with pytest.raises(ValueError, match=sentence):
        compose_aggregate(report, POSTING)


def test_the_mail_of_a_tls_report() -> None:
    """RFC 8460 §5.3, RFC 8689 §3: multipart/report of tlsrpt, its two fields, and it goes although TLS fails."""
    octets = compose_tls(TLS, POSTING)
    message = read_by_library(octets)
    people, programs = message.iter_parts()
    assert ("multipart/report", "tlsrpt") == (message.get_content_type(), message["Content-Type"].params["report-type"])
    assert "Report Domain: lagoon.test Submitter: harbor.test Report-ID: <f00ba4@harbor.test>" == message["Subject"]
    assert ["lagoon.test", "harbor.test", "No"] == [
        message[name] for name in ("TLS-Report-Domain", "TLS-Report-Submitter", "TLS-Required")
    ]
    assert ("text/plain", "application/tlsrpt+gzip") == (people.get_content_type(), programs.get_content_type())
    assert "harbor.test!lagoon.test!1795824000!1795910399!f00ba4.json.gz" == programs.get_filename()
    assert (TLS, octets) == (parse_tls(octets), compose_tls(TLS, POSTING))


def test_a_tls_report_is_of_its_submitter_about_one_domain() -> None:
    """RFC 8460 §5.3: the contact is at the submitter's domain; each domain gets a report of its own."""
    with pytest.raises(ValueError, match=r"is not at harbor\.test"):
        compose_tls(replace(TLS, contact_info="a@elsewhere.test"), POSTING)
    with pytest.raises(ValueError, match="about one domain, not 2"):
        compose_tls(replace(TLS, policies=(SESSIONS, replace(SESSIONS, policy_domain="a.test"))), POSTING)


def test_the_mail_of_a_failure_report() -> None:
    """RFC 6591 §3: what is written is read again as the same, and its parts are those of RFC 6522."""
    octets = compose_failure(FAILURE, POSTING, "id7")
    message = read_by_library(octets)
    types = [part.get_content_type() for part in message.iter_parts()]
    assert ["text/plain", "message/feedback-report", "text/rfc822-headers"] == types
    assert "feedback-report" == message["Content-Type"].params["report-type"]
    assert (FAILURE, FAILURE) == (parse_failure(octets), parse_report(octets))


def test_a_failure_report_needs_what_failed() -> None:
    """RFC 6591 §3.1: Auth-Failure and Authentication-Results are required."""
    with pytest.raises(ValueError, match="says what failed"):
        compose_failure(replace(FAILURE, auth_failure=None), POSTING, "id7")
    with pytest.raises(ValueError, match="says what failed"):
        compose_failure(replace(FAILURE, authentication_results=()), POSTING, "id7")


def test_no_value_of_a_failed_mail_writes_a_field_of_its_own() -> None:
    """What comes from that mail stays in its field, in ASCII, and its body is never sent."""
    hostile = replace(
        FAILURE,
        original_mail_from="a\r\nFeedback-Type: abuse\r\n\r\nx\u00e9@b.test",
        spf_dns=("y" * 5_000,),
        returned=b"Subject: \xff\0\x1b[2J\nFrom: " + b"z" * 2_000 + b"\n\nbody",
    )
    octets = compose_failure(hostile, POSTING, "id7")
    report = parse_failure(octets)
    assert "a Feedback-Type: abuse x\\xe9@b.test" == report.original_mail_from
    assert report.returned.startswith(b"Subject: ???[2J\r\nFrom: zzz")
    assert 2_000 == report.returned.count(b"z")
    assert b"body" not in octets
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert 1 == len(re.findall(rb"(?m)^Feedback-Type:", octets))

"""Reports as others sent them: all are read, the invalid ones with an error that says where they are wrong."""

from __future__ import annotations

import pytest

from fakes.shared import shared_path
from scop.base import RemoteProtocolError
from scop.dmarc import Action, Disposition
from scop.reports import (
    AggregateReport,
    FailedSignature,
    FailureReport,
    TlsReport,
    parse_aggregate,
    parse_failure,
    parse_report,
    parse_tls,
)
from scop.reports.aggregate_words import DiscoveryMethod, OverrideType
from scop.reports.failure_values import AuthFailure, DeliveryResult
from scop.reports.tls_values import TlsPolicyType, TlsResultType

SAMPLES = ("vectors", "reports", "samples")
INVALID = {
    "aggregate/invalid_utf_8.xml": "the octets are not utf-8: 'utf-8' codec can't decode byte 0x91 in position 706",
    "aggregate/invalid_xml.xml": "line 5: '<bad-xml@bad-xml.net></email>",
    "aggregate_invalid/report_with_upper_cased_pass.xml": "auth_results/dkim/result is 'Pass', none of none, pass,",
    "empty.xml": "it is empty",
}
# How many mails each tells of, and what is wrong in it.
AGGREGATE: dict[str, tuple[int, tuple[str, ...]]] = {
    "aggregate/!example.com!1538204542!1538463818.xml": (1, ("report_metadata has no org_name",)),
    "aggregate/!large-example.com!1711897200!1711983600.xml": (2286, ("report_metadata has no org_name",)),
    "aggregate/Report domain- borschow.com Submitter- google.com Report-ID- 949348866075514174.eml": (1, ()),
    "aggregate/addisonfoods.com!example.com!1536105600!1536191999.xml": (1, ()),
    "aggregate/empty_reason.xml": (2, ("reason/type is empty",)),
    "aggregate/estadocuenta1.infonacot.gob.mx!example.com!1536853302!1536939702!2940.xml.zip": (1, ()),
    "aggregate/example.net!example.com!1529366400!1529452799.xml": (1, ("policy_published holds the text '11'",)),
    "aggregate/fastmail.com!example.com!1516060800!1516147199!102675056.xml.gz": (1, ()),
    "aggregate/ikea.com!example.de!1538690400!1538776800.xml": (1, ("'xs:schema' around it is never closed",)),
    "aggregate/mimecast-weird-gzip.eml": (1, ()),
    "aggregate/old_draft_from_wiki.xml": (2, ()),
    "aggregate/protection.outlook.com!example.com!1711756800!1711843200.xml": (1, ()),
    "aggregate/rfc9990-example.net!example.com!1700000000!1700086399.xml": (7, ("version is '2.0', not '1.0'",)),
    "aggregate/rfc9990-sample.xml": (123, ()),
    "aggregate/twilight.eml": (1, ()),
    "aggregate/usssa.com!example.com!1538784000!1538870399.xml": (2, ()),
    "aggregate/veeam.com!example.com!1530133200!1530219600.xml": (1, ()),
    "extract_report/changed-input.xml": (3047, ()),
    "extract_report/nice-input.xml": (3047, ()),
    "extract_report/nice-input.xml.gz": (3047, ()),
    "extract_report/nice-input.xml.zip": (3047, ()),
}


def sample(name: str) -> bytes:
    """Return the octets of one sample."""
    return shared_path(*SAMPLES, *name.split("/")).read_bytes()


@pytest.mark.parametrize("name", AGGREGATE)
def test_aggregate_samples_are_read_in_any_wrapping(name: str) -> None:
    """Old form and new, alone, gzip, zip and in mail: each tells how many mails, and what it does wrong."""
    report = parse_aggregate(sample(name))
    assert AGGREGATE[name] == (report.count, report.defects)


def test_every_sample_is_read_or_said_to_be_invalid() -> None:
    """No sample is left out: each is read as its folder says, and only the named ones are not."""
    kinds = {"aggregate": AggregateReport, "extract_report": AggregateReport, "failure": FailureReport}
    top = shared_path(*SAMPLES)
    refused = {}
    for path in sorted(top.rglob("*.*")):
        name = path.relative_to(top).as_posix()
        try:
            found = parse_report(path.read_bytes())
        except RemoteProtocolError as fault:
            refused[name] = str(fault)
        else:
            assert kinds.get(path.parent.name, TlsReport) is type(found)
    assert INVALID.keys() == refused.keys()
    assert all(refused[name].startswith(sentence) for name, sentence in INVALID.items())


def test_a_lenient_reader_takes_what_has_one_meaning() -> None:
    """A word in other letters and an octet that is not UTF-8 are read and noted; broken XML is never guessed at."""
    capitals = parse_aggregate(sample("aggregate_invalid/report_with_upper_cased_pass.xml"), lenient=True)
    damaged = parse_aggregate(sample("aggregate/invalid_utf_8.xml"), lenient=True)
    assert (True, "policy_evaluated/dkim is 'Pass'") == (capitals.records[0].dkim_aligned, capitals.defects[3])
    assert ("bad_byte\ufffd", "octets that are not utf-8") == (damaged.records[0].header_from, damaged.defects[0])
    with pytest.raises(RemoteProtocolError, match="is no markup"):
        parse_aggregate(sample("aggregate/invalid_xml.xml"), lenient=True)


def test_the_sample_of_rfc_9990_says_what_it_says() -> None:
    """RFC 9990 appendix B: every value of the sample report."""
    report = parse_aggregate(sample("aggregate/rfc9990-sample.xml"))
    record = report.records[0]
    assert ("Sample Reporter", 302832000, 302918399) == (
        report.metadata.org_name,
        report.metadata.begin_unix,
        report.metadata.end_unix,
    )
    assert (Disposition.QUARANTINE, Disposition.NONE, False, DiscoveryMethod.TREEWALK) == (
        report.policy.p,
        report.policy.np,
        report.policy.testing,
        report.policy.discovery_method,
    )
    assert (Action.PASS, True, False, "abc123") == (
        record.disposition,
        record.dkim_aligned,
        record.spf_aligned,
        record.dkim[0].selector,
    )


def test_an_override_is_read_with_its_comment() -> None:
    """RFC 9990 §3.1.1.14: the reason has a type and a comment."""
    report = parse_aggregate(sample("aggregate/rfc9990-example.net!example.com!1700000000!1700086399.xml"))
    override = report.records[1].overrides[0]
    assert (OverrideType.OTHER, "sender not authorized") == (override.type, override.comment)


def test_failure_reports_are_read_whoever_wrote_them() -> None:
    """LinkedIn's, an appliance's, Netease's in base64, and Exim's letter for people tell domain, source and failure."""
    seen = {}
    for path in sorted(shared_path(*SAMPLES, "failure").iterdir()):
        report = parse_failure(path.read_bytes())
        seen[path.name[:12]] = (report.reported_domain, report.source_ip, report.auth_failure, report.defects)
    assert seen == {
        "DMARC Failur": ("domain.de", "10.10.10.10", AuthFailure.DMARC, ("Delivery-Result is 'smg-policy-action'",)),
        "[Netease DMA": ("cardinal.com", "167.89.69.24", None, ("it has no Auth-Failure",)),
        "dmarc_ruf_re": ("example.com", "10.10.10.10", AuthFailure.DMARC, ()),
        "exim_plain_t": (
            "example.com",
            "203.0.113.68",
            AuthFailure.DMARC,
            ("it is a letter for people, no feedback report",),
        ),
    }


def test_a_failure_report_says_what_stands_in_its_fields() -> None:
    """RFC 6591 §3: paths without brackets, the alignment as stated, the signature, the mail that came back."""
    report = parse_failure(sample("failure/[Netease DMARC Failure Report] Rent Reminder.eml"))
    assert report.original_mail_from == "bounces+1137616-c1ad-xsj399=163.com@email.entrata.com"
    assert report.identity_alignment == ("spf", "dkim")
    assert report.signature == FailedSignature("entrata.com")
    assert report.delivery_result is DeliveryResult.DELIVERED
    assert report.message_id == "<oguVx1AxQayV5Sv2nYK-rA@ismtpd0007p1las1.sendgrid.net>"
    assert report.returned.startswith(b"Received: by filter1356p1mdw1.sendgrid.net")


def test_the_letter_of_exim_gives_back_the_header() -> None:
    """What stands below its rule is the header of the mail, and nothing of the letter."""
    report = parse_failure(sample("failure/exim_plain_text_only_no_arf_part.eml"))
    assert report.returned.startswith(b"Received: from [203.0.113.68] (helo=smtpclient.apple)")
    assert report.message_id == "<134117F8-2145-AECE-9CCA-25FC98731341@example.com>"
    assert not report.is_standard


def test_tls_samples_are_read_in_any_wrapping() -> None:
    """Google's in a mail, and plain JSON: policies and counts."""
    seen = {}
    for path in sorted(shared_path(*SAMPLES, "smtp_tls").iterdir()):
        report = parse_tls(path.read_bytes())
        policy = report.policies[0]
        seen[path.name[:8]] = (policy.policy_type, policy.successful_sessions, policy.failed_sessions, report.defects)
    assert seen == {
        "google.c": (TlsPolicyType.NO_POLICY_FOUND, 48, 0, ()),
        "mail.ru.": (TlsPolicyType.STS, 0, 1, ()),
        "rfc8460.": (TlsPolicyType.STS, 5326, 303, ()),
        "smtp_tls": (TlsPolicyType.STS, 0, 3, ()),
    }


def test_the_example_of_rfc_8460_says_what_it_says() -> None:
    """RFC 8460 appendix B: each failure with its host and its reason."""
    failures = parse_tls(sample("smtp_tls/rfc8460.json")).policies[0].failures
    assert [(TlsResultType.CERTIFICATE_EXPIRED, 100), (TlsResultType.STARTTLS_NOT_SUPPORTED, 200)] == [
        (failure.result_type, failure.failed_sessions) for failure in failures[:2]
    ]
    assert ("mx-backup.mail.company-y.example", "X509_V_ERR_PROXY_PATH_LENGTH_EXCEEDED") == (
        failures[2].receiving_mx_hostname,
        failures[2].failure_reason_code,
    )

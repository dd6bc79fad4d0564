"""Reports of other hosts, as they are really written."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dsn import Action, Notice, RecipientReport, Report, ReportedRecipient, compose_report, parse_report
from scop.smtp import ForwardPath, Mailbox, reply


def mail(status: bytes, *, before: bytes = b"", after: bytes = b"", kind: bytes = b"message/delivery-status") -> bytes:
    """Return a multipart/report with this status part."""
    return (
        b'Content-Type: multipart/report; report-type=delivery-status; boundary="b"\r\n\r\n'
        + before
        + b"--b\r\n\r\nSorry.\r\n--b\r\nContent-Type: "
        + kind
        + b"\r\n\r\n"
        + status
        + b"\r\n"
        + after
        + b"--b--\r\n"
    )


POSTFIX = b"""Reporting-MTA: dns; mx.harbor.test\r
X-Postfix-Queue-ID: 4Q1\r
X-Postfix-Sender: rfc822; ann@lagoon.test\r
Arrival-Date: Fri, 15 Jan 2027 08:00:00 +0100 (CET)\r
\r
Final-Recipient: rfc822; bob@harbor.test\r
Original-Recipient: rfc822;robert@harbor.test\r
Action: failed\r
Status: 5.1.1\r
Remote-MTA: dns; mail.harbor.test\r
Diagnostic-Code: smtp; 550 5.1.1 <bob@harbor.test>: Recipient address rejected:\r
    User unknown\r
"""
EXCHANGE = b"""Reporting-MTA: dns;EX01.harbor.test\r
Received-From-MTA: dns;mx.lagoon.test\r
Arrival-Date: Fri, 15 Jan 2027 08:00:00 +0000\r
\r
Original-Recipient: rfc822;bob@harbor.test\r
Final-Recipient: rfc822;bob@harbor.test\r
Action: delayed\r
Status: 4.4.7\r
Will-Retry-Until: Sun, 17 Jan 2027 08:00:00 +0000\r
X-Display-Name: Bob\r
"""
SENDMAIL = b"""Reporting-MTA: dns; mx.harbor.test\r
Original-Envelope-Id: QQ314159\r
\r
Final-Recipient: RFC822; bob@harbor.test\r
Action: relayed (to non-DSN-aware mailer)\r
Status: 2.1.5\r
\r
Final-Recipient: RFC822; <eve@harbor.test>\r
Action: failed\r
Status: 5.2.2 (mailbox full)\r
"""


def test_report_of_postfix_is_read() -> None:
    """Folded lines, comments in dates, fields of its own in between."""
    returned = b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <1@lagoon.test>\r\n"
    cet = datetime.timezone(datetime.timedelta(hours=1))
    expected = Report(
        "mx.harbor.test",
        (
            ReportedRecipient(
                "bob@harbor.test",
                Action.FAILED,
                "5.1.1",
                "robert@harbor.test",
                "mail.harbor.test",
                "550 5.1.1 <bob@harbor.test>: Recipient address rejected: User unknown",
            ),
        ),
        arrived=datetime.datetime(2027, 1, 15, 8, tzinfo=cet),
        message_id="<1@lagoon.test>",
    )
    found = parse_report(mail(POSTFIX, after=returned))
    assert found is not None
    words = " ".join(found.recipients[0].diagnostic.split())
    assert expected.recipients[0].diagnostic == words
    assert (expected.reporting_host, expected.arrived, expected.message_id) == (
        found.reporting_host,
        found.arrived,
        found.message_id,
    )
    assert expected.recipients[0].original_recipient == found.recipients[0].original_recipient


def test_report_of_exchange_is_read() -> None:
    """No blank after the semicolon."""
    found = parse_report(mail(EXCHANGE))
    assert found is not None
    (bob,) = found.recipients
    assert ("EX01.harbor.test", "bob@harbor.test", Action.DELAYED, "4.4.7") == (
        found.reporting_host,
        bob.final_recipient,
        bob.action,
        bob.status,
    )
    assert datetime.datetime(2027, 1, 17, 8, tzinfo=datetime.UTC) == bob.will_retry_until


def test_report_of_sendmail_is_read() -> None:
    """Comments after the action and the status, an address in angle brackets."""
    found = parse_report(mail(SENDMAIL))
    assert found is not None
    assert "QQ314159" == found.envelope_id
    assert [("bob@harbor.test", Action.RELAYED, "2.1.5"), ("eve@harbor.test", Action.FAILED, "5.2.2")] == [
        (each.final_recipient, each.action, each.status) for each in found.recipients
    ]


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (b"Final-Recipient: bob@harbor.test\nStatus: 5.1.1\n", Action.FAILED),  # no action, bare LF, no type
        (b"Final-Recipient: rfc822; bob@harbor.test\r\nAction: FAILED\r\nStatus: 5.1.1\r\n", Action.FAILED),
        (b"Final-Recipient: rfc822; bob@harbor.test\r\nAction: lost\r\n", None),
        (b"\r\n\r\n\r\nFinal-Recipient: rfc822; bob@harbor.test\r\nAction: delivered\r\n\r\n\r\n", Action.DELIVERED),
    ],
)
def test_report_that_is_written_badly_is_read_as_it_was_meant(status: bytes, action: Action | None) -> None:
    """What is missing stays empty; all in one block is read too."""
    found = parse_report(mail(status))
    assert found is not None
    assert [("bob@harbor.test", action)] == [(each.final_recipient, each.action) for each in found.recipients]


@pytest.mark.parametrize(
    "octets",
    [
        b"Subject: hello\r\n\r\nFinal-Recipient: rfc822; bob@harbor.test\r\n",
        mail(b"Reporting-MTA: dns; mx.harbor.test\r\n"),
        b"Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\nContent-Type: message/rfc822\r\n\r\n"
        + mail(POSTFIX)
        + b"--c--\r\n",  # forwarded by a person
        b"",
    ],
)
def test_mail_that_is_no_report_is_none(octets: bytes) -> None:
    """Text that looks like one, a status part without a recipient, a report that somebody forwards."""
    assert parse_report(octets) is None


_REPORTS = st.builds(
    RecipientReport,
    st.sampled_from([ForwardPath.parse(path) for path in ("<bob@harbor.test>", "<jörg@hafen.test>", "<Postmaster>")]),
    st.just(Action.FAILED),
    st.from_regex(r"[45]\.[0-9]\.[0-9]{1,2}", fullmatch=True),
    reply=st.sampled_from([None, reply(550, "5.1.1", "No such user"), reply(450, "", "Later; or: never")]),
    remote_host=st.sampled_from(["", "mx.harbor.test"]),
    original_recipient=st.sampled_from(["", "rfc822;bob@old.test", "utf-8;jörg@old.test"]),
)


@given(st.lists(_REPORTS, min_size=1, max_size=3), st.sampled_from(["", "QQ314159"]), st.booleans())
def test_report_of_ours_is_read_as_it_was_meant(reports: list[RecipientReport], envid: str, utf8: bool) -> None:
    """Parse ∘ compose is the identity on what a report says."""
    sender = Mailbox.parse("änne@lagoon.test" if utf8 else "ann@lagoon.test")
    notice = Notice("mx.lagoon.test", Mailbox("p", "l.test"), sender, tuple(reports), 0, 60, "x", envelope_id=envid)
    when = datetime.datetime.fromtimestamp(60, datetime.UTC)
    expected = Report(
        "mx.lagoon.test",
        tuple(
            ReportedRecipient(
                str(each.forward_path)[1:-1],
                each.action,
                each.status,
                each.original_recipient.partition(";")[2],
                each.remote_host,
                str(each.reply) if each.reply else "",
                when,
            )
            for each in reports
        ),
        envid,
        datetime.datetime.fromtimestamp(0, datetime.UTC),
        "<1@lagoon.test>",
    )
    assert expected == parse_report(compose_report(notice, b"Message-ID: <1@lagoon.test>\r\n\r\n"))


@given(st.binary(max_size=400), st.binary(max_size=400))
def test_report_parser_never_raises(status: bytes, octets: bytes) -> None:
    """Whatever octets there are."""
    parse_report(octets)
    parse_report(mail(status))
    parse_report(mail(b"Final-Recipient: " + status))


def test_report_of_too_many_octets_is_none() -> None:
    """Memory is bounded: n is read, n + 1 is not."""
    room = 16_777_216 - len(mail(POSTFIX))
    assert parse_report(mail(POSTFIX, before=b"\n" * room)) is not None
    assert parse_report(mail(POSTFIX, before=b"\n" * (room + 1))) is None

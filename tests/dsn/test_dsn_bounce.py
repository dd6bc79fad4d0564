"""Bounces, read back by a parser of another house (the standard library's)."""

from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dsn import Failure, Notice, compose_bounce
from scop.smtp import ForwardPath, Mailbox, reply

ORIGINAL = b"From: ann@lagoon.test\r\nSubject: tide\r\nMessage-ID: <1@lagoon.test>\r\n\r\nsecret body\r\n"


def notice(*failures: Failure) -> Notice:
    """Return what a bounce of lagoon.test to Ann tells."""
    return Notice(
        reporting_host="mx.lagoon.test",
        author=Mailbox("postmaster", "lagoon.test"),
        recipient=Mailbox("ann", "lagoon.test"),
        failures=failures,
        arrived_unix=1_800_000_000,
        now_unix=1_800_000_060,
        ident="0123456789ab",
    )


def failure(address: str = "bob@harbor.test", words: str = "No such user") -> Failure:
    """Return a recipient that a server refused."""
    return Failure(
        forward_path=ForwardPath(Mailbox.parse(address)),
        status="5.1.1",
        explanation="The server refused the recipient.",
        reply=reply(550, "5.1.1", words),
        remote_host="mx.harbor.test",
    )


def parsed(octets: bytes) -> EmailMessage:
    """Read a mail by the standard library."""
    return message_from_bytes(octets, policy=policy.default)


def groups(mail: EmailMessage) -> list[Message]:
    """Return the groups of fields of the report."""
    return cast(list[Message], list(mail.iter_parts())[1].get_payload())


def test_bounce_is_a_report_of_three_parts() -> None:
    """RFC 6522 §3: text, report, header of the original."""
    mail = parsed(compose_bounce(notice(failure()), ORIGINAL))
    assert ("multipart/report", "delivery-status") == (mail.get_content_type(), mail.get_param("report-type"))
    assert ["text/plain", "message/delivery-status", "text/rfc822-headers"] == [
        part.get_content_type() for part in mail.iter_parts()
    ]
    assert [] == mail.defects


def test_bounce_report_names_each_recipient() -> None:
    """RFC 3464 §2.3: one group a recipient, with action, status and the server's words."""
    both = notice(failure(), failure("eve@harbor.test", "Mailbox full"))
    message, first, second = groups(parsed(compose_bounce(both, ORIGINAL)))
    assert "dns; mx.lagoon.test" == message["Reporting-MTA"]
    assert ["rfc822; bob@harbor.test", "failed", "5.1.1", "dns; mx.harbor.test", "smtp; 550 5.1.1 No such user"] == [
        first[name] for name in ("Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code")
    ]
    assert ["rfc822; eve@harbor.test", "smtp; 550 5.1.1 Mailbox full"] == [
        second[name] for name in ("Final-Recipient", "Diagnostic-Code")
    ]


def test_bounce_tells_that_a_machine_wrote_it() -> None:
    """RFC 3834 §5: nobody's vacation notice answers a bounce."""
    mail = parsed(compose_bounce(notice(failure()), ORIGINAL))
    assert ["auto-replied", "ann@lagoon.test", "Mail Delivery System <postmaster@lagoon.test>"] == [
        mail[name] for name in ("Auto-Submitted", "To", "From")
    ]
    assert "Fri, 15 Jan 2027 08:01:00 +0000" == mail["Date"]


def test_bounce_returns_the_header_and_not_the_body() -> None:
    """A forged sender must not be handed a stranger's text."""
    octets = compose_bounce(notice(failure()), ORIGINAL)
    assert b"Message-ID: <1@lagoon.test>" in octets
    assert b"secret" not in octets


def test_bounce_cuts_a_huge_header_between_lines() -> None:
    """At most 64 KiB go back."""
    original = b"X-Long: 123456789\r\n" * 10_000
    octets = compose_bounce(notice(failure()), original)
    assert 64_000 < len(octets) < 70_000
    assert {b"X-Long: 123456789"} == {line for line in octets.split(b"\r\n") if line.startswith(b"X-")}


def test_bounce_in_utf8_uses_the_global_types() -> None:
    """RFC 6533 §3 and §4: UTF-8 in an address or in the header."""
    octets = compose_bounce(notice(failure("jörg@hafen.test")), "Subject: Größe\r\n\r\n".encode())
    assert [b"message/global-delivery-status", b"message/global-headers"] == [
        line.removeprefix(b"Content-Type: ") for line in octets.split(b"\r\n") if b"message/" in line
    ]
    assert "Final-Recipient: utf-8; jörg@hafen.test".encode() in octets


def test_bounce_without_a_reply_has_no_diagnostic() -> None:
    """RFC 3464 §2.3.6: it is the remote server's; where none spoke there is none."""
    expired = Failure(ForwardPath(Mailbox("bob", "gone.test")), "4.4.7", "It could not be delivered for five days.")
    _, group = groups(parsed(compose_bounce(notice(expired), ORIGINAL)))
    assert (None, None, "4.4.7") == (group["Diagnostic-Code"], group["Remote-MTA"], group["Status"])


def test_bounce_values_that_make_no_sense_do_not_exist() -> None:
    """The constructors validate."""
    with pytest.raises(ValueError, match="no status code"):
        Failure(ForwardPath(None), "550", "")
    with pytest.raises(ValueError, match="at least one failure"):
        notice()


@given(st.text(st.characters(exclude_characters="\r\n\0"), min_size=1), st.binary())
def test_bounce_is_a_mail_whatever_a_server_says(words: str, original: bytes) -> None:
    """No reply and no original breaks out of its place: three parts, lines within 998 octets, CRLF only."""
    said = failure(words=f"x{words}")
    octets = compose_bounce(notice(said), b"X: y\r\n\r\n" + original)
    assert 3 == len(list(parsed(octets).iter_parts()))
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")

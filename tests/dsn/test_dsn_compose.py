"""Reports, read back by a parser of another house (the standard library's)."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage, Message
from typing import cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scop.dsn import Action, Notice, RecipientReport, Returned, compose_report, parse_report
from scop.mime import Address, parse
from scop.smtp import ForwardPath, Mailbox, reply

ORIGINAL = b"From: ann@lagoon.test\r\nSubject: tide\r\nMessage-ID: <1@lagoon.test>\r\n\r\nsecret body\r\n"
NO_USER = reply(550, "5.1.1", "No such user")


def notice(*reports: RecipientReport, sender: str = "ann@lagoon.test", ret: Returned = Returned.HDRS) -> Notice:
    """Return what a notice of lagoon.test to Ann tells."""
    return Notice(
        reporting_host="mx.lagoon.test",
        author=Mailbox("postmaster", "lagoon.test"),
        recipient=Mailbox.parse(sender),
        reports=reports,
        arrived_unix=1_800_000_000,
        now_unix=1_800_000_060,
        ident="0123456789ab",
        returned=ret,
    )


def failed(address: str = "bob@harbor.test", words: str = "No such user") -> RecipientReport:
    """Return a recipient that a server refused."""
    return RecipientReport(
        forward_path=ForwardPath(Mailbox.parse(address)),
        action=Action.FAILED,
        status="5.1.1",
        reply=reply(550, "5.1.1", words),
        remote_host="mx.harbor.test",
    )


def told(action: Action, status: str, until: float | None = None) -> RecipientReport:
    """Return what became of Bob."""
    return RecipientReport(ForwardPath.parse("<bob@harbor.test>"), action, status, will_retry_until_unix=until)


def parsed(octets: bytes) -> EmailMessage:
    """Read a mail by the standard library."""
    return message_from_bytes(octets, policy=policy.default)


def parts(mail: EmailMessage) -> list[EmailMessage]:
    """Return the parts of a multipart."""
    return cast("list[EmailMessage]", list(mail.iter_parts()))


def groups(mail: EmailMessage) -> list[Message]:
    """Return the groups of fields of the report."""
    return cast("list[Message]", parts(mail)[1].get_payload())


def text(mail: EmailMessage) -> str:
    """Return what people read, on one line."""
    return " ".join(str(parts(mail)[0].get_content()).split())


def types(octets: bytes) -> list[str]:
    """Return the types of the parts."""
    return [part.get_content_type() for part in parts(parsed(octets))]


def test_dsn_is_a_report_of_three_parts() -> None:
    """RFC 6522 §3: text, report, header of the original."""
    mail = parsed(compose_report(notice(failed()), ORIGINAL))
    assert ("multipart/report", "delivery-status") == (mail.get_content_type(), mail.get_param("report-type"))
    assert ["text/plain", "message/delivery-status", "text/rfc822-headers"] == [
        part.get_content_type() for part in mail.iter_parts()
    ]
    assert [] == mail.defects


def test_dsn_names_each_recipient() -> None:
    """RFC 3464 §2.3: one group a recipient, with action, status and the server's words."""
    both = notice(failed(), failed("eve@harbor.test", "Mailbox full"))
    message, first, second = groups(parsed(compose_report(both, ORIGINAL)))
    assert "dns; mx.lagoon.test" == message["Reporting-MTA"]
    assert ["rfc822; bob@harbor.test", "failed", "5.1.1", "dns; mx.harbor.test", "smtp; 550 5.1.1 No such user"] == [
        first[name] for name in ("Final-Recipient", "Action", "Status", "Remote-MTA", "Diagnostic-Code")
    ]
    assert ["rfc822; eve@harbor.test", "smtp; 550 5.1.1 Mailbox full"] == [
        second[name] for name in ("Final-Recipient", "Diagnostic-Code")
    ]


def test_dsn_repeats_what_the_sender_named() -> None:
    """RFC 3461 §6.3: ENVID and ORCPT come back as Original-Envelope-Id and Original-Recipient, in their places."""
    report = RecipientReport(
        ForwardPath.parse("<bob@harbor.test>"), Action.FAILED, "5.1.1", original_recipient="rfc822;b+b@old.test"
    )
    asked = Notice(
        "mx.lagoon.test", Mailbox("p", "l.test"), Mailbox("ann", "lagoon.test"), (report,), 0, 1, "x", "QQ 314"
    )
    octets = compose_report(asked, ORIGINAL)
    message, group = groups(parsed(octets))
    assert ("QQ 314", "rfc822; b+b@old.test") == (message["Original-Envelope-Id"], group["Original-Recipient"])
    # RFC 3464 §2.2, §2.3: each stands first in its group.
    assert octets.index(b"Original-Envelope-Id") < octets.index(b"Reporting-MTA")
    assert octets.index(b"Original-Recipient") < octets.index(b"Final-Recipient")


def test_dsn_of_a_delay_says_until_when_it_is_tried() -> None:
    """RFC 3464 §2.3.9: Will-Retry-Until, for what is delayed only."""
    _, group = groups(parsed(compose_report(notice(told(Action.DELAYED, "4.4.1", 1_800_432_000)), ORIGINAL)))
    assert ("delayed", "4.4.1", "Wed, 20 Jan 2027 08:00:00 +0000") == (
        group["Action"],
        group["Status"],
        group["Will-Retry-Until"],
    )
    assert "Fri, 15 Jan 2027 08:01:00 +0000" == group["Last-Attempt-Date"]


@pytest.mark.parametrize(
    ("action", "status", "subject", "sentence"),
    [
        (Action.FAILED, "5.1.1", "Not delivered: tide", "was not delivered to this recipient. It will not be tried"),
        (Action.DELAYED, "4.4.1", "Not delivered yet: tide", "It is still being tried: you need not send it again."),
        (Action.DELIVERED, "2.1.5", "Delivered: tide", "was delivered to this recipient."),
        (Action.RELAYED, "2.1.5", "Passed on: tide", "to another mail system."),
        (Action.EXPANDED, "2.1.5", "Passed on to a list: tide", "to all members of a list"),
    ],
)
def test_dsn_tells_the_outcome_in_words(action: Action, status: str, subject: str, sentence: str) -> None:
    """The subject tells the outcome and the mail, the text begins with what happened."""
    mail = parsed(compose_report(notice(told(action, status)), ORIGINAL))
    assert subject == mail["Subject"]
    assert sentence in text(mail)
    assert text(mail).startswith('Your mail "tide" of Fri, 15 Jan 2027 08:00:00 +0000')


def test_dsn_tells_what_happened_to_whom_why_what_to_do_and_what_was_said() -> None:
    """In this order: a person finds first what matters first."""
    words = text(parsed(compose_report(notice(failed()), ORIGINAL)))
    order = [
        "was not delivered",
        "bob@harbor.test",
        "Why: There is no mailbox with this address.",
        "What you can do: Check the address",
        "What mx.harbor.test said: 550 5.1.1 No such user",
        "forward it to postmaster@lagoon.test",
    ]
    found = [words.index(each) for each in order]
    assert sorted(found) == found


def test_dsn_takes_no_answer_that_was_answered_for_an_unknown_recipient() -> None:
    """Exchange Online says `550 5.4.1` of mailboxes that are not there, where RFC 3463 §3.5 means a silent host."""
    said = text(parsed(compose_report(notice(told(Action.FAILED, "5.4.1")), ORIGINAL)))
    assert "Why: Most likely there is no mailbox with this address. What you can do: Check the address" in said


def test_dsn_says_in_the_first_place_what_only_we_know() -> None:
    """Where no server spoke and the status says nothing, our own reason is the reason."""
    ours = RecipientReport(ForwardPath.parse("<bob@harbor.test>"), Action.FAILED, "5.0.0", "The administrator did it")
    said = text(parsed(compose_report(notice(ours), ORIGINAL)))
    assert "Why: The administrator did it." in said
    assert "In detail" not in said
    assert "gave no clear reason" not in said


def test_dsn_without_a_subject_names_the_mail_by_its_date() -> None:
    """A person with many mails underway still knows which one it is."""
    mail = parsed(compose_report(notice(failed()), b"From: ann@lagoon.test\r\n\r\nx\r\n"))
    assert "Not delivered: your mail of Fri, 15 Jan 2027 08:00:00 +0000" == mail["Subject"]


def test_dsn_tells_of_the_gravest_first() -> None:
    """Recipients of one mail may fare differently: the subject has what matters most, the text each group."""
    mixed = notice(told(Action.DELIVERED, "2.1.5"), failed("eve@harbor.test"))
    mail = parsed(compose_report(mixed, ORIGINAL))
    assert "Not delivered: tide" == mail["Subject"]
    assert text(mail).index("eve@harbor.test") < text(mail).index("bob@harbor.test")


def test_dsn_tells_that_a_machine_wrote_it() -> None:
    """RFC 3834 §5: nobody's vacation notice answers it."""
    mail = parsed(compose_report(notice(failed()), ORIGINAL))
    assert ["auto-replied", "ann@lagoon.test", "Mail Delivery System <postmaster@lagoon.test>"] == [
        mail[name] for name in ("Auto-Submitted", "To", "From")
    ]
    assert "Fri, 15 Jan 2027 08:01:00 +0000" == mail["Date"]


def test_dsn_returns_the_header_and_not_the_body() -> None:
    """A forged sender must not be handed a stranger's text."""
    octets = compose_report(notice(failed()), ORIGINAL)
    assert b"Message-ID: <1@lagoon.test>" in octets
    assert b"secret" not in octets


def test_dsn_returns_the_whole_mail_to_who_asked() -> None:
    """RFC 3461 §4.3: RET=FULL, and RFC 6522 §3 has it as message/rfc822."""
    octets = compose_report(notice(failed(), ret=Returned.FULL), ORIGINAL)
    assert ["text/plain", "message/delivery-status", "message/rfc822"] == types(octets)
    assert ORIGINAL in octets


def test_dsn_without_a_failure_returns_the_header_only() -> None:
    """RFC 3461 §4.3: RET=FULL is for what failed."""
    octets = compose_report(notice(told(Action.DELIVERED, "2.1.5"), ret=Returned.FULL), ORIGINAL)
    assert "text/rfc822-headers" == types(octets)[2]
    assert b"secret" not in octets


@pytest.mark.parametrize(
    ("original", "kind"),
    [
        (b"Subject: x\r\n\r\n" + b"x" * 60 + b"\r\n" * 10, "message/rfc822"),
        ("Subject: x\r\n\r\nGrüße\r\n".encode(), "message/rfc822"),
        ("Subject: Grüße\r\n\r\nGrüße\r\n".encode(), "message/global"),
        (b"Subject: x\r\n\r\n" + b"x" * 1_048_576, "text/rfc822-headers"),  # large
        (b"Subject: x\r\n\r\nbare\nline feed\r\n", "text/rfc822-headers"),  # cannot stand there unchanged
    ],
)
def test_dsn_returns_a_mail_as_it_is_or_only_its_header(original: bytes, kind: str) -> None:
    """RFC 2046 §5.2.1, RFC 6533 §4: nothing is converted; what could not stand there is left out."""
    octets = compose_report(notice(failed(), ret=Returned.FULL), original)
    assert kind == types(octets)[2]
    assert parsed(octets)["Content-Transfer-Encoding"] in (None, "7bit", "8bit")


def test_dsn_cuts_a_huge_header_between_lines() -> None:
    """At most 64 KiB go back."""
    original = b"X-Long: 123456789\r\n" * 10_000
    octets = compose_report(notice(failed()), original)
    assert 64_000 < len(octets) < 70_000
    assert {b"X-Long: 123456789"} == {line for line in octets.split(b"\r\n") if line.startswith(b"X-")}


def test_dsn_in_utf8_uses_the_global_types() -> None:
    """RFC 6533 §3 and §4: UTF-8 in an address or in the header, for a sender whose own address needs it."""
    asked = notice(failed("jörg@hafen.test"), sender="änne@lagoon.test")
    assert asked.is_international
    octets = compose_report(asked, "Subject: Größe\r\n\r\n".encode())
    assert [b"message/global-delivery-status", b"message/global-headers"] == [
        line.removeprefix(b"Content-Type: ") for line in octets.split(b"\r\n") if b"message/" in line
    ]
    assert "Final-Recipient: utf-8; jörg@hafen.test".encode() in octets


def test_dsn_is_ascii_for_a_sender_whose_address_is() -> None:
    """RFC 6533 §3: encoded, it passes every host on its way back."""
    asked = notice(failed("jörg@hafen.test"))
    assert not asked.is_international
    assert compose_report(asked, "Subject: Größe\r\n\r\n".encode()).isascii()


def test_dsn_without_a_reply_has_no_diagnostic() -> None:
    """RFC 3464 §2.3.6: it is the remote server's; where none spoke there is none, and our own words tell why."""
    expired = RecipientReport(
        ForwardPath(Mailbox("bob", "gone.test")), Action.FAILED, "4.4.7", "it was tried for five days"
    )
    mail = parsed(compose_report(notice(expired), ORIGINAL))
    _, group = groups(mail)
    assert (None, None, "4.4.7") == (group["Diagnostic-Code"], group["Remote-MTA"], group["Status"])
    assert "In detail: it was tried for five days" in text(mail)


@pytest.mark.parametrize(
    ("action", "status", "until", "words"),
    [
        (Action.FAILED, "550", None, "no status code"),
        (Action.FAILED, "2.1.5", None, "does not say"),
        (Action.DELIVERED, "5.1.1", None, "does not say"),
        (Action.DELAYED, "5.1.1", None, "does not say"),
        (Action.FAILED, "5.1.1", 1.0, "only what is delayed"),
    ],
)
def test_dsn_values_that_make_no_sense_do_not_exist(
    action: Action, status: str, until: float | None, words: str
) -> None:
    """The constructors validate."""
    with pytest.raises(ValueError, match=words):
        told(action, status, until)
    with pytest.raises(ValueError, match="at least one recipient"):
        notice()


_WORDS = st.text(st.characters(exclude_characters="\r\n\0"), min_size=1)


@given(_WORDS, st.text(min_size=1), st.binary(), st.sampled_from(Returned))
def test_dsn_is_a_mail_whatever_others_said(words: str, name: str, original: bytes, ret: Returned) -> None:
    """No reply, id, address or original breaks out of its place: three parts, lines within 998 octets, CRLF only."""
    said = RecipientReport(
        ForwardPath.parse("<bob@harbor.test>"),
        Action.FAILED,
        "5.1.1",
        reason=name,
        reply=reply(550, "5.1.1", f"x{words}"),
        remote_host=name,
        original_recipient=name,
    )
    about = Notice(
        "mx.lagoon.test",
        Mailbox("p", "l.test"),
        Mailbox("ann", "lagoon.test"),
        (said,),
        0,
        1,
        "x",
        envelope_id=name,
        returned=ret,
    )
    octets = compose_report(about, b"X: y\r\n\r\n" + original)
    assert 3 == len(list(parsed(octets).iter_parts()))
    assert max(map(len, octets.split(b"\r\n"))) <= 998
    assert octets.count(b"\n") == octets.count(b"\r\n") == octets.count(b"\r")


def _mailbox(local_part: str, domain: str) -> Mailbox | None:
    try:
        return Mailbox(local_part, domain)
    except ValueError:
        return None


_MAILBOXES = st.builds(
    _mailbox, st.text(max_size=20) | st.just(""), st.sampled_from(["x.test", "ü.test", "[192.0.2.1]"])
).filter(bool)


@given(_MAILBOXES, _MAILBOXES)
def test_dsn_can_be_written_for_every_address(sender: Mailbox, recipient: Mailbox) -> None:
    """Whatever an envelope may hold can be told of: quotes, semicolons, UTF-8, an empty local part, a literal."""
    report = RecipientReport(ForwardPath(recipient), Action.FAILED, "5.1.1")
    octets = compose_report(notice(report, sender=str(sender)), ORIGINAL)
    found = parse_report(octets)
    assert found is not None
    assert str(recipient) == found.recipients[0].final_recipient
    assert [str(sender)] * bool(sender.local_part) == [
        each.addr_spec for each in parse(octets).addresses("To") if isinstance(each, Address)
    ]


def test_dsn_as_it_goes_out() -> None:
    """Octet for octet, so that a change of what people and programs read is seen."""
    report = RecipientReport(
        ForwardPath.parse("<bob@harbor.test>"),
        Action.DELAYED,
        "4.7.1",
        reply=reply(451, "4.7.1", "Greylisted, come back later"),
        remote_host="mx.harbor.test",
        original_recipient="rfc822;robert@old.test",
        will_retry_until_unix=1_800_432_000,
    )
    asked = replace(notice(report), envelope_id="QQ314159")
    octets = compose_report(asked, ORIGINAL)
    boundary = str(parsed(octets).get_boundary())
    assert _WHOLE.replace("BOUNDARY", boundary).replace("\n", "\r\n") == octets.decode()


_WHOLE = """\
Date: Fri, 15 Jan 2027 08:01:00 +0000
From: Mail Delivery System <postmaster@lagoon.test>
To: ann@lagoon.test
Message-ID: <0123456789ab.report@mx.lagoon.test>
Subject: Not delivered yet: tide
Auto-Submitted: auto-replied
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status;
 boundary="BOUNDARY"

--BOUNDARY
Content-Type: text/plain; charset=us-ascii
Content-Transfer-Encoding: 7bit

Your mail "tide" of Fri, 15 Jan 2027 08:00:00 +0000 has not been
delivered to this recipient yet. It is still being tried: you need not
send it again.

  bob@harbor.test
    Why: The other mail system did not take the mail because of its
      rules.
    Tried until: Wed, 20 Jan 2027 08:00:00 +0000
    What mx.harbor.test said: 451 4.7.1 Greylisted, come back later

This report was written by the mail system of mx.lagoon.test. If you
need help, forward it to postmaster@lagoon.test: a person reads that.

--BOUNDARY
Content-Type: message/delivery-status
Content-Transfer-Encoding: 7bit
Content-Description: Report for programs

Original-Envelope-Id: QQ314159
Reporting-MTA: dns; mx.lagoon.test
Arrival-Date: Fri, 15 Jan 2027 08:00:00 +0000

Original-Recipient: rfc822; robert@old.test
Final-Recipient: rfc822; bob@harbor.test
Action: delayed
Status: 4.7.1
Remote-MTA: dns; mx.harbor.test
Diagnostic-Code: smtp; 451 4.7.1 Greylisted, come back later
Last-Attempt-Date: Fri, 15 Jan 2027 08:01:00 +0000
Will-Retry-Until: Wed, 20 Jan 2027 08:00:00 +0000

--BOUNDARY
Content-Type: text/rfc822-headers
Content-Transfer-Encoding: 7bit
Content-Description: Header of your mail

From: ann@lagoon.test
Subject: tide
Message-ID: <1@lagoon.test>

--BOUNDARY--
"""

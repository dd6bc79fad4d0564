"""What senders hear of their mail, from a relay that runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fakes.fickle_host import CUT, FickleHost
from fakes.relay_to_host import later, relay_to
from fakes.running_relay import ANN, BOB, MAIL, RunningRelay
from scop.cells.relay.letters import Load
from scop.cells.relay.notices import Notices
from scop.dsn import Action, RecipientReport, Report, parse_report
from scop.smtp import DeliverBy, ForwardPath, Mail, Recipient, ReversePath, reply

HOUR = 3600.0
FROM_ANN = Mail(ReversePath.parse(ANN))
DSN = ("PIPELINING", "8BITMIME", "DSN")


def to_bob(*notify: str, original: str = "") -> Recipient:
    """Return Bob as a recipient whose sender wants to hear of this."""
    return Recipient(ForwardPath.parse(BOB), frozenset(notify), original)


def reports(relay: RunningRelay) -> list[Report]:
    """Return the notices that came to the mailbox of our own sender."""
    return [report for octets in relay.outside.local.messages if (report := parse_report(octets))]


def actions(relay: RunningRelay) -> list[Action | None]:
    """Return what the sender has heard, in order."""
    return [recipient.action for report in reports(relay) for recipient in report.recipients]


async def test_notice_of_a_failure_has_all_that_the_sender_named(tmp_path: Path) -> None:
    """RFC 3461 §6.3: ENVID and ORCPT come back, with the host and its words; RET=FULL brings the mail back too."""
    host = FickleHost(recipients={BOB: "550 5.1.1 No such user"})
    async with relay_to(host, tmp_path) as relay:
        mail = Mail(ReversePath.parse(ANN), ret="FULL", envid="QQ314159")
        await relay.hand_over(mail, to_bob("FAILURE", original="rfc822;robert@old.test"))
        await relay.kept.until("mail.relayed")
    (report,) = reports(relay)
    (bob,) = report.recipients
    assert ("QQ314159", "robert@old.test", "bob@harbor.test", Action.FAILED, "5.1.1", "mx.harbor.test") == (
        report.envelope_id,
        bob.original_recipient,
        bob.final_recipient,
        bob.action,
        bob.status,
        bob.remote_host,
    )
    assert b"High water at nine." in relay.outside.local.messages[0]


@pytest.mark.parametrize("notify", ["NEVER", "SUCCESS", "DELAY"])
async def test_notice_of_a_failure_that_nobody_wants_is_not_sent(tmp_path: Path, notify: str) -> None:
    """RFC 3461 §4.1: NEVER is obeyed, and so is a list without FAILURE."""
    host = FickleHost(recipients={BOB: "550 5.1.1 No such user"})
    async with relay_to(host, tmp_path) as relay:
        await relay.hand_over(FROM_ANN, to_bob(notify))
        await relay.kept.until("mail.bounced")
        await later(relay)
    assert [] == reports(relay)


async def test_notice_of_a_delay_comes_once(tmp_path: Path) -> None:
    """After four hours, with until when it is tried; then nothing until the mail is through."""
    host = FickleHost({"greeting": CUT})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB)
        await relay.kept.until("mail.deferred", to=BOB)
        await later(relay, HOUR)
        assert [] == reports(relay)
        for _ in range(6):
            await later(relay, 2 * HOUR)
        await relay.kept.until("mail.notice")
        await relay.kept.until("mail.relayed", to=ANN)
        host.moods.clear()
        await later(relay, 3 * HOUR)
        await relay.kept.until("mail.relayed", to=BOB)
    assert [Action.DELAYED] == actions(relay)
    (bob,) = reports(relay)[0].recipients
    assert bob.will_retry_until is not None
    assert bob.status.startswith("4.")


async def test_notice_of_a_mail_that_is_passed_on_into_the_dark(tmp_path: Path) -> None:
    """RFC 3461 §5.2.2: who wants to hear of success hears `relayed` where the next host sends no reports."""
    host = FickleHost()
    async with relay_to(host, tmp_path) as relay:
        await relay.hand_over(FROM_ANN, to_bob("SUCCESS"), Recipient(ForwardPath.parse("<eve@harbor.test>")))
        await relay.kept.until("mail.relayed", to=ANN)
    assert [Action.RELAYED] == actions(relay)
    assert not any("NOTIFY" in line for line in host.heard)


async def test_notice_is_left_to_a_host_that_sends_them(tmp_path: Path) -> None:
    """RFC 3461 §5.2.1: all parameters go on as they came, ORCPT is added, and we are silent."""
    host = FickleHost(offers=DSN)
    async with relay_to(host, tmp_path) as relay:
        mail = Mail(ReversePath.parse(ANN), ret="HDRS", envid="QQ=1")
        await relay.hand_over(mail, to_bob("SUCCESS", "FAILURE"), Recipient(ForwardPath.parse("<eve@harbor.test>")))
        await relay.kept.until("mail.relayed", to=BOB)
        await later(relay)
    assert [] == reports(relay)
    (mail_line,) = [line for line in host.heard if line.startswith("MAIL")]
    assert {"RET=HDRS", "ENVID=QQ+3D1"} <= set(mail_line.split())
    bob, eve = [line.split()[1:] for line in host.heard if line.startswith("RCPT")]
    assert {"TO:<bob@harbor.test>", "NOTIFY=SUCCESS,FAILURE", "ORCPT=rfc822;bob@harbor.test"} == set(bob)
    assert ["TO:<eve@harbor.test>"] == eve  # RFC 3461 §5.2.1: what was not asked for is not added


async def test_notice_to_another_domain_is_sealed_first(tmp_path: Path) -> None:
    """Mail of ours that is not signed would fail DMARC; from `<>` nothing goes back at all."""
    host = FickleHost(recipients={BOB: "550 5.1.1 No such user"})
    async with relay_to(host, tmp_path) as relay:
        await relay.send(BOB, sender="<yan@far.test>")
        await relay.kept.until("mail.relayed", to="<yan@far.test>")
        await relay.send(BOB, sender="<>", octets=MAIL + b"another")
        await relay.kept.until("mail.bounced", 2, to=BOB)
        await later(relay)
    assert [True] == [parse_report(octets) is not None for octets in relay.outside.sealing.messages]
    assert [] == reports(relay)


async def test_notice_that_a_mail_came_too_late(tmp_path: Path) -> None:
    """RFC 2852 §4: by-mode R comes back with 5.4.7 in time, and is not tried after it."""
    host = FickleHost({"greeting": "421 4.3.2 Not now"})
    async with relay_to(host, tmp_path) as relay:
        await relay.hand_over(Mail(ReversePath.parse(ANN), deliver_by=DeliverBy(120, "R")), to_bob())
        await relay.kept.until("mail.deferred", to=BOB)
        seen = host.connections
        host.moods.clear()
        await later(relay, 121)
        await relay.kept.until("mail.relayed", to=ANN)
    assert [(Action.FAILED, "5.4.7")] == [(each.action, each.status) for each in reports(relay)[0].recipients]
    assert seen == host.connections


async def test_notice_that_a_mail_is_late_and_goes_on(tmp_path: Path) -> None:
    """RFC 2852 §4: by-mode N tells of the delay; also that no further host will, where the next one cannot."""
    host = FickleHost({"greeting": "421 4.3.2 Not now"})
    async with relay_to(host, tmp_path) as relay:
        await relay.hand_over(Mail(ReversePath.parse(ANN), deliver_by=DeliverBy(120, "N")), to_bob())
        await relay.kept.until("mail.deferred", to=BOB)
        await later(relay, 121)
        await relay.kept.until("mail.relayed", to=ANN)
        host.moods.clear()
        await later(relay, HOUR)
        await relay.kept.until("mail.relayed", 2, to=ANN)
    assert [Action.DELAYED, Action.RELAYED] == actions(relay)


async def test_notice_tells_of_all_recipients_at_once(tmp_path: Path) -> None:
    """One mail for the sender, not one a recipient; the log names what it says."""
    paths = [f"<user{number}@harbor.test>" for number in range(3)]
    host = FickleHost(recipients=dict.fromkeys(paths, "550 5.1.1 No such user"))
    async with relay_to(host, tmp_path) as relay:
        await relay.send(*paths)
        await relay.kept.until("mail.relayed", to=ANN)
        (line,) = relay.kept.of("mail.notice")
    assert [3] == [len(report.recipients) for report in reports(relay)]
    assert ["failed"] == line["actions"]


async def test_notice_is_not_lost_for_want_of_tls(tmp_path: Path) -> None:
    """RFC 8689 §5: from the null path REQUIRETLS is asked for and, where a host does not know it, done without."""
    host = FickleHost()
    async with relay_to(host, tmp_path) as relay:
        await relay.hand_over(Mail(ReversePath(None), require_tls=True), to_bob())
        await relay.kept.until("mail.relayed", to=BOB)
        await relay.hand_over(replace(FROM_ANN, require_tls=True), to_bob(), octets=MAIL + b"other")
        await relay.kept.until("mail.bounced", to=BOB)
    assert [BOB] == host.told


def test_notice_names_no_cell() -> None:
    """Where our own mailbox spoke, the host that a sender knows us by has spoken (RFC 3464 §2.3.5)."""
    said = reply(550, "5.1.1", "No such recipient here")
    refused = RecipientReport(ForwardPath.parse("<bo@lagoon.test>"), Action.FAILED, "5.1.1", "", said, "mailbox")
    load = Load(1, "lagoon.test", "0123456789ab", FROM_ANN, tls_optional=False, queued_unix=0.0, recipients=())
    letter = Notices("mx.lagoon.test", "lagoon.test").letter(load, MAIL, (refused,), now_unix=60.0)
    assert letter is not None
    report = parse_report(letter.octets)
    assert report is not None
    assert "mx.lagoon.test" == report.recipients[0].remote_host
    assert b"What mx.lagoon.test said: 550 5.1.1" in letter.octets

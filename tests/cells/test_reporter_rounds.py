"""When reports are made by themselves, how long a silent DNS is waited for, and how failure reports are held back."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from fakes.running_reporter import DAY, HOST, NOON, RUA, World, judged, running_reporter
from scop.cells.reporter.failures import MAX_HOURLY_OF_DOMAIN, failure_report, redacted
from scop.cells.reporter.letters import ReportForm
from scop.cells.reporter.rounds import FIRST_SECONDS, PATIENCE_SECONDS, SPREAD_SECONDS, Kind, due_unix
from scop.cells.reporter.told import day_end
from scop.cells.reporter.writing import Author
from scop.mesh.config import Reports
from scop.mesh.vocabulary.relay import TlsFailures, TlsSessions
from scop.mesh.vocabulary.reporter import NoteJudgements, NoteTlsSessions, PublishedPolicy, ReadReports, SendReports
from scop.smtp import Mailbox

ASKING = PublishedPolicy("lagoon.test", p="none", rua=(RUA,), ruf=(RUA,))
HEADER = b"From: Boss <boss@lagoon.test>\r\nSubject: secret\r\n"
KEY = bytes(32)


def test_rounds_give_each_domain_a_time_of_its_own() -> None:
    """Within two hours of 0:05 UTC, always the same, so that not everybody is asked and told at once."""
    first, last = day_end(DAY) + 1 + FIRST_SECONDS, day_end(DAY) + FIRST_SECONDS + SPREAD_SECONDS
    times = [due_unix(Kind(ReportForm.AGGREGATE, DAY, f"d{number}.test")) for number in range(100)]
    assert times == [due_unix(Kind(ReportForm.AGGREGATE, DAY, f"d{number}.test")) for number in range(100)]
    assert (True, True) == (all(first <= time <= last for time in times), len(set(times)) > 90)


def test_rounds_that_were_put_off_are_due_in_the_night() -> None:
    """What was asked for at noon, and the DNS was silent about, is no reason to look each second from then on."""
    kind = Kind(ReportForm.AGGREGATE, DAY, "lagoon.test")
    due = due_unix(kind)
    assert [due, due, due + 1] == [due_unix(kind, not_before=unix) for unix in (NOON, due, due + 1)]


async def test_rounds_make_no_report_before_its_time(tmp_path: Path) -> None:
    """The rest of the day may still be on its way when it is over."""
    world = World(tmp_path)
    due = due_unix(Kind(ReportForm.AGGREGATE, DAY, "lagoon.test"))
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
    for seconds, expected in ((due - NOON - 1, 0), (1, 1)):
        world.clock.jump(seconds)
        async with running_reporter(world) as reporter:
            if expected:
                await world.kept.until("report.made")
            assert expected == len((await reporter.operator.call(ReadReports())).sent)


@pytest.mark.parametrize(
    ("successes", "failed", "count"), [(1, 0, 1), (2, 0, 2), (1, 1, 2)], ids=["a report", "mail too", "a failure"]
)
async def test_rounds_tell_of_tls_no_report_of_reports(tmp_path: Path, successes: int, failed: int, count: int) -> None:
    """Each report opens a session, of which the next one would tell, for ever."""
    world = World(tmp_path)
    failure = TlsFailures("certificate-expired", "mx.lagoon.test", "192.0.2.9", "192.0.2.1", "old", failed)
    told = TlsSessions(DAY, "lagoon.test", "no-policy-found", (), (), successes, (failure,) if failed else ())
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
        await reporter.operator.call(SendReports())
        await world.kept.until("report.passed")
        await reporter.asked_by("relay").call(NoteTlsSessions(DAY, (told,)))
    world.clock.jump(86_400)
    async with running_reporter(world) as reporter:
        await world.kept.until("report.made" if count == 2 else "report.unsent", count if count == 2 else 1)
        assert count == len((await reporter.operator.call(ReadReports())).sent)


async def test_rounds_wait_for_a_silent_dns_for_days(tmp_path: Path) -> None:
    """Then what it does not say counts as no, and the counts go."""
    world = World(tmp_path)
    world.names.silent.add("lagoon.test._report._dmarc.collector.test")
    policy = PublishedPolicy("lagoon.test", p="none", rua=("mailto:dmarc@collector.test",))
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(policy=policy),)))
        left = []
        for moment in (day_end(DAY) + PATIENCE_SECONDS - 1, day_end(DAY) + PATIENCE_SECONDS):
            world.clock.jump(moment - world.clock.unix())
            made = await reporter.operator.call(SendReports())
            assert ["no answer for lagoon.test._report._dmarc.collector.test TXT"] == [
                one.reason for one in made.unsent
            ]
            left.append(len((await reporter.operator.call(ReadReports())).counted))
    assert [1, 0] == left


async def test_rounds_a_report_that_cannot_be_written_harms_no_other(tmp_path: Path) -> None:
    """A domain that no subject can bear is left out, with the reason."""
    odd = PublishedPolicy("a$b.test", p="none", rua=("mailto:r@a$b.test",))
    async with running_reporter(World(tmp_path)) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(policy=odd), judged())))
        made = await reporter.operator.call(SendReports())
        assert () == (await reporter.operator.call(ReadReports())).counted
    assert ["lagoon.test"] == [report.about for report in made.reports]
    assert ["a$b.test"] == [one.domain for one in made.unsent]


async def test_failures_are_few(tmp_path: Path) -> None:
    """RFC 6591 §5: a domain is told of some an hour, whatever is forged in its name; and again in the next hour."""
    world = World(tmp_path, Reports(aggregate=False, failure=True))
    mail = judged(policy=ASKING, passes=False, header=HEADER)
    async with running_reporter(world) as reporter:
        verifier = reporter.asked_by("verifier")
        await verifier.call(NoteJudgements((mail,) * (MAX_HOURLY_OF_DOMAIN + 5)))
        await world.kept.until("report.passed", MAX_HOURLY_OF_DOMAIN)
        world.clock.jump(3_600)
        await verifier.call(NoteJudgements((mail,)))
        await world.kept.until("report.passed", MAX_HOURLY_OF_DOMAIN + 1)
    assert MAX_HOURLY_OF_DOMAIN + 1 == len(world.signed.messages)


@pytest.mark.parametrize(
    "change",
    [
        {"header": b""},
        {"envelope_from": ""},
        {"header": HEADER + b"Content-Type: multipart/report;\r\n report-type=feedback-report\r\n"},
        {"policy": PublishedPolicy("lagoon.test", p="none", ruf=("mailto:x@victim.test",))},
    ],
    ids=["not asked for", "null path", "a report", "somebody else's address"],
)
async def test_failures_are_not_told_of_everything(tmp_path: Path, change: dict[str, object]) -> None:
    """Two who tell each other of failed reports would never end; and nobody is told who did not ask (RFC 9990 §4)."""
    world = World(tmp_path, Reports(aggregate=False, failure=True))
    mail = judged(policy=ASKING, passes=False, header=HEADER)
    async with running_reporter(world) as reporter:
        verifier = reporter.asked_by("verifier")
        await verifier.call(NoteJudgements((msgspec.structs.replace(mail, **change), mail)))
        await world.kept.until("report.passed")
        assert 1 == len((await reporter.operator.call(ReadReports())).sent)


def test_failures_show_no_person() -> None:
    """RFC 6590: the same local part is the same word, so that a sender can be told from others, but not who it is."""
    header = (
        b"Received: from x (x [192.0.2.1])\r\n\tby mx.harbor.test for <alice@harbor.test>; now\r\n"
        b'From: "Boss" <boss@lagoon.test>\r\nReply-To: BOSS@lagoon.test\r\nTo: alice@harbor.test\r\nSubject: secret\r\n'
        b'Sender: "a b"@lagoon.test\r\nX-Own: alice\r\nbroken line\r\n'
    )
    shown = redacted(header, KEY)
    names = [line.partition(b":")[0] for line in shown.split(b"\r\n") if line[:1].strip()]
    assert [b"Received", b"From", b"Reply-To", b"Sender"] == names
    assert [] == [word for word in (b"alice", b"boss@", b"secret", b"a b") if word in shown.lower()]
    (author,) = [line for line in shown.split(b"\r\n") if line.startswith(b"From")]
    (replies,) = [line for line in shown.split(b"\r\n") if line.startswith(b"Reply-To")]
    assert author.rpartition(b"<")[2].rstrip(b">") == replies.rpartition(b" ")[2]
    assert shown != redacted(header, b"1" * 32)


@pytest.mark.parametrize("unit", [b"a", b'"', b'\\"', b'a"', b'" '])
def test_failures_are_redacted_in_one_pass(unit: bytes) -> None:
    """A header of one word, as whoever forges may write it, does not stop everything else for minutes."""
    header = b"From: " + unit * (65_000 // len(unit)) + b"\r\n"
    assert len(redacted(header, KEY)) == len(header)


@pytest.mark.parametrize(
    "written",
    [b'"bob@sea.test" <bob@sea.test>', b'"bob"@sea.test', b'"it\\"s bob"@sea.test', b'" bob@sea.test, x'],
    ids=["in a name", "quoted", "escaped", "unclosed"],
)
def test_failures_redact_wherever_an_address_stands(written: bytes) -> None:
    """RFC 6590 §3: also one in quotes is one."""
    shown = redacted(b"From: " + written + b"\r\n", KEY)
    assert (True, False, False) == (b"@sea.test" in shown, b"bob" in shown, b"it" in shown)


def test_failures_say_what_was_found() -> None:
    """RFC 6591 §3.1: the results, and which mechanisms gave no aligned identity (RFC 9989 §5.3.9)."""
    report = failure_report(
        judged(policy=ASKING, passes=False, header=HEADER), Author(Mailbox("reports", "harbor.test"), HOST), KEY
    )
    expected = (
        "mx.harbor.test; spf=pass smtp.mailfrom=forger.test; dkim=fail header.d=lagoon.test; "
        "dmarc=fail header.from=lagoon.test"
    )
    assert ((expected,), ("dkim", "spf"), "reject") == (
        report.authentication_results,
        report.identity_alignment,
        report.delivery_result,
    )

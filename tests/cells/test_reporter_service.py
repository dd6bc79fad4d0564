"""The reporter as its neighbours see it: what is counted becomes reports that are sent, what comes is shown."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from fakes.running_reporter import DAY, HOST, NOON, RUA, World, judged, running_reporter
from scop.cells.reporter.letters import MadeReport
from scop.cells.reporter.posting import GIVE_UP_SECONDS, pause_after
from scop.cells.reporter.writing import write_aggregate_letters
from scop.mesh.config import Reports
from scop.mesh.vocabulary.relay import TlsFailures, TlsSessions
from scop.mesh.vocabulary.reporter import (
    CountedDomain,
    NoteJudgements,
    NoteTlsSessions,
    PublishedPolicy,
    ReadReport,
    ReadReports,
    ReadSenders,
    SenderDay,
    SendReports,
    Unsent,
)
from scop.mime import parse
from scop.net.faults import PermanentFailure
from scop.reports import parse_aggregate, parse_failure, parse_tls
from scop.smtp import Reply, reply
from scop.smtp.stamps import delivery_id, split_stamps

# From the address from which lagoon.test reports, as the verifier has proved; there is no report in it.
OF_REPORTS = (
    b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n"
    b"Received: from mx.lagoon.test by mx.harbor.test with ESMTPS id t; now\r\n"
    b"From: reports@lagoon.test\r\nSubject: Hi\r\n\r\nno report\r\n"
)
LATER = reply(451, "4.3.0", "Try again later")
SEA = TlsSessions(DAY, "lagoon.test", "no-policy-found", (), (), 3, ())
FAILED = TlsFailures("certificate-expired", "mx.lagoon.test", "192.0.2.9", "192.0.2.1", "old", 2)


async def test_reporter_sends_what_it_counted_when_it_is_asked_to(tmp_path: Path) -> None:
    """RFC 9990 §3.5.2: one mail from our address, signed by the signer, with the day so far."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        verifier = reporter.asked_by("verifier")
        mails = (judged(), judged(), judged(source="198.51.100.7", passes=False))
        assert 3 == (await verifier.call(NoteJudgements(mails))).count
        made = await reporter.operator.call(SendReports())
        await world.kept.until("report.passed")
        (sent,) = (await reporter.operator.call(ReadReports())).sent
        page = await reporter.operator.call(ReadReport(sent.id, is_sent=True))
    (octets,), (mail,), (recipient,) = world.signed.messages, world.signed.mails, world.signed.recipients
    report = parse_aggregate(octets)
    assert (1, (), sent.report_id) == (len(made.reports), made.unsent, report.metadata.report_id)
    assert ("<reports@harbor.test>", "<reports@lagoon.test>") == (str(mail.reverse_path), str(recipient.forward_path))
    assert ("lagoon.test", "harbor.test", 3) == (report.policy.domain, report.metadata.org_name, report.count)
    assert [("192.0.2.1", 2, True, "pass"), ("198.51.100.7", 1, False, "reject")] == [
        (record.source_ip, record.count, record.is_aligned, record.disposition) for record in report.records
    ]
    assert (int(NOON) - 43_200, int(NOON)) == (report.metadata.begin_unix, report.metadata.end_unix)
    assert ("passed", "reports@lagoon.test") == (sent.letters[0].state, sent.letters[0].destination)
    assert report == parse_aggregate(page.octets)
    assert b"private" not in page.octets


async def test_reporter_counts_survive_and_are_told_once(tmp_path: Path) -> None:
    """What was noted is durable; a second report of the day begins where the first ended (RFC 9990 §3.1.1.4)."""
    world = World(tmp_path)
    for _ in range(2):
        async with running_reporter(world) as reporter:
            await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
    async with running_reporter(world) as reporter:
        counted = (await reporter.operator.call(ReadReports())).counted
        assert (CountedDomain("aggregate", DAY, "lagoon.test", 2),) == counted
        await reporter.operator.call(SendReports())
        assert () == (await reporter.operator.call(SendReports())).reports
        world.clock.jump(60)
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
        (second,) = (await reporter.operator.call(SendReports())).reports
        await world.kept.until("report.passed", 2)
    first = parse_aggregate(world.signed.messages[0])
    assert (2, first.metadata.end_unix + 1, int(NOON) + 60) == (first.count, second.begin_unix, second.end_unix)
    assert 1 == second.mails


async def test_reporter_reports_each_day_by_itself(tmp_path: Path) -> None:
    """The whole of a UTC day, at a time after it that is the domain's own."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
    world.clock.jump(86_400)
    async with running_reporter(world) as reporter:
        await world.kept.until("report.passed")
        assert () == (await reporter.operator.call(ReadReports())).counted
    (octets,) = world.signed.messages
    metadata = parse_aggregate(octets).metadata
    midnight = int(NOON) - 43_200
    assert (midnight, midnight + 86_399) == (metadata.begin_unix, metadata.end_unix)


async def test_reporter_a_letter_that_was_not_taken_is_sent_again_unchanged(tmp_path: Path) -> None:
    """After a pause and over a restart, so that the relay knows a letter that it has: seals stand above our stamp."""
    world = World(tmp_path)
    world.signed.message_reply = LATER
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
        await reporter.operator.call(SendReports())
        await world.kept.until("report.deferred")
        (sent,) = (await reporter.operator.call(ReadReports())).sent
    assert ("waiting", 1, NOON + pause_after(0)) == (
        sent.letters[0].state,
        sent.letters[0].attempts,
        sent.letters[0].next_unix,
    )
    world.signed.message_reply = reply(250, "2.0.0", "Ok")
    world.clock.jump(pause_after(0))
    async with running_reporter(world) as reporter:
        await world.kept.until("report.passed")
    first, second = world.signed.messages
    assert first == second
    path = world.signed.mails[0].reverse_path
    sealed = split_stamps(b"DKIM-Signature: v=1\r\n" + first, HOST)[1]
    assert delivery_id(path, sealed) == delivery_id(path, split_stamps(first, HOST)[1])
    assert [world.signed.mails[0].envid] * 2 == [mail.envid for mail in world.signed.mails]


@pytest.mark.parametrize(
    ("answer", "waited", "state"),
    [(reply(554, "5.6.0", "No"), 0.0, "refused"), (LATER, GIVE_UP_SECONDS + 1, "refused")],
    ids=["refused", "too long"],
)
async def test_reporter_gives_a_letter_up(tmp_path: Path, answer: Reply, waited: float, state: str) -> None:
    """A refusal of our own mesh, or days without a reply: it is shown with what was said."""
    world = World(tmp_path)
    world.signed.message_reply = LATER
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
        await reporter.operator.call(SendReports())
        await world.kept.until("report.deferred")
        world.signed.message_reply = answer
        world.clock.jump(waited)
        await reporter.operator.call(SendReports())
        await world.kept.until("report.refused")
        (sent,) = (await reporter.operator.call(ReadReports())).sent
    assert (state, None) == (sent.letters[0].state, sent.letters[0].next_unix)


@pytest.mark.parametrize(
    ("uris", "expected"),
    [
        ((RUA, "mailto:dmarc@collector.test"), ["reports@lagoon.test", "dmarc@collector.test"]),
        (("mailto:dmarc@victim.test",), []),
        (("https://lagoon.test/report", RUA), ["https://lagoon.test/report", "reports@lagoon.test"]),
    ],
    ids=["asked for", "not asked for", "https"],
)
async def test_reporter_sends_to_who_wants_reports(tmp_path: Path, uris: tuple[str, ...], expected: list[str]) -> None:
    """RFC 9990 §4: somebody else's address only where he says so; what we cannot reach is named."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        mail = judged(policy=PublishedPolicy("lagoon.test", p="none", rua=uris))
        await reporter.asked_by("verifier").call(NoteJudgements((mail,)))
        made = await reporter.operator.call(SendReports())
        assert () == (await reporter.operator.call(ReadReports())).counted
    assert expected == [letter.destination for report in made.reports for letter in report.letters]
    assert [] == [one.reason for one in made.unsent if expected]


async def test_reporter_waits_for_a_dns_that_is_silent(tmp_path: Path) -> None:
    """RFC 9990 §4 step 5: the counts stay until it speaks."""
    world = World(tmp_path)
    world.names.silent.add("lagoon.test._report._dmarc.collector.test")
    policy = PublishedPolicy("lagoon.test", p="none", rua=("mailto:dmarc@collector.test",))
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(policy=policy),)))
        assert () == (await reporter.operator.call(SendReports())).reports
        world.names.silent.clear()
        (sent,) = (await reporter.operator.call(SendReports())).reports
    assert 1 == sent.mails


async def test_reporter_tells_nothing_of_reports_alone(tmp_path: Path) -> None:
    """Two who report on each other's reports would never end; what failed is told of all the same."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        await reporter.deliver(OF_REPORTS)
        verifier = reporter.asked_by("verifier")
        await verifier.call(NoteJudgements((judged(),)))
        assert ["all that came were reports"] == [
            one.reason for one in (await reporter.operator.call(SendReports())).unsent
        ]
        await verifier.call(NoteJudgements((judged(passes=False),)))
        assert 1 == len((await reporter.operator.call(SendReports())).reports)


async def test_reporter_tells_of_mail_after_reports_alone(tmp_path: Path) -> None:
    """Reports of the morning hide no mail of the afternoon, where the morning is settled."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        await reporter.deliver(OF_REPORTS)
        verifier = reporter.asked_by("verifier")
        await verifier.call(NoteJudgements((judged(),)))
        assert () == (await reporter.operator.call(SendReports())).reports
        world.clock.jump(60)
        await verifier.call(NoteJudgements((judged(),)))
        (sent,) = (await reporter.operator.call(SendReports())).reports
    assert (1, int(NOON) + 1) == (sent.mails, sent.begin_unix)


async def test_reporter_counts_on_while_a_report_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The largest reports take many seconds: the verifier waits for none of them, and what it tells is not lost."""
    begun, told = threading.Event(), threading.Event()

    def write_slowly(*given: object) -> MadeReport:
        begun.set()
        assert told.wait(10)
        return write_aggregate_letters(*given)  # type: ignore[arg-type]  # as they were given

    monkeypatch.setattr("scop.cells.reporter.rounds.write_aggregate_letters", write_slowly)
    async with running_reporter(World(tmp_path)) as reporter:
        verifier = reporter.asked_by("verifier")
        await verifier.call(NoteJudgements((judged(),)))
        making = asyncio.ensure_future(reporter.operator.call(SendReports()))
        assert await asyncio.to_thread(begun.wait, 10)
        await verifier.call(NoteJudgements((judged(),)))
        told.set()
        made = await making
        counted = (await reporter.operator.call(ReadReports())).counted
    assert ([1], [1]) == ([one.mails for one in made.reports], [one.mails for one in counted])


async def test_reporter_sends_tls_reports_of_what_is_new(tmp_path: Path) -> None:
    """RFC 8460 §5.3: totals that were told already are told no second time, and https is named as not done."""
    world, told = World(tmp_path), list[list[int]]()
    async with running_reporter(world) as reporter:
        relay = reporter.asked_by("relay")
        for count in (3, 3, 5):
            grown = TlsSessions(DAY, "lagoon.test", "no-policy-found", (), (), count, (FAILED,))
            await relay.call(NoteTlsSessions(DAY, (grown,)))
            made = await reporter.operator.call(SendReports())
            told.append([report.mails for report in made.reports])
        await world.kept.until("report.passed", 2)
        (last, _) = (await reporter.operator.call(ReadReports())).sent
    assert [[5], [], [2]] == told
    report = parse_tls(world.signed.messages[0])
    assert (3, 2) == (report.policies[0].successful_sessions, report.policies[0].failed_sessions)
    assert "no" == (parse(world.signed.messages[0]).header.get("TLS-Required") or "").lower()
    assert [("https://lagoon.test/tls", "unsupported"), ("tls@lagoon.test", "passed")] == [
        (letter.destination, letter.state) for letter in last.letters
    ]


async def test_reporter_sends_no_tls_report_to_who_wants_none(tmp_path: Path) -> None:
    """RFC 8460 §3: without a record there is no report, and nothing waits for one."""
    world = World(tmp_path)
    async with running_reporter(world) as reporter:
        silent = TlsSessions(DAY, "sea.test", "no-policy-found", (), (), 1, ())
        await reporter.asked_by("relay").call(NoteTlsSessions(DAY, (silent,)))
        made = await reporter.operator.call(SendReports())
        assert () == (await reporter.operator.call(ReadReports())).counted
    assert (Unsent("tls", "sea.test", "sea.test asks for no TLS reports"),) == made.unsent


@pytest.mark.parametrize(("is_on", "count"), [(False, 0), (True, 1)])
async def test_reporter_failure_reports_are_off_by_default(tmp_path: Path, is_on: bool, count: int) -> None:
    """And show neither who got the mail nor what it says (RFC 6591 §3, RFC 6590)."""
    world = World(tmp_path, Reports(failure=is_on))
    header = (
        b"Received: from x by mx.harbor.test for <alice@harbor.test>; now\r\n"
        b"From: Boss <boss@lagoon.test>\r\nTo: alice@harbor.test\r\nSubject: secret\r\n"
    )
    policy = PublishedPolicy("lagoon.test", p="none", ruf=(RUA,))
    async with running_reporter(world) as reporter:
        await reporter.asked_by("verifier").call(
            NoteJudgements((judged(policy=policy, passes=False, header=header), judged(policy=policy, passes=False)))
        )
        if is_on:
            await world.kept.until("report.passed")
    assert count == len(world.signed.messages)
    for octets in world.signed.messages:
        report = parse_failure(octets)
        assert ("lagoon.test", "192.0.2.1") == (report.reported_domain, report.source_ip)
        assert (b"alice", b"secret", b"boss@") == tuple(
            word for word in (b"alice", b"secret", b"boss@") if word not in octets
        )


@pytest.mark.parametrize("cell", ["verifier", "relay"])
async def test_reporter_a_neighbour_says_only_what_is_its_own(tmp_path: Path, cell: str) -> None:
    """A cell that is taken over learns nothing from us, and speaks for no other."""
    async with running_reporter(World(tmp_path)) as reporter:
        caller = reporter.asked_by(cell)
        with pytest.raises(PermanentFailure, match="unknown question"):
            await caller.call(ReadSenders())
        with pytest.raises(PermanentFailure, match="unknown question"):
            await caller.call(NoteJudgements(()) if cell == "relay" else NoteTlsSessions(DAY, (SEA,)))


async def test_reporter_counts_nothing_that_is_switched_off(tmp_path: Path) -> None:
    """`[reports]` says what is sent, and what is not sent is not kept."""
    async with running_reporter(World(tmp_path, Reports(aggregate=False, tls=False))) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(),)))
        await reporter.asked_by("relay").call(NoteTlsSessions(DAY, (SEA,)))
        assert () == (await reporter.operator.call(ReadReports())).counted


async def test_reporter_shows_who_sends_as_us(tmp_path: Path) -> None:
    """A report that one reporter wrote is read by another, by source and day."""
    writer, reader = World(tmp_path / "a"), World(tmp_path / "b")
    for world in (writer, reader):
        world.state.mkdir()
    policy = PublishedPolicy("harbor.test", p="reject", rua=("mailto:reports@harbor.test",))
    async with running_reporter(writer) as reporter:
        mails = (
            judged(author="harbor.test", policy=policy),
            judged(author="harbor.test", policy=policy, source="198.51.100.7", passes=False),
        )
        await reporter.asked_by("verifier").call(NoteJudgements(mails))
        await reporter.operator.call(SendReports())
        await writer.kept.until("report.passed")
    (octets,) = writer.signed.messages
    results = b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n"
    stamp = b"Received: from mx.lagoon.test by mx.harbor.test with ESMTPS id t; now\r\n"
    async with running_reporter(reader) as reporter:
        for times in (1, 2):
            assert (
                await reporter.deliver(results + stamp + octets.replace(b"Subject", b"X-%d: 1\r\nSubject" % times))
            ).is_positive
            await reader.kept.until("report.read", times)
        found = await reporter.operator.call(ReadSenders())
        states = [(one.state, one.reason) for one in (await reporter.operator.call(ReadReports())).arrived]
    assert [("again", ""), ("read", "")] == states
    assert ((SenderDay(DAY, 1, 1),), 2, 1, 0) == (found.days, found.source_count, found.reports, found.unproven)
    forged = next(source for source in found.sources if source.address == "198.51.100.7")
    assert (1, 1, ("harbor.test",), ("forger.test",)) == (
        forged.unaligned,
        forged.rejected,
        forged.domains,
        forged.authenticated,
    )

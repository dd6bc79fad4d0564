"""What comes to the address for reports: written down whole, read beside, and believed no further than it is proved."""

from __future__ import annotations

import random
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fakes.running_reporter import DAY, HOST, NOON, RunningReporter, World, judged, running_reporter
from scop.cells.reporter.arrivals import (
    MAX_TRIES,
    Arrival,
    Reading,
    State,
    add_arrival,
    arrived_reports,
    begin_reading,
    note_reading,
)
from scop.cells.reporter.failures import redacted
from scop.cells.reporter.letters import (
    Draft,
    MadeReport,
    ReportForm,
    add_report,
    document_of,
    forget_reports,
    sent_report,
    sent_reports,
)
from scop.cells.reporter.reading import MAX_MAILS, MAX_UNIX, read_mail
from scop.cells.reporter.schema import SCHEMA
from scop.cells.reporter.session import MAX_MAIL_OCTETS, arrival_of
from scop.dsn import Action, Notice, RecipientReport, compose_report
from scop.mesh.vocabulary.reporter import (
    ArrivedReport,
    NoteJudgements,
    PublishedPolicy,
    ReadReport,
    ReadReports,
    ReadSenders,
    SendReports,
)
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.smtp import ForwardPath, Mail, Mailbox, ReversePath, reply

RECEIVED = b"Received: from mx.lagoon.test by mx.harbor.test with ESMTPS id t; now\r\n"
PROVEN = b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n" + RECEIVED
TLS = (
    '{"organization-name": "x", "date-range": {"start-datetime": "BEGIN", "end-datetime": "END"}, "contact-info": "a",'
    '"report-id": "r", "policies": [{"policy": {"policy-type": "sts", "policy-domain": "harbor.test"},'
    '"summary": {"total-successful-session-count": 1, "total-failure-session-count": 0}}]}'
)
STATIC = random.Random(7).randbytes(20_000)  # that no packing makes smaller
ABOUT_US = PublishedPolicy("harbor.test", p="reject", rua=("mailto:reports@harbor.test",))
HEAD = b"From: Lagoon <reports@lagoon.test>\r\nSubject: Report Domain: harbor.test\r\nContent-Type: text/xml\r\n\r\n"


def document(domain: str = "harbor.test", ident: str = "r1", source: str = "192.0.2.1") -> bytes:
    """Return an aggregate report, as old hosts write it."""
    begin, end = int(NOON) - 43_200, int(NOON) + 43_199
    return f"""<?xml version="1.0"?>
<feedback><report_metadata><org_name>lagoon.test</org_name><email>r@lagoon.test</email><report_id>{ident}</report_id>
<date_range><begin>{begin}</begin><end>{end}</end></date_range></report_metadata>
<policy_published><domain>{domain}</domain><p>none</p></policy_published>
<record><row><source_ip>{source}</source_ip><count>2</count>
<policy_evaluated><disposition>none</disposition><dkim>fail</dkim><spf>fail</spf></policy_evaluated></row>
<identifiers><header_from>{domain}</header_from></identifiers>
<auth_results><spf><domain>shop.test</domain><result>pass</result></spf></auth_results></record></feedback>
""".replace("\n", "\r\n").encode()


async def read(reporter: RunningReporter, octets: bytes, count: int = 1) -> ArrivedReport:
    """Deliver a mail and return what became of it."""
    assert (await reporter.deliver(octets)).is_positive
    await reporter.world.kept.until("report.read", count)
    return (await reporter.operator.call(ReadReports())).arrived[0]


@pytest.mark.parametrize(
    ("octets", "state", "reason"),
    [
        (HEAD + document(), "read", ""),
        (HEAD + document("sub.harbor.test"), "read", ""),
        (HEAD + document("lagoon.test"), "foreign", "it is about lagoon.test, which is not ours"),
        (HEAD + document("notharbor.test"), "foreign", "it is about notharbor.test, which is not ours"),
        (HEAD + document().replace(b"<count>2", b"<count>two"), "broken", "count"),
        (
            HEAD + document().replace(b"<feedback>", b'<!DOCTYPE a [<!ENTITY b "c">]><feedback>'),
            "broken",
            "document type declaration",
        ),
        (b"From: a@lagoon.test\r\nSubject: Hello\r\n\r\nWhere are my reports?\r\n", "broken", "no report in it"),
        (b"", "broken", "empty"),
    ],
    ids=["ours", "below us", "not ours", "alike", "no number", "entities", "a letter", "nothing"],
)
def test_reading_tells_what_came(octets: bytes, state: str, reason: str) -> None:
    """RFC 9990 §8.2: about us is what is about our domain; broken is what cannot be read, with the reason."""
    reading = read_mail(octets, "harbor.test")
    assert isinstance(reading, Reading)
    assert state == reading.state
    assert reason in reading.reason


@settings(max_examples=60)
@given(
    st.binary(max_size=200),
    st.sampled_from((b"", HEAD, HEAD + document()[:200], PROVEN, b"\x1f\x8b", b"PK\x03\x04", b"{")),
)
def test_reading_of_anything_ends_in_a_state(octets: bytes, head: bytes) -> None:
    """Whatever came is read, foreign, an answer or broken with a reason; nothing escapes, header and octets alike."""
    reading = read_mail(head + octets, "harbor.test")
    assert not isinstance(reading, Reading) or reading.state is not State.BROKEN or reading.reason
    arrival_of(head + octets, Mail(ReversePath(None)), HOST, trace="t", unix=NOON)
    assert b"secret" not in redacted(head + octets + b"\r\nSubject: secret\r\n", bytes(32))


async def test_reading_counts_no_more_than_can_be_added_up(tmp_path: Path) -> None:
    """What a report says of its numbers is its own; it ends no process, and leaves no question without an answer."""
    head, record, tail = re.split(
        rb"(<record>.*</record>)", document().replace(b">2<", b">9007199254740991<"), flags=re.S
    )
    async with running_reporter(World(tmp_path)) as reporter:
        came = await read(reporter, PROVEN + HEAD + head + record * 1_100 + tail)
        (source,) = (await reporter.operator.call(ReadSenders())).sources
    assert ("read", 1_100 * MAX_MAILS) == (came.state, source.mails)


@pytest.mark.parametrize(
    ("begin", "end"),
    [("0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59-12:00"), ("1969-12-31T23:59:59Z", "1970-01-01T00:00:00Z")],
)
def test_reading_keeps_times_that_can_be_shown(begin: str, end: str) -> None:
    """A time zone moves the first and the last day out of the calendar."""
    reading = read_mail(TLS.replace("BEGIN", begin).replace("END", end).encode(), "harbor.test")
    assert isinstance(reading, Reading)
    assert (0, "tls") == (reading.begin_unix, reading.kind)
    assert reading.end_unix in (0, MAX_UNIX)


async def test_reading_shows_sources_of_proven_reports(tmp_path: Path) -> None:
    """RFC 9990 §3.5.2: a report passes DMARC itself; what does not counts only if that is asked for."""
    async with running_reporter(World(tmp_path)) as reporter:
        proven = await read(reporter, PROVEN + HEAD + document())
        unproven = await read(reporter, RECEIVED + HEAD + document(ident="r2", source="192.0.2.66"), 2)
        sources = [
            [source.address for source in (await reporter.operator.call(asked)).sources]
            for asked in (ReadSenders(), ReadSenders(unproven=True), ReadSenders(domain="a.harbor.test"))
        ]
    assert [("read", True, "lagoon.test"), ("read", False, "lagoon.test")] == [
        (one.state, one.is_proven, one.author_domain) for one in (proven, unproven)
    ]
    assert [["192.0.2.1"], ["192.0.2.1", "192.0.2.66"], []] == sources


async def test_reading_is_shown_within_a_frame(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever names strangers write, what is asked is answered: with less, and with how much there is."""
    monkeypatch.setattr("scop.cells.reporter.management.MAX_LIST_OCTETS", 400)
    async with running_reporter(World(tmp_path)) as reporter:
        for number in range(1, 5):
            await read(reporter, PROVEN + HEAD + document(ident=f"r{number}", source=f"192.0.2.{number}"), number)
        found = await reporter.operator.call(ReadSenders())
        listed = await reporter.operator.call(ReadReports())
    assert (True, 4) == (0 < len(found.sources) < 4, found.source_count)
    assert [4] == [one.id for one in listed.arrived]


async def test_reading_keeps_what_cannot_be_read(tmp_path: Path) -> None:
    """Nothing that came is lost: the mail is shown as it came, and the next one is read."""
    mail = b"From: a@lagoon.test\r\nSubject: Hello\r\n\r\nWhere are my reports?\r\n"
    async with running_reporter(World(tmp_path)) as reporter:
        broken = await read(reporter, RECEIVED + mail)
        page = await reporter.operator.call(ReadReport(broken.id, is_sent=False))
        assert "read" == (await read(reporter, PROVEN + HEAD + document(), 2)).state
        with pytest.raises(PermanentFailure, match="no report came under the number 9"):
            await reporter.operator.call(ReadReport(9, is_sent=False))
    assert ("broken", "Hello", mail, len(mail)) == (broken.state, broken.subject, page.octets, page.size_octets)


async def test_reading_takes_a_mail_once(tmp_path: Path) -> None:
    """The same delivery is answered and not kept again; the same report in another mail is not counted again."""
    async with running_reporter(World(tmp_path)) as reporter:
        await read(reporter, PROVEN + HEAD + document())
        assert (await reporter.deliver(b"X-SCoP-Spam: ham\r\n" + PROVEN + HEAD + document())).is_positive
        again = await read(reporter, PROVEN + b"Date: now\r\n" + HEAD + document(), 2)
        found = await reporter.operator.call(ReadSenders())
        assert (2, "again", 1) == (again.id, again.state, found.reports)
    assert [False, True, False] == [line["again"] for line in reporter.world.kept.of("report.arrived")]


async def test_reading_believes_reports_of_our_own(tmp_path: Path) -> None:
    """They come by no verifier, but nobody else knows their ids."""
    async with running_reporter(World(tmp_path)) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(author="harbor.test", policy=ABOUT_US),)))
        await reporter.operator.call(SendReports())
        await reporter.world.kept.until("report.passed")
        (octets,) = reporter.world.signed.messages
        assert (await read(reporter, octets)).is_proven


async def test_reading_notes_a_bounce_of_a_letter(tmp_path: Path) -> None:
    """Known by its envelope id, which only who was sent the report can know (RFC 3461 §4.4)."""
    async with running_reporter(World(tmp_path)) as reporter:
        await reporter.asked_by("verifier").call(NoteJudgements((judged(author="harbor.test", policy=ABOUT_US),)))
        await reporter.operator.call(SendReports())
        await reporter.world.kept.until("report.passed")
        (mail,) = reporter.world.signed.mails
        states = [
            (await read(reporter, RECEIVED + _bounce(envelope_id), count)).state
            for count, envelope_id in enumerate(("made-up.1", mail.envid), 1)
        ]
        (sent,) = (await reporter.operator.call(ReadReports())).sent
    assert ["broken", "answer"] == states
    assert ("returned", "failed 5.1.1") == (sent.letters[0].state, sent.letters[0].words[:12])


@pytest.mark.parametrize("address", ["alice@harbor.test", "reports@lagoon.test", "Postmaster"])
async def test_taking_is_for_reports_only(tmp_path: Path, address: str) -> None:
    """Whatever the mailbox would hand over, other mail is not swallowed here."""
    async with running_reporter(World(tmp_path)) as reporter:
        assert reply(550, "5.1.1", "No reports are read here") == await reporter.deliver(HEAD, address)
        assert (await reporter.deliver(HEAD, "Reports+x@Harbor.Test")).is_positive


async def test_taking_has_a_limit(tmp_path: Path) -> None:
    """A report is no larger than anybody reads."""
    async with running_reporter(World(tmp_path)) as reporter:
        assert 552 == (await reporter.deliver(HEAD + b"x" * (MAX_MAIL_OCTETS - len(HEAD) + 1))).code
        assert (await reporter.deliver(HEAD + b"x" * 100)).is_positive


@pytest.mark.parametrize(
    ("stamps", "domain", "is_proven"),
    [
        (PROVEN, "lagoon.test", True),
        (PROVEN.replace(b"pass", b"fail"), "claimed.test", False),
        (
            RECEIVED + b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n",
            "claimed.test",
            False,
        ),
        (b"Authentication-Results: mx.harbor.test; dmarc=pass header.from=lagoon.test\r\n", "claimed.test", False),
        (b"Authentication-Results: =\r\n" + PROVEN, "claimed.test", False),
        (RECEIVED, "claimed.test", False),
    ],
    ids=["pass", "fail", "below our stamp", "no stamp of ours", "malformed", "none"],
)
def test_taking_believes_the_verifier_alone(stamps: bytes, domain: str, is_proven: bool) -> None:
    """RFC 8601 §5: only what stands above our own Received, and of that the topmost."""
    octets = stamps + b"From: A <a@Claimed.test>\r\n\r\n"
    found = arrival_of(octets, Mail(ReversePath(None)), HOST, trace="t", unix=NOON)
    assert (domain, is_proven) == (found.author_domain, found.is_proven)


@pytest.fixture
def sql() -> Iterator[sqlite3.Connection]:
    """Open the tables in memory."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA[0])
    yield connection
    connection.close()


def test_reading_that_ends_the_process_is_given_up(sql: sqlite3.Connection) -> None:
    """Tried again after a restart, then left alone, so that the mails behind it are read."""
    for ident in ("first", "second"):
        add_arrival(sql, Arrival(ident, NOON, "t", "lagoon.test", False, "", b"mail"))
    for _ in range(MAX_TRIES):
        begun = begin_reading(sql)
        assert begun is not None
        assert 1 == begun[0].id
    begun = begin_reading(sql)
    assert begun is not None
    assert 2 == begun[0].id
    note_reading(sql, 2, Reading(State.FOREIGN))
    assert None is begin_reading(sql)
    states = [(one.state, one.reason) for one in arrived_reports(sql, 0, 9)]
    assert [("foreign", ""), ("broken", "reading it ended this process twice")] == states


@pytest.mark.parametrize(
    ("state", "is_proven", "is_kept"),
    [
        (State.READ, True, True),
        (State.READ, False, False),
        (State.FOREIGN, True, False),
        (State.BROKEN, False, False),
        (State.AGAIN, True, False),
    ],
)
def test_taking_is_bounded(
    sql: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, state: State, is_proven: bool, is_kept: bool
) -> None:
    """A full store puts mail off instead of pushing proven reports out; but what strangers filled it with goes."""
    for number in range(3):
        mail = Arrival(f"{number}", NOON, "t", "lagoon.test", is_proven, "", STATIC)
        add_arrival(sql, mail)
        note_reading(sql, number + 1, Reading(state))
    pages, size = (sql.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "page_size"))
    monkeypatch.setattr("scop.cells.reporter.arrivals.MAX_KEPT_OCTETS", pages * size)
    mail = Arrival("next", NOON, "t", "lagoon.test", False, "", STATIC)
    if is_kept:
        with pytest.raises(TemporaryFailure, match="are kept already"):
            add_arrival(sql, mail)
    else:
        assert 4 == add_arrival(sql, mail)
    assert ([3, 2, 1] if is_kept else [4, 3, 2]) == [one.id for one in arrived_reports(sql, 0, 9)]


def test_letters_on_their_way_are_not_forgotten(sql: sqlite3.Connection) -> None:
    """They are tried for four days, also where reports are kept for one."""
    letters = (Draft("reports@lagoon.test", "t", b"mail"),)
    for ident, drafts in (("gone", ()), ("waiting", letters)):
        add_report(sql, MadeReport(ReportForm.AGGREGATE, "lagoon.test", ident, 0, 1, 1, b"", drafts), NOON)
    forget_reports(sql, NOON + 1)
    assert ["waiting"] == [one.report_id for one in sent_reports(sql, 0, 9)]


def test_taking_makes_room_of_documents_last(sql: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was sent was sent; that it was is still known."""
    report = add_report(sql, MadeReport(ReportForm.AGGREGATE, "lagoon.test", "r", 0, 1, 1, b"<feedback>", ()), NOON)
    monkeypatch.setattr("scop.cells.reporter.arrivals.MAX_KEPT_OCTETS", 1)
    with pytest.raises(TemporaryFailure, match="are kept already"):
        add_arrival(sql, Arrival("first", NOON, "t", "lagoon.test", False, "", b"mail"))
    assert (b"", True) == (document_of(sql, report), sent_report(sql, report) is not None)


async def test_reading_believes_no_report_of_times_to_come(tmp_path: Path) -> None:
    """A span of time that ends in the year 9999 would stand above all others for ever; it counts when it came."""
    later = document().replace(b"<end>", b"<end>99999").replace(b"<begin>", b"<begin>99999")
    async with running_reporter(World(tmp_path)) as reporter:
        came = await read(reporter, PROVEN + HEAD + later)
        days = (await reporter.operator.call(ReadSenders())).days
    assert ("read", True, [DAY]) == (came.state, "yet to come" in came.reason, [one.day for one in days])


def _bounce(envelope_id: str) -> bytes:
    """Return how another host sends a letter of ours back."""
    notice = Notice(
        reporting_host="mx.lagoon.test",
        author=Mailbox("postmaster", "lagoon.test"),
        recipient=Mailbox("reports", "harbor.test"),
        reports=(RecipientReport(ForwardPath.parse("<reports@lagoon.test>"), Action.FAILED, "5.1.1"),),
        arrived_unix=NOON,
        now_unix=NOON,
        ident="0123456789ab",
        envelope_id=envelope_id,
    )
    return compose_report(notice, HEAD)

"""What the reporter counts: mails that a report tells alike are one count, within bounds, and nothing private."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import msgspec
import pytest

from fakes.running_reporter import DAY, NOON, RUA, judged
from scop.cells.reporter import counting
from scop.cells.reporter.counting import (
    add_judgements,
    counts_of,
    domains_with_counts,
    drop_counts,
    forget_counts,
)
from scop.cells.reporter.schema import SCHEMA
from scop.cells.reporter.tls_counting import keep_sessions, note_told, untold_sessions
from scop.cells.reporter.told import Span, note_span, span_of
from scop.mesh.vocabulary.relay import TlsFailures, TlsSessions
from scop.mesh.vocabulary.reporter import DkimJudged, JudgedMail, Override, PublishedPolicy

MIDNIGHT = int(NOON) - 43_200


@pytest.fixture
def sql() -> Iterator[sqlite3.Connection]:
    """Open the tables in memory."""
    connection = sqlite3.connect(":memory:")
    connection.executescript(SCHEMA[0])
    yield connection
    connection.close()


def figures(sql: sqlite3.Connection, day: str = DAY) -> list[tuple[str, int]]:
    """Return source and count of each line of lagoon's."""
    counts = counts_of(sql, day, "lagoon.test")
    return [(mail.source_address, count) for mail, count in counts.mails] if counts else []


def drop_all(sql: sqlite3.Connection) -> None:
    """Take all that is counted of lagoon as told."""
    counts = counts_of(sql, DAY, "lagoon.test")
    assert counts is not None
    drop_counts(sql, DAY, "lagoon.test", counts.mails)


def test_counting_adds_up_what_a_report_tells_alike(sql: sqlite3.Connection) -> None:
    """RFC 9990 §3.1.1.7: one record for each address, result and identifiers; addresses in their order."""
    assert 0 == add_judgements(
        sql, (judged(source="192.0.2.10"), judged(source="192.0.2.9"), judged(source="192.0.2.9"))
    )
    add_judgements(
        sql, (judged(source="192.0.2.9"), judged(source="192.0.2.9", passes=False), judged(source="2001:db8::1"))
    )
    assert [("192.0.2.9", 1), ("192.0.2.9", 3), ("192.0.2.10", 1), ("2001:db8::1", 1)] == figures(sql)


def test_counting_keeps_days_and_policy_domains_apart(sql: sqlite3.Connection) -> None:
    """RFC 9990 §3.1: one policy domain each, and mail of a subdomain counts where its policy stands."""
    other = PublishedPolicy("Own.Lagoon.test", p="none", rua=(RUA,))
    add_judgements(sql, (judged(), judged(author="a.lagoon.test"), judged(policy=other), judged(unix=NOON + 43_200)))
    waiting = [(DAY, "lagoon.test"), (DAY, "own.lagoon.test")]
    assert waiting == domains_with_counts(sql, up_to_day=DAY)
    assert [*waiting, ("2026-11-29", "lagoon.test")] == domains_with_counts(sql, up_to_day="2026-11-29")
    drop_all(sql)
    assert ([], 1) == (figures(sql), len(figures(sql, "2026-11-29")))


@pytest.mark.parametrize("late_first", [False, True])
def test_counting_keeps_the_freshest_policy_of_a_day(sql: sqlite3.Connection, late_first: bool) -> None:
    """RFC 9990 §3.1: the final configuration of the period is what is told, however the news come in."""
    early = judged(policy=PublishedPolicy("lagoon.test", p="none", rua=(RUA,)))
    late = judged(policy=PublishedPolicy("lagoon.test", p="reject", rua=(RUA,)), unix=NOON + 1)
    for mail in (late, early) if late_first else (early, late):
        add_judgements(sql, (mail,))
    counts = counts_of(sql, DAY, "lagoon.test")
    assert counts is not None
    assert ("reject", 2) == (counts.policy.p, sum(count for _, count in counts.mails))


@pytest.mark.parametrize(
    "mail",
    [
        judged(policy=PublishedPolicy("lagoon.test", p="none")),
        judged(policy=PublishedPolicy("")),
        judged(source=""),
        judged(source="unix socket"),
    ],
    ids=["nobody asks", "no policy", "no address", "no network"],
)
def test_counting_passes_over_what_nobody_can_be_told(sql: sqlite3.Connection, mail: JudgedMail) -> None:
    """What is asked for by nobody is not kept, and a record needs an address."""
    add_judgements(sql, (mail,))
    assert [] == domains_with_counts(sql, up_to_day="9999-12-31")


def test_counting_knows_who_wants_no_more_reports(sql: sqlite3.Connection) -> None:
    """The freshest record counts, also where it names nobody any more; what comes back is counted on."""
    nobody = PublishedPolicy("lagoon.test", p="none")
    found = []
    for seconds, policy in enumerate((None, nobody, None)):
        add_judgements(sql, (judged(policy=policy, unix=NOON + seconds),))
        counts = counts_of(sql, DAY, "lagoon.test")
        found.append((counts.policy.rua, sum(count for _, count in counts.mails)) if counts else None)
    assert [((RUA,), 1), ((), 1), ((RUA,), 2)] == found


def test_counting_knows_a_domain_by_its_a_labels(sql: sqlite3.Connection) -> None:
    """RFC 8616 §3: a signature in U-labels is no other than one in A-labels."""
    for domain in ("B\u00fccher.lagoon.test", "xn--bcher-kva.lagoon.test."):
        add_judgements(sql, (msgspec.structs.replace(judged(), dkim=(DkimJudged(domain, "s", "pass"),)),))
    counts = counts_of(sql, DAY, "lagoon.test")
    assert counts is not None
    ((mail, count),) = counts.mails
    assert (2, (("xn--bcher-kva.lagoon.test", "s", "pass"),)) == (count, mail.dkim)


def test_counting_orders_signatures_and_leaves_private_words_out(sql: sqlite3.Connection) -> None:
    """RFC 9990 §3.1.3: aligned ones first, those that fail last, a hundred at most; why one failed is ours to know."""
    signatures = [
        *(DkimJudged(f"x{number:03}.test", "s", "fail", "private") for number in range(120)),
        DkimJudged("other.test", "s", "pass"),
        DkimJudged("mail.lagoon.test", "s", "pass"),
        DkimJudged("lagoon.test", "s", "pass"),
    ]
    overrides = (Override("local_policy", "c" * 900),)
    for order in (signatures, signatures[::-1]):
        add_judgements(sql, (msgspec.structs.replace(judged(), dkim=tuple(order), overrides=overrides),))
    counts = counts_of(sql, DAY, "lagoon.test")
    assert counts is not None
    ((mail, count),) = counts.mails
    expected = ["lagoon.test", "mail.lagoon.test", "other.test", "x000.test"]
    assert (2, 100, expected) == (count, len(mail.dkim), [domain for domain, _, _ in mail.dkim[:4]])
    assert 200 == len(mail.overrides[0].comment)


@pytest.mark.parametrize("limit", ["MAX_ROWS_OF_DOMAIN", "MAX_ROWS_OF_DAY"])
def test_counting_is_bounded(sql: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    """Whoever forges from ever new addresses fills no disk; what is counted goes on, and a report makes room."""
    monkeypatch.setattr(counting, limit, 2)
    mails = [judged(source=f"192.0.2.{number}") for number in range(4)]
    assert 2 == add_judgements(sql, mails)
    assert 0 == add_judgements(sql, mails[:1])
    assert [("192.0.2.0", 2), ("192.0.2.1", 1)] == figures(sql)
    drop_all(sql)
    assert 0 == add_judgements(sql, mails[2:])


def test_counting_is_bounded_in_policies_too(sql: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """A wildcard in the DNS gives each forged mail a policy domain of its own, and a record as long as it likes."""
    monkeypatch.setattr(counting, "MAX_ROWS_OF_DAY", 2)
    uris = tuple(f"mailto:{number}@lagoon.test" for number in range(500))
    for number in range(4):
        policy = PublishedPolicy(f"{number}.lagoon.test", p="none", rua=("https:" + "x" * 60_000, *uris), ruf=uris)
        add_judgements(sql, (judged(policy=policy),))
    assert ["0.lagoon.test", "1.lagoon.test"] == [domain for _, domain in domains_with_counts(sql, up_to_day=DAY)]
    counts = counts_of(sql, DAY, "0.lagoon.test")
    assert counts is not None
    assert (uris[:10], ()) == (counts.policy.rua, counts.policy.ruf)


def test_counting_keeps_what_came_while_a_report_was_written(sql: sqlite3.Connection) -> None:
    """It was not told, so it is not forgotten."""
    add_judgements(sql, (judged(), judged(source="192.0.2.2")))
    told = counts_of(sql, DAY, "lagoon.test")
    assert told is not None
    add_judgements(sql, (judged(), judged(source="192.0.2.3")))
    drop_counts(sql, DAY, "lagoon.test", told.mails)
    assert [("192.0.2.1", 1), ("192.0.2.3", 1)] == figures(sql)
    drop_all(sql)
    assert [] == domains_with_counts(sql, up_to_day=DAY)


def test_counting_forgets_what_nobody_was_told_of(sql: sqlite3.Connection) -> None:
    """Reports may be switched off while something is counted, and on again in a year."""
    add_judgements(sql, (judged(), judged(unix=NOON + 86_400)))
    forget_counts(sql, "2026-11-29")
    assert [("2026-11-29", "lagoon.test")] == domains_with_counts(sql, up_to_day="2026-12-31")


def test_spans_of_a_day_do_not_overlap(sql: sqlite3.Connection) -> None:
    """RFC 9990 §3.1.1.4: what was told up to a moment is followed by the rest of the day, or by the next second."""
    first = span_of(sql, "aggregate", "lagoon.test", day=DAY, now_unix=NOON + 0.5)
    assert Span(MIDNIGHT, int(NOON)) == first
    note_span(sql, "aggregate", "lagoon.test", day=DAY, span=first)
    assert Span(int(NOON), int(NOON)) == span_of(sql, "aggregate", "lagoon.test", day=DAY, now_unix=NOON + 0.5)
    rest = Span(int(NOON) + 1, MIDNIGHT + 86_399)
    assert rest == span_of(sql, "aggregate", "lagoon.test", day=DAY, now_unix=NOON + 86_400)
    assert Span(MIDNIGHT, int(NOON)) == span_of(sql, "tls", "lagoon.test", day=DAY, now_unix=NOON)


def sessions(successes: int, failed: int) -> TlsSessions:
    """Return how TLS went with lagoon."""
    failure = TlsFailures("certificate-expired", "mx.lagoon.test", "192.0.2.9", "192.0.2.1", "old", failed)
    return TlsSessions(DAY, "Lagoon.test", "no-policy-found", (), (), successes, (failure,) if failed else ())


def test_tls_counts_are_totals_and_told_once(sql: sqlite3.Connection) -> None:
    """Telling twice does no harm; what grew since a report is what the next one tells."""
    for _ in range(2):
        keep_sessions(sql, DAY, (sessions(3, 0),))
    assert [3] == [each.successes for each in untold_sessions(sql, DAY, "lagoon.test")]
    note_told(sql, DAY, untold_sessions(sql, DAY, "lagoon.test"))
    assert () == untold_sessions(sql, DAY, "lagoon.test")
    keep_sessions(sql, DAY, (sessions(3, 2),))
    (grown,) = untold_sessions(sql, DAY, "lagoon.test")
    assert (0, 2) == (grown.successes, grown.failures[0].sessions)


def test_tls_counts_are_bounded(sql: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """As those of mails."""
    monkeypatch.setattr("scop.cells.reporter.tls_counting.MAX_ROWS_OF_DAY", 1)
    assert 1 == keep_sessions(sql, DAY, (sessions(3, 2),))
    assert 0 == keep_sessions(sql, DAY, (sessions(5, 0),))
    assert [5] == [each.successes for each in untold_sessions(sql, DAY, "lagoon.test")]

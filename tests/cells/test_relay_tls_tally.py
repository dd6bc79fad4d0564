"""How the relay counts TLS: by UTC day and policy, over restarts, for thirty days, and never in the way of mail."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from fakes.jumping_clock import JumpingClock
from fakes.watched_log import WatchedLog
from scop.cells.relay.tls_policy import PolicyType, Reported, TlsResult
from scop.cells.relay.tls_store import MAX_ROWS, SCHEMA
from scop.cells.relay.tls_tally import MAX_DAY_CHARACTERS, TlsTally
from scop.mesh.calls import MAX_FRAME_OCTETS
from scop.mesh.vocabulary.relay import TlsFailures, TlsResults, TlsSessions
from scop.store import Database

NONE = Reported(PolicyType.NONE, "sea.test")
STS = Reported(PolicyType.STS, "sea.test", ("version: STSv1", "mode: enforce"), ("mx.sea.test",))
DAY = 86_400.0


@asynccontextmanager
async def _tally(
    path: Path, clock: JumpingClock, kept: WatchedLog | None = None, *, max_day_characters: int = MAX_DAY_CHARACTERS
) -> AsyncIterator[TlsTally]:
    database, log = Database.open(path / "tls.db", SCHEMA), (kept or WatchedLog()).log("relay")
    tally = TlsTally(database, clock, log, sending_address="192.0.2.1", max_day_characters=max_day_characters)
    try:
        yield tally
    finally:
        await tally.close()
        await database.close()


async def test_relay_tally_adds_up(tmp_path: Path) -> None:
    """RFC 8460 §4.4: successes in one number, failures by result, host and reason; a restart forgets nothing."""
    clock = JumpingClock(DAY)
    for _ in range(2):
        async with _tally(tmp_path, clock) as tally:
            tally.note(STS, TlsResult.SUCCESS, mx_host="mx.sea.test", address="192.0.2.9")
            tally.note(STS, TlsResult.EXPIRED, mx_host="mx.sea.test", address="192.0.2.9", reason="old\r\n")
    failed = TlsFailures("certificate-expired", "mx.sea.test", "192.0.2.9", "192.0.2.1", "old\\r\\n", 2)
    expected = TlsSessions("1970-01-02", "sea.test", "sts", STS.strings, STS.mx, 2, (failed,))
    async with _tally(tmp_path, clock) as tally:
        assert (expected,) == await tally.read("", "")


async def test_relay_tally_keeps_days_and_destinations_apart(tmp_path: Path) -> None:
    """RFC 8460 §4.1: a report is for one UTC day and one destination."""
    clock = JumpingClock(DAY - 1)
    async with _tally(tmp_path, clock) as tally:
        tally.note(NONE, TlsResult.SUCCESS)
        clock.jump(1)
        tally.note(NONE, TlsResult.SUCCESS)
        tally.note(Reported(PolicyType.NONE, "lake.test"), TlsResult.SUCCESS)
        asked = [("", ""), ("1970-01-01", ""), ("1970-01-02", "lake.test"), ("1970-01-03", "")]
        found = [[(each.day, each.domain) for each in await tally.read(*question)] for question in asked]
    first, lake, sea = ("1970-01-01", "sea.test"), ("1970-01-02", "lake.test"), ("1970-01-02", "sea.test")
    assert [[lake, sea, first], [first], [lake], []] == found


async def test_relay_tally_forgets_after_30_days(tmp_path: Path) -> None:
    """What is 30 days old is still told; a day later it is not."""
    clock = JumpingClock(0.0)
    async with _tally(tmp_path, clock) as tally:
        tally.note(NONE, TlsResult.SUCCESS)
        await tally.flush()
        for days, count in ((30, 2), (1, 2)):
            clock.jump(days * DAY)
            tally.note(NONE, TlsResult.SUCCESS)
            assert count == len(await tally.read("", ""))


async def test_relay_tally_never_stops_mail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full disk costs counts, which is logged, and nothing else."""
    kept = WatchedLog()
    async with _tally(tmp_path, JumpingClock(), kept) as tally:

        async def full(_work: object) -> None:
            raise sqlite3.OperationalError("database or disk is full")

        with monkeypatch.context() as patch:
            patch.setattr(tally._database, "write", full)
            tally.note(NONE, TlsResult.SUCCESS)
            await tally.flush()
        tally.note(NONE, TlsResult.SUCCESS)
        assert [1] == [each.successes for each in await tally.read("", "")]
    assert ["database or disk is full"] == kept.reasons("tls.uncounted")


async def test_relay_tally_bounds_its_answer(tmp_path: Path) -> None:
    """An answer has 5,000 rows at most, however many destinations there were."""
    async with _tally(tmp_path, JumpingClock()) as tally:
        for number in range(MAX_ROWS + 1):
            tally.note(Reported(PolicyType.NONE, f"{number}.test"), TlsResult.SUCCESS)
        assert MAX_ROWS == len(await tally.read("", ""))


async def test_relay_tally_answers_within_a_frame(tmp_path: Path) -> None:
    """However long the policies are that strangers publish, the answer fits into what the operator can be told."""
    async with _tally(tmp_path, JumpingClock()) as tally:
        for number in range(100):
            lines = tuple("x" * 1000 for _ in range(64))
            tally.note(Reported(PolicyType.STS, f"{number}.test", lines, lines), TlsResult.SUCCESS)
        answer = TlsResults(await tally.read("", ""))
    assert answer.sessions
    assert len(msgspec.json.encode(answer)) < MAX_FRAME_OCTETS


async def test_relay_tally_takes_bounded_room_a_day(tmp_path: Path) -> None:
    """What strangers publish fills no disk: beyond the day's room nothing new is counted, what is known still is."""
    kept, clock = WatchedLog(), JumpingClock(DAY)
    async with _tally(tmp_path, clock, kept, max_day_characters=3500) as tally:
        lines = ("x" * 1000,)
        for number in (0, 1, 2, 3, 4, 0):
            tally.note(Reported(PolicyType.STS, f"{number}.test", lines), TlsResult.SUCCESS)
        found = {each.domain: each.successes for number in range(5) for each in await tally.read("", f"{number}.test")}
        assert {"0.test": 2, "1.test": 1, "2.test": 1} == found
        assert 1 == len(kept.of("tls.uncounted"))
        clock.jump(DAY)
        tally.note(NONE, TlsResult.SUCCESS)
        assert [1] == [each.successes for each in await tally.read("1970-01-03", "")]


async def test_relay_tally_shares_writes(tmp_path: Path) -> None:
    """Many sessions at once cost one commit."""
    async with _tally(tmp_path, JumpingClock()) as tally:
        for _ in range(1000):
            tally.note(NONE, TlsResult.SUCCESS)
            await asyncio.sleep(0)
        assert [1000] == [each.successes for each in await tally.read("", "")]
        assert tally._database.commits < 10

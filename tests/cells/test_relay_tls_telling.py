"""How the relay tells the reporter of TLS: totals by day, again until they are taken, and never in the way of mail."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from fakes.jumping_clock import JumpingClock
from fakes.loops import PATIENCE_SECONDS
from fakes.watched_log import WatchedLog
from scop.cells.relay.tls_policy import PolicyType, Reported, TlsResult
from scop.cells.relay.tls_store import SCHEMA
from scop.cells.relay.tls_tally import TlsTally
from scop.cells.relay.tls_telling import TlsTelling
from scop.mesh.vocabulary.reporter import NoteTlsSessions, Taken
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.store import Database

SEA = Reported(PolicyType.NONE, "sea.test")
DAY = 86_400.0


@dataclass
class Ears:
    """A reporter: takes what it is told, or fails first."""

    faults: list[Exception] = field(default_factory=list)
    told: list[tuple[str, int]] = field(default_factory=list)
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    async def __call__(self, noted: NoteTlsSessions) -> Taken:
        if self.faults:
            raise self.faults.pop()
        self.told.append((noted.day, sum(each.successes for each in noted.sessions)))
        self.heard.set()
        return Taken(len(noted.sessions))

    async def until_heard(self) -> None:
        """Wait until something was told since the last time."""
        await asyncio.wait_for(self.heard.wait(), PATIENCE_SECONDS)
        self.heard.clear()


@asynccontextmanager
async def _telling(
    path: Path, ears: Ears, log: WatchedLog | None = None
) -> AsyncIterator[tuple[TlsTally, JumpingClock]]:
    clock, kept = JumpingClock(5 * DAY - 1), (log or WatchedLog()).log("relay")
    database = Database.open(path / "tls.db", SCHEMA)
    tally = TlsTally(database, clock, kept)
    telling = TlsTelling(tally, ears, clock, kept, pause_seconds=0.01)
    try:
        yield tally, clock
    finally:
        await telling.close()
        await tally.close()
        await database.close()


async def test_relay_tells_totals_of_each_day_that_changed(tmp_path: Path) -> None:
    """RFC 8460 §4.1: a day's totals grow, and the rest of a day is told after midnight too."""
    ears = Ears()
    async with _telling(tmp_path, ears) as (tally, clock):
        for _ in range(2):
            tally.note(SEA, TlsResult.SUCCESS)
            await ears.until_heard()
        clock.jump(2)
        tally.note(SEA, TlsResult.SUCCESS)
        await ears.until_heard()
    assert [("1970-01-05", 1), ("1970-01-05", 2), ("1970-01-06", 1)] == ears.told


async def test_relay_wakes_nobody_before_something_changed(tmp_path: Path) -> None:
    """Who tells of TLS sleeps until there is a session, and again once it was taken."""
    database = Database.open(tmp_path / "tls.db", SCHEMA)
    tally = TlsTally(database, JumpingClock(5 * DAY), WatchedLog().log("relay"))
    for _ in range(2):
        waiting = asyncio.ensure_future(tally.changed())
        await asyncio.sleep(0)
        assert not waiting.done()
        tally.note(SEA, TlsResult.SUCCESS)
        await waiting
        assert {"1970-01-06"} == tally.take_changed()
    await tally.close()
    await database.close()


async def test_relay_tells_all_of_a_busy_day(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A day of more destinations than one answer holds is told in pieces, none of them left out."""
    monkeypatch.setattr("scop.cells.relay.tls_store.MAX_ROWS", 2)
    ears = Ears()
    async with _telling(tmp_path, ears) as (tally, _):
        for number in range(5):
            tally.note(Reported(PolicyType.NONE, f"{number}.test"), TlsResult.SUCCESS)
        tally.note(SEA, TlsResult.VALIDATION_FAILURE, mx_host="mx.sea.test")
        while len(ears.told) < 3:
            await ears.until_heard()
    assert [("1970-01-05", 2), ("1970-01-05", 2), ("1970-01-05", 1)] == ears.told[:3]


async def test_relay_tells_again_what_was_not_taken(tmp_path: Path) -> None:
    """A reporter that is away hears it when it is back."""
    ears = Ears([TemporaryFailure("away"), TemporaryFailure("away")])
    async with _telling(tmp_path, ears) as (tally, _):
        tally.note(SEA, TlsResult.SUCCESS)
        await ears.until_heard()
    assert ([], [("1970-01-05", 1)]) == (ears.faults, ears.told)


async def test_relay_tells_the_rest_at_the_end_and_all_after_a_start(tmp_path: Path) -> None:
    """What was counted before a restart is told after it: nobody knows what was told."""
    for expected in (1, 2):
        ears = Ears()
        async with _telling(tmp_path, ears) as (tally, _):
            await asyncio.sleep(0)
            tally.note(SEA, TlsResult.SUCCESS)
        assert ("1970-01-05", expected) == ears.told[-1]


@pytest.mark.parametrize("words", ["unknown question"])
async def test_relay_drops_what_a_reporter_refuses(tmp_path: Path, words: str) -> None:
    """It would refuse it again; the log says so."""
    ears, log = Ears([PermanentFailure(words)]), WatchedLog()
    async with _telling(tmp_path, ears, log) as (tally, _):
        tally.note(SEA, TlsResult.SUCCESS)
        await log.until("tls.untold")
        tally.note(SEA, TlsResult.SUCCESS)
        await ears.until_heard()
    assert ([words], [("1970-01-05", 2)]) == (log.reasons("tls.untold"), ears.told)

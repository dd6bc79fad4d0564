"""Watching releases: what is new, what its test said, and what is remembered."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from scop.cli.matrix.notify_config import WatchTable
from scop.cli.matrix.notify_runner import Outcome
from scop.cli.matrix.notify_watch import Watch, WatchOptions
from scop.matrix.notifier import Report, Status
from scop.matrix.notifier.releases import Home, Release
from scop.net.faults import TemporaryFailure
from scop.net.log import Log
from scop.store.notices import Notices

PLACE = "https://index.test/pypi/numpy/json"
NUMPY = WatchTable(Home.PYPI, "numpy", PLACE)
TESTED = WatchTable(Home.PYPI, "numpy", PLACE, test=("true",))


def page(*versions: str) -> bytes:
    """Return PyPI's JSON of a package, its releases a day apart."""
    releases = {
        version: [{"upload_time_iso_8601": f"2026-11-{number:02d}T00:00:00Z", "yanked": False}]
        for number, version in enumerate(versions, 1)
    }
    return json.dumps({"info": {"name": "numpy", "summary": "Arrays"}, "releases": releases}).encode()


@dataclass
class World:
    """A home of packages, and what is told of it."""

    notices: Notices
    page: bytes | None = None
    fault: Exception | None = None
    told: list[Report] = field(default_factory=list)
    tests: list[str] = field(default_factory=list)
    dies_in_test: bool = False
    has_room: bool = True
    pauses: int = 0

    async def fetch(self, url: str) -> bytes | None:
        """Give the page."""
        assert url == PLACE
        if self.fault:
            raise self.fault
        return self.page

    async def keep(self, report: Report) -> None:
        """Take what is told, where there is room on the disk."""
        if not self.has_room:
            raise sqlite3.OperationalError("database or disk is full")
        self.told.append(report)

    async def test(self, package: WatchTable, release: Release) -> Outcome:
        """Test a release."""
        self.tests.append(f"{package.package} {release.version}")
        if self.dies_in_test:
            raise KeyboardInterrupt
        return Outcome(Status.FAILED, 3.0, "1 failed, 2 passed")

    async def pause(self, _seconds: float) -> None:
        """Make room at the third pause."""
        self.pauses += 1
        self.has_room = self.pauses == 3

    async def look(self, package: WatchTable) -> list[tuple[str, Status | None]]:
        """Look once; return what was told."""
        self.told.clear()
        log = Log("notifier", lambda _line: None)
        keeping = (self.notices, self, self.keep, log, self.test, self.pause)
        options = WatchOptions((package,), *keeping, unix=lambda: 1_800_000_000.0)
        await Watch(options).once()
        return [(report.ref, report.status) for report in self.told]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """Give a world in which nothing was seen."""
    notices = Notices.open(tmp_path / "notices.db")
    yield World(notices)
    await notices.close()


async def test_watch_tells_what_is_new_since_the_first_look(world: World) -> None:
    """The first look tells nothing, later ones what came since, once and in order."""
    world.page = page("1.0", "1.1")
    assert [] == await world.look(NUMPY)
    world.page = page("1.0", "1.1", "1.2", "1.3")
    assert [("1.2", Status.PUBLISHED), ("1.3", Status.PUBLISHED)] == await world.look(NUMPY)
    assert [] == await world.look(NUMPY)


async def test_watch_tells_the_first_release_of_a_package_that_had_none(world: World) -> None:
    """A first look at an empty list is a first look, too."""
    world.page = page()
    assert [] == await world.look(NUMPY)
    world.page = page("0.1")
    assert [("0.1", Status.PUBLISHED)] == await world.look(NUMPY)


async def test_watch_tells_the_result_of_the_test(world: World) -> None:
    """A release is told when its test begins, and again when it has ended, with its last line."""
    world.page = page("1.0")
    await world.look(TESTED)
    world.page = page("1.0", "1.1")
    assert [("1.1", Status.RUNNING), ("1.1", Status.FAILED)] == await world.look(TESTED)
    (job,) = world.told[-1].jobs
    assert ("1 failed, 2 passed", 3.0, ["numpy 1.1"]) == (job.note, job.seconds, world.tests)


async def test_watch_tests_again_what_was_ended_in_its_test(world: World) -> None:
    """A release counts as seen when its result is durable, not before."""
    world.page = page("1.0")
    await world.look(TESTED)
    world.page, world.dies_in_test = page("1.0", "1.1"), True
    with pytest.raises(KeyboardInterrupt):
        await world.look(TESTED)
    world.dies_in_test = False
    assert [("1.1", Status.RUNNING), ("1.1", Status.FAILED)] == await world.look(TESTED)


async def test_watch_waits_for_room_on_the_disk(world: World) -> None:
    """A page comes once, so what cannot be kept of it is tried until it can."""
    world.page = page("1.0")
    await world.look(NUMPY)
    world.page, world.has_room = page("1.0", "1.1"), False
    assert ([("1.1", Status.PUBLISHED)], 3) == (await world.look(NUMPY), world.pauses)
    assert [] == await world.look(NUMPY)


async def test_watch_passes_over_prereleases_unless_they_are_wanted(world: World) -> None:
    """A release candidate is no release for who does not ask for it."""
    world.page = page("1.0")
    await world.look(NUMPY)
    world.page = page("1.0", "1.1rc1")
    assert [] == await world.look(NUMPY)
    assert [("1.1rc1", Status.PUBLISHED)] == await world.look(WatchTable(Home.PYPI, "numpy", PLACE, prereleases=True))


async def test_watch_looks_again_after_a_fault_or_a_page_that_is_none(world: World) -> None:
    """A home that is away, unchanged or broken tells nothing and loses nothing."""
    world.page = page("1.0")
    await world.look(NUMPY)
    world.fault = TemporaryFailure("away")
    assert [] == await world.look(NUMPY)
    world.fault = None
    for broken in (None, b"<html>", b"{}"):
        world.page = broken
        assert [] == await world.look(NUMPY)
    world.page = page("1.0", "1.1")
    assert [("1.1", Status.PUBLISHED)] == await world.look(NUMPY)

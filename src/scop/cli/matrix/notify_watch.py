"""`scop matrix notify watch`: new releases of listed packages, each with the result of a test command."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from scop.base import ProtocolError, printable
from scop.cli.matrix.notify_config import WatchTable
from scop.cli.matrix.notify_poster import ROOM_SECONDS
from scop.cli.matrix.notify_runner import Outcome
from scop.matrix.notifier.releases import TEST, Release, read_releases, release_report
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.store.notices import Notices

__all__ = ["Pages", "Watch", "WatchOptions"]

MAX_NEW = 10  # releases of one package at one look; a home that shows a hundred new ones at once has changed its form
_BEGUN = ""  # no version; says that a list was looked at


class Pages(Protocol):
    """Whoever reads a page, None where it is as it was."""

    async def fetch(self, url: str) -> bytes | None:
        """Return it; raises `TemporaryFailure`, `PermanentFailure`."""


RunTest = Callable[[WatchTable, Release], Awaitable[Outcome]]


@dataclass(frozen=True, slots=True)
class WatchOptions:
    """What is watched, and who keeps what is found."""

    packages: Iterable[WatchTable]
    notices: Notices
    pages: Pages
    keep: Callable[[Report], Awaitable[None]]
    log: Log
    test: RunTest
    pause: Callable[[float], Awaitable[None]] = asyncio.sleep
    unix: Callable[[], float] = time.time


class Watch:
    """Looks at each package in its own time; tests run one at a time."""

    def __init__(self, options: WatchOptions) -> None:
        self._options = options
        self._testing = asyncio.Lock()

    async def run(self) -> None:
        """Look for ever; ends by being cancelled, at any point, or by a `PermanentFailure` of whoever tests."""
        watching = [asyncio.create_task(self._watch(package)) for package in self._options.packages]
        try:
            await asyncio.gather(*watching)
        finally:
            for each in watching:
                each.cancel()
            await asyncio.gather(*watching, return_exceptions=True)

    async def once(self) -> None:
        """Look at each package once."""
        for package in self._options.packages:
            await self.look(package)

    async def _watch(self, package: WatchTable) -> None:
        while True:
            await self.look(package)
            await self._options.pause(float(package.every_seconds))

    async def look(self, package: WatchTable) -> None:
        """Look at one package, and tell what is new; what there was at the first look is not new.

        A page that was read comes once, so what a full disk does not take is tried until it does.
        """
        try:
            page = await self._options.pages.fetch(package.url)
            releases = () if page is None else read_releases(package.home, page, package.version)
        except (TemporaryFailure, PermanentFailure, ProtocolError) as fault:
            self._options.log.warning("watch.failed", package=package.package, reason=printable(str(fault)))
            return
        while True:
            try:
                await self._tell_new(package, releases)
            except sqlite3.OperationalError as fault:
                self._options.log.warning("watch.waits", package=package.package, reason=str(fault))
                await self._options.pause(ROOM_SECONDS)
            else:
                return

    async def _tell_new(self, package: WatchTable, releases: Sequence[Release]) -> None:
        name = f"{package.home} {package.package}"
        seen = await self._options.notices.seen(name)
        wanted = [each for each in releases if package.prereleases or not each.is_prerelease]
        if not seen:
            await self._options.notices.note_seen(name, _BEGUN, *(each.version for each in wanted))
            self._options.log.info("watch.began", package=package.package, releases=len(wanted))
            return
        new = [each for each in wanted if each.version not in seen]
        for release in new[-MAX_NEW:]:
            await self._tell(package, release)
        await self._options.notices.note_seen(name, *(each.version for each in new))

    async def _tell(self, package: WatchTable, release: Release) -> None:
        """Tell one release and its test; it counts as seen once all of that is durable."""
        if not package.test:
            await self._keep(package, release, None)
        else:
            began = Stamp(1, self._options.unix())
            await self._keep(package, release, Job(TEST, Status.RUNNING, began))
            async with self._testing:
                tested = await self._options.test(package, release)
            ended = Stamp(1, self._options.unix())
            await self._keep(package, release, Job(TEST, tested.status, ended, tested.seconds, note=tested.note))
        await self._options.notices.note_seen(f"{package.home} {package.package}", release.version)
        self._options.log.info("watch.told", package=package.package, version=release.version)

    async def _keep(self, package: WatchTable, release: Release, test: Job | None) -> None:
        report = release_report(package.home.value, package.package, release, test, self._options.unix())
        await self._options.keep(report)

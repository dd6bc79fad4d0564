"""`scop matrix notify watch`: new releases of listed packages, each with the result of a test command."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from scop.base import ProtocolError, printable
from scop.cli.matrix.notify_config import WatchTable
from scop.matrix.notifier.payload import one_line
from scop.matrix.notifier.releases import TEST, Release, read_releases, release_report
from scop.matrix.notifier.report import Job, Report, Stamp
from scop.matrix.notifier.status import Status
from scop.net.faults import PermanentFailure, TemporaryFailure
from scop.net.log import Log
from scop.store.notices import Notices

__all__ = ["Outcome", "Pages", "Watch", "WatchOptions", "run_test", "without_secrets"]

MAX_NEW = 10  # releases of one package at one look; a home that shows a hundred new ones at once has changed its form
MAX_OUTPUT_OCTETS = 65_536
KILL_SECONDS = 5.0
_BEGUN = ""  # no version; says that a list was looked at


class Pages(Protocol):
    """Whoever reads a page, None where it is as it was."""

    async def fetch(self, url: str) -> bytes | None:
        """Return it; raises `TemporaryFailure`, `PermanentFailure`."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a test command ended."""

    status: Status
    seconds: float
    note: str  # its last line


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
        """Look for ever; ends by being cancelled, at any point."""
        async with asyncio.TaskGroup() as packages:
            for package in self._options.packages:
                packages.create_task(self._watch(package))

    async def once(self) -> None:
        """Look at each package once."""
        for package in self._options.packages:
            await self.look(package)

    async def _watch(self, package: WatchTable) -> None:
        while True:
            await self.look(package)
            await self._options.pause(float(package.every_seconds))

    async def look(self, package: WatchTable) -> None:
        """Look at one package, and tell what is new; what there was at the first look is not new."""
        try:
            page = await self._options.pages.fetch(package.url)
            releases = () if page is None else read_releases(package.home, page, package.version)
        except (TemporaryFailure, PermanentFailure, ProtocolError) as fault:
            self._options.log.warning("watch.failed", package=package.package, reason=printable(str(fault)))
            return
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


def without_secrets(environment: Mapping[str, str], secrets: Collection[str]) -> dict[str, str]:
    """Return what a test may know: nothing of ours, and none of the variables that hold secrets."""
    # What runs in a test was written by whoever made the release.
    return {name: value for name, value in environment.items() if not name.startswith("SCOP_") and name not in secrets}


async def run_test(package: WatchTable, release: Release, around: Mapping[str, str]) -> Outcome:
    """Run the test command of a release in its time, with the release in its environment, and no shell."""
    began = time.monotonic()
    environment = {
        **around,
        "SCOP_PACKAGE": package.package,
        "SCOP_VERSION": release.version,
        "SCOP_URL": release.url,
    }
    try:
        process = await asyncio.create_subprocess_exec(
            *package.test,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # so that what it starts ends with it
        )
    except OSError as fault:
        return Outcome(Status.FAILED, 0.0, f"{package.test[0]}: {fault.strerror}")
    output = bytearray()
    try:
        async with asyncio.timeout(package.timeout_seconds):
            await _drain(process, output)
            status = await process.wait()
    except TimeoutError:
        await _end(process)
        note = f"took longer than {package.timeout_seconds} s"
        return Outcome(Status.FAILED, time.monotonic() - began, note)
    except asyncio.CancelledError:
        await _end(process)
        raise
    last = one_line(bytes(output).decode("utf-8", "replace").strip().rpartition("\n")[2])
    seconds = time.monotonic() - began
    if status == 0:
        return Outcome(Status.PASSED, seconds, "")
    return Outcome(Status.FAILED, seconds, last or f"ended with status {status}")


async def _drain(process: asyncio.subprocess.Process, output: bytearray) -> None:
    """Read all that is said, keep the end of it."""
    assert process.stdout is not None
    while piece := await process.stdout.read(MAX_OUTPUT_OCTETS):
        output += piece
        del output[:-MAX_OUTPUT_OCTETS]


async def _end(process: asyncio.subprocess.Process) -> None:
    """End a command and what it has started: asked first, then not."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KILL_SECONDS):
                await process.wait()
                return

"""`python -m bench examiner`: what poison costs honest mail, how long one mail takes, and what an idle examiner holds.

Honest mail comes from clients that sent some before, as fast as it is examined. Poison comes a hundred times a second,
each mail another one, half of them crash the child and half never end: from one client, and from a new one each time.
The goal is that honest mail keeps four fifths of its rate.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import io
import itertools
import os
import statistics
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.proc import family_pss_octets, pss_octets
from scop.cells.examiner.arrivals import ArrivedMail
from scop.cells.examiner.desk import Desk, DeskOptions
from scop.cells.examiner.nurse import ErrandLimits, Nurse
from scop.cells.examiner.service import nursery_command
from scop.mesh.underway import Underway
from scop.mime import Attachment, compose
from scop.net.clock import SystemClock
from scop.net.faults import TemporaryFailure
from scop.net.log import Log

__all__ = ["main"]

ROUNDS = 3  # of each, in turns, because a machine is not always as busy
SECONDS = 2.0  # of one
POISON_A_SECOND = 100
HONEST_CLIENTS = 3
GOAL = 0.8
NOBODY = "64321"


def honest_mail(number: int) -> bytes:
    """Return a mail of text and HTML with a small archive, like no other."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as writing:
        writing.writestr("notes.txt", "High water at nine.\r\n" * 200)
    return compose(
        author="alice@lagoon.test",
        to=["bob@harbor.test"],
        subject=f"notes {number}",
        text="The notes.",
        html="<p>The notes.</p>",
        attachments=[Attachment("notes.zip", "application/zip", archive.getvalue())],
        date=datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC),
        message_id=f"<{number}@lagoon.test>",
    ).to_octets()


@contextlib.contextmanager
def desk(command: tuple[str, ...]) -> Iterator[tuple[Desk, Nurse]]:
    """Give a desk with a nursery of its own."""
    ids = (NOBODY, NOBODY) if os.geteuid() == 0 else ()
    nurse = Nurse.start((*command, *ids), ErrandLimits())
    nurse.attend()
    with tempfile.TemporaryDirectory() as folder:
        underway = Underway(Path(folder))
        processors = len(os.sched_getaffinity(0))
        yield Desk(DeskOptions(nurse, underway, processors, Log("bench", lambda _line: None), SystemClock())), nurse
        underway.close()
    nurse.close()


async def examine(at: Desk, octets: bytes, client: str) -> bool:
    """Have one mail examined; say whether that could be said now."""
    mail = ArrivedMail(client, len(octets))
    mail.append(octets)
    mail.finish()
    try:
        await at.examine(mail)
    except TemporaryFailure:
        return False
    finally:
        mail.close()
    return True


async def honest_rate(at: Desk) -> float:
    """Return how many honest mails a second are examined."""
    mails = [honest_mail(number) for number in range(50)]
    until = time.monotonic() + SECONDS
    examined = 0

    async def send(client: str) -> None:
        nonlocal examined
        for octets in itertools.cycle(mails):
            if time.monotonic() > until:
                return
            has_answer = await examine(at, octets, client)
            examined += has_answer

    await asyncio.gather(*(send(f"honest {number}") for number in range(HONEST_CLIENTS)))
    return examined / SECONDS


async def poison(at: Desk, client_of: Callable[[int], str]) -> None:
    """Send poison until cancelled."""
    tasks: set[asyncio.Task[bool]] = set()
    try:
        for number in itertools.count():
            kind = b"crash" if number % 2 else b"stall"
            octets = b"X-Poison: %b\r\nSubject: %d\r\nContent-Type: text/html\r\n\r\n" % (kind, number)
            task = asyncio.create_task(examine(at, octets, client_of(number)))
            tasks.add(task)
            task.add_done_callback(tasks.discard)
            await asyncio.sleep(1 / POISON_A_SECOND)
    finally:
        for task in tuple(tasks):
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def flooded_rate(at: Desk, client_of: Callable[[int], str]) -> float:
    """Return the honest rate under poison."""
    flood = asyncio.create_task(poison(at, client_of))
    await asyncio.sleep(1)  # it is there first
    rate = await honest_rate(at)
    flood.cancel()
    await asyncio.gather(flood, return_exceptions=True)
    return rate


async def latencies(at: Desk) -> tuple[float, float]:
    """Return the first, which loads all code, and the median of those that follow, in milliseconds."""
    taken = []
    for number in range(40):
        started = time.monotonic()
        await examine(at, honest_mail(1000 + number), "one")
        taken.append(1000 * (time.monotonic() - started))
    return taken[0], statistics.median(taken[1:])


def held_by(nursery: int) -> str:
    """Return what the nursery holds, and what it holds more while all code is loaded."""
    alone, whole = pss_octets(nursery), family_pss_octets(nursery)
    return f"the nursery {alone / 1e6:.1f} MB, and {(whole - alone) / 1e6:.1f} MB while all code is loaded"


async def measure() -> bool:
    """Run everything; tell whether the goal is reached."""
    with desk(tuple(nursery_command())) as (at, nurse):
        first, median = await latencies(at)
        print(f"one mail with an archive: the first {first:.0f} ms, then {median:.1f} ms")
        print(held_by(nurse.pid))
    reached = True
    program = str(Path(__file__).with_name("examiner_nursery.py"))
    for who, client_of in (("one client", lambda _n: "poisoner"), ("a new client each", lambda n: f"poisoner {n}")):
        with desk((sys.executable, program)) as (at, _):
            alone = flooded = 0.0
            await honest_rate(at)  # they become known
            for _ in range(ROUNDS):
                alone += await honest_rate(at) / ROUNDS
                flooded += await flooded_rate(at, client_of) / ROUNDS
        share = flooded / alone
        reached &= share >= GOAL
        print(f"{POISON_A_SECOND} poison mails a second from {who}: {flooded:.0f} of {alone:.0f} mails/s, {share:.0%}")
    return reached


def main() -> bool:
    """Measure, and tell whether the goal is reached."""
    return asyncio.run(measure())


if __name__ == "__main__":
    sys.exit(not main())

"""What 100,000 deferred mails of 2 KB cost the relay: time to start, memory, and looks at the queue.

The queue is filled through the queue's own methods, then a relay is started on it in a process of its own, as a cell
has it. Two moments: nothing is due (a calm evening), and all is due while no host can be reached (the morning after
the line was cut). `python -m bench.smtp.queue_size`.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TypeVar

import uvloop

from scop.cells.relay.letters import Held, Letter, Load, Settled
from scop.cells.relay.post import PostOptions
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_view import contents
from scop.cells.relay.service import RelayOptions, run
from scop.cli.shared import console, print_table
from scop.dns import TIMEOUT, Answer, Question, StaticNames
from scop.mesh.calls import Call
from scop.mesh.cell import Life
from scop.mesh.config import Relay
from scop.mesh.inlet import Handlers
from scop.mesh.vocabulary.relay import QueueChoice
from scop.net.clock import SystemClock
from scop.net.dialer import tcp_dialer
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath, ServerOptions

__all__ = ["main"]

MAILS = 100_000
OCTETS = 2_000
DOMAINS = 5_000
AT_ONCE = 256
START_GOAL_SECONDS, MEMORY_GOAL_MB = 5.0, 100.0
DEFERRED_SECONDS = 3_600.0
TRIED_SECONDS = 10.0  # for which the relay is watched while all is due
LOOKS = 200

R = TypeVar("R")


def main() -> bool:
    """Fill a queue, start relays on it, and tell whether both goals are reached."""
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as folder:
        started = time.perf_counter()
        looks = asyncio.run(_fill(Path(folder)))
        filled = time.perf_counter() - started
        size = sum(path.stat().st_size for path in Path(folder).iterdir() if path.is_file())
        calm, busy = _relay(folder, "calm"), _relay(folder, "busy")
    console.print(
        f"\n{MAILS:,} deferred mails of {OCTETS:,} octets to {DOMAINS:,} domains, {size / 1e6:.0f} MB on disk"
    )
    rows = [
        ("queued and deferred, mails/s", f"{MAILS / filled:,.0f}", ""),
        ("from exec to ready, nothing due, s", f"{calm['ready']:.2f}", f"≤ {START_GOAL_SECONDS:g}"),
        ("from exec to ready, all due, s", f"{busy['ready']:.2f}", f"≤ {START_GOAL_SECONDS:g}"),
        ("memory at rest, MB", f"{calm['megabytes']:.1f}", f"≤ {MEMORY_GOAL_MB:g}"),
        ("peak while all is due, MB", f"{busy['peak']:.1f}", f"≤ {MEMORY_GOAL_MB:g}"),
        (f"tried and deferred again, mails/s of {TRIED_SECONDS:g} s", f"{busy['tried'] / TRIED_SECONDS:,.0f}", ""),
        *((name, f"{milliseconds:.3f}", "") for name, milliseconds in looks.items()),
    ]
    print_table(("", "", "goal"), rows)
    return max(calm["ready"], busy["ready"]) <= START_GOAL_SECONDS and busy["peak"] <= MEMORY_GOAL_MB


async def _fill(folder: Path) -> dict[str, float]:
    """Put deferred mails into a queue; return how long looks at it take."""
    queue = Queue(folder, Log("relay", lambda _line: None))
    numbers, now = iter(range(MAILS)), time.time()

    async def some() -> None:
        for number in numbers:
            await queue.add(_letter(number), now)

    await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    while loads := await queue.due(now, 2_000, Held()):
        await asyncio.gather(*(_defer(queue, load, now) for load in loads))
    looks = await _looks(queue, now)
    await queue.close()
    return looks


def _letter(number: int) -> Letter:
    octets = b"Subject: %d\r\n\r\n" % number + b"High water.\r\n" * (OCTETS // 13)
    domain = f"town{number % DOMAINS}.test"
    recipient = Recipient(ForwardPath.parse(f"<bob{number}@{domain}>"))
    sender = ReversePath.parse("<ann@lagoon.test>")
    return Letter(f"{number:012d}", Mail(sender), ((domain, recipient),), octets, f"{number:032d}")


async def _defer(queue: Queue, load: Load, now: float) -> None:
    settled = [
        Settled(each.id, "451 4.7.1 Later", now + DEFERRED_SECONDS, None, False, "mx") for each in load.recipients
    ]
    await queue.settle(load, settled, (), now)


async def _looks(queue: Queue, now: float) -> dict[str, float]:
    """Return the milliseconds of a look at the queue, when nothing is due and when all is, also past a busy host."""
    later = now + 2 * DEFERRED_SECONDS
    busy = Held(frozenset(range(1, 1_000)), frozenset(f"town{number}.test" for number in range(100)))
    found = {
        "a look, nothing due, ms": await _timed(lambda: queue.due(now, 200, Held())),
        "a look, all due, ms": await _timed(lambda: queue.due(later, 200, Held())),
        "a look past 1,000 underway and 100 busy domains, ms": await _timed(lambda: queue.due(later, 200, busy)),
        "when is the next due, ms": await _timed(lambda: queue.next_due(busy)),
    }
    one = QueueChoice(destination="town7.test")
    found["the operator's list, ms"] = await _timed(
        lambda: queue.read(lambda sql: contents(sql, QueueChoice(), 100)), 5
    )
    found["the operator's list of a domain, ms"] = await _timed(
        lambda: queue.read(lambda sql: contents(sql, one, 100)), 5
    )
    return found


async def _timed(look: Callable[[], Awaitable[object]], count: int = LOOKS) -> float:
    started = time.perf_counter()
    for _ in range(count):
        await look()
    return (time.perf_counter() - started) / count * 1000


def _relay(folder: str, state: str) -> dict[str, float]:
    """Start a relay on the queue; return what it said of itself, and how long it took to be ready."""
    command = [sys.executable, "-m", "bench.smtp.queue_size", state, folder]
    started = time.time()
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    said: dict[str, float] = json.loads(done.stdout)
    return {**said, "ready": said["ready"] - started}


async def _mute(_question: Call[R], /) -> R:
    raise AssertionError("no mail here is of an account")


class _Mute:
    """An inlet that nobody calls."""

    async def serve(self, handlers: Handlers) -> None:
        """Listen to nobody."""

    async def close(self) -> None:
        """End."""


class _Silent:
    """Names of which nobody answers."""

    async def lookup(self, question: Question) -> Answer:
        """Answer that there was no answer."""
        return StaticNames({(question.name, question.type): TIMEOUT}).answer(question)


class _Ahead(SystemClock):
    """A clock by which all that was deferred is due."""

    def unix(self) -> float:
        """Return the time."""
        return super().unix() + 2 * DEFERRED_SECONDS


async def _live(state: str, folder: str) -> None:
    """Be a relay until there is something to say."""
    life, tried = Life(), 0

    def count(line: bytes) -> None:
        nonlocal tried
        tried += b'"mail.deferred"' in line

    nowhere = MailPool(tcp_dialer("127.0.0.1", 1), name="mx.lagoon.test", lmtp=False)
    ready = asyncio.get_running_loop().create_future()
    life.on_ready(lambda: ready.set_result(time.time()))
    options = RelayOptions(
        domain="lagoon.test",
        state=Path(folder),
        inlet=_Mute(),
        names=_Silent(),
        mailbox=nowhere,
        signer=nowhere,
        post=PostOptions("mx.lagoon.test", 1, "127.0.0.1"),
        speech=ServerOptions("mx.lagoon.test", trusted=True),
        log=Log("relay", count),
        clock=_Ahead() if state == "busy" else SystemClock(),
        life=life,
        keeper=_mute,
        relay=Relay(check_departures=False),  # each mail is to be tried, as one that passed that is
    )
    running = asyncio.ensure_future(run(options))
    at = await ready
    await asyncio.sleep(TRIED_SECONDS if state == "busy" else 1.0)
    said = {"ready": at, "megabytes": _memory("VmRSS"), "peak": _memory("VmHWM"), "tried": tried}
    life.stop()
    await running
    print(json.dumps(said))


def _memory(name: str) -> float:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    raise ValueError(f"the kernel says no {name}")


if __name__ == "__main__":
    if len(sys.argv) > 1:
        uvloop.run(_live(*sys.argv[1:]))
    else:
        sys.exit(0 if main() else 1)

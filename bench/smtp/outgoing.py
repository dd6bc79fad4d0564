"""Mails a second out of the relay's queue into Postfix's smtp-sink: routed, carried, settled durably, logged.

The queue is filled first, then a relay is started on it in a process of its own, with uvloop as every cell has it.
The names are a dict; all else is the relay as it runs. Two loads: all mail for one domain (so at most as many
connections as one host is given), and mail for fifty. `python -m bench.smtp.outgoing [profile]`.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import os
import pstats
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import uvloop

from bench.peers.listening import await_listener
from scop.cells.relay.letters import Letter
from scop.cells.relay.post import PostOptions
from scop.cells.relay.queue import Queue
from scop.cells.relay.service import RelayOptions, run
from scop.cli.shared import console, print_table
from scop.dns import MX, A, Answer, Question
from scop.mesh.cell import Life
from scop.mesh.inlet import Handlers
from scop.net.clock import SystemClock
from scop.net.dialer import tcp_dialer
from scop.net.log import Log
from scop.net.mail_pool import MailPool
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath, ServerOptions

__all__ = ["main"]

MAILS = 5_000
OCTETS = 4_000
DOMAINS = (1, 50)
ROUNDS = 3
GOAL = 1_000.0  # mails a second
FILL_AT_ONCE = 100
HOST = "127.0.0.1"
SOURCE = "127.0.0.2"


def main() -> bool:
    """Drain queues into a sink; tell whether every median reaches the goal."""
    rows: list[list[str]] = []
    reached = True
    for domains in DOMAINS:
        found = sorted(_measured(domains) for _ in range(ROUNDS))
        rate, cpu_us = found[len(found) // 2]
        reached &= rate >= GOAL
        rows.append([f"{domains}", f"{rate:,.0f}", f"{cpu_us:,.0f}", "yes" if rate >= GOAL else "NO"])
    console.print(f"\n{MAILS:,} mails of {OCTETS:,} octets out of the queue, to smtp-sink; median of {ROUNDS}")
    print_table(("domains", "mails/s", "CPU µs/mail of the relay", f"≥ {GOAL:,.0f}/s"), rows)
    return reached


def _measured(domains: int, *more: str) -> tuple[float, float]:
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as folder, _sink() as port:
        asyncio.run(_fill(Path(folder), domains))
        child = [sys.executable, "-m", "bench.smtp.outgoing", "drain", folder, str(port), *more]
        said = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout
    *told, last = said.splitlines()
    console.print("\n".join(told))
    seconds, cpu_seconds = json.loads(last)
    return MAILS / seconds, cpu_seconds / MAILS * 1e6


@contextmanager
def _sink() -> Iterator[int]:
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    assert program is not None, "smtp-sink is of the package postfix; `make interop` as root installs it"
    with socket.create_server((HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    sink = subprocess.Popen([program, "-u", "nobody", f"inet:{HOST}:{port}", "1000"])
    try:
        await_listener(HOST, port, lambda: sink.poll() is None)
        yield port
    finally:
        sink.terminate()
        sink.wait()


async def _fill(folder: Path, domains: int) -> None:
    queue = Queue(folder, Log("relay", lambda _line: None))
    mail = Mail(ReversePath.parse("<ann@lagoon.test>"))
    line = b"x" * 76 + b"\r\n"
    octets = b"From: ann@lagoon.test\r\nSubject: bench\r\n\r\n" + line * (OCTETS // len(line))
    for start in range(0, MAILS, FILL_AT_ONCE):
        letters = [_letter(number, mail, octets, domains) for number in range(start, start + FILL_AT_ONCE)]
        await asyncio.gather(*(queue.add(letter, time.time()) for letter in letters))
    await queue.close()


def _letter(number: int, mail: Mail, octets: bytes, domains: int) -> Letter:
    domain = f"d{number % domains}.test"
    recipient = Recipient(ForwardPath.parse(f"<user{number}@{domain}>"))
    return Letter(f"{number:012x}", mail, ((domain, recipient),), octets, delivery_id=f"{number:064x}")


class _Names:
    """Answers at once: every domain has one mail host, ours."""

    async def lookup(self, question: Question) -> Answer:
        """Return MX and address."""
        if question.type == "MX":
            return Answer(question, records=(MX(10, f"mx.{question.name}"),))
        return Answer(question, records=(A(HOST),) if question.type == "A" else ())


class _NoInlet:
    """Nobody calls."""

    async def serve(self, _handlers: Handlers) -> None:
        """Listen to nobody."""

    async def close(self) -> None:
        """Nothing is open."""


async def _drain(folder: Path, port: int) -> tuple[float, float]:
    """Run a relay until it has carried all; return seconds and seconds of processor time."""
    life = Life()
    done = 0
    finished = 0.0
    log_file = os.open(folder / "relay.jsonl", os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(line: bytes) -> None:
        nonlocal done, finished
        os.write(log_file, line)
        done += b'"mail.relayed"' in line
        if done == MAILS:
            finished = time.perf_counter()
            life.stop()

    nobody = tcp_dialer(HOST, 1)
    options = RelayOptions(
        domain="lagoon.test",
        state=folder,
        inlet=_NoInlet(),
        names=_Names(),
        mailbox=MailPool(nobody, name="mx.lagoon.test", lmtp=True),
        signer=MailPool(nobody, name="mx.lagoon.test", lmtp=False),
        post=PostOptions("mx.lagoon.test", port, SOURCE),
        speech=ServerOptions("mx.lagoon.test", trusted=True),
        log=Log("relay", write),
        clock=SystemClock(),
        life=life,
    )
    started, used = time.perf_counter(), time.process_time()
    await run(options)
    return finished - started, time.process_time() - used


def _child(folder: str, port: str, *more: str) -> None:
    if "profile" in more:
        profile = cProfile.Profile()
        found = profile.runcall(uvloop.run, _drain(Path(folder), int(port)))
        pstats.Stats(profile).sort_stats("tottime").print_stats(45)
    else:
        found = uvloop.run(_drain(Path(folder), int(port)))
    print(json.dumps(found))


if __name__ == "__main__":
    if sys.argv[1:2] == ["drain"]:
        _child(*sys.argv[2:])
    elif sys.argv[1:] == ["profile"]:
        _measured(DOMAINS[0], "profile")
    else:
        sys.exit(0 if main() else 1)

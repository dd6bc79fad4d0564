"""Mails a second out of a queue into Postfix's smtp-sink: routed, carried, settled durably, logged.

The queue is filled first, then a relay is started on it in a process of its own, with uvloop as every cell has it.
The names are a dict; all else is the relay as it runs. Two loads: all mail for one domain (so at most as many
connections as one host is given), and mail for fifty. Beside them, where it is installed and we are root, Postfix
empties its own queue of as many mails for one domain, which it had put off before, into the same sink; no names are
asked for there. `python -m bench.smtp.outgoing [profile]`.
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
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TypeAlias, TypeVar

import uvloop

from bench.peers import postfix
from bench.peers.listening import await_listener
from bench.proc import usage_with_ended_children
from scop.cells.relay.letters import Letter
from scop.cells.relay.post import PostOptions
from scop.cells.relay.queue import Queue
from scop.cells.relay.service import RelayOptions, run
from scop.cli.shared import console, print_table
from scop.dns import MX, TXT, A, Answer, Question
from scop.mesh.calls import Call
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
POSTFIX_HOST = "127.0.50.2"
PATIENCE_SECONDS = 120.0

R = TypeVar("R")
Figure: TypeAlias = tuple[float, float]  # mails a second, µs of processor time a mail


def main() -> bool:
    """Drain queues into a sink; tell whether every median of ours reaches the goal."""
    loads: dict[str, Callable[[], Figure]] = {
        f"scop, {each} domain{'s' * (each > 1)}": partial(_measured, each) for each in DOMAINS
    }
    if postfix.is_there():
        loads["Postfix, 1 domain"] = _postfix_measured
    found: dict[str, list[Figure]] = {name: [] for name in loads}
    for _ in range(ROUNDS):
        for name, measure in loads.items():
            found[name].append(measure())
    medians = {name: sorted(figures)[len(figures) // 2] for name, figures in found.items()}
    reached = all(rate >= GOAL for name, (rate, _) in medians.items() if name.startswith("scop"))
    console.print(f"\n{MAILS:,} mails of {OCTETS:,} octets out of the queue, to smtp-sink; median of {ROUNDS}")
    rows = [(name, f"{rate:,.0f}", f"{cpu_us:,.0f}") for name, (rate, cpu_us) in medians.items()]
    print_table(("queue", "mails/s", "CPU µs/mail"), rows)
    console.print(f"goal: ours ≥ {GOAL:,.0f}/s: {'reached' if reached else 'MISSED'}")
    return reached


def _measured(domains: int, *more: str) -> Figure:
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as folder, _sink() as port:
        asyncio.run(_fill(Path(folder), domains))
        child = [sys.executable, "-m", "bench.smtp.outgoing", "drain", folder, str(port), *more]
        said = subprocess.run(child, check=True, stdout=subprocess.PIPE, text=True).stdout
    *told, last = said.splitlines()
    if told:
        console.print("\n".join(told))
    seconds, cpu_seconds = json.loads(last)
    return MAILS / seconds, cpu_seconds / MAILS * 1e6


def _postfix_measured() -> Figure:
    settings = {"defer_transports": "smtp", "smtp_tls_security_level": "none"}
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as temporary, _sink() as sink, _free_port() as port:
        Path(temporary).chmod(0o755)
        folder = Path(temporary) / "postfix"
        with postfix.running_postfix(folder, POSTFIX_HOST, port, {"relayhost": f"[{HOST}]:{sink}", **settings}) as peer:
            _flood(port)
            _await(lambda: _files(folder, "deferred") == MAILS)
            main_cf = folder / "etc" / "main.cf"
            main_cf.write_text(main_cf.read_text().replace("defer_transports = smtp\n", ""))
            peer.control("postfix", "reload")
            used, started = usage_with_ended_children(peer.pids()), time.perf_counter()
            peer.control("postqueue", "-f")
            _await(lambda: not _files(folder, "deferred", "active", "incoming"))
            seconds = time.perf_counter() - started
            return MAILS / seconds, (usage_with_ended_children(peer.pids()) - used) / MAILS * 1e6


def _flood(port: int) -> None:
    program = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
    assert program is not None
    sizes = ["-s", "20", "-m", str(MAILS), "-l", str(OCTETS)]
    envelope = ["-f", "ann@lagoon.test", "-t", "bob@d0.test"]
    subprocess.run([program, "-d", *sizes, *envelope, f"inet:{POSTFIX_HOST}:{port}"], check=True)


def _files(folder: Path, *queues: str) -> int:
    return sum(len(files) for queue in queues for _, _, files in os.walk(folder / "queue" / queue))


def _await(is_so: Callable[[], bool]) -> None:
    give_up = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        if time.monotonic() > give_up:
            raise TimeoutError("Postfix did not come to an end")
        time.sleep(0.05)


@contextmanager
def _free_port() -> Iterator[int]:
    with socket.create_server((POSTFIX_HOST, 0)) as probe:
        port: int = probe.getsockname()[1]
    yield port


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
        if question.type == "TXT":
            return Answer(question, records=(TXT.of(f"v=spf1 ip4:{SOURCE} -all".encode()),), ttl_seconds=300)
        if question.type == "MX":
            return Answer(question, records=(MX(10, f"mx.{question.name}"),))
        return Answer(question, records=(A(HOST),) if question.type == "A" else ())


async def _trusting(_question: Call[R], /) -> R:
    raise AssertionError("no mail here is of an account")


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
        keeper=_trusting,
        seen_as=(SOURCE,),
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

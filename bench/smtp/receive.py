"""Mails a second into servers that answer 250: ours (durable), Postfix (durable), aiosmtpd's Sink (drops them).

In the clear the client is Postfix's smtp-source, which keeps its connections (`-d`); it speaks no TLS, so under TLS
it is `bench.load`, the same for all. Servers take turns, each round another one first; medians of all rounds.
"""

from __future__ import annotations

import shutil
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.certificate import write_certificate
from bench.load import Target, deliver_all
from bench.peers import postfix
from bench.peers.listening import await_listener
from bench.proc import usage, usage_with_ended_children
from scop.cli.shared import console, print_table

__all__ = ["main"]

HOST = "127.0.50.1"
FIRST_PORT = 2560
MAILS = {4_000: 3_000, 40_000: 1_000}
CONNECTIONS = (10, 50)
ROUNDS = 3
SMALL = 4_000
GOAL_POSTFIX, GOAL_AIOSMTPD = 5.0, 2.0
START_SECONDS = 20.0

TLS_SETTINGS = {"smtpd_tls_security_level": "encrypt", "smtpd_tls_wrappermode": "yes", "smtpd_tls_loglevel": "0"}


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs: where, and how much processor time it has used so far."""

    name: str
    port: int
    cpu_seconds: Callable[[], float]


@dataclass(frozen=True, slots=True)
class Load:
    """What is sent."""

    octets: int
    connections: int
    tls: bool

    def __str__(self) -> str:
        return f"{self.octets // 1000} KB, {self.connections} connections, {'TLS' if self.tls else 'plain'}"


@dataclass(frozen=True, slots=True)
class Figure:
    """What one server did under one load."""

    rate: float  # mails a second
    cpu_us: float  # of the server, a mail


def main() -> bool:
    """Run every load against every server; tell whether the goals at 4 KB in the clear are reached."""
    reached = True
    for tls in (False, True):
        with tempfile.TemporaryDirectory(prefix="scop-bench-") as temporary, ExitStack() as stack:
            folder = Path(temporary)
            folder.chmod(0o755)
            servers = [stack.enter_context(start) for start in _all_servers(folder, tls=tls)]
            for octets in MAILS:
                for connections in CONNECTIONS:
                    load = Load(octets, connections, tls)
                    reached &= _show(load, _rounds(servers, load))
    return reached


def _rounds(servers: list[Server], load: Load) -> dict[str, Figure]:
    found: dict[str, list[Figure]] = {server.name: [] for server in servers}
    for number in range(ROUNDS):
        for server in servers[number:] + servers[:number]:
            found[server.name].append(_once(server, load))
    return {
        name: Figure(statistics.median(f.rate for f in each), statistics.median(f.cpu_us for f in each))
        for name, each in found.items()
    }


def _once(server: Server, load: Load) -> Figure:
    count = MAILS[load.octets]
    before = server.cpu_seconds()
    seconds = _flood_tls(server, load, count) if load.tls else _flood(server, load, count)
    return Figure(count / seconds, (server.cpu_seconds() - before) / count * 1e6)


def _flood(server: Server, load: Load, count: int) -> float:
    program = shutil.which("smtp-source", path="/usr/sbin:/usr/bin")
    assert program is not None, "smtp-source is of the package postfix; `make interop` as root installs it"
    sizes = ["-s", str(load.connections), "-m", str(count), "-l", str(load.octets)]
    started = time.perf_counter()
    subprocess.run(
        [program, "-d", *sizes, "-f", "a@sender.test", "-t", "b@here.test", f"inet:{HOST}:{server.port}"], check=True
    )
    return time.perf_counter() - started


def _flood_tls(server: Server, load: Load, count: int) -> float:
    line = b"X" * 78 + b"\r\n"
    mail = b"From: a@sender.test\r\nTo: b@here.test\r\nSubject: bench\r\n\r\n" + line * (load.octets // 80)
    target = Target(HOST, server.port, HOST, "a@sender.test", "b@here.test", tls=True)
    return deliver_all(target, [mail] * count, load.connections)


def _show(load: Load, figures: dict[str, Figure]) -> bool:
    console.rule(str(load), align="left")
    peers = {name: figure for name, figure in figures.items() if not name.startswith("scop")}
    rows = []
    reached = True
    for name, figure in figures.items():
        ratios = []
        for peer, other in peers.items() if name not in peers else ():
            ratio = figure.rate / other.rate
            goal = GOAL_POSTFIX if peer == "Postfix" else GOAL_AIOSMTPD
            misses = load.octets == SMALL and not load.tls and ratio < goal
            ratios.append(f"{ratio:.1f}× {peer}{' (goal ' + str(goal) + ', missed)' if misses else ''}")
            reached &= not misses
        rows.append((name, f"{figure.rate:,.0f}", f"{figure.cpu_us:,.0f}", ", ".join(ratios)))
    print_table(("server", "mails/s", "CPU a mail, µs", "of ours to the peer"), rows)
    return reached


# The servers


def _all_servers(folder: Path, *, tls: bool) -> Iterator[AbstractContextManager[Server]]:
    certificate, key = write_certificate(folder, HOST)
    for number, target in enumerate(("mbox", "maildir")):
        words = ["--tls-cert", str(certificate), "--tls-key", str(key), "--implicit-tls"] if tls else []
        yield _scop(FIRST_PORT + number, target, folder, words)
    if postfix.is_there():
        yield _postfix(FIRST_PORT + 2, folder / "postfix", _postfix_tls(certificate, key) if tls else {})
    else:
        console.print("Postfix is left out: it is not installed, or this is not root")
    yield _aiosmtpd(FIRST_PORT + 3, ["--smtpscert", str(certificate), "--smtpskey", str(key)] if tls else [])


@contextmanager
def _scop(port: int, target: str, folder: Path, words: list[str]) -> Iterator[Server]:
    place = folder / f"ours.{target}"
    command = ["smtp", "serve", "--listen", f"{HOST}:{port}", "--deliver", f"{target}:{place}", "--no-rate-limits"]
    with _running([sys.executable, "-m", "scop.cli", *command, *words], port) as pid:
        yield Server(f"scop smtp serve, {target}", port, lambda: usage(pid).cpu_seconds)


@contextmanager
def _aiosmtpd(port: int, words: list[str]) -> Iterator[Server]:
    sink = ["-m", "aiosmtpd", "-n", "-c", "aiosmtpd.handlers.Sink", "-l", f"{HOST}:{port}", "-s", "52428800"]
    with _running([sys.executable, *sink, *words], port) as pid:
        yield Server("aiosmtpd Sink", port, lambda: usage(pid).cpu_seconds)


@contextmanager
def _postfix(port: int, folder: Path, settings: dict[str, str]) -> Iterator[Server]:
    drop = dict.fromkeys(("default_transport", "relay_transport", "local_transport"), "discard")
    with postfix.running_postfix(folder, HOST, port, drop | settings) as server:
        yield Server("Postfix", port, lambda: usage_with_ended_children(server.pids()))


def _postfix_tls(certificate: Path, key: Path) -> dict[str, str]:
    return TLS_SETTINGS | {"smtpd_tls_cert_file": str(certificate), "smtpd_tls_key_file": str(key)}


@contextmanager
def _running(command: list[str], port: int) -> Iterator[int]:
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    try:
        await_listener(HOST, port, lambda: process.poll() is None)
        yield process.pid
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(START_SECONDS)

"""What connections cost that do nothing, and whether they shut anybody else out.

`scop smtp serve` runs as a user runs it. 1,000 clients greet and fall silent: what the server grows by is what they
cost. Then 2,000 clients send an octet now and then, and an honest client beside them brings mail after mail.
"""

from __future__ import annotations

import contextlib
import json
import resource
import smtplib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.certificate import write_certificate
from scop.cli.shared import console, print_table

__all__ = ["main"]

HOST = "127.0.0.1"
IDLE = 1000
SLOW = 2000
WARM_UP = 50  # connections that make the allocator take what it takes once
HONEST_MAILS = 50
GOAL_PLAIN_OCTETS, GOAL_TLS_OCTETS = 30_000_000, 80_000_000
GOAL_SECONDS = 1.0
DRIBBLE = b"MAIL FROM:<a@b.test> X=" + b"y" * 4000  # a command that never ends
MAIL = b"From: a@sender.test\r\nTo: b@here.test\r\nSubject: bench\r\n\r\n" + b"X" * 4000 + b"\r\n"

_LOOPS = {"uvloop": "", "asyncio": "import sys; sys.modules['uvloop'] = None\n"}
_COMMAND = "from scop.cli import main; main()"


@dataclass(frozen=True, slots=True)
class Server:
    """One that runs."""

    pid: int
    port: int

    @property
    def memory_octets(self) -> int:
        """Its resident memory."""
        pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        return pages * resource.getpagesize()


def main() -> bool:
    """Run all of it under both loops; tell whether the goals are reached."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    reached = True
    rows = []
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as temporary:
        folder = Path(temporary)
        for loop in _LOOPS:
            for tls, goal in ((False, GOAL_PLAIN_OCTETS), (True, GOAL_TLS_OCTETS)):
                cost = _cost_of_idle(folder, loop, tls=tls)
                reached &= cost <= goal
                kind = "TLS" if tls else "plain"
                rows.append((f"{IDLE} idle, {kind}, {loop}", f"{cost / 1e6:.1f} MB", f"{goal / 1e6:.0f} MB"))
            slowest, usual = _beside_slow_clients(folder, loop)
            reached &= slowest <= GOAL_SECONDS
            told = f"median {usual * 1e3:.0f} ms, slowest {slowest * 1e3:.0f} ms"
            rows.append((f"a mail beside {SLOW} slow clients, {loop}", told, f"{GOAL_SECONDS:.0f} s"))
    console.rule("idle and slow connections", align="left")
    print_table(("what", "cost", "goal"), rows)
    return reached


def _cost_of_idle(folder: Path, loop: str, *, tls: bool) -> int:
    with _serving(folder, loop, tls=tls) as server, contextlib.ExitStack() as stack:
        context = _trusting() if tls else None
        for _ in range(WARM_UP):
            _greet(server.port, context).close()
        time.sleep(1.0)  # until the server has let go of them
        before = server.memory_octets
        for _ in range(IDLE):
            stack.enter_context(contextlib.closing(_greet(server.port, context)))
        return server.memory_octets - before


def _beside_slow_clients(folder: Path, loop: str) -> tuple[float, float]:
    """Return how long a mail took, connection and all: at worst and usually."""
    with _serving(folder, loop, tls=False) as server, contextlib.ExitStack() as stack:
        slow = [stack.enter_context(contextlib.closing(_connect(server.port))) for _ in range(SLOW)]
        seconds: list[float] = []
        for number in range(HONEST_MAILS):
            for connection in slow[number % 10 :: 10]:  # each of them an octet a second, or so
                with contextlib.suppress(OSError):
                    connection.send(DRIBBLE[number : number + 1])
            started = time.perf_counter()
            with smtplib.SMTP(HOST, server.port, local_hostname="honest.test") as client:
                client.sendmail("a@sender.test", ["b@here.test"], MAIL)
            seconds.append(time.perf_counter() - started)
        return max(seconds), statistics.median(seconds)


def _greet(port: int, context: ssl.SSLContext | None) -> socket.socket:
    """Connect, hear the greeting, say hello, and leave it at that."""
    connection = _connect(port)
    if context is not None:
        connection = context.wrap_socket(connection)
    connection.recv(1000)
    connection.sendall(b"EHLO idle.test\r\n")
    connection.recv(4000)
    return connection


def _connect(port: int) -> socket.socket:
    return socket.create_connection((HOST, port), timeout=10)


def _trusting() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


@contextlib.contextmanager
def _serving(folder: Path, loop: str, *, tls: bool) -> Iterator[Server]:
    words = ["--listen", f"{HOST}:0", "--deliver", f"mbox:{folder}/mbox", "--no-rate-limits", "--json"]
    if tls:
        certificate, key = write_certificate(folder, HOST)
        words += ["--tls-cert", str(certificate), "--tls-key", str(key), "--implicit-tls"]
    command = [sys.executable, "-c", _LOOPS[loop] + _COMMAND, "smtp", "serve", *words]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        place = json.loads(process.stdout.readline())["places"][0]
        try:
            yield Server(process.pid, int(place.rpartition(":")[2]))
        finally:
            process.terminate()

"""Cached answers: our resolver beside Unbound with one thread, asked the same by dnsperf, in one run.

NSD serves a zone of a thousand names on loopback; both resolvers have it as a stub zone. A first round fills the
caches; then they are measured in turns: queries answered for each second of CPU that the server takes, the kernel's
part included.
"""

from __future__ import annotations

import functools
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.dns.dnsperf import Measured, asked
from bench.peers.nsd import is_there as nsd_is_there
from bench.peers.nsd import running_nsd
from bench.peers.unbound import is_there as unbound_is_there
from bench.peers.unbound import running_unbound
from scop.cli.shared import console, print_table

__all__ = ["main"]

AUTHORITY, OURS, THEIRS = "127.0.53.1", "127.0.53.2", "127.0.53.3"
ZONE = "bench.test"
NAMES = 1000
SECONDS = 3
ROUNDS = 3
GOAL = 0.5


def main() -> bool:
    """Measure both, without and with DO; tell whether the goal is reached."""
    missing = [
        name
        for name, is_there in (
            ("nsd", nsd_is_there()),
            ("unbound", unbound_is_there()),
            ("dnsperf", shutil.which("dnsperf") is not None),
        )
        if not is_there
    ]
    if missing:
        console.print(f"cached DNS answers: not measured, {', '.join(missing)} is missing")
        return True
    rows, ratios = list[tuple[str, ...]](), list[float]()
    with tempfile.TemporaryDirectory() as folder:
        for words, options in (("plain", ()), ("DO", ("-e", "-D"))):
            ours, theirs = _measured(Path(folder, words), options)
            ratios.append(ours.per_cpu_second / theirs.per_cpu_second)
            rows += [_row(f"scop, {words}", ours), _row(f"unbound, {words}", theirs)]
    print_table(("server", "queries/s", "lost", "CPU s", "queries per CPU s"), rows, title="Cached DNS answers")
    shown = ", ".join(f"{ratio:.2f}" for ratio in ratios)
    console.print(f"scop / unbound per CPU second: {shown} (goal {GOAL})")
    return min(ratios) >= GOAL


def _row(name: str, measured: Measured) -> tuple[str, ...]:
    return (
        name,
        f"{measured.queries / measured.seconds:,.0f}",
        f"{measured.lost:,}",
        f"{measured.cpu_seconds:.2f}",
        f"{measured.per_cpu_second:,.0f}",
    )


def _measured(folder: Path, options: tuple[str, ...]) -> tuple[Measured, Measured]:
    folder.mkdir()
    queries = folder / "queries"
    queries.write_text(_queries())
    authority_folder = folder / "nsd"
    authority_folder.mkdir()
    (authority_folder / "bench.zone").write_text(_zone())
    port = _free_port()
    with (
        running_nsd(authority_folder, AUTHORITY, port, f'zone:\n    name: {ZONE}\n    zonefile: "bench.zone"\n'),
        _running_ours(port) as (our_pid, our_port),
        running_unbound(
            folder / "unbound",
            THEIRS,
            port,
            f'stub-zone:\n    name: "{ZONE}"\n    stub-addr: {AUTHORITY}@{port}\n',
            server='    local-zone: "test." nodefault\n    msg-cache-size: 64m\n    rrset-cache-size: 64m\n',
        ) as theirs,
    ):
        servers = ((our_pid, OURS, our_port), (theirs.pid, THEIRS, port))
        for server in servers:
            asked(*server, queries, (*options, "-n", "3"))  # fills the cache
        rounds = [
            [asked(*server, queries, (*options, "-l", str(SECONDS))) for server in servers] for _ in range(ROUNDS)
        ]
        ours, others = (functools.reduce(Measured.plus, taken) for taken in zip(*rounds, strict=True))
        return ours, others


@contextmanager
def _running_ours(world_port: int) -> Iterator[tuple[int, int]]:
    command = [sys.executable, "-m", "scop.cli", "dns", "resolver", "--listen", f"{OURS}:0"]
    command += ["--stub", f"{ZONE}={AUTHORITY}@{world_port}"]
    # Nothing of this zone is signed, and no root is there to say so.
    command += ["--negative-trust-anchor", ZONE]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield process.pid, int(process.stdout.readline().rpartition(":")[2])
        finally:
            process.terminate()


def _zone() -> str:
    lines = [
        f"$ORIGIN {ZONE}.",
        "$TTL 3600",
        "@ SOA ns hostmaster 1 3600 600 86400 3600",
        "@ NS ns",
        f"ns A {AUTHORITY}",
    ]
    for number in range(NAMES):
        lines += [f"h{number} A 192.0.2.{number % 256}", f"h{number} AAAA 2001:db8::{number:x}", f"h{number} MX 10 mx"]
    return "\n".join([*lines, "mx A 192.0.2.1", ""])


def _queries() -> str:
    types = ("A", "AAAA", "MX", "A", "TXT")  # TXT there is none of
    lines = [f"h{number}.{ZONE} {types[number % len(types)]}" for number in range(NAMES)]
    return "\n".join([*lines, *(f"none{number}.{ZONE} A" for number in range(NAMES // 10)), ""])


def _free_port() -> int:
    with socket.create_server((AUTHORITY, 0)) as made:
        return int(made.getsockname()[1])


if __name__ == "__main__":
    sys.exit(not main())

"""Authoritative answers: our primary beside Knot, NSD and BIND with one worker each, asked by dnsperf in one run.

All serve the same zone of some thousands of names from loopback. After a first round, in which our primary fills its
memory of answers, they are measured in turns: queries answered for each second of CPU that the server takes, the
kernel's part included. A last row asks our primary for names that it was never asked for, as a flood of random names
does.
"""

from __future__ import annotations

import functools
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import NamedTuple

from bench.dns.dnsperf import Measured, asked
from bench.peers import bind, knot, nsd
from bench.peers.bind import running_bind
from bench.peers.knot import running_knot
from bench.peers.nsd import running_nsd
from scop.cli.shared import console, print_table

__all__ = ["main"]

ADDRESS = "127.0.53.5"
ZONE = "bench.test"
NAMES = 2000
RANDOM_NAMES = 40_000  # more than a round asks for: each is new
SECONDS = 3
ROUNDS = 3


class _Server(NamedTuple):
    name: str
    pid: int
    port: int


def main() -> bool:
    """Measure all, without and with DO over a signed zone; there is no goal but to say the ratio."""
    missing = [peer.__name__.rpartition(".")[2] for peer in (knot, nsd, bind) if not peer.is_there()]
    missing += [tool for tool in ("dnsperf", "dnssec-signzone", "dnssec-keygen") if shutil.which(tool) is None]
    if missing:
        console.print(f"authoritative DNS answers: not measured, {', '.join(missing)} is missing")
        return True
    for words, options in (("plain", ()), ("signed, DO", ("-e", "-D"))):
        with tempfile.TemporaryDirectory() as folder:
            _show(words, _measured(Path(folder), options))
    return True


def _show(words: str, measured: dict[str, Measured]) -> None:
    rows = [
        (name, f"{found.queries / found.seconds:,.0f}", f"{found.lost:,}", f"{found.per_cpu_second:,.0f}")
        for name, found in measured.items()
    ]
    print_table(("server", "queries/s", "lost", "queries per CPU s"), rows, title=f"Authoritative answers, {words}")
    ours = measured["scop"].per_cpu_second
    ratios = (f"{name} {ours / found.per_cpu_second:.2f}" for name, found in measured.items() if "scop" not in name)
    console.print(f"scop per CPU second, to {', '.join(ratios)}")


def _measured(folder: Path, options: tuple[str, ...]) -> dict[str, Measured]:
    (folder / "zone").write_text(_zone())
    if options:
        _sign(folder)
    (folder / "queries").write_text(_queries())
    # Spread over the zone, so that many different proofs are wanted.
    names = (f"{'adhrw'[number % 5]}{number * 977 % NAMES}x{number}" for number in range(RANDOM_NAMES))
    (folder / "random").write_text("".join(f"{name}.{ZONE} A\n" for name in names))
    with ExitStack() as running:
        servers = [running.enter_context(_ours(folder / "zone")), *_others(folder, running)]
        for server in servers:
            asked(server.pid, ADDRESS, server.port, folder / "queries", (*options, "-n", "2"))
        rounds = [
            [
                asked(server.pid, ADDRESS, server.port, folder / "queries", (*options, "-l", str(SECONDS)))
                for server in servers
            ]
            for _ in range(ROUNDS)
        ]
        sums = [functools.reduce(Measured.plus, taken) for taken in zip(*rounds, strict=True)]
        found = {server.name: taken for server, taken in zip(servers, sums, strict=True)}
        new_names = asked(servers[0].pid, ADDRESS, servers[0].port, folder / "random", (*options, "-n", "1"))
    return found | {"scop, random names": new_names}


@contextmanager
def _ours(zone: Path) -> Iterator[_Server]:
    command = [sys.executable, "-m", "scop.cli", "dns", "primary", "--listen", f"{ADDRESS}:0"]
    with subprocess.Popen([*command, "--zone", f"{ZONE}={zone}"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield _Server("scop", process.pid, int(process.stdout.readline().rpartition(":")[2]))
        finally:
            process.terminate()


def _others(folder: Path, running: ExitStack) -> Iterator[_Server]:
    zone, ports = folder / "zone", [_free_port() for _ in range(3)]
    sections = f"zone:\n  - domain: {ZONE}\n    file: {zone}\n    semantic-checks: off\n    zonefile-sync: -1\n"
    yield _Server(
        "knot", running.enter_context(running_knot(folder / "knot", ADDRESS, ports[0], sections)).pid, ports[0]
    )
    sections = f"zone:\n  name: {ZONE}\n  zonefile: {zone}\n"
    yield _Server("nsd", running.enter_context(running_nsd(folder / "nsd", ADDRESS, ports[1], sections)).pid, ports[1])
    statements = f'zone "{ZONE}" {{ type primary; file "{zone}"; }};'
    yield _Server(
        "bind", running.enter_context(running_bind(folder / "bind", ADDRESS, ports[2], statements)).pid, ports[2]
    )


def _sign(folder: Path) -> None:
    def run(*command: str) -> str:
        return subprocess.run(command, check=True, cwd=folder, capture_output=True, text=True).stdout.strip()

    key = run("dnssec-keygen", "-q", "-a", "ECDSAP256SHA256", ZONE)
    (folder / "unsigned").write_text((folder / "zone").read_text() + (folder / f"{key}.key").read_text())
    run("dnssec-signzone", "-q", "-z", "-o", ZONE, "-f", "zone", "-O", "full", "unsigned", key)


def _zone() -> str:
    lines = [f"$ORIGIN {ZONE}.", "$TTL 3600", "@ SOA ns hostmaster 1 3600 600 86400 3600", "@ NS ns", f"ns A {ADDRESS}"]
    for number in range(NAMES):
        host = f"h{number}"
        lines += [f"{host} A 192.0.2.{number % 256}", f"{host} AAAA 2001:db8::{number:x}", f"{host} MX 10 mx"]
        lines += [f"w{number} CNAME {host}", f'_dmarc.{host} TXT "v=DMARC1; p=reject"']
    lines += [f"d{number} NS ns.d{number}\nns.d{number} A 198.51.100.{number}" for number in range(200)]
    return "\n".join([*lines, "mx A 192.0.2.1", ""])


def _queries() -> str:
    forms = ("h{0} A", "h{0} AAAA", "h{0} MX", "w{0} A", "_dmarc.h{0} TXT", "h{0} A", "nobody{0} A", "h{0} TXT")
    lines = (forms[number % len(forms)].format(number) for number in range(NAMES))
    below = (f"www.d{number} A" for number in range(200))
    return "".join(line.replace(" ", f".{ZONE} ") + "\n" for line in (*lines, *below))


def _free_port() -> int:
    with socket.create_server((ADDRESS, 0)) as made:
        return int(made.getsockname()[1])


if __name__ == "__main__":
    sys.exit(not main())

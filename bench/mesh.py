"""Two organisations start, take load, and rest; every figure is printed beside its aim or peer."""

from __future__ import annotations

import dataclasses
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from bench.latency import latencies
from bench.load import Target, deliver_all
from bench.mails import Sender, signed_mails
from bench.proc import family_pss_octets, pss_octets, usage, wakeups
from scop.cli.demo.offices import Offices
from scop.cli.demo.scene import PORTS, Organisation, Scene, World, build_scene
from scop.cli.shared import console, print_table
from scop.supervisor.door import MeshStatus, ReadStatus, knock

PASSWORD = "bench bench bench"
MAIL_OCTETS = 23_600  # as in the measurement of Postfix + rspamd + Dovecot that shared/SPEED.md reports
CONNECTIONS = 10
MAILS = 2000
SINK_PORT = 2599
IDLE_SECONDS = 20.0


def pids(scene: Scene, organisation: Organisation) -> dict[str, int]:
    """Return the process of each cell, and the supervisor's."""
    answer = knock(scene.layout(organisation).door, ReadStatus())
    assert isinstance(answer, MeshStatus)
    return {cell.name: cell.pid for cell in answer.cells} | {"supervisor": answer.supervisor_pid}


@contextmanager
def smtp_sink(address: str) -> Iterator[bool]:
    """Run Postfix's smtp-sink, which takes mail and drops it: the bound for any receiver."""
    program = shutil.which("smtp-sink", path="/usr/sbin:/usr/bin")
    if program is None:
        yield False
        return
    as_whom = ["-u", "nobody"] if os.geteuid() == 0 else []
    sink = subprocess.Popen([program, *as_whom, f"{address}:{SINK_PORT}", "512"], stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        yield True
    finally:
        sink.terminate()
        sink.wait()


def throughput(scene: Scene, sender: Sender) -> None:
    """Mails per second through receiver → filter → verifier → mailbox, and what each cell pays."""
    world = scene.world
    recipient = f"bob@{world.harbor.domain}"
    mails = signed_mails(sender, recipient, MAILS, MAIL_OCTETS)
    target = Target(world.harbor.address, PORTS.smtp, sender.address, f"bench@{sender.domain}", recipient)
    cells = pids(scene, world.harbor)
    deliver_all(target, signed_mails(sender, recipient, 50, 1000), CONNECTIONS)  # warms caches and pipes
    before = {name: usage(pid).cpu_seconds for name, pid in cells.items()}
    seconds = deliver_all(target, mails, CONNECTIONS)
    spent = {name: usage(pid).cpu_seconds - before[name] for name, pid in cells.items()}
    loaded = family_pss_octets(cells["supervisor"])
    with smtp_sink(world.harbor.address) as is_there:
        bound = (
            MAILS / deliver_all(dataclasses.replace(target, port=SINK_PORT), mails, CONNECTIONS) if is_there else 0.0
        )
    rate = MAILS / seconds
    console.rule(
        f"incoming chain: {MAILS} signed mails of {MAIL_OCTETS / 1000:.1f} KB, {CONNECTIONS} connections, in the clear",
        align="left",
    )
    console.print(f"{rate:.0f} mails/s (aim 150; Postfix + rspamd + Dovecot did 126)")
    console.print(f"smtp-sink, which drops all it takes, with the same client: {bound:.0f}/s")
    per_mail = sum(spent.values()) / MAILS
    console.print(f"{per_mail * 1000:.2f} ms of CPU a mail in all cells (Postfix + rspamd + Dovecot: 14.8 ms)")
    rows = [
        (name, f"{cpu / MAILS * 1000:.2f}", "▇" * round(40 * cpu / max(spent.values())))
        for name, cpu in spent.items()
        if cpu / MAILS > 1e-5
    ]
    print_table(("cell", "ms a mail", ""), rows)
    console.print(f"memory under load (PSS): {loaded / 1e6:.0f} MB")


def rest(scene: Scene) -> None:
    """Memory and wake-ups of one idle mesh."""
    cells = pids(scene, scene.world.lagoon)
    before = {name: wakeups(pid) for name, pid in cells.items()}
    time.sleep(IDLE_SECONDS)
    woken = {name: (wakeups(pid) - before[name]) / IDLE_SECONDS for name, pid in cells.items()}
    # All cells are children of the supervisor's
    memory = {name: (pss_octets if name == "supervisor" else family_pss_octets)(pid) for name, pid in cells.items()}
    console.rule(f"one mesh at rest, {IDLE_SECONDS:.0f} s", align="left")
    console.print(f"memory (PSS): {sum(memory.values()) / 1e6:.0f} MB (aim 200; Postfix + rspamd + Dovecot: 168)")
    console.print(f"wake-ups: {sum(woken.values()):.2f} a second in all {len(cells)} processes")
    print_table(("process", "MB", "wake-ups/s"), [(n, f"{memory[n] / 1e6:.1f}", f"{woken[n]:.2f}") for n in cells])


def show_latency(scene: Scene, rate: float, count: int) -> None:
    """From the final dot at submission to stored at the other side, at one pace."""
    found = sorted(latencies(scene, PASSWORD, rate, count))
    p50, p99 = statistics.median(found), found[min(len(found) - 1, int(len(found) * 0.99))]
    console.print(
        f"at {rate:g} mails/s, {len(found)} mails: p50 {p50 * 1000:.1f} ms (aim 50), p99 {p99 * 1000:.1f} ms (aim 250)"
    )


def main() -> bool:
    """Run everything once; the aims are printed beside the figures, nothing is judged here."""
    sender = Sender.make("bench.test", "127.0.40.1")
    world = World(records=sender.records())
    with tempfile.TemporaryDirectory(prefix="scop-bench-") as temporary:
        Path(temporary).chmod(0o711)
        started = time.perf_counter()
        with closing(build_scene(Path(temporary) / "scene", world)) as scene:
            both = time.perf_counter() - started
            ready = {o.domain: start_to_ready(scene, o) for o in world.organisations}
            offices = Offices(scene)
            offices.open_accounts(PASSWORD)
            offices.await_keys()
            console.rule("start", align="left")
            console.print(
                f"from nothing to two meshes and a root ready: {both:.2f} s; slowest cell of each: {ready} s (aim 3)"
            )
            rest(scene)
            throughput(scene, sender)
            console.rule("latency over both meshes: final dot at submission → stored", align="left")
            show_latency(scene, 1.0, 20)
            show_latency(scene, 25.0, 250)
    return True


def start_to_ready(scene: Scene, organisation: Organisation) -> float:
    """Return how long the slowest cell of a mesh took from exec to ready."""
    answer = knock(scene.layout(organisation).door, ReadStatus())
    assert isinstance(answer, MeshStatus)
    return round(max(cell.ready_after_seconds for cell in answer.cells), 2)

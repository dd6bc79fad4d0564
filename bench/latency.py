"""How long a mail takes over two meshes, at a given pace."""

from __future__ import annotations

import time

from scop.cli.demo.letters import letters
from scop.cli.demo.offices import Offices
from scop.cli.demo.post import Login, open_client, trace_in, transact
from scop.cli.demo.scene import PORTS, Scene
from scop.cli.journey import read_steps

__all__ = ["latencies"]


def latencies(scene: Scene, password: str, rate: float, count: int) -> list[float]:
    """Submit `count` letters at a steady pace over one connection; return the seconds until each was stored."""
    world = scene.world
    sender, recipient = f"alice@{world.lagoon.domain}", f"bob@{world.harbor.domain}"
    mail = letters()[0]
    dots: dict[str, float] = {}
    offices = Offices(scene)
    offices.skip_mails("bob")
    client = open_client(Login(world.lagoon.address, PORTS.submissions, "alice", password))
    started = time.monotonic()
    for number in range(count):
        time.sleep(max(0.0, started + number / rate - time.monotonic()))
        octets = mail.octets.replace(b"letter-0@", f"latency-{time.time_ns()}@".encode())
        dot_unix = time.time()  # a little early: the whole transaction counts
        dots[trace_in(*transact(client, sender, (recipient,), octets))] = dot_unix
    client.quit()
    for _ in offices.await_mails("bob", lambda: count):
        pass
    steps = list(read_steps(world.harbor.domain, scene.layout(world.harbor).log_folder))
    origin = {step.trace: step.text("upstream") for step in steps if step.text("upstream")}
    stored = {origin.get(step.trace, ""): step.unix for step in steps if step.event == "mail.stored"}
    return [stored[trace] - dot for trace, dot in dots.items() if trace in stored]

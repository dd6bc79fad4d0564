"""The demo's world: two organisations on loopback addresses of their own, under a small local root zone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scop.mesh.config import Ports
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found
from scop.supervisor.layout import Layout

__all__ = ["FORGER", "HARBOR", "LAGOON", "Organisation", "Scene", "build_scene"]

ROOT = "127.0.30.1"
FORGER = "127.0.66.1"
PORTS = Ports(smtp=2525, submission=2587, submissions=2465, dns=5300)
START_SECONDS = 60

ROOT_HINTS = f"""\
.             3600 NS ns.test.
ns.test.      3600 A  {ROOT}
"""

ROOT_ZONE = f"""\
$ORIGIN .
$TTL 3600
.        SOA ns.test. hostmaster.test. 1 3600 600 86400 60
.        NS  ns.test.
test.    NS  ns.test.
ns.test. A   {ROOT}
"""

TEST_ZONE = f"""\
$ORIGIN test.
$TTL 3600
@         SOA ns hostmaster 1 3600 600 86400 60
@         NS  ns
ns        A   {ROOT}
lagoon    NS  mx.lagoon
mx.lagoon A   127.0.10.1
harbor    NS  mx.harbor
mx.harbor A   127.0.20.1
"""


@dataclass(frozen=True, slots=True)
class Organisation:
    """One of the two."""

    domain: str
    address: str
    pipes: int

    @property
    def mail_host(self) -> str:
        """The name of its mail host."""
        return f"mx.{self.domain}"


LAGOON = Organisation("lagoon.test", "127.0.10.1", 21000)
HARBOR = Organisation("harbor.test", "127.0.20.1", 22000)


class StartFailed(Exception):
    """A part of the scene did not come up; the message is its own last word."""


@dataclass(slots=True)
class Scene:
    """Everything that runs; `close` ends it, and only it."""

    folder: Path
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def config(self, organisation: Organisation) -> Path:
        """Return the path of an organisation's scop.toml."""
        return self.folder / organisation.domain / "scop.toml"

    def layout(self, organisation: Organisation) -> Layout:
        """Return where everything of an organisation lies."""
        return Layout(read_config(self.config(organisation)))

    def start(self, *words: str) -> subprocess.Popen[str]:
        """Start a `scop` command of our own."""
        command = [sys.executable, "-m", "scop.cli", *words]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)  # noqa: S603 - our own command
        self.processes.append(process)
        return process

    def close(self) -> None:
        """End what was started, the last first."""
        for process in reversed(self.processes):
            process.send_signal(signal.SIGTERM)
        for process in self.processes:
            try:
                process.communicate(timeout=START_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.communicate()


def await_event(process: subprocess.Popen[str], event: str) -> None:
    """Read a command's JSON lines until it says `event`."""
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line).get("event") == event:
            return
    assert process.stderr is not None
    raise StartFailed(process.stderr.read().strip() or f"ended with status {process.wait()}")


def _found(scene: Scene, organisation: Organisation) -> None:
    founding = Founding(
        domain=organisation.domain,
        address=organisation.address,
        ports=PORTS,
        pipes=organisation.pipes,
        pipe_address=organisation.address,
        world_smtp_port=PORTS.smtp,
        world_dns_port=PORTS.dns,
        root_hints=ROOT_HINTS,
    )
    found(founding, scene.folder / organisation.domain)


def build_scene(folder: Path, organisations: Sequence[Organisation] = (LAGOON, HARBOR)) -> Scene:
    """Found the organisations, start everything at once, and return when all of it is ready."""
    scene = Scene(folder)
    world = folder / "world"
    world.mkdir(parents=True)
    (world / "root.zone").write_text(ROOT_ZONE)
    (world / "test.zone").write_text(TEST_ZONE)
    for organisation in organisations:
        _found(scene, organisation)
    try:
        zones = ("--zone", f".={world / 'root.zone'}", "--zone", f"test={world / 'test.zone'}")
        root = scene.start("dns", "serve", "--address", ROOT, "--port", str(PORTS.dns), "--json", *zones)
        meshes = [scene.start("up", "--json", "--config", str(scene.config(o))) for o in organisations]
        await_event(root, "serving")
        for mesh in meshes:
            await_event(mesh, "up")
    except BaseException:
        scene.close()
        raise
    return scene

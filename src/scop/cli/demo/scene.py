"""The demo's world: two organisations on loopback addresses of their own, under a small local root zone."""

from __future__ import annotations

import ipaddress
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scop.mesh.config import Ports
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found
from scop.supervisor.layout import Layout

__all__ = ["PORTS", "Organisation", "Scene", "StartFailed", "World", "build_scene"]

PORTS = Ports(smtp=2525, submission=2587, submissions=2465, dns=5300)
START_SECONDS = 60
# Ten thousands of mails come from one address within minutes here: no world outside looks like that.
LIMITS = """
[limits]
connections_per_address = 500

[receiver]
greeting_delay_seconds = 0.1

[submission]
scram = true

[submission.per_account]
mails_per_minute = 0
mails_per_hour = 0
mails_per_day = 0
recipients_per_minute = 0
recipients_per_hour = 0
recipients_per_day = 0

[submission.per_address]
mails_per_minute = 0
mails_per_hour = 0
mails_per_day = 0
recipients_per_minute = 0
recipients_per_hour = 0
recipients_per_day = 0

[receiver.per_address]
mails_per_minute = 0
octets_per_second = 0

[receiver.per_network]
connections = 500
mails_per_minute = 0
octets_per_second = 0
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


@dataclass(frozen=True, slots=True)
class World:
    """Who is there, and where; all on loopback."""

    root: str = "127.0.30.1"
    forger: str = "127.0.66.1"
    lagoon: Organisation = Organisation("lagoon.test", "127.0.10.1", 21000)
    harbor: Organisation = Organisation("harbor.test", "127.0.20.1", 22000)
    records: str = ""  # lines of the zone `test` for others in this world

    @property
    def organisations(self) -> tuple[Organisation, ...]:
        """The two with a mesh."""
        return (self.lagoon, self.harbor)

    def root_hints(self) -> str:
        """Return where resolvers begin."""
        return f".        3600 NS ns.test.\nns.test. 3600 A  {self.root}\n"

    def root_zone(self) -> str:
        """Return the zone of the root."""
        return (
            "$ORIGIN .\n$TTL 3600\n"
            ". SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n"
            f". NS ns.test.\ntest. NS ns.test.\n127.in-addr.arpa. NS ns.test.\nns.test. A {self.root}\n"
        )

    def reverse_zone(self) -> str:
        """Return the zone that knows both mail hosts by address; the forger's has no name."""
        pointers = "".join(
            f"{ipaddress.ip_address(o.address).reverse_pointer}. PTR {o.mail_host}.\n" for o in self.organisations
        )
        return (
            "$ORIGIN 127.in-addr.arpa.\n$TTL 3600\n@ SOA ns.test. hostmaster.test. 1 3600 600 86400 60\n"
            f"@ NS ns.test.\n{pointers}"
        )

    def test_zone(self) -> str:
        """Return the zone `test`, which delegates to both organisations."""
        delegations = "".join(
            f"{o.domain}. NS {o.mail_host}.\n{o.mail_host}. A {o.address}\n" for o in self.organisations
        )
        return (
            "$ORIGIN test.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 60\n"
            f"@ NS ns\nns A {self.root}\n{delegations}{self.records}"
        )


class StartFailed(Exception):
    """A part of the scene did not come up; the message is its own last word."""


@dataclass(slots=True)
class Scene:
    """Everything that runs; `close` ends it, and only it."""

    folder: Path
    world: World
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
        root_hints=scene.world.root_hints(),
    )
    config = found(founding, scene.folder / organisation.domain)
    config.write_text(config.read_text() + LIMITS)


def build_scene(folder: Path, world: World) -> Scene:
    """Found the organisations, start everything at once, and return when all of it is ready."""
    scene = Scene(folder, world)
    zones = folder / "world"
    zones.mkdir(parents=True)
    (zones / "root.zone").write_text(world.root_zone())
    (zones / "test.zone").write_text(world.test_zone())
    (zones / "reverse.zone").write_text(world.reverse_zone())
    for organisation in world.organisations:
        _found(scene, organisation)
    try:
        served = ((".", "root"), ("test", "test"), ("127.in-addr.arpa", "reverse"))
        words = [word for apex, name in served for word in ("--zone", f"{apex}={zones / name}.zone")]
        root = scene.start("dns", "primary", "--listen", f"{world.root}:{PORTS.dns}", "--json", *words)
        meshes = [scene.start("up", "--json", "--config", str(scene.config(o))) for o in world.organisations]
        await_event(root, "ready")
        for mesh in meshes:
            await_event(mesh, "up")
    except BaseException:
        scene.close()
        raise
    return scene

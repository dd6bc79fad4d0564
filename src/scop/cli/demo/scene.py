"""The demo's world: two organisations on loopback addresses of their own, under a small local root zone."""

from __future__ import annotations

import ipaddress
import json
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from scop.cli.demo.registrar import KEY_NAME, DsRefused, Registrar, wanted_ds
from scop.dns.zone.own_form import write_records
from scop.mesh.config import Ports
from scop.supervisor.config_file import read_config
from scop.supervisor.founding import Founding, found
from scop.supervisor.layout import Layout

__all__ = ["BAN_SECONDS", "PORTS", "Organisation", "Scene", "StartFailed", "World", "build_scene"]

PORTS = Ports(smtp=2525, submission=2587, submissions=2465, dns=5300, dot=8853)
START_SECONDS = 60
NEGATIVE_SECONDS = 1  # how long "not there" is remembered: the parents get their DS records while others ask already
BAN_SECONDS = 5  # an hour is long for who looks on
# Ten thousands of mails come from one address within minutes here: no world outside looks like that.
LIMITS = f"""
[limits]
connections_per_address = 500
ban_seconds = {BAN_SECONDS}

[receiver]
greeting_delay_seconds = 0.1

[signer]
propagation_hours = 0  # there are no secondaries
arc = true

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
            f". SOA ns.test. hostmaster.test. 1 3600 600 86400 {NEGATIVE_SECONDS}\n"
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
            f"$ORIGIN test.\n$TTL 3600\n@ SOA ns hostmaster 1 3600 600 86400 {NEGATIVE_SECONDS}\n"
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


def _found(scene: Scene, organisation: Organisation, anchor: str) -> None:
    founding = Founding(
        domain=organisation.domain,
        address=organisation.address,
        ports=PORTS,
        pipes=organisation.pipes,
        pipe_address=organisation.address,
        world_smtp_port=PORTS.smtp,
        world_dns_port=PORTS.dns,
        root_hints=scene.world.root_hints(),
        trust_anchor=anchor,
    )
    config = found(founding, scene.folder / organisation.domain)
    config.write_text(config.read_text() + LIMITS)


def build_scene(folder: Path, world: World) -> Scene:
    """Found the organisations, start everything, sign it from the root down, and return when all of it is ready."""
    scene = Scene(folder, world)
    (folder / "world").mkdir(parents=True)
    try:
        registrar = _start_root(scene)
        anchor = _vouch_for_own_zones(scene, registrar)
        for organisation in world.organisations:
            _found(scene, organisation, anchor)
        meshes = [scene.start("up", "--json", "--config", str(scene.config(o))) for o in world.organisations]
        for mesh in meshes:
            await_event(mesh, "up")
        for organisation in world.organisations:
            registrar.hand_in("test", wanted_ds(organisation.domain, scene.config(organisation)))
    except DsRefused as fault:
        scene.close()
        raise StartFailed(str(fault)) from fault
    except BaseException:
        scene.close()
        raise
    return scene


def _start_root(scene: Scene) -> Registrar:
    """Start the server of the root, of `test` and of the reverse zone, all signed; return who may write their DS."""
    world, zones = scene.world, scene.folder / "world"
    registrar = Registrar.new(world.root, PORTS.dns)
    (zones / "registrar.key").touch(0o600)
    (zones / "registrar.key").write_text(registrar.key.to_text())
    texts = {"root": world.root_zone(), "test": world.test_zone(), "127.in-addr.arpa": world.reverse_zone()}
    words = ["--listen", f"{world.root}:{PORTS.dns}", "--sign", "--state", str(zones / "state")]
    words += ["--tsig-key", str(zones / "registrar.key"), "--allow-update", f"{KEY_NAME}:*:DS"]
    for apex, text in texts.items():
        (zones / f"{apex}.zone").write_text(text)
        words += ["--zone", f"{'.' if apex == 'root' else apex}={zones / apex}.zone"]
    await_event(scene.start("dns", "primary", "--json", *words), "ready")
    return registrar


def _vouch_for_own_zones(scene: Scene, registrar: Registrar) -> str:
    """Put the DS of the zones below the root into it, and return its own: the trust anchor of this world."""
    state = scene.folder / "world" / "state"
    for apex in ("test", "127.in-addr.arpa"):
        registrar.hand_in("", wanted_ds(apex, scene.folder, state))
    return write_records(wanted_ds("", scene.folder, state))

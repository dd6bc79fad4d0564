"""From a manifest to what the kernel enforces: roles become paths and ports."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from scop.mesh.cell import Place
from scop.mesh.code_paths import code_paths, name_paths
from scop.mesh.config import Config
from scop.mesh.config.primary import RemotePlace
from scop.mesh.config.resolver import server_place
from scop.mesh.confine import Rules
from scop.mesh.control import Identifiers
from scop.mesh.manifest import Manifest, World

__all__ = ["rules_of"]

ANY_PORT = 0  # Landlock's word for "a port the kernel picks"


def _world_ports(manifest: Manifest, config: Config) -> tuple[int, ...]:
    world = config.world
    ports = {World.SMTP: world.smtp_port, World.DNS: world.dns_port, World.HTTPS: world.https_port}
    return tuple(ports[place] for place in manifest.world if place in ports)


def _smarthost_ports(manifest: Manifest, config: Config) -> tuple[int, ...]:
    if World.SMTP not in manifest.world:
        return ()
    return tuple(smarthost.port for smarthost in config.relay.smarthosts.values())


def _server_ports(manifest: Manifest, config: Config) -> tuple[int, ...]:
    """Return where servers listen that the configuration names for zones."""
    if World.DNS not in manifest.world:
        return ()
    zones = (config.resolver.stub, config.resolver.forward)
    servers = [server for each in zones for places in each.values() for server in places]
    return tuple(server_place(server, config.world.dns_port)[1] for server in servers)


def _remote(manifest: Manifest, config: Config) -> RemotePlace | None:
    """Return where the repository is that the configuration names; None for who may not dial it, or has none."""
    return config.primary.remote_place if World.GIT in manifest.world else None


def _scanner_ports(manifest: Manifest, config: Config) -> tuple[int, ...]:
    """Return where the virus scanner listens that the configuration names; none for who may not dial it."""
    place = config.attachments.clamd
    return (place[1],) if World.SCANNER in manifest.world and place is not None else ()


def rules_of(
    manifest: Manifest,
    config: Config,
    state: Path,
    places: Mapping[str, Place],
    identifiers: Identifiers | None,
) -> Rules:
    """Return what the cell may touch once confined."""
    remote = _remote(manifest, config)
    pipes = tuple(places[pipe.peer].port for pipe in manifest.reaches)
    world = (
        *_world_ports(manifest, config),
        *_server_ports(manifest, config),
        *_smarthost_ports(manifest, config),
        *_scanner_ports(manifest, config),
        *((remote.port,) if remote and remote.host else ()),
        *(config.primary.primaries_ports(config.world.dns_port) if World.ZONES in manifest.world else ()),
    )
    return Rules(
        # Of all that cells use only git's library asks the C library for addresses.
        read_paths=(*code_paths(), *(name_paths() if remote and remote.host else ())),
        write_paths=(str(state), *((remote.folder,) if remote and remote.folder else ())),
        connect_ports=tuple(sorted({*pipes, *world})),
        # Who dials the world does so from the public address, and such a socket is bound first.
        bind_ports=(ANY_PORT,) if set(manifest.world) - {World.SCANNER} else (),
        udp=manifest.datagrams,
        uid=identifiers.uid if identifiers else None,
        gid=identifiers.gid if identifiers else None,
    )

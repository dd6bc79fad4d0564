"""What a resolver of the command line is told: where it begins, what it believes, whom it asks for some zones."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.cli.gathering import gathered
from scop.mesh.config import Resolver, WorldPorts

if TYPE_CHECKING:
    from scop.cells.resolver.service import Belief
    from scop.dns.resolver.options import ResolverOptions

__all__ = ["Told", "told_options"]

_FILE = click.Path(dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True)
class Told:
    """The options that a resolver and a question share."""

    root_hints: Path | None = None
    trust_anchor: Path | None = None
    stub: tuple[str, ...] = ()
    forward: tuple[str, ...] = ()
    negative_trust_anchor: tuple[str, ...] = ()
    no_special_use: bool = False
    minimise: str = "on"
    world_port: int = 53

    @property
    def says_anything(self) -> bool:
        """Whether any of them was given."""
        return self != Told()

    def read(self) -> tuple[ResolverOptions, Belief]:
        """Read the files; raises `click.UsageError` for what cannot be used."""
        from scop.cells.resolver.service import what_it_is_told

        try:
            config = Resolver(
                stub=_zones("--stub", self.stub),
                forward=_zones("--forward", self.forward),
                negative_trust_anchors=self.negative_trust_anchor,
                minimise=self.minimise == "on",
                special_names=not self.no_special_use,
            )
            world = WorldPorts(
                dns_port=self.world_port,
                root_hints=str(self.root_hints or ""),
                trust_anchor=str(self.trust_anchor or ""),
            )
            return what_it_is_told(config, world)
        except ValueError as fault:
            raise click.UsageError(str(fault)) from None


told_options = gathered(
    "told",
    Told,
    click.option("--root-hints", type=_FILE, help="`. NS name` and `name A address` lines.  [default: the Internet's]"),
    click.option("--trust-anchor", type=_FILE, help="DS or DNSKEY lines.  [default: those of the Internet's root]"),
    click.option("--stub", multiple=True, metavar="ZONE=ADDR", help="Ask this authority for a zone; repeat for more."),
    click.option("--forward", multiple=True, metavar="ZONE=ADDR", help="Ask this resolver for a zone; `.` is all."),
    click.option(
        "--negative-trust-anchor", multiple=True, metavar="ZONE", help="Believe a zone without proof (RFC 7646)."
    ),
    click.option("--no-special-use", is_flag=True, help="Ask the root for localhost, test, local … too."),
    click.option(
        "--minimise",
        type=click.Choice(["on", "off"]),
        default="on",
        show_default=True,
        help="Tell servers no more of a name than they have to know (RFC 9156).",
    ),
    click.option("--world-port", type=click.IntRange(1, 65535), default=53, show_default=True, hidden=True),
)


def _zones(option: str, texts: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return the servers of each zone; an option that is given twice for one zone adds a server."""
    zones: dict[str, tuple[str, ...]] = {}
    for text in texts:
        zone, equals, servers = text.partition("=")
        if not equals or not servers:
            raise ValueError(f"{option} {text!r} is not of the form ZONE=ADDR")
        zones[zone] = (*zones.get(zone, ()), *servers.split(","))
    return zones

"""`scop dns serve`: the primary without a mesh."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

import click

from scop.cells.primary.service import PrimaryOptions, run
from scop.cells.primary.zone_files import Folder
from scop.cli.shared import console, json_option, print_json
from scop.dns.zone.answer import Zones
from scop.dns.zone.zone import Zone
from scop.mesh.cell import Life
from scop.mesh.manifest import Transport
from scop.net.clock import SystemClock
from scop.net.log import Log, write_to_descriptor
from scop.supervisor.layout import listen

__all__ = ["serve"]


def _read_zone(wanted: str) -> Zone:
    origin, equals, path = wanted.partition("=")
    if not equals:
        raise click.ClickException(f"{wanted!r}: say ORIGIN=FILE, such as harbor.test=harbor.zone")
    try:
        return Zone.parse(Path(path).read_text(encoding="utf-8"), origin.strip("."))
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{path}: {error}") from None


@click.command()
@click.option("--zone", "zones", multiple=True, required=True, metavar="ORIGIN=FILE", help="Repeat for more zones.")
@click.option("--address", default="127.0.0.1", show_default=True)
@click.option("--port", default=53, show_default=True)
@json_option
def serve(zones: tuple[str, ...], address: str, port: int, as_json: bool) -> None:
    """Answer for zones from master files, on UDP and TCP, until Ctrl-C. Nobody can change them."""
    life = Life()
    options = PrimaryOptions(
        zones=Zones.of(_read_zone(zone) for zone in zones),
        history=Folder(Path()),
        datagrams=listen("dns serve", address, port, Transport.UDP),
        streams=listen("dns serve", address, port, Transport.TCP),
        log=Log("primary", write_to_descriptor(sys.stderr.fileno())),
        clock=SystemClock(),
        life=life,
    )

    def say_ready() -> None:
        if as_json:
            print_json({"event": "serving", "address": address, "port": port})
            sys.stdout.flush()
        else:
            console.print(f"answering for {len(zones)} zones at {address} port {port}")

    async def main() -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, life.stop)
        await run(options)

    life.on_ready(say_ready)
    asyncio.run(main())

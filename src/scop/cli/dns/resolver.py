"""`scop dns resolver`: a validating resolver in one line."""

from __future__ import annotations

import sys

import click

from scop.cli.dns.places import Listening, listening_options, shown_place
from scop.cli.dns.running import run_until_asked
from scop.cli.dns.told import Told, told_options
from scop.cli.shared import json_option, print_json
from scop.mesh.cell import Life
from scop.net.clock import SystemClock
from scop.net.dns_public import PublicSockets
from scop.net.log import Log, write_to_descriptor

__all__ = ["resolver"]


@click.command(short_help="Resolve for everybody who asks, and validate.")
@listening_options
@told_options
@click.option(
    "--allow",
    "networks",
    multiple=True,
    metavar="NET",
    help="Who may ask; repeat for more, 0.0.0.0/0 is everybody.  [default: loopback and private networks]",
)
@click.option("--no-stale", is_flag=True, help="Say nothing old when no server of a zone answers.")
@click.option("--cache-octets", type=click.IntRange(min=65_536), default=33_554_432, show_default=True)
@json_option
def resolver(
    *,
    listening: Listening,
    told: Told,
    networks: tuple[str, ...],
    no_stale: bool,
    cache_octets: int,
    as_json: bool,
) -> None:
    """Answer on UDP and TCP until SIGTERM or Ctrl-C: cached, validated, or found out from the root down.

    Without --root-hints the Internet's root is asked, and its keys are believed. With a root of one's own nothing is
    proved unless --trust-anchor says from what: a file of DS or DNSKEY lines.
    """
    from scop.cells.resolver.guests import Guests
    from scop.cells.resolver.service import ResolverOptions, run

    try:
        guests = Guests(networks)
    except ValueError as fault:
        raise click.UsageError(f"--allow {fault}") from None
    settings, belief = told.read()
    sockets = listening.sockets("dns resolver")
    life = Life()
    options = ResolverOptions(
        settings=settings,
        belief=belief,
        cache_octets=cache_octets,
        serves_stale=not no_stale,
        sockets=sockets,
        guests=guests,
        log=Log("resolver", write_to_descriptor(sys.stderr.fileno())),
        clock=SystemClock(),
        life=life,
    )
    life.on_ready(lambda: _say_ready(sockets, as_json=as_json))

    run_until_asked(life, run(options))


def _say_ready(sockets: PublicSockets, *, as_json: bool) -> None:
    plain, dot = [*map(shown_place, sockets.streams)], [*map(shown_place, sockets.tls_streams)]
    if as_json:
        print_json({"event": "ready", "listen": plain, "dot": dot})
    else:
        click.echo(f"ready: resolving at {', '.join(plain)}{', over TLS at ' + ', '.join(dot) if dot else ''}")
    sys.stdout.flush()

"""`scop dns primary`: an authoritative server in one line."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from scop.cli.dns.places import Listening, listening_options, shown_place
from scop.cli.dns.primary_told import PrimaryTold, primary_options
from scop.cli.dns.running import run_until_asked
from scop.cli.shared import json_option, print_json
from scop.mesh.cell import Life
from scop.net.clock import SystemClock
from scop.net.log import Log, write_to_descriptor

if TYPE_CHECKING:
    from scop.net.dns_public import PublicSockets

__all__ = ["primary"]


@click.command(short_help="Answer for zones, and change, sign and transfer them.")
@listening_options
@primary_options
@json_option
def primary(
    *,
    listening: Listening,
    told: PrimaryTold,
    as_json: bool,
) -> None:
    """Answer for zones on UDP and TCP until SIGTERM or Ctrl-C.

    A zone's master file is taken into --state at its first sight, and merged into what is there when it was edited
    since. Changes are kept in --state, as a git repository: `git -C DIR/zones.git log -p`. Who holds a key may change
    what --allow-update says, and fetch zones if --transfer-key names it; nobody else may do either.
    """
    sockets = listening.sockets("dns primary")
    log = Log("primary", write_to_descriptor(sys.stderr.fileno()))
    life = Life()
    with _state(told.state, signs=told.sign) as state:
        _serve(told, sockets, (log, life), state, as_json=as_json)


def _serve(
    told: PrimaryTold, sockets: PublicSockets, log_and_life: tuple[Log, Life], state: Path, *, as_json: bool
) -> None:
    from scop.cells.primary.service import run

    log, life = log_and_life
    options = told.options(sockets, log, SystemClock(), life, state)
    count = len(options.zones.by_origin) + len(options.secondaries)
    if not count:
        raise click.UsageError("there is nothing to answer for: say --zone NAME=FILE, or --secondary NAME=ADDR:KEY")
    life.on_ready(lambda: _say_ready(sockets, count, as_json=as_json))

    run_until_asked(life, run(options))


@contextmanager
def _state(folder: Path | None, *, signs: bool) -> Iterator[Path]:
    """Return where changes are kept; without --state they are gone with us."""
    if folder is not None:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        yield folder
        return
    if signs:
        click.echo("warning: without --state the keys that zones are signed with end with this process", err=True)
    with tempfile.TemporaryDirectory(prefix="scop-primary-") as made:
        yield Path(made)


def _say_ready(sockets: PublicSockets, count: int, *, as_json: bool) -> None:
    plain, dot = [*map(shown_place, sockets.streams)], [*map(shown_place, sockets.tls_streams)]
    if as_json:
        print_json({"event": "ready", "zones": count, "listen": plain, "dot": dot})
    else:
        over_tls = f", over TLS at {', '.join(dot)}" if dot else ""
        click.echo(f"ready: answering for {count} zone{'' if count == 1 else 's'} at {', '.join(plain)}{over_tls}")
    sys.stdout.flush()

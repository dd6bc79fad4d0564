"""`scop init`, `up`, `status` and `mesh`: found a mesh, run it, look at it."""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from pathlib import Path

import click

from scop.cells import CELL_NAMES, manifests
from scop.cli import shared
from scop.cli.shared import config_option, json_option, print_json, print_table
from scop.mesh.manifest import OPERATOR, check_mesh
from scop.supervisor.config_file import read_config
from scop.supervisor.door import MeshStatus, ReadStatus, knock
from scop.supervisor.layout import Layout
from scop.supervisor.process import CellProcess, CellState

__all__ = ["Announcer", "init", "mesh", "status", "up"]


@click.command()
@click.argument("domain")
@click.option("--address", default="127.0.0.1", show_default=True, help="Where the public listeners are.")
@click.option("--folder", type=click.Path(path_type=Path), default=Path(), help="Where to write; default: here.")
@json_option
def init(domain: str, address: str, folder: Path, as_json: bool) -> None:
    """Found a mesh for DOMAIN: scop.toml, a certificate, the first zone, a TSIG key."""
    from scop.supervisor.founding import STANDARD, UNPRIVILEGED, Founding, found

    ports = STANDARD if os.geteuid() == 0 else UNPRIVILEGED
    written = found(Founding(domain=domain, address=address, ports=ports), folder)
    if as_json:
        print_json({"config": str(written), "domain": domain})
        return
    shared.console.print(f"wrote {written}, a self-signed certificate, the first zone of {domain} and a TSIG key")
    shared.console.print("next: [bold]scop up[/bold], then in another terminal [bold]scop account add NAME[/bold]")


@click.command()
@config_option
@json_option
def up(config: Path, as_json: bool) -> None:
    """Run the mesh until Ctrl-C or SIGTERM. With --json: a line for each change, and `up` when all is ready."""
    from scop.supervisor.supervisor import Supervisor

    layout = Layout(read_config(config))
    announcer = Announcer(layout, as_json)
    supervisor = Supervisor(layout, changed=announcer.changed)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(supervisor.run())
    announcer.ended()


class Announcer:
    """Tells the terminal, or a program, how the mesh comes up."""

    def __init__(self, layout: Layout, as_json: bool) -> None:
        self._layout = layout
        self._domain = layout.config.domain
        self._as_json = as_json
        self._was_up = False
        self._states: dict[str, CellState] = {}

    def changed(self, cell: CellProcess) -> None:
        """Print what is new."""
        name = cell.manifest.name
        if self._states.get(name) is cell.state:
            return
        self._states[name] = cell.state
        event = {"event": "cell", "cell": name, "state": cell.state.value, "reason": cell.reason}
        self._say(event, "" if self._as_json else self._change(cell))
        ready = [known for known, state in self._states.items() if state is CellState.READY]
        if cell.state is CellState.READY and len(ready) == len(CELL_NAMES):
            self._was_up = True
            self._say({"event": "up", "domain": self._domain}, f"[bold]{self._domain} is up[/bold]; Ctrl-C ends it")

    def ended(self) -> None:
        """Say that the mesh has drained: a person who typed Ctrl-C waited for it."""
        self._say({"event": "ended", "domain": self._domain}, f"[bold]{self._domain} has ended[/bold]")

    def _change(self, cell: CellProcess) -> str:
        from rich.markup import escape

        name = f"{cell.manifest.name:<11}"
        match cell.state:
            case CellState.READY:
                return f"{name} ready after {cell.ready_after_seconds:.2f} s"
            case CellState.WAITING:
                log = escape(str(self._layout.log(cell.manifest.name)))
                return f"{name} [red]died[/red], starts again; what it said: {log}"
            case CellState.FAILED if self._was_up:  # before, the reason ends the whole mesh and is said then
                return f"{name} [red]cannot start[/red]: {escape(cell.reason)}"
            case _:
                return ""

    def _say(self, event: dict[str, str], words: str) -> None:
        if self._as_json:
            print_json(event)
            sys.stdout.flush()
        elif words:
            shared.console.print(words)


@click.command()
@config_option
@json_option
def status(config: Path, as_json: bool) -> None:
    """Say how each cell is, and what the kernel lacks for full confinement. Exit status 1 if a cell is not ready."""
    answer = knock(Layout(read_config(config)).door, ReadStatus())
    assert isinstance(answer, MeshStatus)
    if as_json:
        print_json(answer)
    else:
        _print_status(answer)
    sys.exit(0 if all(cell.state == CellState.READY for cell in answer.cells) else 1)


def _print_status(answer: MeshStatus) -> None:
    rows = [
        (
            c.name,
            c.state,
            str(c.pid or "–"),
            str(c.restarts),
            f"{c.up_seconds:.0f} s",
            f"Landlock {c.landlock_abi}",
            c.reason or c.job,
        )
        for c in answer.cells
    ]
    print_table(
        ("cell", "state", "pid", "restarts", "up", "held by", "job"), rows, title=f"{answer.domain} ({answer.hostname})"
    )
    lacks = sorted({sentence for cell in answer.cells for sentence in cell.unconfined})
    for sentence in lacks:
        shared.console.print(f"[yellow]not confined:[/yellow] {sentence}")
    if not lacks:
        shared.console.print("every cell is fully confined: files, TCP ports, system calls, ids, limits")


@click.command()
@json_option
def mesh(as_json: bool) -> None:
    """Show every cell and every pipe: who may talk to whom, in what, and why."""
    cells = manifests()
    check_mesh((*cells, OPERATOR))
    pipes = [(m.name, p.peer, p.protocol.value, p.why) for m in (*cells, OPERATOR) for p in m.reaches]
    if as_json:
        print_json(
            {
                "cells": {m.name: m.job for m in cells},
                "pipes": [dict(zip(("from", "to", "as", "why"), p, strict=True)) for p in pipes],
            }
        )
        return
    shared.console.print(PICTURE)
    listeners = [(m.name, m.job, " ".join(listener.name for listener in m.listeners) or "–") for m in cells]
    print_table(("cell", "its one job", "public"), listeners)
    shared.console.print()
    print_table(("from", "to", "as", "why"), pipes)


PICTURE = """\
 sending    MUA ──465/587──> submission ──> signer ──> relay ──25──> the Internet
                                 │            │          │
                                 │       UPDATE+TSIG     └─ DoT ──> resolver ──53──> the Internet
                              keeper      primary ──53──> the Internet
 receiving  the Internet ──25──> receiver ──> filter ──> verifier ──> mailbox
                                                            │ DoT        │
                                                            └─> resolver └─ keeper
"""

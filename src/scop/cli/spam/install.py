"""`scop spam install`: put a model that was trained elsewhere in use in the running mesh."""

from __future__ import annotations

from pathlib import Path

import click

from scop.cli import shared
from scop.cli.shared import config_option, json_option, print_json, with_operator
from scop.mesh.calls import Caller
from scop.mesh.vocabulary.filter import InstallModel, ModelStatus

__all__ = ["install"]

PIECE_OCTETS = 1 << 20


async def _install(caller: Caller, model: bytes) -> ModelStatus:
    """Hand a model over, piece by piece."""
    told = ModelStatus(0, 0, 0)
    for offset in range(0, len(model), PIECE_OCTETS):
        piece = model[offset : offset + PIECE_OCTETS]
        told = await caller.call(InstallModel(offset, len(model), piece))
    return told


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@config_option
@json_option
def install(file: Path, config: Path, as_json: bool) -> None:
    """Put the model in FILE, which `scop spam train --model FILE` made, in the place of the mesh's.

    What the filter was trained with before is forgotten. Lessons of people stay on top, where they were made with the
    model's key: so install before people teach, and later train the running filter.
    """
    octets = file.read_bytes()
    if not octets:
        raise click.ClickException(f"{file} is empty; `scop spam train --model {file}` makes a model")
    told = with_operator(config, lambda operator: _install(operator.caller("filter"), octets))
    if as_json:
        print_json(told)
    else:
        shared.console.print(f"{file} is in use: it knows {told.ham} ham and {told.spam} spam")

"""A cell's process that attacks its own walls once it is ready: `python -I probed_cell.py NAME`.

Everything is the real thing (manifest, options, confinement, service); only beside the service runs
the list of attempts, and what came of each goes to the cell's log as the event `probe`.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from fakes.attempts import ATTEMPTS
from scop.cells import manifest_of
from scop.mesh.cell import Cell
from scop.mesh.life import live, service_of


async def attack(cell: Cell) -> None:
    """Try everything that is forbidden, and note what came of it."""
    for name, attempt in ATTEMPTS.items():
        cell.log.info("probe", attempt=name, outcome=attempt())
    cell.log.info("probed")


if __name__ == "__main__":
    cell_name = sys.argv[1]
    sys.exit(live(manifest_of(cell_name), service_of(import_module(f"scop.cells.{cell_name}.service")), beside=attack))

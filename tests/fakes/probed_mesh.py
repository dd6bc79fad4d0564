"""`scop up` with another program for each cell: `python probed_mesh.py SCOP_TOML PROGRAM`, a file beside this."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from scop.cli.mesh import Announcer
from scop.supervisor.config_file import read_config
from scop.supervisor.layout import Layout
from scop.supervisor.supervisor import Supervisor


def command(cell: str) -> Sequence[str]:
    """Return the command of a cell."""
    return (sys.executable, "-I", "-B", str(Path(__file__).resolve().with_name(sys.argv[2])), cell)


if __name__ == "__main__":
    layout = Layout(read_config(Path(sys.argv[1])))
    announcer = Announcer(layout, as_json=True)
    asyncio.run(Supervisor(layout, changed=announcer.changed, command=command).run())

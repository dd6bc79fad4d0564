"""`scop up` runs for months, so it holds no more than it needs."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys
import scop.cli.mesh, scop.supervisor.supervisor
before = "rich" in sys.modules
from scop.cli.shared import console
from scop.cli import shared
print(before, console is shared.console)
"""


def test_up_loads_rich_only_to_print() -> None:
    """The console is made when it is first asked for, and only once."""
    done = subprocess.run([sys.executable, "-I", "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert "False True" == done.stdout.strip()

"""A cell whose loop hangs ends, whatever code it hangs in, and not while it is merely stopped or busy elsewhere."""

from __future__ import annotations

import signal
import subprocess
import sys

PROGRAM = """
import asyncio, re, sys, time
from scop.mesh import life
life.HANG_SECONDS, life.WATCH_SECONDS = 0.3, 0.05

async def live():
    life._show_life(asyncio.get_running_loop())
    for _ in range(10):
        time.sleep(0.05)  # waits, and uses no processor
        await asyncio.sleep(0.05)
    print("lived", flush=True)
    re.match("(a*)*b", "a" * 40) if sys.argv[1] == "hang" else None  # C code that lets nobody in

asyncio.run(live())
"""


def test_cell_that_hangs_in_c_code_is_ended_and_one_that_waits_is_not() -> None:
    """The kernel does it, at the end of the processor time that a loop may take without a sign of life."""
    for word, expected in (("hang", -signal.SIGPROF), ("live", 0)):
        done = subprocess.run([sys.executable, "-c", PROGRAM, word], capture_output=True, text=True, check=False)
        assert ("lived\n", expected) == (done.stdout, done.returncode), done.stderr

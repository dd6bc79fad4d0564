"""What was started by a program of others, and outlives it: it becomes our child, whatever session it is in, and ends.

Standards: Linux prctl(2) PR_SET_CHILD_SUBREAPER, proc(5) /proc/PID/task/TID/children.
"""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from scop.mesh.confine.kernel import prctl

__all__ = ["end_orphans", "take_orphans"]

_PR_SET_CHILD_SUBREAPER = 36
MAX_ROUNDS = 1000  # each ends a generation; what forks faster than that is for limits of the system


def take_orphans() -> None:
    """Have the kernel make every descendant our child whose parent ends; for a process of one thread."""
    prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_orphans() -> None:
    """End all children, and those of theirs that become ours by that."""
    for _ in range(MAX_ROUNDS):
        children = _children()
        if not children:
            return
        for child in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGKILL)
            with contextlib.suppress(ChildProcessError):
                os.waitpid(child, 0)


def _children() -> list[int]:
    with contextlib.suppress(OSError):  # a kernel that does not tell
        return [int(word) for word in Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()]
    return []

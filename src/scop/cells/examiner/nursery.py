"""The nursery: a process of the examiner's that holds no secret and no mail, and has a sealed child for each mail.

It is started by the cell before that is confined, as a program of its own, so that the keys of the cell's pipes were
never in its memory. Then it confines itself (no sockets, no files but code to read) and waits. It loads what reads
attachments, some 40 MB, only in a fork of itself when there is something to do, and that fork ends after some quiet
minutes: so an idle mesh does not hold it. The fork, once all is loaded, lets no more code be loaded, and has a child
for each errand.

    cell ──errand, two descriptors of memory──> nursery ──fork──> one with all code loaded ──fork──> a child a mail

Run as a program: `python -m scop.cells.examiner.nursery [UID [RULES]]`, the cell at standard input.

Standards: Linux fork(2), pidfd_open(2), unix(7) (SCM_RIGHTS).
"""

from __future__ import annotations

import os
import select
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from scop.mesh.code_paths import code_paths
from scop.mesh.confine import Rules, confine, end_with_parent, settle

if TYPE_CHECKING:
    from scop.cells.examiner.child import Look

__all__ = ["keep"]

QUIET_SECONDS = 600.0  # after which what was loaded is let go; to load it again takes half a second
_OOM_SCORE = Path("/proc/self/oom_score_adj")
_FIRST_TO_GO = b"1000"  # where memory runs out, it was a mail's


def keep(rules: Rules, load: Callable[[], Look], *, quiet_seconds: float = QUIET_SECONDS) -> int:
    """Serve the cell at standard input until it ends; `load` imports what looks into mail."""
    control = socket.socket(fileno=os.dup(sys.stdin.fileno()))
    os.dup2(os.open(os.devnull, os.O_RDWR), 0)
    _OOM_SCORE.write_bytes(_FIRST_TO_GO)
    confine(rules)
    end_with_parent()
    while _has_work(control):
        child = os.fork()
        if child == 0:
            os._exit(_become_loaded(control, load, quiet_seconds))
        _, status = os.waitpid(child, 0)
        if status != 0:  # the cell learns it by our end, and both start again
            return 1
    return 0


def _has_work(control: socket.socket) -> bool:
    """Wait for an errand without taking it; False at the end of the cell."""
    select.select([control], [], [])
    return bool(control.recv(1, socket.MSG_PEEK))


def _become_loaded(control: socket.socket, load: Callable[[], Look], quiet_seconds: float) -> int:
    """Load all code, let no more be loaded, and serve."""
    end_with_parent()
    from scop.cells.examiner.ward import Ward  # here: a nursery that waits holds none of it

    look = load()
    settle()
    return Ward(control, look).serve(quiet_seconds)


def _load(yara_rules: str = "") -> Look:
    from scop.cells.examiner.reading import load  # here: a nursery that waits holds none of it

    return load(yara_rules)


def _main(uid: str = "", gid: str = "", yara_rules: str = "") -> int:
    ids = (int(uid), int(gid)) if uid else (None, None)
    rules = Rules(read_paths=code_paths(), children=True, uid=ids[0], gid=ids[1])
    if not yara_rules:
        return keep(rules, _load)
    # The operator's rules are compiled now: a mistake in them is said at once, and they need not be readable later.
    look = _load(yara_rules)
    return keep(rules, lambda: look)


if __name__ == "__main__":
    sys.exit(_main(*sys.argv[1:]))

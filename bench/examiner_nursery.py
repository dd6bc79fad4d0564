"""The examiner's nursery with one thing more: a mail that says so breaks or stalls the child that looks into it."""

from __future__ import annotations

import ctypes
import sys

from scop.cells.examiner.child import Look
from scop.cells.examiner.nursery import keep
from scop.cells.examiner.reading import load
from scop.mesh.code_paths import code_paths
from scop.mesh.confine import Rules
from scop.mesh.vocabulary.examiner import FoundThing


def _load() -> Look:
    look = load()

    def poisoned(octets: bytes) -> tuple[FoundThing, ...]:
        while octets.startswith(b"X-Poison: stall"):
            pass
        if octets.startswith(b"X-Poison: crash"):
            ctypes.string_at(0)
        return look(octets)

    return poisoned


if __name__ == "__main__":
    uid, gid = map(int, sys.argv[1:3]) if sys.argv[1:] else (None, None)
    sys.exit(keep(Rules(read_paths=code_paths(), children=True, uid=uid, gid=gid), _load))

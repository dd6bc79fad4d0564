"""A cell's process that some mails kill, or hang, as a bug in C code would: `python -I poisoned_cell.py NAME`.

Everything is the real thing but the filter's and the verifier's reading: what has the line `poison FILTER crash`
breaks it there, and `hang` has it run on for ever.
"""

from __future__ import annotations

import ctypes
import re
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scop.cells import manifest_of
from scop.mesh import life

READINGS = {
    "filter": ("scop.spam.classifier", "evidence_of"),
    "verifier": ("scop.cells.verifier.judgement", "parse"),
}


def poisoned(cell: str, read: Callable[..., object]) -> Callable[..., object]:
    """Return a way to read that breaks."""

    def reads(octets: bytes, *others: object, **options: object) -> object:
        if f"poison {cell} crash".encode() in octets:
            ctypes.string_at(0)
        if f"poison {cell} hang".encode() in octets:
            re.match("(a*)*b", "a" * 60)
        return read(octets, *others, **options)

    return reads


if __name__ == "__main__":
    name = sys.argv[1]
    life.HANG_SECONDS, life.WATCH_SECONDS = 1.0, 0.1
    service = life.service_of(import_module(f"scop.cells.{name}.service"))
    if name in READINGS:
        module, function = READINGS[name]
        place = import_module(module)
        setattr(place, function, poisoned(name, getattr(place, function)))
    sys.exit(life.live(manifest_of(name), service))

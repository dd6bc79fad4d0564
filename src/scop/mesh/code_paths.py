"""Where code lies: what a confined process must still be able to read, because Python imports late."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import scop

__all__ = ["code_paths"]


def code_paths() -> tuple[str, ...]:
    """Return what a late import may read: the interpreter, the libraries and ourselves."""
    known = sysconfig.get_paths()
    ours = {str(Path(place).resolve()) for place in scop.__path__}
    python = {known["stdlib"], known["platstdlib"], known["purelib"], known["platlib"], sys.prefix}
    return tuple(sorted(python | ours | {"/usr/lib", "/lib", "/lib64", "/dev/null", "/dev/urandom"}))

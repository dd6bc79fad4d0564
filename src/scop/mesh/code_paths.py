"""What a confined process must still be able to read: code, because Python imports late, and what names hosts."""

from __future__ import annotations

import sys
import sysconfig
from pathlib import Path

import scop

__all__ = ["RESOLVER_FILE", "code_paths", "name_paths"]

RESOLVER_FILE = "/etc/resolv.conf"


def code_paths() -> tuple[str, ...]:
    """Return what a late import may read: the interpreter, the libraries and ourselves."""
    known = sysconfig.get_paths()
    ours = {str(Path(place).resolve()) for place in scop.__path__}
    python = {known["stdlib"], known["platstdlib"], known["purelib"], known["platlib"], sys.prefix}
    return tuple(sorted(python | ours | {"/usr/lib", "/lib", "/lib64", "/dev/null", "/dev/urandom"}))


def name_paths() -> tuple[str, ...]:
    """Return what the C library reads to find the address of a host."""
    files = ("/etc/hosts", "/etc/nsswitch.conf", RESOLVER_FILE, "/etc/host.conf", "/etc/gai.conf", "/etc/services")
    folder = Path(RESOLVER_FILE).resolve().parent
    # Where it is a link, its target is replaced whenever the network changes; who holds the folder sees the new one.
    return files if folder == Path("/etc") else (*files, str(folder))

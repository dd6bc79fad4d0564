"""What Python and the C library fetch from the disk only when it is needed, fetched while it can be had.

A confined process cannot map new code, and one that stopped being root may not even reach the folder
of its interpreter. An import that comes too late would then fail in the midst of a mail.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import encodings
from pathlib import Path

__all__ = ["preload_charsets", "preload_names", "preload_threads"]

NAME_SERVICES = "/etc/nsswitch.conf"

# Asked for by the standard library itself: names of hosts, files and sockets.
_EVERYBODY_NEEDS = ("ascii", "idna", "latin-1", "punycode", "raw_unicode_escape", "unicode_escape", "utf-8-sig")


def preload_threads() -> None:
    """Load what a thread needs at its end, and the codecs that the standard library asks for."""
    _load("libgcc_s.so.1")  # a C library that is not GNU's does without
    for name in _EVERYBODY_NEEDS:
        codecs.lookup(name)


def preload_charsets() -> None:
    """Load every character set that Python knows, for cells that decode mail."""
    import pkgutil  # every cell loads this module, and few call this function

    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError, ImportError):  # those of other systems, such as mbcs
            codecs.lookup(module.name)


def preload_names(services: str = NAME_SERVICES) -> None:
    """Load what the C library finds addresses of hosts by, for who asks it: the modules that nsswitch.conf names."""
    with contextlib.suppress(OSError, UnicodeDecodeError):
        lines = Path(services).read_text("utf-8").splitlines()
        hosts = next((line.partition(":")[2] for line in lines if line.startswith("hosts:")), "")
        for word in hosts.partition("#")[0].split():
            if word.isalnum():  # the others say what to do when one has found nothing
                _load(f"libnss_{word}.so.2")


def _load(library: str) -> None:
    with contextlib.suppress(OSError):  # it is part of the C library itself, or not there
        ctypes.CDLL(library)

"""What Python and the C library fetch from the disk only when it is needed, fetched while it can be had.

A confined process cannot map new code, and one that stopped being root may not even reach the folder
of its interpreter. An import that comes too late would then fail in the midst of a mail.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import encodings

__all__ = ["preload_charsets", "preload_threads"]

# Asked for by the standard library itself: names of hosts, files and sockets.
_EVERYBODY_NEEDS = ("ascii", "idna", "latin-1", "punycode", "raw_unicode_escape", "unicode_escape", "utf-8-sig")


def preload_threads() -> None:
    """Load what a thread needs at its end, and the codecs that the standard library asks for."""
    with contextlib.suppress(OSError):  # a C library that is not GNU's does without
        ctypes.CDLL("libgcc_s.so.1")
    for name in _EVERYBODY_NEEDS:
        codecs.lookup(name)


def preload_charsets() -> None:
    """Load every character set that Python knows, for cells that decode mail."""
    import pkgutil  # every cell loads this module, and few call this function

    for module in pkgutil.iter_modules(encodings.__path__):
        with contextlib.suppress(LookupError, ImportError):  # those of other systems, such as mbcs
            codecs.lookup(module.name)

"""Opens documents that are locked with the passwords that Office itself knows, so that no reader is asked for them.

An Excel table whose structure alone is protected is encrypted like that, and so is malware that wants to be opened by
people but not by scanners. Everything else that is locked cannot be looked into, and is told.

Standards: MS-OFFCRYPTO §2.3.7 (the default passwords), by msoffcrypto.
"""

from __future__ import annotations

import io
import re
import xml.dom.expatbuilder  # noqa: F401 - msoffcrypto parses with it, and would load it when it is too late
from typing import Protocol

import msoffcrypto
import msoffcrypto.format.doc97
import msoffcrypto.format.ooxml
import msoffcrypto.format.ppt97
import msoffcrypto.format.xls97
import msoffcrypto.method.rc4

__all__ = ["UNLOCKING_EFFORT", "is_locked", "unlocked"]

_EXCEL_PASSWORD = "VelvetSweatshop"  # noqa: S105 - no secret: Excel tries it by itself
_POWERPOINT_PASSWORD = "/01Hannes Ruescher/01"  # noqa: S105 - no secret: PowerPoint tries it by itself
_MAX_SPINS = 200_000  # hashes of a password; Office makes 100,000, a hostile document may ask for ten million
UNLOCKING_EFFORT = 300_000_000  # as `Inspection.spend` counts: so many hashes, twice
_SPINS = re.compile(rb'spinCount="(\d{1,12})"')


class _MemoryFiles:
    """Stands in for `tempfile` where msoffcrypto writes what it decrypts: who reads hostile documents has no files."""

    @staticmethod
    def TemporaryFile() -> io.BytesIO:  # noqa: N802 - the library's name for it
        return io.BytesIO()


msoffcrypto.method.rc4.default_backend()  # loads what it would load when it is too late
for _module in (msoffcrypto.format.doc97, msoffcrypto.format.ppt97, msoffcrypto.format.xls97):
    _module.tempfile = _MemoryFiles


class _OfficeFile(Protocol):
    """What is used of msoffcrypto, which has no types."""

    def is_encrypted(self) -> bool: ...

    def load_key(self, password: str) -> None: ...

    def decrypt(self, outfile: io.BytesIO) -> None: ...


def _opened(octets: bytes) -> _OfficeFile:
    opened: _OfficeFile = msoffcrypto.OfficeFile(io.BytesIO(octets))
    return opened


def is_locked(octets: bytes) -> bool:
    """Tell whether an OLE document is encrypted; one that is none of Office's is not."""
    try:
        return _opened(octets).is_encrypted()
    except Exception:  # the library raises anything on what it does not know; others look at the rest
        return False


def unlocked(octets: bytes) -> bytes | None:
    """Return a locked document opened with Office's own passwords; None where they do not fit."""
    spins = _SPINS.search(octets.replace(b"\0", b""))
    if spins and int(spins[1]) > _MAX_SPINS:
        return None
    for password in (_EXCEL_PASSWORD, _POWERPOINT_PASSWORD)[: 1 if spins else 2]:
        opened = io.BytesIO()
        try:
            document = _opened(octets)
            # No check of the password: the library's own fails for SHA-1, and what comes out wrong is no document.
            document.load_key(password=password)
            document.decrypt(opened)
        except Exception:  # noqa: S112 - the library raises anything; it stays locked
            continue
        return opened.getvalue()
    return None

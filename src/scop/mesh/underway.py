"""Which mails a cell was at work on when it died: one that kills it twice is set aside, and the rest flow on.

The digest of a mail stands in a small file while the cell works on it, without fsync: a process that is killed leaves
what it wrote to the kernel. At the next start what still stands there gets a strike. Who has two is set aside; what
that means is the cell's business. After a power cut nobody is to blame, and nothing is lost but the strikes.

Standards: none.
"""

from __future__ import annotations

import hashlib
import heapq
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from scop.mesh.state_file import read_state_file, write_state_file
from scop.net.log import Log

__all__ = ["Underway", "digest_of"]

DIGEST_OCTETS = 16
STRIKES = 2  # one may be the misfortune of who was underway beside it
MAX_REMEMBERED = 1000  # mails that were underway at some death, the last ones
_NOBODY = bytes(DIGEST_OCTETS)


def digest_of(octets: bytes) -> bytes:
    """Return what a mail is known by, whoever brings it and however often."""
    return hashlib.blake2b(octets, digest_size=DIGEST_OCTETS).digest()


@dataclass(frozen=True, slots=True)
class _Strikes:
    """How often each mail was underway when the cell died, by the digest in hex, the last one last."""

    strikes: dict[str, int] = field(default_factory=dict)


class Underway:
    """The mails that one cell is at work on; made before it is confined."""

    def __init__(self, folder: Path) -> None:
        """Count what the last life left behind; raises `OSError` or `ValueError` that names the file."""
        strikes_path = folder / "strikes.json"
        known = read_state_file(strikes_path, _Strikes, "which mails broke the cell", remedy="take it away")
        strikes = dict((known or _Strikes()).strikes)
        self._file = os.open(folder / "underway", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        left = _left_behind(self._file)
        for digest in left:
            strikes[digest.hex()] = strikes.pop(digest.hex(), 0) + 1
        if left:
            with suppress(OSError):  # on a full disk they count in this life only
                write_state_file(strikes_path, _Strikes(dict(list(strikes.items())[-MAX_REMEMBERED:])))
            os.ftruncate(self._file, 0)
        self.left_behind = left  # by the last life
        self._set_aside = {bytes.fromhex(digest) for digest, count in strikes.items() if count >= STRIKES}
        self._free: list[int] = []
        self._slots = 0

    def tell(self, log: Log) -> None:
        """Say in the log what the last life left behind."""
        for digest in self.left_behind:
            log.warning("mail.was_underway", digest=digest.hex(), set_aside=self.is_set_aside(digest))

    def is_set_aside(self, digest: bytes) -> bool:
        """Say whether this mail was underway at two deaths."""
        return digest in self._set_aside

    @contextmanager
    def at_work(self, digest: bytes) -> Iterator[None]:
        """Have it known what is worked on, from the beginning of the block to its end."""
        slot = heapq.heappop(self._free) if self._free else self._slots
        self._slots = max(self._slots, slot + 1)
        self._note(slot, digest)
        try:
            yield
        finally:
            self._note(slot, _NOBODY)
            heapq.heappush(self._free, slot)

    def _note(self, slot: int, digest: bytes) -> None:
        with suppress(OSError):  # on a full disk work goes on, and nobody is to blame
            os.pwrite(self._file, digest, slot * DIGEST_OCTETS)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._file)


def _left_behind(file: int) -> tuple[bytes, ...]:
    octets = os.pread(file, MAX_REMEMBERED * DIGEST_OCTETS, 0)
    slots = (octets[at : at + DIGEST_OCTETS] for at in range(0, len(octets), DIGEST_OCTETS))
    return tuple(slot for slot in slots if len(slot) == DIGEST_OCTETS and slot != _NOBODY)

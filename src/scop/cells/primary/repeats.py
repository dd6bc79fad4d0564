"""Doing each signed UPDATE once: who sends it again, late or on purpose, hears again how it ended.

A client repeats a datagram whose answer was lost; somebody who caught one may send it again later, when it would undo
what came since. Both send the same MAC, so one memory serves both. It reaches as far back as a signature is good; when
that is more than it can hold, what is older than all that it holds is refused. On the disk it survives a kill: each
outcome is written before it is told. (A power cut may lose the last of it, and with it nothing but this protection.)

Standards: RFC 8945 §10.4 (replay within the window).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from scop.dns.words import Rcode

__all__ = ["Outcomes", "Signed"]

MAX_REMEMBERED = 65_536  # at 110 octets each 7 MB; enough for a hundred updates a second through the whole window
MAX_FILE_LINES = 4 * MAX_REMEMBERED  # then what is out of the window is left behind
_CODES = "|".join(str(int(rcode)) for rcode in Rcode)
_ENDING = re.compile(
    rf"(?P<time>\d{{1,15}}) (?P<until>\d{{1,15}}) (?P<rcode>{_CODES}) (?P<mac>(?:[0-9a-f]{{2}})+)\n".encode()
)


@dataclass(frozen=True, slots=True)
class Signed:
    """What tells one signed request from any other."""

    time_signed: int
    fudge_seconds: int
    mac: bytes


@dataclass(frozen=True, slots=True)
class _Ending:
    """How a request ended, and until when its signature is good."""

    time_signed: int
    until: int
    rcode: Rcode

    def line(self, mac: bytes) -> str:
        return f"{self.time_signed} {self.until} {int(self.rcode)} {mac.hex()}\n"


class Outcomes:
    """Remembers how each UPDATE ended; without a file it forgets at the end."""

    def __init__(self, path: Path | None, now_unix: Callable[[], int]) -> None:
        self._path = path
        self._now = now_unix
        self._ended: dict[bytes, _Ending] = {}  # by MAC, in the order of their ends
        self._floor = 0  # requests signed before are too old to be told from repeats
        self._file = -1
        self._lines = 0
        if path is not None:
            self._ended.update(_read(path, now_unix()))
            self._open(path)

    def ended(self, signed: Signed) -> Rcode | None:
        """Return how this very request ended earlier, if it did."""
        found = self._ended.get(signed.mac)
        return None if found is None else found.rcode

    def is_too_old(self, signed: Signed) -> bool:
        """Say whether so much came since it was signed that nobody remembers whether it was among it."""
        return signed.time_signed < self._floor and signed.mac not in self._ended

    def note(self, signed: Signed, rcode: Rcode) -> None:
        """Remember an outcome before it is told; a failure of ours is not one, for that the client shall try again."""
        if rcode is Rcode.SERVFAIL:
            return
        ending = _Ending(signed.time_signed, signed.time_signed + signed.fudge_seconds, rcode)
        self._ended[signed.mac] = ending
        self._write(ending.line(signed.mac))
        self._forget()

    def close(self) -> None:
        """Close the file."""
        if self._file >= 0:
            os.close(self._file)
            self._file = -1

    def _write(self, line: str) -> None:
        """Append a line; on a disk that takes none the change that it tells of is durable all the same."""
        if self._file >= 0:
            with contextlib.suppress(OSError):
                os.write(self._file, line.encode("ascii"))
            self._lines += 1

    def _forget(self) -> None:
        now = self._now()
        while self._ended:
            mac, ending = next(iter(self._ended.items()))
            if ending.until >= now and len(self._ended) <= MAX_REMEMBERED:
                break
            if ending.until >= now:
                self._floor = max(self._floor, ending.time_signed + 1)
            del self._ended[mac]
        if self._lines > MAX_FILE_LINES and self._path is not None:
            self._lines = 0  # where the disk is full, another time
            with contextlib.suppress(OSError):
                self._open(self._path)

    def _open(self, path: Path) -> None:
        """Write what is remembered anew, and go on behind it."""
        beside = path.with_name(f"{path.name}.new")
        lines = (ending.line(mac) for mac, ending in self._ended.items())
        beside.write_text("".join(lines), encoding="ascii")
        beside.chmod(0o600)
        beside.replace(path)
        self.close()
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND)
        self._lines = len(self._ended)


def _read(path: Path, now_unix: int) -> Iterator[tuple[bytes, _Ending]]:
    """Yield what is still of use; a line that was cut off is none, nor what a power cut made of one."""
    try:
        octets = path.read_bytes()
    except FileNotFoundError:
        return
    for line in octets.splitlines(keepends=True):
        found = _ENDING.fullmatch(line)
        if found is not None and int(found["until"]) >= now_unix:
            rcode = Rcode(int(found["rcode"]))
            yield bytes.fromhex(found["mac"].decode("ascii")), _Ending(int(found["time"]), int(found["until"]), rcode)

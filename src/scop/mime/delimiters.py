"""Which multiparts are open, and the lines that part them: a table of boundaries that answers in one step.

A line is looked at only where all delimiters that are open begin alike; then the table says whose it is. So the
work is linear in the octets, however many multiparts are open.

Standards: RFC 2046 §5.1.1.
"""

from __future__ import annotations

from typing import Final, NamedTuple

__all__ = ["Delimiter", "Delimiters"]

# RFC 2046 §5.1.1: 70 characters, "--" and white space. Lenient: twice what RFC 5322 §2.1.1 allows a line.
MAX_DELIMITER_OCTETS: Final = 2_000
_START: Final = b"\n--"
_PADDING: Final = b" \t\r\n"


class Delimiter(NamedTuple):
    """A delimiter line: the line end before it, where the line behind it begins, whose it is, whether it closes."""

    line_end: int
    next_line: int
    level: int
    closes: bool


class Delimiters:
    """The delimiters of the multiparts that are open, the outermost first; what was added last is forgotten first."""

    __slots__ = ("_levels", "_needles")

    def __init__(self) -> None:
        self._levels: dict[bytes, int] = {}  # by boundary
        self._needles: list[bytes] = []  # beside each boundary, how its delimiters and those around it begin

    def __bool__(self) -> bool:
        return bool(self._needles)

    def add(self, boundary: bytes, level: int) -> bool:
        """Take the boundary of a multipart; False where its delimiters can be told from nothing.

        Where it is that of a multipart around it, each of its delimiters is one of that multipart.
        """
        if boundary in self._levels or len(boundary) > MAX_DELIMITER_OCTETS:
            return False
        self._levels[boundary] = level
        start = _START + boundary
        self._needles.append(_common_start(self._needles[-1], start) if self._needles else start)
        return True

    def forget(self, boundary: bytes) -> None:
        """Forget the boundary that was added last."""
        del self._levels[boundary]
        self._needles.pop()

    def may_begin_in(self, octets: bytes | bytearray, start: int, stop: int) -> bool:
        """Tell whether anything in `octets[start:stop]` begins like a delimiter."""
        return octets.find(self._needles[-1], start, stop) >= 0

    def find(self, octets: bytes | bytearray, position: int, stop: int, final: bool) -> Delimiter | int:
        """Return the first delimiter behind a line end in `position..stop`, or up to where there is surely none.

        With `final`, nothing comes behind `octets`.
        """
        size = len(octets)
        if not self._needles:
            return size
        needle = self._needles[-1]
        while (index := octets.find(needle, position, min(stop + len(needle) - 1, size))) >= 0:
            line = index + len(_START)
            line_end = octets.find(b"\n", line, line + MAX_DELIMITER_OCTETS)
            if line_end < 0:
                if size - line < MAX_DELIMITER_OCTETS:
                    if not final:
                        return index
                    line_end = size
                else:  # too long for any delimiter
                    position = line
                    continue
            found = self._owner_of(bytes(octets[line:line_end]).rstrip(_PADDING))
            if found is not None:
                return Delimiter(index, min(line_end + 1, size), *found)
            position = line_end  # two delimiters may share a line end between them
        if final:
            return size
        last = octets.rfind(b"\n", max(0, size - len(needle) + 1))
        return last if last >= position and needle.startswith(bytes(octets[last:])) else size

    def _owner_of(self, line: bytes) -> tuple[int, bool] | None:
        """Return whose delimiter a line is, without its "--" and its padding, and whether it closes."""
        delimits = self._levels.get(line)
        closes = self._levels.get(line[:-2]) if line.endswith(b"--") else None
        if closes is not None and (delimits is None or closes < delimits):  # the outermost multipart is right
            return closes, True
        return (delimits, False) if delimits is not None else None


def _common_start(first: bytes, second: bytes) -> bytes:
    length = next((index for index, pair in enumerate(zip(first, second, strict=False)) if pair[0] != pair[1]), None)
    return first[:length] if length is not None else min(first, second, key=len)

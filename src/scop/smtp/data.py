"""The message as it travels: after DATA dots are stuffed and CRLF.CRLF ends it, and nothing else; BDAT counts.

Whole chunks are searched and replaced, never single lines. Bare CR, bare LF and NUL do not end a
message and make it unfit to pass on: another server might read an end there and take what follows
for commands of ours ("SMTP smuggling").

Standards: RFC 3030 §2 (BDAT); RFC 5321 §2.3.8 (line ends), §4.1.1.4 (end of data), §4.5.2 (transparency).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scop.base import LocalProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["ChunkReader", "DataReader", "TextRules", "is_strict", "stuffed", "stuffed_pieces"]

_DOT = re.compile(rb"\r\n\.")  # found in half the time of `bytes.find`, where most lines have no dot
_BARE_CR = re.compile(rb"\r(?!\n)")
_ALLOWED_ALONE = bytes(octet for octet in range(256) if octet not in b"\r\n\0")
_END = b"\r\n.\r\n"
_PREFIXES = tuple(_END[:count] for count in (4, 3, 2, 1))


def is_strict(octets: bytes) -> bool:
    """Return whether CR and LF occur only as CRLF, and NUL nowhere."""
    # All CR, LF and NUL that there are come in pairs, and an LF follows each CR at once: quicker than counting CRLF.
    ends = octets.translate(None, _ALLOWED_ALONE)
    return ends == b"\r\n" * (len(ends) // 2) and _BARE_CR.search(octets) is None


def stuffed(octets: bytes) -> bytes:
    """Return a message as it is sent after DATA, with its end; raises `LocalProtocolError` unless it is strict."""
    return b"".join(stuffed_pieces(octets, max(1, len(octets))))


def stuffed_pieces(octets: bytes, piece_octets: int) -> Iterator[bytes]:
    """Return an iterator over `stuffed(octets)`, which is never held whole; raises at once unless it is strict."""
    if not is_strict(octets):
        raise LocalProtocolError("a message with bare CR, bare LF or NUL is never sent")
    return _stuffed_pieces(octets, piece_octets)


def _stuffed_pieces(octets: bytes, piece_octets: int) -> Iterator[bytes]:
    end = b".\r\n" if not octets or octets.endswith(b"\r\n") else b"\r\n.\r\n"
    start = 0
    while True:
        stop = start + piece_octets
        if octets[stop - 1 : stop] == b"\r":  # no piece ends inside of CRLF
            stop += 1
        piece = octets[start:stop].replace(b"\r\n.", b"\r\n..")
        if piece.startswith(b".") and (not start or octets[start - 1 : start] == b"\n"):
            piece = b"." + piece
        if stop >= len(octets):
            yield piece + end
            return
        yield piece
        start = stop


class TextRules:
    """Notes whether a message that comes in pieces is lawful text."""

    __slots__ = ("_line_octets", "_max_line_octets", "strict", "too_long_lines")

    def __init__(self, max_line_octets: int | None = None) -> None:
        self._max_line_octets = max_line_octets
        self._line_octets = 0  # of the line that goes on
        self.strict = True  # no bare CR, bare LF or NUL so far
        self.too_long_lines = False

    def look_at(self, text: bytes) -> None:
        """Judge the next piece, which does not end between CR and LF."""
        self.strict = self.strict and is_strict(text)
        if self._max_line_octets is not None:
            self._measure(text, self._max_line_octets)

    def _measure(self, text: bytes, limit: int) -> None:
        first, *others = text.split(b"\r\n")
        lengths = [self._line_octets + len(first), *map(len, others)]
        self._line_octets = lengths[-1]
        self.too_long_lines = self.too_long_lines or max(lengths) > limit


class DataReader:
    """Finds the end of a message and undoes the dots, piece by piece."""

    __slots__ = ("_held", "_rules", "_virtual")
    is_last = True  # nothing of the message comes after it
    is_whole = False  # only octets can show the end

    def __init__(self, rules: TextRules) -> None:
        # The CRLF of the DATA command counts as the line end before the first line.
        self._held = b"\r\n"
        self._virtual = 2
        self._rules = rules

    def feed(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """Return the text that is now certain, and after the end what follows it (None before)."""
        work = self._held + octets
        found = _DOT.search(work)
        dot = found.start() if found is not None else len(work)
        end = work.find(_END, dot)
        if end >= 0:
            return self._text(work[: end + 2], dot), work[end + 5 :]
        keep = next((len(prefix) for prefix in _PREFIXES if work.endswith(prefix)), 0)
        cut = len(work) - keep
        self._held = work[cut:]
        return self._text(work[:cut], dot), None

    def _text(self, piece: bytes, dot: int) -> bytes:
        """Undo the dots, from where the first is, in a piece that ends neither inside of CRLF nor before such a dot."""
        if not piece:
            return piece
        # RFC 5321 §4.5.2: a leading dot is deleted, whatever follows.
        text = piece.replace(b"\r\n.", b"\r\n") if dot + 2 < len(piece) else piece
        if self._virtual:
            text = text[2:]
            self._virtual = 0
        self._rules.look_at(text)
        return text


class ChunkReader:
    """Counts the octets of one chunk after the other; `rules` of None let any octets pass (BINARYMIME)."""

    __slots__ = ("_left", "_open_cr", "_rules", "is_last", "octets")

    def __init__(self, rules: TextRules | None) -> None:
        self._rules = rules
        self._open_cr = b""  # a CR at the end of a piece, whose LF may come
        self._left = 0
        self.octets = 0  # of the chunk
        self.is_last = False

    @property
    def is_whole(self) -> bool:
        """Whether no more octets belong to the chunk."""
        return not self._left

    def begin(self, octets: int, *, is_last: bool) -> None:
        """Expect a chunk of so many octets."""
        self._left = self.octets = octets
        self.is_last = is_last

    def feed(self, octets: bytes) -> tuple[bytes, bytes | None]:
        """Return the octets of the chunk, and once it is whole what follows it (None before)."""
        text = octets[: self._left]
        self._left -= len(text)
        if self._rules is not None:
            self._judge(text, self._rules)
        return text, None if self._left else octets[len(text) :]

    def _judge(self, text: bytes, rules: TextRules) -> None:
        piece = self._open_cr + text
        goes_on = self._left or not self.is_last
        self._open_cr = b"\r" if goes_on and piece.endswith(b"\r") else b""
        rules.look_at(piece[:-1] if self._open_cr else piece)

"""Uuencoded files: the body of an old mail, or a stretch of its text.

Standards: POSIX.1-2017 `uuencode` (both of its forms); nothing of it is in MIME but the x-uuencode of old senders.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum, auto

from scop.mime.base64_encoding import Base64Decoder, decode_base64, in_multiples
from scop.mime.charsets import decode_text

__all__ = ["UuFile", "UuencodeDecoder", "decode_uuencode", "encode_uu", "find_uuencode_flaw", "find_uuencoded"]

# In a body that is stated to be uuencoded, what may stand above the file.
MAX_PREAMBLE_OCTETS = 4_096
_MAX_BEGIN = 300  # what `_BEGIN` can match at most
_MAX_LINE = 256  # a line of 63 octets has 85 characters; some senders add a checksum
_BEGIN = re.compile(rb"begin(-base64)?[ \t]{1,9}([0-7]{1,6})[ \t]{1,9}([^\r\n]{1,255})\r?(?:\n|\Z)")
_END = re.compile(rb"end[ \t]{0,80}\r?(?:\n|\Z)")
_END_OF_BASE64 = re.compile(rb"====[ \t]{0,80}\r?(?:\n|\Z)")
# Lines of a file, empty ones too. No lower-case letter can be in the first kind, so text that follows is seen.
_LINES = re.compile(rb"(?:[ -`]{0,%d}\r?\n)*+(?:[ -`]{1,%d}\r?\Z)?+" % (_MAX_LINE, _MAX_LINE))
_LINES_OF_BASE64 = re.compile(
    rb"(?:(?!====)[A-Za-z0-9+/=]{0,%d}\r?\n)*+(?:(?!====)[A-Za-z0-9+/=]{1,%d}\r?\Z)?+" % (_MAX_LINE, _MAX_LINE)
)
_OCTETS_A_LINE = 45


@dataclass(frozen=True, slots=True)
class UuFile:
    """A file in a text: `filename` as the sender gives it (never a path to be trusted) and the place it takes."""

    filename: str
    mode: int
    content: bytes
    start: int
    end: int


def find_uuencoded(octets: bytes) -> tuple[UuFile, ...]:
    """Return the uuencoded files in a text, from the top.

    Lenient: the end of a file may be missing, and a line may be shorter or longer than it says. But a "begin" of
    which neither the next line nor an end shows that a file was meant is text.
    """
    found: list[UuFile] = []
    begin = _find_begin(octets, 0)
    while begin is not None:
        lines, end = _lines_behind(begin)
        position = lines.end()
        if end is not None or _is_whole(_first_line(lines[0]), begin):
            position = _end_of(lines) if end is None else end.end()
            name = decode_text(begin[3].strip(b" \t"), "")
            found.append(UuFile(name, int(begin[2], 8), _decoded(lines[0], begin), begin.start(), position))
        begin = _find_begin(octets, position)
    return tuple(found)


def _find_begin(octets: bytes, position: int, end: int | None = None) -> re.Match[bytes] | None:
    while (position := octets.find(b"begin", position, end)) >= 0:
        if (position == 0 or octets[position - 1] == 10) and (begin := _BEGIN.match(octets, position)):
            return begin
        position += 1
    return None


def _lines_behind(begin: re.Match[bytes]) -> tuple[re.Match[bytes], re.Match[bytes] | None]:
    """Return the lines of the file that `begin` opens, and the line that closes it."""
    patterns = (_LINES_OF_BASE64, _END_OF_BASE64) if begin[1] else (_LINES, _END)
    lines = patterns[0].match(begin.string, begin.end())
    assert lines is not None  # it matches no line at all, too
    return lines, patterns[1].match(begin.string, lines.end())


def _end_of(lines: re.Match[bytes]) -> int:
    """Return where the last line ends that is not empty."""
    last = lines.start() + len(lines[0].rstrip(b"\r\n"))
    return lines.string.find(b"\n", last, lines.end()) + 1 or lines.end()


def _first_line(lines: bytes) -> bytes:
    return lines[: lines.find(b"\n") + 1 or len(lines)].rstrip(b"\r\n")


def _is_whole(line: bytes, begin: re.Match[bytes]) -> bool:
    """Tell whether a line is as long as it says, padding and a checksum aside."""
    if begin[1]:
        return bool(line) and len(line) % 4 == 0
    return len(line) > 1 and 0 <= len(line) - 1 - _digits(line) <= 3


def _digits(line: bytes) -> int:
    """Return how many characters the octets of a line take, by the length that begins it."""
    return (((line[0] - 32) & 63) * 4 + 2) // 3


def _decoded(lines: bytes, begin: re.Match[bytes]) -> bytes:
    return decode_base64(lines) if begin[1] else _decoded_lines(lines)


def _decoded_lines(lines: bytes) -> bytes:
    # Characters beyond the stated length are padding or a checksum; those that are missing were blanks: zeros.
    return b"".join(
        [binascii.a2b_uu(line[: 1 + _digits(line)]) for line in lines.replace(b"\r", b"").split(b"\n") if line]
    )


def decode_uuencode(octets: bytes) -> bytes:
    """Return the first file in a body that is stated to be uuencoded; the body where none begins near its top."""
    decoder = UuencodeDecoder()
    return decoder.decode(octets) + decoder.finish()


def find_uuencode_flaw(octets: bytes) -> int | None:
    """Return the index of the first line that no uuencoded body can have there, None where there is none."""
    begin = _find_begin(octets, 0, MAX_PREAMBLE_OCTETS)
    if begin is None:
        return 0
    lines, end = _lines_behind(begin)
    position = lines.start()
    for line in lines[0].splitlines(keepends=True):
        text = line.rstrip(b"\r\n")
        if text not in (b"", b"`", b" ") and not _is_whole(text, begin):
            return position
        position += len(line)
    return lines.end() if end is None else None


class _Stage(Enum):
    """Where in a body a decoder is."""

    PREAMBLE = auto()
    LINES = auto()
    BEHIND = auto()
    NO_FILE = auto()


class UuencodeDecoder:
    """Decodes a uuencoded body that arrives in pieces."""

    __slots__ = ("_base64", "_held", "_lines", "_stage")

    def __init__(self) -> None:
        self._stage = _Stage.PREAMBLE
        self._held = b""
        self._lines = _LINES
        self._base64: Base64Decoder | None = None

    def decode(self, octets: bytes) -> bytes:
        """Return what can be decoded now."""
        octets = self._held + octets if self._held else octets
        if self._stage is _Stage.LINES:
            return self._take_lines(octets)
        if self._stage is _Stage.PREAMBLE:
            if len(octets) >= MAX_PREAMBLE_OCTETS + _MAX_BEGIN:
                return self._begin(octets)
            self._held = octets
        return octets if self._stage is _Stage.NO_FILE else b""

    def finish(self) -> bytes:
        """Return the last octets."""
        decoded = self._begin(self._held) if self._stage is _Stage.PREAMBLE else b""
        if self._stage is _Stage.LINES and self._held:
            decoded += self._take_lines(self._held + b"\n")
        return decoded + (self._base64.finish() if self._base64 else b"")

    def _begin(self, octets: bytes) -> bytes:
        self._held = b""
        begin = _find_begin(octets, 0, MAX_PREAMBLE_OCTETS)
        if begin is None:
            self._stage = _Stage.NO_FILE
            return octets
        if begin[1]:
            self._lines, self._base64 = _LINES_OF_BASE64, Base64Decoder()
        self._stage = _Stage.LINES
        return self._take_lines(octets[begin.end() :])

    def _take_lines(self, octets: bytes) -> bytes:
        whole = octets.rfind(b"\n") + 1
        lines = self._lines.match(octets, 0, whole)
        assert lines is not None  # it matches no line at all, too
        self._held = octets[whole:]
        if lines.end() < whole or len(self._held) > _MAX_LINE + 1:
            self._held = b""
            self._stage = _Stage.BEHIND
        return self._base64.decode(lines[0]) if self._base64 else _decoded_lines(lines[0])


def encode_uu(chunks: Iterable[bytes], *, filename: str = "file", mode: int = 0o644) -> Iterator[bytes]:
    """Return the joined `chunks` uuencoded, in pieces; a name that no "begin" line can hold raises `ValueError`."""
    begin = f"begin {mode:03o} {filename}\r\n".encode()
    match = _BEGIN.fullmatch(begin)
    if match is None or match[3].strip(b" \t") != filename.encode():
        raise ValueError("file name or mode that cannot be uuencoded")
    yield begin
    for octets in in_multiples(chunks, _OCTETS_A_LINE):
        starts = range(0, len(octets), _OCTETS_A_LINE)
        yield b"".join([_line(octets[start : start + _OCTETS_A_LINE]) for start in starts])
    yield b"`\r\nend\r\n"


def _line(octets: bytes) -> bytes:
    # "`" for zero: a blank at a line's end would be lost.
    return binascii.b2a_uu(octets, backtick=True).replace(b"\n", b"\r\n")

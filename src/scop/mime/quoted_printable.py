"""Quoted-printable: read from any octets, at once or in pieces, and written in lines.

Standards: RFC 2045 §6.7.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterable, Iterator

__all__ = [
    "QuotedPrintableDecoder",
    "decode_q",
    "decode_quoted_printable",
    "encode_quoted_printable",
    "find_quoted_printable_flaw",
]

# More blanks than a line may have octets are no padding (RFC 5322 §2.1.1); so a stream need not hold them.
_MAX_BLANKS = 1_000
# These begin with a literal: the regex engine then looks for it at the speed of memchr.
_BLANK_AT_LINE_END = re.compile(rb"\n(?:(?<=[ \t]\n)|(?<=[ \t]\r\n))")
_BLANK_BEFORE_LF = re.compile(rb"\n(?<=[ \t]\n)")  # the same where no CR stands
_MISREAD = re.compile(rb"=(?:=|\r(?!\n))")  # Python's decoder loses octets here
_MISREAD_WITHOUT_CR = re.compile(rb"==")
# What is read one way or the other by what comes next: the start of an escape, or blanks at a line's end.
_OPEN_END = re.compile(rb"(?:=(?:[0-9A-Fa-f]?|[ \t]{1,%d}+\r?|\r)|(?<![ \t])[ \t]{1,%d}+\r?)\Z" % ((_MAX_BLANKS,) * 2))
_ESCAPE = re.compile(rb"=(?:([0-9A-Fa-f]{2})|\r?\n)")
# RFC 2045 §6.7 (1)–(3); lower-case digits and blanks at a line's end are read alike by everybody.
_FLAW = re.compile(rb"[^\t\r\n -~]|=(?![0-9A-Fa-f]{2}|[ \t]*+\r?\n)")

_MAX_LINE = 76  # RFC 2045 §6.7 (5)
_MAX_HELD = 4_096
_EQUALS = ord("=")
_CARRIAGE_RETURN = ord("\r")
# Escaped where a line begins: a boundary cannot stand here, no mailbox format quotes this, no relay doubles the dot.
_UNSAFE_START = re.compile(rb"-|\.|From ")


def decode_quoted_printable(octets: bytes) -> bytes:
    """Decode quoted-printable; an escape that is none stays as it is written (RFC 2045 §6.7)."""
    end = _open_end(octets)
    return _decoded(octets[:end]) + _decoded_end(octets[end:])


def _open_end(octets: bytes) -> int:
    """Return where the end begins that may mean something else when more octets come."""
    if octets[-1:] not in b"= \t\r" and octets[-2:-1] != b"=":
        return len(octets)
    found = _OPEN_END.search(octets, max(0, len(octets) - _MAX_BLANKS - 2))
    return len(octets) if found is None else found.start()


def _decoded(octets: bytes) -> bytes:
    """Decode octets that do not end openly."""
    return _unescaped(_without_padding(octets))


def decode_q(octets: bytes) -> bytes:
    """Decode the "Q" encoding of encoded words (RFC 2047 §4.2); an escape that is none stays as it is written."""
    return _unescaped(octets.replace(b"_", b" "))


def _unescaped(octets: bytes) -> bytes:
    misread = _MISREAD if b"\r" in octets else _MISREAD_WITHOUT_CR
    if octets.endswith(b"=") or misread.search(octets):
        return _ESCAPE.sub(lambda escape: bytes.fromhex((escape[1] or b"").decode()), octets)
    return binascii.a2b_qp(octets)


def _without_padding(octets: bytes) -> bytes:
    """Take the blanks at line ends away: they were added in transit (RFC 2045 §6.7 (3))."""
    blank_at_line_end = _BLANK_AT_LINE_END if b"\r" in octets else _BLANK_BEFORE_LF
    kept: list[bytes] = []
    position = 0
    for line_end in blank_at_line_end.finditer(octets):
        end = line_end.start()
        if octets[end - 1] == _CARRIAGE_RETURN:
            end -= 1
        text = octets[position:end]
        stripped = text.rstrip(b" \t")
        kept.append(stripped if len(text) - len(stripped) <= _MAX_BLANKS else text)
        position = end
    if not kept:
        return octets
    kept.append(octets[position:])
    return b"".join(kept)


def _decoded_end(octets: bytes) -> bytes:
    """Decode what `_open_end` found where nothing comes next: the end of the octets is the end of a line."""
    if octets.endswith(b"\r"):
        return octets
    return b"" if octets.strip(b" \t") in (b"", b"=") else octets


class QuotedPrintableDecoder:
    """Decodes quoted-printable that arrives in pieces, to what `decode_quoted_printable` gives for the whole."""

    __slots__ = ("_in_blanks", "_open")

    def __init__(self) -> None:
        self._open = b""
        self._in_blanks = False  # within more blanks than can be padding

    def decode(self, octets: bytes) -> bytes:
        """Return what can be decoded now."""
        blanks = b""
        if self._in_blanks:
            octets, blanks = _split_blanks(octets)
            if not octets:
                return blanks
            self._in_blanks = False
        octets = self._open + octets
        end = _open_end(octets)
        self._open = octets[end:]
        self._in_blanks = end == len(octets) and octets.endswith((b" ", b"\t"))
        return blanks + _decoded(octets[:end])

    def finish(self) -> bytes:
        """Return the last octets."""
        return _decoded_end(self._open)


def _split_blanks(octets: bytes) -> tuple[bytes, bytes]:
    """Return what stands behind the blanks at the start, and these."""
    rest = octets.lstrip(b" \t")
    return rest, octets[: len(octets) - len(rest)]


def find_quoted_printable_flaw(octets: bytes) -> int | None:
    """Return the index of the first octet that quoted-printable cannot have there, None where there is none."""
    found = _FLAW.search(octets)
    return None if found is None else found.start()


def encode_quoted_printable(chunks: Iterable[bytes], *, text: bool = True) -> Iterator[bytes]:
    """Return the joined `chunks` in quoted-printable, in pieces; CRLF stays a line end if it is `text`.

    No line is longer than 76 octets, none begins with "-", "." or "From ", none ends with a blank.
    """
    rest = b""
    for chunk in chunks:
        octets = rest + chunk
        lines = octets.split(b"\r\n") if text else [octets]
        rest = lines.pop()
        written = [_encoded_line(line) + b"\r\n" for line in lines]
        if len(rest) > _MAX_HELD:  # a line without end goes out but for its last octet, which may be half of a line end
            written.append(_encoded_line(rest[:-1]) + b"=\r\n")
            rest = rest[-1:]
        if written:
            yield b"".join(written)
    if rest:
        yield _encoded_line(rest)


def _encoded_line(line: bytes) -> bytes:
    # Python escapes, but breaks lines in places of its own.
    escaped = binascii.b2a_qp(line, istext=False).replace(b"=\r\n", b"").replace(b"=\n", b"")
    if len(escaped) < _MAX_LINE and _UNSAFE_START.match(escaped) is None:
        return escaped
    return b"=\r\n".join(_cut_softly(escaped))


def _cut_softly(escaped: bytes) -> Iterator[bytes]:
    """Cut an escaped line into pieces that leave room for the "=" of a soft line break, no escape in two."""
    start = 0
    while start < len(escaped):
        first = b""
        if _UNSAFE_START.match(escaped, start):
            first = b"=%02X" % escaped[start]
            start += 1
        end = start + _MAX_LINE - 1 - len(first)
        if end < len(escaped):
            end -= (escaped[end - 1] == _EQUALS) + 2 * (escaped[end - 2] == _EQUALS)
        yield first + escaped[start:end]
        start = end

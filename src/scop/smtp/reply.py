"""Replies: what a server says to each command, and how it is read from octets.

Standards: RFC 5321 §4.2 (codes, several lines), §4.5.3.1.5 (length); RFC 2034 and RFC 3463
(enhanced status codes); RFC 6531 §3.7.4.1 (UTF-8 in replies).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from scop.base import LimitExceeded, RemoteProtocolError
from scop.smtp.enhanced import EnhancedStatus

__all__ = ["OK", "Reply", "ReplyReader", "reply"]

MAX_REPLY_LINE_OCTETS = 2048  # RFC 5321 §4.5.3.1.5 says 512. Lenient: servers that say more exist
MAX_REPLY_LINES = 64  # far more than any EHLO; a peer that goes on has no end

_LINE = re.compile(rb"([2-5][0-5][0-9])(?:([ -])([^\r\n\0]*))?")
_ENHANCED = re.compile(r"([245])(?:\.(?:0|[1-9][0-9]{0,2})){2}")  # RFC 3463 §2
_PREFIX = re.compile(rf"({_ENHANCED.pattern})(?: |$)")
_TEXT = re.compile(r"[^\r\n\0]*")


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: `code`, the enhanced status code ('' for none) and at least one line of text."""

    code: int
    enhanced: str
    text: tuple[str, ...]

    def __post_init__(self) -> None:
        _check_codes(self.code, self.enhanced)
        if not self.text or not all(map(_TEXT.fullmatch, self.text)):
            raise ValueError("a reply has lines of text, each without CR, LF and NUL")
        if not self.enhanced and _enhanced_in(self.code, self.text[0]):
            raise ValueError("the text begins with an enhanced code of its own")

    @classmethod
    def parse(cls, octets: bytes) -> Reply:
        """Read one whole reply; raises `RemoteProtocolError`."""
        reader = ReplyReader()
        reader.receive_data(octets)
        found = reader.next_reply()
        if found is None or reader.pending:
            raise RemoteProtocolError("not exactly one reply")
        return found

    @classmethod
    def of_lines(cls, code: int, lines: list[str]) -> Reply:
        """Build a reply from its lines as they were read, without the leading codes."""
        enhanced = _enhanced_in(code, lines[0])
        if not enhanced:
            return cls(code, "", tuple(lines))
        # Lenient: RFC 2034 §4 repeats the code on each line; some servers give it once.
        return cls(code, enhanced, tuple(_without(enhanced, line) for line in lines))

    def to_octets(self) -> bytes:
        """Write the reply, every line with its codes."""
        prefix = f"{self.enhanced} " if self.enhanced else ""
        *others, last = self.text
        lines = "".join([f"{self.code}-{prefix}{line}\r\n" for line in others]) if others else ""
        return f"{lines}{self.code} {prefix}{last}\r\n".encode("utf-8", "surrogateescape")

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {' '.join(self.text)}".replace("  ", " ")

    @property
    def status(self) -> EnhancedStatus | None:
        """The enhanced status code as a value."""
        return EnhancedStatus.parse(self.enhanced) if self.enhanced else None

    @property
    def is_positive(self) -> bool:
        """Whether the command did what it should, or goes on (2yz, 3yz)."""
        return self.code < 400

    @property
    def is_temporary(self) -> bool:
        """Whether a later try may succeed (4yz)."""
        return 400 <= self.code < 500

    @property
    def is_permanent(self) -> bool:
        """Whether the same command will fail again (5yz)."""
        return self.code >= 500


@lru_cache(maxsize=256)  # more than there are
def _check_codes(code: int, enhanced: str) -> None:
    if not 200 <= code <= 559 or code % 100 > 59:
        raise ValueError(f"not a reply code: {code}")
    # RFC 2034 §4: the class of both codes is the same.
    if enhanced and (not _ENHANCED.fullmatch(enhanced) or int(enhanced[0]) != code // 100):
        raise ValueError(f"{enhanced} is no enhanced code of a {code}")


def reply(code: int, enhanced: str, *lines: str) -> Reply:
    """Build a reply from its lines."""
    return Reply(code, enhanced, lines)


OK = reply(250, "2.0.0", "Ok")


class ReplyReader:
    """Cuts replies out of a stream of octets."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._lines: list[str] = []
        self._code = 0

    @property
    def pending(self) -> bool:
        """Whether octets of an unfinished reply are held."""
        return bool(self._buffer or self._lines)

    def receive_data(self, octets: bytes) -> None:
        """Take what came from the server."""
        self._buffer += octets

    def next_reply(self) -> Reply | None:
        """Return the next whole reply, None until more octets came; raises `RemoteProtocolError`."""
        while (line := self._take_line()) is not None:
            if not self._lines and line[3:4] != b"-":
                return _single(line)
            if self._add(line):
                lines, self._lines = self._lines, []
                return Reply.of_lines(self._code, lines)
        return None

    def _take_line(self) -> bytes | None:
        end = self._buffer.find(b"\n") - 1  # of the line without its CRLF
        if (end if end >= 0 else len(self._buffer) - 1) > MAX_REPLY_LINE_OCTETS:
            raise LimitExceeded(f"a reply line of more than {MAX_REPLY_LINE_OCTETS} octets")
        if end < 0 and not self._buffer.startswith(b"\n"):
            return None
        if self._buffer[end : end + 1] != b"\r":  # RFC 5321 §2.3.8: who ends lines otherwise may end mails otherwise
            raise RemoteProtocolError("a reply line ends with a bare LF")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 2]
        return line

    def _add(self, line: bytes) -> bool:
        code, goes_on, text = _parts(line)
        if self._lines and code != self._code:
            raise RemoteProtocolError("the lines of one reply bear different codes")
        if len(self._lines) == MAX_REPLY_LINES:
            raise LimitExceeded(f"a reply of more than {MAX_REPLY_LINES} lines")
        self._code = code
        self._lines.append(text)
        return not goes_on


def _parts(line: bytes) -> tuple[int, bool, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise RemoteProtocolError("not a reply line")
    # RFC 6531 allows UTF-8 here; what is not stays distinguishable and is written back as it came.
    return int(found[1]), found[2] == b"-", (found[3] or b"").decode("utf-8", "surrogateescape")


@lru_cache(maxsize=128)  # a neighbour says the same few lines all day
def _single(line: bytes) -> Reply:
    code, _, text = _parts(line)
    return Reply.of_lines(code, [text])


def _enhanced_in(code: int, line: str) -> str:
    found = _PREFIX.match(line)
    return found[1] if found and int(found[2]) == code // 100 else ""


def _without(enhanced: str, line: str) -> str:
    return line[len(enhanced) :].removeprefix(" ") if _enhanced_in(int(enhanced[0]) * 100, line) == enhanced else line

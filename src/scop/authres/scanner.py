"""A reader of structured header text: skips comments and folding, takes tokens and quoted strings.

Standards: RFC 5322 §3.2.1 to §3.2.4 (quoted-pair, CFWS, quoted-string), RFC 2045 §5.1 (token).
"""

from __future__ import annotations

import re

from scop.base import LimitExceeded, RemoteProtocolError

__all__ = ["MAX_COMMENT_DEPTH", "Scanner"]

MAX_COMMENT_DEPTH = 20  # nobody nests deeper; keeps reading linear

_SPACE = re.compile(r"(?:[ \t]|\r?\n(?=[ \t]))+")
_COMMENT_TEXT = re.compile(r"[^()\\]+")
_QUOTED = re.compile(r'"((?:[^"\\\r\n]|\\[^\r\n]|\r?\n(?=[ \t]))*)"')
_QUOTED_PAIR = re.compile(r"\\(.)")
_LINE_END = re.compile(r"\r?\n")


class Scanner:
    """Reads `text` from left to right; raises a `RemoteProtocolError` where it is not what was wanted."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self.position = 0

    @property
    def at_end(self) -> bool:
        """Whether everything was read."""
        return self.position >= len(self.text)

    def skip_space(self) -> bool:
        """Skip comments and folding white space; say whether there were any."""
        start = self.position
        while not self.at_end:
            if match := _SPACE.match(self.text, self.position):
                self.position = match.end()
            elif self.text[self.position] == "(":
                self._skip_comment()
            else:
                break
        return self.position > start

    def _skip_comment(self) -> None:
        depth = 0
        while not self.at_end:
            if match := _COMMENT_TEXT.match(self.text, self.position):
                self.position = match.end()
                continue
            sign = self.text[self.position]
            self.position += 2 if sign == "\\" else 1
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth > MAX_COMMENT_DEPTH:
                raise LimitExceeded(f"comments nested deeper than {MAX_COMMENT_DEPTH}")
            if depth == 0:
                return
        raise RemoteProtocolError("a comment does not end")

    def skip_sign(self, sign: str) -> bool:
        """Skip one character where it comes next; say whether it did."""
        if not self.text.startswith(sign, self.position):
            return False
        self.position += len(sign)
        return True

    def expect(self, sign: str) -> None:
        """Skip one character that must come next."""
        if not self.skip_sign(sign):
            raise self.fault(f"{sign!r} wanted")

    def match(self, pattern: re.Pattern[str]) -> str | None:
        """Take what `pattern` matches here, if it does."""
        match = pattern.match(self.text, self.position)
        if match is None:
            return None
        self.position = match.end()
        return match[0]

    def quoted_string(self) -> str | None:
        """Take a quoted string, unfolded and without its quotes, if one comes next."""
        quoted = self.match(_QUOTED)
        return None if quoted is None else _QUOTED_PAIR.sub(r"\1", _LINE_END.sub("", quoted[1:-1]))

    def fault(self, reason: str) -> RemoteProtocolError:
        """Return the fault to raise at this place."""
        return RemoteProtocolError(f"{reason} at {self.text[self.position : self.position + 20]!r}")

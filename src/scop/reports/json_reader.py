"""Reads I-JSON in pure Python: no name twice, no half character, bounded depth.

The standard library's reader lets the last of two equal names win, where another reader takes the first; I-JSON has no
such texts. It is C, too, and what strangers send is not parsed by C in a cell that lives long.

Standards: RFC 8259, RFC 7493 (I-JSON) §2.1, §2.3; RFC 8460 §4 (a TLS report is I-JSON).
"""

from __future__ import annotations

import re
from typing import TypeAlias

from scop.base import RemoteProtocolError, printable
from scop.reports.limits import Limits, check_limit

__all__ = ["Json", "read_json"]

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"

_TOKEN = re.compile(
    r"[ \t\r\n]*+(?:"
    r'"([^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})[^"\\\x00-\x1f]*+)*+)"'
    r"|(-?(?:0|[1-9][0-9]{0,30})(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,4})?)(?![0-9.eE])"
    r"|(true|false|null)"
    r"|([{}\[\]:,]))"
)
_ESCAPE = re.compile(r"\\(?:u([0-9A-Fa-f]{4})|(.))")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_ESCAPED = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t"}
_LITERALS: dict[str, bool | None] = {"true": True, "false": False, "null": None}


def read_json(octets: bytes, limits: Limits) -> Json:
    """Return the value of a JSON text in UTF-8; raises `RemoteProtocolError` where it is none."""
    try:
        text = octets.removeprefix(b"\xef\xbb\xbf").decode()  # Lenient: RFC 8259 §8.1 lets a reader pass the mark over
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(f"JSON: the octets are not UTF-8: {error.reason} at {error.start}") from error
    return _Reader(text, limits).document()


class _Reader:
    """The state of one reading."""

    __slots__ = ("_limits", "_text", "_values", "position")

    def __init__(self, text: str, limits: Limits) -> None:
        self._text = text
        self._limits = limits
        self._values = 0
        self.position = 0

    def document(self) -> Json:
        """Return the one value of the text."""
        value = self._value(self._next(), 0)
        rest = self._text[self.position :].strip(" \t\r\n")
        if rest:
            raise self._fault(f"{printable(rest, limit=20)!r} stands behind the value")
        return value

    def _fault(self, reason: str) -> RemoteProtocolError:
        line = self._text.count("\n", 0, self.position) + 1
        return RemoteProtocolError(f"JSON, line {line}: {reason}")

    def _next(self) -> re.Match[str]:
        found = _TOKEN.match(self._text, self.position)
        if found is None:
            shown = printable(self._text[self.position : self.position + 20].strip(), limit=20)
            raise self._fault(f"{shown!r} is no value" if shown else "it ends too early")
        self.position = found.end()
        return found

    def _value(self, token: re.Match[str], depth: int) -> Json:
        text, number, fraction, exponent, literal, mark = token.groups()
        self._values += 1
        check_limit(self._values, self._limits.values, "values of JSON")
        if text is not None:
            return self._string(text)
        if number is not None:
            return int(number) if fraction is None and exponent is None else float(number)
        if literal is not None:
            return _LITERALS[literal]
        check_limit(depth + 1, self._limits.depth, "levels of JSON")
        if mark == "{":
            return self._object(depth + 1)
        if mark == "[":
            return self._array(depth + 1)
        raise self._fault(f"{mark!r} where a value should be")

    def _string(self, text: str) -> str:
        if "\\" in text:
            text = _ESCAPE.sub(_unescape, text)
            text = _PAIR.sub(_join, text)
            if _HALF.search(text):  # RFC 7493 §2.1
                raise self._fault("half a character")
        check_limit(len(text), self._limits.text_characters, "characters of a string")
        return text

    def _object(self, depth: int) -> Json:
        found: dict[str, Json] = {}
        token = self._next()
        if token[6] == "}":
            return found
        while True:
            if token[1] is None:
                raise self._fault("a name should be here")
            name = self._string(token[1])
            if name in found:  # RFC 7493 §2.3
                raise self._fault(f"the name {printable(name, limit=40)!r} stands twice")
            self._expect(":")
            found[name] = self._value(self._next(), depth)
            if self._expect(",}") == "}":
                return found
            token = self._next()

    def _array(self, depth: int) -> Json:
        found: list[Json] = []
        token = self._next()
        if token[6] == "]":
            return found
        while True:
            found.append(self._value(token, depth))
            if self._expect(",]") == "]":
                return found
            token = self._next()

    def _expect(self, marks: str) -> str:
        mark: str | None = self._next()[6]
        if mark is None or mark not in marks:
            raise self._fault(f"{' or '.join(marks)} should be here")
        return mark


def _unescape(found: re.Match[str]) -> str:
    if found[1] is not None:
        return chr(int(found[1], 16))
    return _ESCAPED.get(found[2], found[2])


def _join(found: re.Match[str]) -> str:
    high, low = map(ord, found[0])
    return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))

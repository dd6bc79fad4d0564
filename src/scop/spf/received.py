"""Received-SPF: the header field in which a receiver says what it found and of whom, written and read.

It is a trace field: it says something to who trusts the receiver that wrote it, and a sender may have written it
just as well. Authentication-Results says the same in fewer words (RFC 7208 §9.2).

Standards: RFC 7208 §9.1 (grammar, keys); RFC 5322 §3.2 (atoms, quoted strings, comments, folding), RFC 6532 §3.2.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scop.base import LimitExceeded, RemoteProtocolError, printable
from scop.spf.result import SpfResult, SpfWord

__all__ = ["ReceivedSpf", "SpfClient", "SpfIdentity", "parse_received_spf", "received_spf"]

NAME = "Received-SPF"
MAX_FIELD_OCTETS = 16_384  # names, addresses and a comment are some hundred
MAX_PAIRS = 50  # the standard knows eight keys
MAX_COMMENT_DEPTH = 20  # writers need one
LINE_CHARACTERS = 78  # RFC 5322 §2.1.1

_RESULTS = frozenset(map(str, SpfWord))
_KEY = re.compile(r"[A-Za-z][A-Za-z0-9._-]*")
_DOT_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+(?:\.[A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+)*")
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_LOOSE = re.compile(r'[^;\s"()]+')  # as many write addresses
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_SPACE = re.compile(r"[ \t]+")
_COMMENT_TEXT = re.compile(r"[^()\\]+")
_FOLD = re.compile(r"\r?\n(?=[ \t])")


class SpfIdentity(StrEnum):
    """What was checked."""

    MAIL_FROM = "mailfrom"
    HELO = "helo"


@dataclass(frozen=True, slots=True)
class SpfClient:
    """Who sent, as the receiver saw it; `receiver` is its own name."""

    ip: str
    helo: str
    mail_from: str
    receiver: str


@dataclass(frozen=True, slots=True)
class ReceivedSpf:
    """The field: a result, a comment for people, and pairs of keys and values; one line each, without controls."""

    result: SpfWord
    comment: str = ""
    pairs: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "result", SpfWord(self.result))
        for key, value in self.pairs:
            if not _KEY.fullmatch(key) or not value.isprintable():
                raise ValueError(f"no key with a value: {key!r} = {value!r}")
        if not self.comment.isprintable():
            raise ValueError(f"no comment of one line: {self.comment!r}")

    def get(self, key: str) -> str:
        """Return the first value of a key in any case, '' where there is none."""
        return next((value for name, value in self.pairs if name.lower() == key.lower()), "")

    def to_field(self) -> str:
        """Return the field, folded, with its end of line."""
        words = [f"{self.result}"]
        if self.comment:
            words.append("(" + re.sub(r"([()\\])", r"\\\1", self.comment) + ")")
        words += [f"{key}={_value(value)};" for key, value in self.pairs]
        return _folded(f"{NAME}:", words)


def received_spf(found: SpfResult, client: SpfClient, identity: SpfIdentity) -> ReceivedSpf:
    """Return what a receiver writes about a check."""
    pairs = [
        ("receiver", client.receiver),
        ("client-ip", client.ip),
        ("identity", str(identity)),
        ("envelope-from", client.mail_from),
        ("helo", client.helo),
        # RFC 7208 §9.1: "default" where no mechanism matched
        ("mechanism", found.mechanism or "default"),
    ]
    if found.result in (SpfWord.TEMPERROR, SpfWord.PERMERROR):
        pairs.append(("problem", found.reason))
    comment = f"{client.receiver}: {found.reason}"
    said = tuple((key, printable(value)) for key, value in pairs if value)
    return ReceivedSpf(found.result, printable(comment), said)


def parse_received_spf(field: bytes, *, lenient: bool = False) -> ReceivedSpf:
    """Read a whole field, its name included; raises a `RemoteProtocolError`.

    With `lenient` a value may be any word, as most receivers write addresses, and spaces may part the pairs.
    """
    if len(field) > MAX_FIELD_OCTETS:
        raise LimitExceeded(f"a field of more than {MAX_FIELD_OCTETS} octets")
    name, colon, body = _FOLD.sub("", field.decode("utf-8", "replace")).partition(":")
    if not colon or name.strip(" \t").lower() != NAME.lower():
        raise RemoteProtocolError(f"no {NAME} field: {printable(name)!r}")
    reader = _Reader(body.removesuffix("\n").removesuffix("\r"), lenient)
    try:
        return reader.read()
    except RemoteProtocolError:
        raise
    except ValueError as fault:
        raise RemoteProtocolError(str(fault)) from fault


class _Reader:
    """Reads the body of one field from left to right."""

    def __init__(self, text: str, lenient: bool) -> None:
        self._text = text
        self._lenient = lenient
        self._position = 0

    def read(self) -> ReceivedSpf:
        """Return what stands in it."""
        self._skip()
        word = self._take(_KEY)
        if word is None or word.lower() not in _RESULTS:
            raise self._fault("one of the seven results")
        comment, is_parted = "", bool(self._take(_SPACE))
        # RFC 7208 §9.1: space, a comment, space. Lenient: the space at the very end may be missing, as everybody does
        if is_parted and self._text.startswith("(", self._position):
            comment = self._comment()
            is_parted = bool(self._take(_SPACE))
        if not is_parted and not self._at_end:
            raise self._fault("a space")
        return ReceivedSpf(SpfWord(word.lower()), comment, tuple(self._pairs()))

    @property
    def _at_end(self) -> bool:
        return self._position >= len(self._text)

    def _pairs(self) -> list[tuple[str, str]]:
        found: list[tuple[str, str]] = []
        while not self._at_end:
            if len(found) >= MAX_PAIRS:
                raise LimitExceeded(f"more than {MAX_PAIRS} keys")
            found.append(self._pair())
            self._skip()
            if not self._take_sign(";") and not self._lenient and not self._at_end:
                raise self._fault("';'")
            self._skip()
        return found

    def _pair(self) -> tuple[str, str]:
        key = self._take(_KEY)
        self._skip()
        if key is None or not self._take_sign("="):
            raise self._fault("a key and '='")
        self._skip()
        if (match := _QUOTED.match(self._text, self._position)) is not None:
            self._position = match.end()
            return key, _QUOTED_PAIR.sub(r"\1", match[1])
        value = self._take(_LOOSE if self._lenient else _DOT_ATOM)
        if value is None and not self._lenient:
            raise self._fault("an atom or a quoted string")
        return key, value or ""

    def _comment(self) -> str:
        """Take a comment, with what is nested in it as it stands; quoted pairs are read."""
        start, depth, said = self._position, 0, []
        while not self._at_end:
            if (match := _COMMENT_TEXT.match(self._text, self._position)) is not None:
                self._position = match.end()
                said.append(match[0])
                continue
            sign = self._text[self._position]
            width = 2 if sign == "\\" else 1
            depth += {"(": 1, ")": -1}.get(sign, 0)
            if depth > MAX_COMMENT_DEPTH:
                raise LimitExceeded(f"comments nested deeper than {MAX_COMMENT_DEPTH}")
            said.append(self._text[self._position + width - 1 : self._position + width])
            self._position += width
            if depth == 0:
                return "".join(said)[1:-1]
        self._position = start
        raise self._fault("the end of the comment")

    def _skip(self) -> None:
        """Skip spaces and comments."""
        while self._take(_SPACE) or (self._text.startswith("(", self._position) and self._comment() is not None):
            pass

    def _take(self, pattern: re.Pattern[str]) -> str | None:
        match = pattern.match(self._text, self._position)
        if match is None:
            return None
        self._position = match.end()
        return match[0]

    def _take_sign(self, sign: str) -> bool:
        is_there = self._text.startswith(sign, self._position)
        self._position += is_there
        return is_there

    def _fault(self, wanted: str) -> RemoteProtocolError:
        found = printable(self._text[self._position : self._position + 20])
        return RemoteProtocolError(f"{wanted} wanted at {found!r}")


def _value(value: str) -> str:
    if _DOT_ATOM.fullmatch(value):
        return value
    return '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'


def _folded(line: str, words: list[str]) -> str:
    """Return words after a field's name, on lines of which each begins with a whole word."""
    lines = []
    for word in words:
        if len(line) + len(word) > LINE_CHARACTERS and not line.endswith(":"):
            lines.append(line)
            line = ""
        line += f" {word}"
    return "\r\n".join((*lines, line)) + "\r\n"

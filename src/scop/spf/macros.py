"""Macros: text of a record in which facts of the connection stand.

A macro-string is compiled once into literals and macros; expanding it is then a join. Nothing is
asked here: the one macro that needs the DNS, `%{p}`, is handed in like the others.

Standards: RFC 7208 §7 (macros), §7.1 (their grammar), RFC 8616 §4 (local parts that are not ASCII).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from scop.base import RemoteProtocolError

__all__ = ["MacroString", "NotExpandable", "parse_domain_spec", "parse_explanation", "parse_macro_string"]

MAX_NAME_OCTETS = 253  # RFC 7208 §7.3: what a name is cut to

_TOKEN = re.compile(
    r"%\{(?P<letter>[A-Za-z])(?P<digits>[0-9]*)(?P<reverse>[rR]?)(?P<delimiters>[.\-+,/_=]*)\}"
    r"|%(?P<escape>[%_\-])"
    r"|(?P<literal>[ -$&-~]+)"
)
_ESCAPES = {"%": "%", "_": " ", "-": "%20"}  # RFC 7208 §7.1
_DOMAIN_LETTERS = frozenset("slodiphv")
_EXPLANATION_LETTERS = _DOMAIN_LETTERS | frozenset("crt")  # RFC 7208 §7.2: c r t only in "exp"
_TOPLABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


class NotExpandable(Exception):
    """A macro has no value that fits into a domain name (RFC 8616 §4)."""


@dataclass(frozen=True, slots=True)
class Macro:
    """One `%{…}`: which fact, and how it is cut, turned and escaped."""

    letter: str
    keep: int  # right-hand parts to keep, 0 for all
    reverse: bool
    delimiters: str
    url_escape: bool

    def expand(self, facts: Mapping[str, str]) -> str:
        """Return the fact, transformed."""
        value = facts[self.letter]
        # RFC 8616 §4: %{s} and %{l} of a local part that is not ASCII match nothing
        if not value.isascii():
            raise NotExpandable(self.letter)
        if self.keep or self.reverse or self.delimiters:
            value = self._transform(value)
        return _url_escaped(value) if self.url_escape else value

    def _transform(self, value: str) -> str:
        # RFC 7208 §7.3: split on the delimiters, reverse, keep the right-hand parts, join with dots
        for delimiter in self.delimiters:
            value = value.replace(delimiter, "\0")
        parts = value.split("\0" if self.delimiters else ".")
        if self.reverse:
            parts.reverse()
        return ".".join(parts[-self.keep :])


@dataclass(frozen=True, slots=True)
class MacroString:
    """A compiled macro-string."""

    parts: tuple[str | Macro, ...]
    literal_name: str | None = field(init=False, compare=False)  # the name that it is, where no macro is in it

    def __post_init__(self) -> None:
        literals = [part for part in self.parts if isinstance(part, str)]
        name = "".join(literals).lower().removesuffix(".") if len(literals) == len(self.parts) else None
        object.__setattr__(self, "literal_name", name)

    @property
    def needs_validated_name(self) -> bool:
        """Whether `%{p}` is in it, so that the DNS must be asked before it can be expanded."""
        return any(part.letter == "p" for part in self.parts if isinstance(part, Macro))

    def expand(self, facts: Mapping[str, str]) -> str:
        """Fill in the facts, by macro letter; raises `NotExpandable`."""
        return "".join(part if isinstance(part, str) else part.expand(facts) for part in self.parts)

    def expand_name(self, facts: Mapping[str, str]) -> str:
        """Fill in the facts and return a domain name in lower case, not longer than a name may be."""
        # RFC 7208 §7.3: a trailing dot is dropped, then labels from the left until it fits
        name = self.expand(facts).lower().removesuffix(".")
        while len(name) > MAX_NAME_OCTETS:
            _, dot, name = name.partition(".")
            if not dot:
                return ""
        return name


def parse_macro_string(text: str) -> MacroString:
    """Compile the value of a modifier that we do not know."""
    return _compile(text, _DOMAIN_LETTERS, spaces=False)


def parse_explanation(text: str) -> MacroString:
    """Compile the text that an `exp` modifier points to: spaces and the letters c, r, t are allowed."""
    return _compile(text, _EXPLANATION_LETTERS, spaces=True)


def parse_domain_spec(text: str) -> MacroString:
    """Compile a domain-spec: a macro-string that ends in a macro or in a top label."""
    compiled = _compile(text, _DOMAIN_LETTERS, spaces=False)
    if not (_ends_in_macro(text) or _ends_in_toplabel(text)):
        raise RemoteProtocolError(f"not a domain-spec: {text!r}")
    return compiled


def _ends_in_macro(text: str) -> bool:
    return text.endswith("}") or text[-2:] in ("%%", "%_", "%-")


def _ends_in_toplabel(text: str) -> bool:
    # RFC 7208 §7.1: domain-end = "." toplabel [ "." ]; a toplabel is not all digits
    _, dot, label = text.removesuffix(".").rpartition(".")
    return bool(dot and _TOPLABEL.fullmatch(label)) and not label.isdigit()


def _compile(text: str, letters: frozenset[str], *, spaces: bool) -> MacroString:
    parts: list[str | Macro] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or (not spaces and " " in match[0]):
            raise RemoteProtocolError(f"macro syntax at {text[position : position + 20]!r}")
        parts.append(_part(match, letters))
        position = match.end()
    return MacroString(tuple(parts))


def _part(match: re.Match[str], letters: frozenset[str]) -> str | Macro:
    if match["literal"]:
        return match["literal"]
    if match["escape"]:
        return _ESCAPES[match["escape"]]
    letter, digits = match["letter"], match["digits"]
    # RFC 7208 §7.3: the number of parts is not zero (128 labels are more than a name can have)
    if letter.lower() not in letters or (digits and not 0 < len(digits.lstrip("0")) <= 3):
        raise RemoteProtocolError(f"macro {match[0]!r} is not allowed here")
    return Macro(letter.lower(), int(digits or 0), bool(match["reverse"]), match["delimiters"], letter.isupper())


def _url_escaped(value: str) -> str:
    # RFC 7208 §7.3: upper-case letters ask for RFC 3986 escapes
    return "".join(c if c in _UNRESERVED else f"%{ord(c):02X}" for c in value)

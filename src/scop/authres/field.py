"""The value of an Authentication-Results field, and how it is written.

Standards: RFC 8601 §2.2 (format), RFC 2045 §5.1 (token and quoted-string), RFC 5322 §2.1.1 (line lengths).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from scop.base import LimitExceeded, RemoteProtocolError

__all__ = ["MAX_VALUE_OCTETS", "AuthenticationResults", "MethodResult", "quote"]

MAX_VALUE_OCTETS = 900  # a value stands on one line, and a line has 998 octets (RFC 5322 §2.1.1)
MAX_LINE = 78  # RFC 5322 §2.1.1: where lines should end

_KEYWORD = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?")
_PROPERTY = re.compile(rf"{_KEYWORD.pattern}\.{_KEYWORD.pattern}")
_TOKEN = re.compile(r"[^\x00-\x20\x7f()<>@,;:\\\"/\[\]?=]+")  # RFC 2045 §5.1; RFC 8601 §2.2 lets in UTF-8
_ADDRESS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]*@[A-Za-z0-9.-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
# What each mail gets: that these are keywords and properties need not be found out again
_USUAL_KEYWORDS = frozenset(
    {"spf", "dkim", "arc", "iprev", "dmarc", "none", "pass", "fail", "softfail", "neutral", "temperror", "permerror"}
)
_USUAL_PROPERTIES = frozenset(
    {"smtp.mailfrom", "smtp.helo", "smtp.remote-ip", "header.d", "header.i", "header.s", "header.a", "header.b"}
    | {"header.from", "header.oldest-pass", "policy.iprev", "policy.dmarc"}
)
_SURELY_SHORT = MAX_VALUE_OCTETS // 2  # however many quotes are escaped in it


@dataclass(frozen=True, slots=True)
class MethodResult:
    """What one method found, such as `spf=pass smtp.mailfrom=lagoon.test`; keywords are kept in lower case.

    `properties` maps `ptype.property` to its value, in the order they were given.
    """

    method: str
    result: str
    reason: str = ""
    properties: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    method_version: int = 1

    def __post_init__(self) -> None:
        for word in (self.method, self.result):
            if word not in _USUAL_KEYWORDS and not _KEYWORD.fullmatch(word):
                raise RemoteProtocolError(f"{word[:40]!r} is no keyword")
        object.__setattr__(self, "method", self.method.lower())
        object.__setattr__(self, "result", self.result.lower())
        stated = self.properties
        if stated.keys() <= _USUAL_PROPERTIES:  # as all that we write ourselves
            properties = dict(stated)
        else:
            for name in stated:
                if not _PROPERTY.fullmatch(name):
                    raise RemoteProtocolError(f"{name[:40]!r} is no property")
            properties = {name.lower(): value for name, value in stated.items()}
        object.__setattr__(self, "properties", MappingProxyType(properties))
        if not _is_plain("".join((self.reason, *stated.values()))):
            for value in (self.reason, *stated.values()):
                _check_value(value)

    def words(self) -> list[str]:
        """Write the result as the words between which a line may be folded."""
        version = "" if self.method_version == 1 else f"/{self.method_version}"
        words = [f"{self.method}{version}={self.result}"]
        if self.reason:
            words.append(f"reason={_value(self.reason)}")
        words += [f"{name}={_property_value(value)}" for name, value in self.properties.items()]
        return words


@dataclass(frozen=True, slots=True)
class AuthenticationResults:
    """Everything one server says about a mail; no results at all is written `none`.

    `authserv_id` is empty where a lenient reading found a server that does not name itself.
    """

    authserv_id: str
    version: int = 1
    results: tuple[MethodResult, ...] = ()

    def __post_init__(self) -> None:
        _check_value(self.authserv_id)

    def to_field(self) -> bytes:
        """Write the whole field, folded, with its end of line."""
        version = "" if self.version == 1 else f" {self.version}"
        text = f"Authentication-Results: {_value(self.authserv_id)}{version}"
        if not self.results:
            return f"{text}; none\r\n".encode()
        # RFC 8601 §2.2: each result begins with a semicolon; we begin a line with each
        folded = ";\r\n\t".join([text, *(_fold(result.words()) for result in self.results)])
        return f"{folded}\r\n".encode()


def _fold(words: list[str]) -> str:
    lines = [words[0]]
    for word in words[1:]:
        if len(lines[-1]) + len(word) < MAX_LINE - 8:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    return "\r\n\t ".join(lines)


def _is_plain(text: str) -> bool:
    """Say whether nothing can be wrong with a value that is, or is within, `text`."""
    return len(text) <= _SURELY_SHORT and text.isascii() and text.isprintable()


def _check_value(value: str) -> None:
    if _is_plain(value):
        return
    if _CONTROL.search(value):
        raise RemoteProtocolError("a control character in a value")
    # Each quote and backslash is escaped where the value is written
    written = len(value.encode("utf-8", "surrogatepass")) + value.count('"') + value.count("\\")
    if written > MAX_VALUE_OCTETS:
        raise LimitExceeded(f"a value of more than {MAX_VALUE_OCTETS} octets")


def _value(value: str) -> str:
    return value if _TOKEN.fullmatch(value) else quote(value)


def quote(text: str) -> str:
    """Write a quoted-string (RFC 5322 §3.2.4)."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _property_value(value: str) -> str:
    # RFC 8601 §2.2: pvalue = value / [ [ local-part ] "@" ] domain-name
    return value if _TOKEN.fullmatch(value) or _ADDRESS.fullmatch(value) else quote(value)

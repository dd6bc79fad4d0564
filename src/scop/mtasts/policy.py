"""The policy: which hosts take mail for a domain, and how sure a sender must be of them.

Standards: RFC 8461 §3.2 (text), §4.1 (which host matches), §5 (modes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from scop.base import LimitExceeded, RemoteProtocolError, a_labels

__all__ = ["Mode", "Policy", "parse_policy"]

MAX_POLICY_OCTETS = 65_536  # RFC 8461 §3.3: senders may set a bound; 64 KiB is the one that it names
MAX_AGE_SECONDS = 31_557_600  # RFC 8461 §3.2: about one year
MAX_PATTERNS = 1000  # 64 KiB hold more, and each is compared with each host
MAX_PATTERN_CHARACTERS = 255  # RFC 1035 §2.3.4: no host has a longer name

_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9_.-]{0,31}):[ \t]*(.*?)[ \t]*")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_PATTERN = re.compile(rf"(?:\*\.)?{_LABEL}(?:\.{_LABEL})*")


class Mode(StrEnum):
    """What becomes of a delivery that does not keep to the policy (RFC 8461 §5)."""

    ENFORCE = "enforce"  # it is not made
    TESTING = "testing"  # it is made, and reported
    NONE = "none"  # there is no policy any more


@dataclass(frozen=True, slots=True)
class Policy:
    """What a domain asks of those who send to it."""

    mode: Mode
    max_age_seconds: int
    mx: tuple[str, ...] = ()  # patterns, in lower case

    def __post_init__(self) -> None:
        """Check the bounds."""
        if not 0 <= self.max_age_seconds <= MAX_AGE_SECONDS:
            raise ValueError(f"max_age is a number from 0 to {MAX_AGE_SECONDS}, not {self.max_age_seconds}")
        if not self.mx and self.mode is not Mode.NONE:
            raise ValueError(f"a policy of mode {self.mode} names at least one mx")
        if any(len(each) > MAX_PATTERN_CHARACTERS or not _PATTERN.fullmatch(each) for each in self.mx):
            raise ValueError("a pattern is a host, or one below *.")

    def allows(self, host: str) -> bool:
        """Tell whether one of the patterns covers a mail host."""
        name = a_labels(host.removesuffix("."))
        # RFC 8461 §4.1: a wildcard stands for the whole first label, as in a certificate.
        return name in self.mx or f"*.{name.partition('.')[2]}" in self.mx

    def to_octets(self) -> bytes:
        """Return the text, as a domain serves it."""
        lines = ["version: STSv1", f"mode: {self.mode}", *(f"mx: {pattern}" for pattern in self.mx)]
        return "".join(f"{line}\r\n" for line in [*lines, f"max_age: {self.max_age_seconds}"]).encode()


def parse_policy(octets: bytes) -> Policy:
    """Read a policy's text; raises `RemoteProtocolError` where it is none."""
    if len(octets) > MAX_POLICY_OCTETS:
        raise LimitExceeded(f"a policy is longer than {MAX_POLICY_OCTETS} octets")
    try:
        fields, patterns = _fields(octets.decode("utf-8"))
        if fields.get("version") != "STSv1":
            raise ValueError("the version is not STSv1")
        age = fields.get("max_age", "")
        if not re.fullmatch("[0-9]{1,10}", age):
            raise ValueError("max_age is no number")
        # Lenient: a policy that wishes to hold for longer than a year holds for a year.
        return Policy(Mode(fields.get("mode", "")), min(int(age), MAX_AGE_SECONDS), patterns)
    except ValueError as error:  # UnicodeDecodeError is one
        raise RemoteProtocolError(f"no policy: {error}") from None


def _fields(text: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the fields that occur once by name, and all mx."""
    fields: dict[str, str] = {}
    patterns: list[str] = []
    # RFC 8461 §3.2: lines end in CRLF or LF, the last one needs no end.
    for line in re.split(r"\r?\n", text):
        if not line.strip(" \t"):
            continue
        found = _LINE.fullmatch(line)
        if found is None:
            raise ValueError("a line is not of the form `key: value`")
        if found[1] == "mx":
            patterns.append(a_labels(found[2]).removesuffix("."))
        else:
            fields.setdefault(found[1], found[2])  # RFC 8461 §3.2: of what must not be repeated the first counts
    if len(patterns) > MAX_PATTERNS:
        raise ValueError(f"more than {MAX_PATTERNS} patterns")
    return fields, tuple(dict.fromkeys(patterns))

"""Mailboxes and the paths of an envelope: whom a message is from and where it goes.

A `Mailbox` keeps the local part as it is meant, without quotes; `str()` writes it as RFC 5321
wants it. Header addresses, with comments and display names, are `scop.mime`'s business.

Standards: RFC 5321 §4.1.2 (syntax), §4.5.3.1 (limits); RFC 6531 §3.3 (UTF-8).
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass, field
from functools import lru_cache

from scop.base import a_labels

__all__ = ["ForwardPath", "Mailbox", "ReversePath"]

MAX_LOCAL_PART_OCTETS = 64  # RFC 5321 §4.5.3.1.1
MAX_PATH_OCTETS = 256  # RFC 5321 §4.5.3.1.3: with its angle brackets; leaves no room for a domain of 255 (§4.5.3.1.2)
MAX_MAILBOX_OCTETS = MAX_PATH_OCTETS - 2
MAX_LABEL_OCTETS = 63  # RFC 1035 §2.3.4
MAX_GROUPS_BESIDE_ZEROS = 6  # RFC 5321 §4.1.3: of an IPv6 address with "::"

# RFC 6531 §3.3 adds every character above the C1 controls, so the classes name what is left out: a class that
# names those ranges takes re 30 ms and much memory to compile. Lone surrogates fail where the octets are counted.
_CONTROLS = r"\x7f-\xa0"
_ATOM = rf'[^\x00-\x20"(),.:;<>@\[\\\]{_CONTROLS}]+'
_DOT_STRING = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_QUOTED_STRING = rf'"(?:[^\x00-\x1f"\\{_CONTROLS}]|\\[ -~])*"'
_LOCAL_AND_DOMAIN = re.compile(rf"({_DOT_STRING.pattern}|{_QUOTED_STRING})@(.+)", re.DOTALL)
_QUOTED_PAIR = re.compile(r"\\(.)")
_QUOTABLE = re.compile(rf"[^\x00-\x1f{_CONTROLS}]*")
_NO_LETTER = r"\x00-,./:-@\[-`{-\xa0"  # all that is neither letter, digit nor hyphen
_LABEL = re.compile(rf"[^{_NO_LETTER}-](?:[^{_NO_LETTER}]*[^{_NO_LETTER}-])?")
_PATH = re.compile(r"<(?:@[^:<>\"\s]+:)?([^\0-\x1f]*)>")  # RFC 5321 §4.1.2: a source route is ignored
_IPV4_LITERAL = re.compile(r"\[\d{1,3}(?:\.\d{1,3}){3}\]", re.ASCII)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """One address: `local_part` unquoted, `domain` as it was given. Both may hold UTF-8."""

    local_part: str
    domain: str
    _written: str = field(init=False, repr=False, compare=False)  # asked for with each mail that names it

    def __post_init__(self) -> None:
        if not _QUOTABLE.fullmatch(self.local_part):
            raise ValueError("a local part holds a control character")
        quoted = _quoted(self.local_part)
        _check_local_length(quoted)
        object.__setattr__(self, "_written", f"{quoted}@{self.domain}")
        if len(self._written.encode("utf-8", "surrogatepass")) > MAX_MAILBOX_OCTETS:
            raise ValueError(f"an address is longer than {MAX_MAILBOX_OCTETS} octets")
        _check_domain(self.domain)

    @classmethod
    def parse(cls, text: str) -> Mailbox:
        """Read `local@domain`; raises `ValueError`."""
        return _mailbox(text)

    def __str__(self) -> str:
        return self._written

    @property
    def domain_key(self) -> str:
        """The domain in the form to compare by: lower case, A-labels."""
        return a_labels(self.domain)

    @property
    def is_ascii(self) -> bool:
        """Whether a peer without SMTPUTF8 can take it."""
        return self.local_part.isascii() and self.domain.isascii()


@dataclass(frozen=True, slots=True)
class ReversePath:
    """Where failures are told; `mailbox` is None for the null path `<>`, which bounces bear."""

    mailbox: Mailbox | None

    @classmethod
    def parse(cls, text: str) -> ReversePath:
        """Read `<>` or `<local@domain>`; raises `ValueError`."""
        return _reverse_path(text)

    def __str__(self) -> str:
        return f"<{self.mailbox or ''}>"


@dataclass(frozen=True, slots=True)
class ForwardPath:
    """One recipient; `mailbox` is None for the bare `<Postmaster>` (RFC 5321 §4.1.1.3)."""

    mailbox: Mailbox | None

    @classmethod
    def parse(cls, text: str) -> ForwardPath:
        """Read `<local@domain>` or `<Postmaster>`; raises `ValueError`."""
        return _forward_path(text)

    def __str__(self) -> str:
        return f"<{self.mailbox or 'Postmaster'}>"


@lru_cache(maxsize=256)  # the same few people write and are written to
def _reverse_path(text: str) -> ReversePath:
    inner = _inside(text)
    return ReversePath(Mailbox.parse(inner) if inner else None)


@lru_cache(maxsize=256)  # as above
def _forward_path(text: str) -> ForwardPath:
    inner = _inside(text)
    return ForwardPath(None if inner.lower() == "postmaster" else Mailbox.parse(inner))


@lru_cache(maxsize=256)  # as above
def _mailbox(text: str) -> Mailbox:
    found = _LOCAL_AND_DOMAIN.fullmatch(text)
    if found is None:
        raise ValueError("not of the form local-part@domain")
    local_part, domain = found.groups()
    _check_local_length(local_part)
    if local_part.startswith('"'):
        local_part = _QUOTED_PAIR.sub(r"\1", local_part[1:-1])
    return Mailbox(local_part, domain)


def _quoted(local_part: str) -> str:
    if _DOT_STRING.fullmatch(local_part):
        return local_part
    escaped = local_part.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _check_local_length(written: str) -> None:
    if len(written.encode()) > MAX_LOCAL_PART_OCTETS:
        raise ValueError(f"a local part is longer than {MAX_LOCAL_PART_OCTETS} octets")


def _inside(path: str) -> str:
    if len(path.encode("utf-8", "surrogatepass")) > MAX_PATH_OCTETS:
        raise ValueError(f"a path is longer than {MAX_PATH_OCTETS} octets")
    found = _PATH.fullmatch(path)
    if found is None:
        raise ValueError("a path stands between < and >")
    return found.group(1)


def _check_domain(domain: str) -> None:
    if domain.startswith("["):
        _check_address_literal(domain)
        return
    for label in domain.split("."):
        if not _LABEL.fullmatch(label) or len(label.encode()) > MAX_LABEL_OCTETS:
            raise ValueError("not a domain")


def _check_address_literal(literal: str) -> None:
    # RFC 5321 §4.1.3. Other tags than IPv6 were never registered.
    if literal[:6].lower() == "[ipv6:" and literal.endswith("]") and "%" not in literal:
        ipaddress.IPv6Address(literal[6:-1])
        groups = len([group for group in literal[6:-1].split(":") if group]) + ("." in literal)
        if "::" in literal and groups > MAX_GROUPS_BESIDE_ZEROS:
            raise ValueError("in an address literal :: stands for two groups at least")
    elif _IPV4_LITERAL.fullmatch(literal):
        ipaddress.IPv4Address(literal[1:-1])
    else:
        raise ValueError("not an address literal")

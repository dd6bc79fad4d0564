"""The policy record: text of a TXT record compiled into mechanisms and modifiers.

The whole record is checked before anything of it is used, and compiled once for each text: many
mails of a day are judged by the same few records.

Standards: RFC 7208 §3 (records), §4.5 (which one), §4.6.1 and §12 (grammar), §5 (mechanisms), §6 (modifiers).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

from scop.base import RemoteProtocolError
from scop.spf.address import Address, Network
from scop.spf.macros import MacroString, parse_domain_spec, parse_macro_string
from scop.spf.result import SpfWord

__all__ = ["A", "All", "Directive", "Exists", "Include", "Mechanism", "Mx", "Ptr", "Record", "is_spf", "parse_record"]

MAX_COMPILED_RECORDS = 1024  # kept ready
MAX_KEPT_OCTETS = 1024  # of one record's text: so all that are kept take 10 MB at worst, 1 MB in practice


@dataclass(frozen=True, slots=True)
class All:
    """Matches always (RFC 7208 §5.1)."""


@dataclass(frozen=True, slots=True)
class Include:
    """Matches where the policy of another domain says pass (RFC 7208 §5.2)."""

    target: MacroString


@dataclass(frozen=True, slots=True)
class A:
    """Matches the addresses of a name (RFC 7208 §5.3); no target means the domain itself."""

    target: MacroString | None
    ip4_prefix_bits: int = 32
    ip6_prefix_bits: int = 128

    def prefix_bits(self, version: int) -> int:
        """Return the prefix length that counts for addresses of `version`."""
        return self.ip4_prefix_bits if version == 4 else self.ip6_prefix_bits


@dataclass(frozen=True, slots=True)
class Mx(A):
    """Matches the addresses of a name's mail exchangers (RFC 7208 §5.4)."""


@dataclass(frozen=True, slots=True)
class Ptr:
    """Matches where the client's own name lies under a domain (RFC 7208 §5.5, discouraged)."""

    target: MacroString | None


@dataclass(frozen=True, slots=True)
class Exists:
    """Matches where a name has any IPv4 address (RFC 7208 §5.7)."""

    target: MacroString


Mechanism: TypeAlias = All | Include | A | Mx | Ptr | Network | Exists


@dataclass(frozen=True, slots=True)
class Directive:
    """A mechanism and what it means when it matches."""

    qualifier: SpfWord
    mechanism: Mechanism
    text: str


@dataclass(frozen=True, slots=True)
class Record:
    """A valid policy."""

    directives: tuple[Directive, ...]
    redirect: MacroString | None = None
    explanation: MacroString | None = None


_QUALIFIERS = {"": SpfWord.PASS, "+": SpfWord.PASS, "-": SpfWord.FAIL, "~": SpfWord.SOFTFAIL, "?": SpfWord.NEUTRAL}
_DIRECTIVE = re.compile(r"(?P<qualifier>[+\-~?]?)(?P<name>[A-Za-z][A-Za-z0-9_.-]*)(?P<rest>(?:[:/].*)?)", re.DOTALL)
_MODIFIER = re.compile(r"(?P<name>[A-Za-z][A-Za-z0-9_.-]*)=(?P<value>.*)", re.DOTALL)
_DUAL_CIDR = re.compile(r"(?::(?P<domain>.+?))?(?:/(?P<ip4>[0-9]+))?(?://(?P<ip6>[0-9]+))?", re.DOTALL)
_NETWORK = re.compile(r":(?P<address>[0-9A-Fa-f:.]+)(?:/(?P<bits>[0-9]+))?")


def is_spf(octets: bytes) -> bool:
    """Say whether a TXT record is a policy: the version, then a space or the end (RFC 7208 §4.5)."""
    return octets[:7].lower() in (b"v=spf1", b"v=spf1 ")


def parse_record(octets: bytes) -> Record:
    """Compile a policy; raises a `RemoteProtocolError` for any fault anywhere in it (RFC 7208 §4.6)."""
    return _kept(octets) if len(octets) <= MAX_KEPT_OCTETS else _compile(octets)


@lru_cache(maxsize=MAX_COMPILED_RECORDS)
def _kept(octets: bytes) -> Record:
    return _compile(octets)


def _compile(octets: bytes) -> Record:
    # RFC 7208 §3.1: US-ASCII; §4.6.1: terms are parted by spaces only
    if not is_spf(octets) or not octets.isascii():
        raise RemoteProtocolError("not a record of version spf1 in ASCII")
    directives: list[Directive] = []
    modifiers: dict[str, MacroString] = {}
    for term in octets.decode("ascii").split(" ")[1:]:
        if modifier := _MODIFIER.fullmatch(term):
            _add_modifier(modifiers, modifier["name"].lower(), modifier["value"])
        elif term:
            directives.append(_directive(term))
    return Record(tuple(directives), modifiers.get("redirect"), modifiers.get("exp"))


def _add_modifier(modifiers: dict[str, MacroString], name: str, value: str) -> None:
    if name not in ("redirect", "exp"):
        parse_macro_string(value)  # RFC 7208 §6: ignored, but its syntax counts
        return
    # RFC 7208 §6: neither appears more than once
    if name in modifiers:
        raise RemoteProtocolError(f"modifier {name!r} appears twice")
    modifiers[name] = parse_domain_spec(value)


def _directive(term: str) -> Directive:
    match = _DIRECTIVE.fullmatch(term)
    parse = _MECHANISMS.get(match["name"].lower()) if match else None
    if match is None or parse is None:
        raise RemoteProtocolError(f"unknown mechanism in {term!r}")
    return Directive(_QUALIFIERS[match["qualifier"]], parse(match["rest"]), term)


def _all(rest: str) -> All:
    if rest:
        raise RemoteProtocolError(f"'all' with an argument: {rest!r}")
    return All()


def _required_domain(rest: str) -> MacroString:
    if not rest.startswith(":"):
        raise RemoteProtocolError(f"a domain is wanted, not {rest!r}")
    return parse_domain_spec(rest[1:])


def _ptr(rest: str) -> Ptr:
    return Ptr(_required_domain(rest) if rest else None)


def _dual_cidr(rest: str) -> tuple[MacroString | None, int, int]:
    match = _DUAL_CIDR.fullmatch(rest)
    if match is None:
        raise RemoteProtocolError(f"neither a domain nor a prefix length: {rest!r}")
    target = None if match["domain"] is None else parse_domain_spec(match["domain"])
    return target, _prefix_bits(match["ip4"], 32), _prefix_bits(match["ip6"], 128)


def _prefix_bits(digits: str | None, bits: int) -> int:
    if digits is None:
        return bits
    # RFC 7208 §5.6: 0 to 32 and 0 to 128, without leading zeros (§12)
    if len(digits) > 3 or int(digits) > bits or str(int(digits)) != digits:
        raise RemoteProtocolError(f"prefix length {digits[:8]!r}, at most {bits} allowed")
    return int(digits)


def _network(rest: str, version: int) -> Network:
    match = _NETWORK.fullmatch(rest)
    if match is None or (":" in match["address"]) != (version == 6):
        raise RemoteProtocolError(f"no IPv{version} network: {rest!r}")
    try:
        address = Address.parse(match["address"])
    except ValueError as fault:
        raise RemoteProtocolError(f"no IPv{version} network: {rest!r}") from fault
    return address.network(_prefix_bits(match["bits"], address.bits))


_MECHANISMS: Mapping[str, Callable[[str], Mechanism]] = {
    "all": _all,
    "include": lambda rest: Include(_required_domain(rest)),
    "a": lambda rest: A(*_dual_cidr(rest)),
    "mx": lambda rest: Mx(*_dual_cidr(rest)),
    "ptr": _ptr,
    "ip4": lambda rest: _network(rest, 4),
    "ip6": lambda rest: _network(rest, 6),
    "exists": lambda rest: Exists(_required_domain(rest)),
}

"""Whom something is known about: a host, the network around it, or an authenticated domain, each as one text.

A host is an IPv4 address or an IPv6 /64, in which one site has as many addresses as it likes; a network around it is
an IPv4 /24 or an IPv6 /48. An operator may also speak of networks of other sizes.

Standards: RFC 4291 §2.5.5.2 (IPv4 within IPv6), RFC 6177 §2, RFC 1123 §2.1.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from scop.base import a_labels

__all__ = ["Network", "Party", "SubjectKind", "is_domain", "is_v4_address", "kind_of", "network_of", "parse_subject"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network

HOST_PREFIX = {4: 32, 6: 64}  # RFC 6177 §2: one site has a /64 at least
MAX_DOMAIN_CHARACTERS = 253  # RFC 1035 §2.3.4: 255 octets, two of which are no text
# RFC 1123 §2.1: the last label has a letter, so what looks like a broken address is no domain.
_DOMAIN = re.compile(
    r"(?!-)[a-z0-9_-]{1,63}(?<!-)(?:\.(?!-)[a-z0-9_-]{1,63}(?<!-))*\.(?!-|[0-9]+\Z)[a-z0-9_-]{1,63}(?<!-)"
)


# Most subjects are IPv4 addresses in their one form, which is known at a glance.
_BYTE = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_V4 = re.compile(rf"{_BYTE}\.{_BYTE}\.{_BYTE}\.{_BYTE}")


class SubjectKind(StrEnum):
    """What a subject is."""

    ADDRESS = "address"
    NETWORK = "network"
    DOMAIN = "domain"


@dataclass(frozen=True, slots=True)
class Party:
    """Who is answerable for one mail: its host, the network around that, and its domain; '' for what is unknown."""

    host: str = ""
    network: str = ""
    domain: str = ""


def parse_subject(text: str) -> str:
    """Return the one text of an address, a network or a domain; raises `ValueError` with a sentence for people.

    An IPv6 address stands for its /64.
    """
    text = text.strip()
    if is_v4_address(text):
        return text
    address, slash, _ = text.partition("/")
    if not slash and not _is_address(text):
        domain = a_labels(text).removesuffix(".")
        if not is_domain(domain):
            raise ValueError(f"{text!r} is no address, no network such as 192.0.2.0/24, and no domain")
        return domain
    if slash and not _is_address(address):
        raise ValueError(f"{text!r} is no network such as 192.0.2.0/24 or 2001:db8::/48")
    return _text(_network(text))


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _network(text: str) -> Network:
    try:
        found = ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no network{_nearest(text)}") from None
    if isinstance(found, ipaddress.IPv6Network) and found.prefixlen >= 96:
        mapped = found.network_address.ipv4_mapped
        if mapped is not None:
            return ipaddress.ip_network((mapped, found.prefixlen - 96))
    return found


def _nearest(text: str) -> str:
    """Return a hint at the network that an address with a length lies in, where there is one."""
    try:
        return f"; {ipaddress.ip_network(text, strict=False)} is one"
    except ValueError:
        return " such as 192.0.2.0/24 or 2001:db8::/48"


def _text(network: Network) -> str:
    if network.prefixlen >= HOST_PREFIX[network.version]:
        network = network.supernet(new_prefix=HOST_PREFIX[network.version])
        return str(network.network_address) if network.version == 4 else str(network)
    return str(network)


def is_v4_address(text: str) -> bool:
    """Say whether this is an IPv4 address in its one form."""
    return _V4.fullmatch(text) is not None


def is_domain(text: str) -> bool:
    """Say whether this is a domain in its one form, in lower case and A-labels, as it can be kept and listed."""
    return len(text) <= MAX_DOMAIN_CHARACTERS and _DOMAIN.fullmatch(text) is not None


def network_of(subject: str) -> Network | None:
    """Return the addresses that a subject stands for, None for a domain."""
    try:
        return ipaddress.ip_network(subject)
    except ValueError:
        return None


def kind_of(subject: str) -> SubjectKind:
    """Return what a subject is."""
    if is_v4_address(subject):
        return SubjectKind.ADDRESS
    network = network_of(subject)
    if network is None:
        return SubjectKind.DOMAIN
    return SubjectKind.ADDRESS if network.prefixlen == HOST_PREFIX[network.version] else SubjectKind.NETWORK

"""Where a client comes from, in the two sizes that limits count by.

Standards: RFC 6177 §2 (one site has a /64 at least and a /48 at most), RFC 4291 §2.5.5.2 (IPv4 within IPv6).
"""

from __future__ import annotations

import functools
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = ["Host", "Networks", "Source", "Sources", "host_of", "unmapped"]

Host: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address
MAX_KNOWN = 1024  # addresses whose source is found at once


@dataclass(frozen=True, slots=True)
class Source:
    """One host and the network around it, as text; both are keys of what is counted."""

    host: str  # an IPv4 address, an IPv6 /64
    network: str  # IPv4 /24, IPv6 /48


class Networks:
    """Says whether an address, as text, is in one of these networks."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        self._networks = tuple(ipaddress.ip_network(network) for network in networks)

    def __call__(self, address: str) -> bool:
        """Say it; a unix socket has no address and is in none."""
        if not self._networks:
            return False
        host = host_of(address)
        return host is not None and any(host in network for network in self._networks)


class Sources:
    """Tells the source of an address; our own networks are none, and so are never counted."""

    def __init__(self, own_networks: Iterable[str] = ()) -> None:
        self._is_own = Networks(own_networks)
        self._known = functools.lru_cache(MAX_KNOWN)(self._find)

    def of(self, address: str) -> Source | None:
        """Return where `address` is, None for what no limit holds for."""
        return self._known(address)

    def _find(self, address: str) -> Source | None:
        host = host_of(address)
        if host is None or self._is_own(address):  # no address of the Internet is a unix socket
            return None
        if isinstance(host, ipaddress.IPv4Address):
            return Source(str(host), _around(host, 24))
        return Source(_around(host, 64), _around(host, 48))


def host_of(address: str) -> Host | None:
    """Return the address that a text is, `unmapped`; None where it is none."""
    try:
        return unmapped(ipaddress.ip_address(address))
    except ValueError:
        return None


def unmapped(host: Host) -> Host:
    """Return an address, an IPv4 one in the guise of IPv6 as what it is.

    RFC 4291 §2.5.5.2: a client of IPv4 at a listener of IPv6 is `::ffff:192.0.2.1`; all of these are no /64 of one
    site, but each is its own host.
    """
    mapped = host.ipv4_mapped if isinstance(host, ipaddress.IPv6Address) else None
    return host if mapped is None else mapped


def _around(host: Host, prefix: int) -> str:
    rest = host.max_prefixlen - prefix
    return f"{type(host)(int(host) >> rest << rest)}/{prefix}"

"""Addresses of our own networks kept out of what the world says: a name out there must not mean a host in here.

A page of the Internet whose name turns into a private address makes a browser its hand in our network (DNS rebinding).

Standards: RFC 9460 §7.3 (address hints); the defence itself is nobody's standard, Unbound calls it private-address.
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from scop.dns.names import is_at_or_below, read_name
from scop.dns.rdata import AAAA, A, Opaque, Rdata
from scop.dns.resolver.addresses import embedded
from scop.dns.resolver.options import Network, ResolverOptions
from scop.dns.resolver.responses import Found
from scop.dns.rrset import RRset

__all__ = ["without_private"]

_SERVICE_TYPES = ("SVCB", "HTTPS")
_HINT_OCTETS = {4: 4, 6: 16}  # RFC 9460 §14.3.2: ipv4hint and ipv6hint, and the size of an address in each


def without_private(found: Found, options: ResolverOptions) -> Found:
    """Return the answer without records that name addresses of the private networks, where those may not be named."""
    if not options.private_networks:
        return found
    kept = tuple(
        scrubbed
        for rrset in found.known.rrsets
        if (scrubbed := _scrubbed(rrset, options.private_networks, options.private_domains)) is not None
    )
    return found if kept == found.known.rrsets else replace(found, known=replace(found.known, rrsets=kept))


def _scrubbed(rrset: RRset, networks: tuple[Network, ...], domains: frozenset[str]) -> RRset | None:
    if any(is_at_or_below(rrset.owner, domain) for domain in domains):
        return rrset
    rdatas = tuple(rdata for rdata in rrset.rdatas if not _names_one_of(rdata, networks))
    if rdatas == rrset.rdatas:
        return rrset
    return replace(rrset, rdatas=rdatas) if rdatas else None


def _names_one_of(rdata: Rdata, networks: tuple[Network, ...]) -> bool:
    return any(_is_within(address, networks) for address in _addresses(rdata))


def _is_within(packed: bytes, networks: tuple[Network, ...]) -> bool:
    address = ipaddress.ip_address(packed)
    inner = embedded(address)
    return any(address in network or (inner is not None and inner in network) for network in networks)


def _addresses(rdata: Rdata) -> list[bytes]:
    if isinstance(rdata, (A, AAAA)):
        return [rdata.to_wire()]
    if isinstance(rdata, Opaque) and rdata.type in _SERVICE_TYPES:
        return _hints(rdata.octets)
    return []


def _hints(octets: bytes) -> list[bytes]:
    """Return the addresses in a service binding's parameters; what cannot be read names none."""
    found = list[bytes]()
    try:
        _, position = read_name(octets, 2, {})  # RFC 9460 §2.2: a priority, the target, then key, length, value
    except (IndexError, ValueError):
        return found
    while position + 4 <= len(octets):
        key, size = int.from_bytes(octets[position : position + 2]), int.from_bytes(octets[position + 2 : position + 4])
        value = octets[position + 4 : position + 4 + size]
        position += 4 + size
        step = _HINT_OCTETS.get(key, 0)
        if step:
            found += [value[at : at + step] for at in range(0, len(value) - step + 1, step)]
    return found

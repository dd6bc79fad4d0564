"""Reaching IPv4 name servers from a host that has IPv6 only, through its network's translator.

Standards: RFC 6052 §2.2 (how an IPv4 address stands in an IPv6 one).
"""

from __future__ import annotations

import ipaddress
from dataclasses import replace

from scop.dns.asking import Server

__all__ = ["WELL_KNOWN_PREFIX", "check_prefix", "translated"]

WELL_KNOWN_PREFIX = ipaddress.IPv6Network("64:ff9b::/96")  # RFC 6052 §2.1
_LENGTHS = (32, 40, 48, 56, 64, 96)
_ZERO_OCTET = 8  # RFC 6052 §2.2: bits 64 to 71 are zero


def check_prefix(prefix: ipaddress.IPv6Network) -> None:
    """Raise `ValueError` for a prefix whose length no translator has."""
    if prefix.prefixlen not in _LENGTHS:
        raise ValueError(f"a NAT64 prefix of {prefix.prefixlen} bits, not one of {', '.join(map(str, _LENGTHS))}")


def translated(server: Server, prefix: ipaddress.IPv6Network | None) -> Server:
    """Return where an IPv4 server is reached through the translator; others, and all without a prefix, as they are."""
    if prefix is None or ":" in server.address:
        return server
    octets = list(prefix.network_address.packed[: prefix.prefixlen // 8])
    for octet in ipaddress.IPv4Address(server.address).packed:
        if len(octets) == _ZERO_OCTET:
            octets.append(0)
        octets.append(octet)
    packed = bytes(octets).ljust(16, b"\0")
    return replace(server, address=str(ipaddress.IPv6Address(packed)))

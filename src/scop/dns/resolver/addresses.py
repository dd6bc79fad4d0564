"""Which addresses are the Internet's: whoever names another one as a server would have us speak to our own network.

Standards: RFC 4291 §2.5.5 (IPv4 in IPv6), RFC 3056 §2 (6to4), RFC 6052 §2.1 (NAT64), RFC 6890 (special addresses).
"""

from __future__ import annotations

import ipaddress
from typing import TypeAlias

__all__ = ["Address", "embedded", "is_public"]

Address: TypeAlias = ipaddress.IPv4Address | ipaddress.IPv6Address

_IPV4_COMPATIBLE = ipaddress.IPv6Network("::/96")  # RFC 4291 §2.5.5.1, deprecated
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")


def embedded(address: Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address that an IPv6 address leads to, None if it is none of that kind."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _IPV4_COMPATIBLE or address in _NAT64:
        return ipaddress.IPv4Address(address.packed[-4:])
    return address.ipv4_mapped or address.sixtofour


def is_public(address: Address) -> bool:
    """Say whether a host of the Internet may have this address, the one that is embedded in it included."""
    if not address.is_global or address.is_multicast:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.is_site_local:
        return False
    inner = embedded(address)
    return inner is None or is_public(inner)

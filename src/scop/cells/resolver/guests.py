"""Who of the public may ask a resolver that runs alone.

Standards: RFC 5358 §4 (a resolver for everybody helps to flood others: answer those it is meant for).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from scop.base.sources import unmapped

__all__ = ["Guests"]

ADDRESSES_REMEMBERED = 4096

_Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Guests:
    """Those in some networks; where none is named, those whose addresses the Internet does not route."""

    def __init__(self, networks: Iterable[str] = ()) -> None:
        """Read the networks; raises `ValueError`."""
        self._networks = tuple(map(_network, networks))
        self.may_ask = lru_cache(ADDRESSES_REMEMBERED)(self._may_ask)

    def _may_ask(self, text: str) -> bool:
        if not text:
            return False  # it hung up before anybody could see who it was
        address = unmapped(ipaddress.ip_address(text.partition("%")[0]))
        if not self._networks:
            return not address.is_global
        return any(address in network for network in self._networks)


def _network(text: str) -> _Network:
    try:
        return ipaddress.ip_network(text)
    except ValueError:
        raise ValueError(f"{text!r} is no network such as 192.0.2.0/24 or 2001:db8::/32") from None

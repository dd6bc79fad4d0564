"""What several parts of the configuration check."""

from __future__ import annotations

import ipaddress
import math

__all__ = ["MAX_PORT", "Port", "check_address", "check_limit", "check_network", "check_port", "check_positive"]

Port = int
MAX_PORT = 65535


def check_port(name: str, port: int) -> None:
    """Raise `ValueError` where this is no port."""
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"{name}: a port is a number from 1 to {MAX_PORT}, not {port}")


def check_address(name: str, address: str) -> None:
    """Raise `ValueError` where this is no address."""
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"{name}: {address!r} is no IPv4 or IPv6 address") from None


def check_network(name: str, network: str) -> None:
    """Raise `ValueError` where this is no network."""
    try:
        ipaddress.ip_network(network)
    except ValueError:
        raise ValueError(f"{name}: {network!r} is no network such as 192.0.2.0/24 or 2001:db8::/32") from None


def check_positive(name: str, limit: float) -> None:
    """Raise `ValueError` where a limit would let nothing through."""
    if not 0 < limit < math.inf:
        raise ValueError(f"{name}: a limit is a positive number, not {limit}")


def check_limit(name: str, limit: float) -> None:
    """Raise `ValueError` where this is no limit that may also be left out."""
    if not 0 <= limit < math.inf:
        raise ValueError(f"{name}: a limit is a positive number, or 0 for none, not {limit}")

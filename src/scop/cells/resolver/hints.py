"""Where resolution starts: the root's name servers, out of a file or as the Internet has them; stub and forward zones.

Standards: RFC 1035 §5.1 (the lines of a hints file), RFC 8109 §2 (what hints are for).
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from pathlib import Path

from scop.dns.asking import Server
from scop.dns.names import normal_name
from scop.dns.resolver.options import Way, Zone
from scop.mesh.config.resolver import Resolver, server_place

__all__ = ["INTERNET_ROOTS", "configured_zones", "read_root_hints"]

# The root servers a to m (https://www.iana.org/domains/root/servers).
INTERNET_ROOTS = (
    "198.41.0.4",
    "170.247.170.2",
    "192.33.4.12",
    "199.7.91.13",
    "192.203.230.10",
    "192.5.5.241",
    "192.112.36.4",
    "198.97.190.53",
    "192.36.148.17",
    "192.58.128.30",
    "193.0.14.129",
    "199.7.83.42",
    "202.12.27.33",
)


def read_root_hints(path: Path) -> tuple[str, ...]:
    """Return the addresses of the root's name servers; raises `ValueError` that names file and line."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as fault:
        raise ValueError(f"{path}: the root hints cannot be read: {fault.strerror}") from fault
    servers, addresses = set[str](), list[tuple[str, str]]()
    for number, owner, type_, value in _lines(path, text):
        try:
            _take(owner, type_, value, servers, addresses)
        except ValueError as fault:
            raise ValueError(f"{path}, line {number}: {fault}") from fault
    found = tuple(address for owner, address in addresses if owner in servers)
    if not found:
        raise ValueError(f"{path}: no address of a name server of the root (wants `. NS name` and `name A address`)")
    return found


def configured_zones(config: Resolver, port: int) -> tuple[Zone, ...]:
    """Return the stub and forward zones; their servers without a port of their own listen on `port`.

    Raises `ValueError` for what is no name of a zone.
    """
    ways = (("stub", config.stub, Way.STUB), ("forward", config.forward, Way.FORWARD))
    return tuple(
        _zone(key, name, tuple(Server(*server_place(server, port)) for server in servers), way)
        for key, zones, way in ways
        for name, servers in zones.items()
    )


def _lines(path: Path, text: str) -> Iterator[tuple[int, str, str, str]]:
    for number, line in enumerate(text.splitlines(), 1):
        words = line.partition(";")[0].split()
        if not words:
            continue
        owner, *middle = words[:-2] or [""]
        if len(words) < 3 or not all(word.isdecimal() or word.upper() == "IN" for word in middle):
            raise ValueError(f"{path}, line {number}: wants `name [ttl] [IN] type value`, not {line.strip()!r}")
        yield number, owner, words[-2].upper(), words[-1]


def _take(owner: str, type_: str, value: str, servers: set[str], addresses: list[tuple[str, str]]) -> None:
    name = normal_name(owner)
    if type_ == "NS" and not name:
        servers.add(normal_name(value))
    elif type_ in {"A", "AAAA"}:
        kind = ipaddress.IPv4Address if type_ == "A" else ipaddress.IPv6Address
        addresses.append((name, str(kind(value))))
    else:
        raise ValueError(f"{type_} at {owner!r} is no hint: wants NS at the root, or A and AAAA")


def _zone(key: str, name: str, servers: tuple[Server, ...], way: Way) -> Zone:
    try:
        return Zone(name, servers, way)
    except ValueError as fault:
        raise ValueError(f"[resolver] {key}: {fault}") from fault

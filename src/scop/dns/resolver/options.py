"""What a resolver is told: where it begins, whom it asks instead for some zones, and what it holds back.

Standards: RFC 6761 (special-use names), RFC 8109 (hints), RFC 9156 (minimised names).
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

from scop.dns.asking import Server
from scop.dns.names import normal_name
from scop.dns.resolver.limits import MAX_QUERIES
from scop.dns.resolver.nat64 import check_prefix

__all__ = ["Network", "ResolverOptions", "Resort", "Way", "Zone"]

Network: TypeAlias = ipaddress.IPv4Network | ipaddress.IPv6Network


class Way(StrEnum):
    """How a configured zone's servers are asked."""

    STUB = "stub"  # they are authorities: RD is 0, and they may refer further down
    FORWARD = "forward"  # they are resolvers: RD is 1, and what they say is the whole answer


class Resort(StrEnum):
    """What happens when all the servers of a configured zone fail."""

    NONE = "none"  # the question fails
    WORLD = "world"  # it is asked of the world, as if nothing were configured (stub-first, forward-first)


@dataclass(frozen=True, slots=True)
class Zone:
    """A zone whose servers are configured; `is_primed` takes them as hints for the zone's own NS (stub-prime)."""

    name: str
    servers: tuple[Server, ...]
    way: Way = Way.STUB
    resort: Resort = Resort.NONE
    is_primed: bool = False

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", normal_name(self.name))
        if not self.servers:
            raise ValueError(f"the zone {self.name or '.'!r} has no servers")


@dataclass(frozen=True, slots=True)
class ResolverOptions:
    """Everything that is decided before the first question.

    `roots` are the root hints; `port` is where servers listen that referrals name. With `has_own_root` the root is not
    the Internet's: private addresses may be asked, and special-use names too. `private_networks` are kept out of
    answers except at and below `private_domains` (against DNS rebinding). `excluded_servers` are never asked, unless
    they are configured themselves.
    """

    roots: tuple[Server, ...] = ()
    port: int = 53
    has_own_root: bool = False
    zones: tuple[Zone, ...] = ()  # stub and forward zones
    minimise: bool = True
    answer_special_names: bool = True
    ordinary_names: frozenset[str] = field(
        default_factory=frozenset
    )  # special-use names that are asked for all the same
    prime: bool = True  # RFC 8109: ask the hints for the root's servers first
    verify_glue: bool = False  # addresses of servers in sibling zones are looked up before they are believed
    ask_private: bool = False  # also servers at addresses that are not the Internet's
    ask_ipv4: bool = True
    ask_ipv6: bool = True
    private_networks: tuple[Network, ...] = ()
    private_domains: frozenset[str] = field(default_factory=frozenset)
    excluded_servers: tuple[Network, ...] = ()
    nat64_prefix: ipaddress.IPv6Network | None = None  # IPv4 servers are asked through it
    max_queries: int = MAX_QUERIES
    configured_servers: frozenset[Server] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        if self.nat64_prefix is not None:
            check_prefix(self.nat64_prefix)
        configured = {*self.roots, *(server for zone in self.zones for server in zone.servers)}
        object.__setattr__(self, "configured_servers", frozenset(configured))

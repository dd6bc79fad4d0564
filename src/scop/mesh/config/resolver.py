"""`[resolver]`: whom it asks for some zones, what it believes without proof, and how much it remembers."""

from __future__ import annotations

import ipaddress

import msgspec

from scop.mesh.config.checks import check_port, check_positive

__all__ = ["Resolver", "server_place"]

_PORT_MARKS = (":", "@")


class Resolver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How names are resolved.

    `stub` names zones whose own servers are asked, `forward` zones that other resolvers are asked for, as in
    `{ "corp.test" = ["127.0.0.1:5300"] }`; a server is `address`, `address:port`, `address@port` or `[v6]:port`.
    """

    stub: dict[str, tuple[str, ...]] = {}
    forward: dict[str, tuple[str, ...]] = {}
    negative_trust_anchors: tuple[str, ...] = ()  # zones that are believed without proof (RFC 7646)
    minimise: bool = True  # RFC 9156: tell each server no more of a name than it has to know
    special_names: bool = True  # RFC 6761: answer for localhost, test, local … here
    serve_stale: bool = True  # RFC 8767: when no server answers, say what was true of late
    cache_octets: int = 33_554_432

    def __post_init__(self) -> None:
        """Check the servers."""
        check_positive("cache_octets", self.cache_octets)
        for key, zones in (("stub", self.stub), ("forward", self.forward)):
            for zone, servers in zones.items():
                if not servers:
                    raise ValueError(f"{key}: {zone!r} has no servers")
                for server in servers:
                    server_place(server, 53)
        both = sorted(set(self.stub) & set(self.forward))
        if both:
            raise ValueError(f"forward: {both[0]!r} is a stub zone already")


def server_place(server: str, default_port: int) -> tuple[str, int]:
    """Return address and port of a server as it is written; raises `ValueError`."""
    address, mark, digits = server, "", ""
    for wanted in _PORT_MARKS:
        before, found, after = server.rpartition(wanted)
        # A bare IPv6 address has colons of its own.
        if found and (wanted == "@" or before.endswith("]") or ":" not in before):
            address, mark, digits = before, found, after
            break
    bare = address[1:-1] if address.startswith("[") and address.endswith("]") else address
    try:
        ipaddress.ip_address(bare)
        port = int(digits) if mark else default_port
        check_port("port", port)
    except ValueError:
        raise ValueError(f"{server!r} is no address, nor address:port, address@port or [address]:port") from None
    return bare, port

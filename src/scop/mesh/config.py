"""The configuration as typed values: what `scop.toml` says, checked, with every default filled in.

Reading the file, and saying which line is wrong, is the supervisor's; cells are handed these values
on their control socket and never see the file.
"""

from __future__ import annotations

import ipaddress

import msgspec

__all__ = ["Config", "Limits", "Network", "Ports", "Resolver", "Tls", "WorldPorts"]

Port = int
MAX_PORT = 65535
MAX_INNER_PORTS = 100  # room for the inner ports, one per cell


def _check_port(name: str, port: int) -> None:
    if not 0 < port <= MAX_PORT:
        raise ValueError(f"{name}: a port is a number from 1 to {MAX_PORT}, not {port}")


def _check_address(name: str, address: str) -> None:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        raise ValueError(f"{name}: {address!r} is no IPv4 or IPv6 address") from None


def _check_network(name: str, network: str) -> None:
    try:
        ipaddress.ip_network(network)
    except ValueError:
        raise ValueError(f"{name}: {network!r} is no network such as 192.0.2.0/24 or 2001:db8::/32") from None


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public ports."""

    smtp: Port = 25
    submission: Port = 587
    submissions: Port = 465
    dns: Port = 53

    def __post_init__(self) -> None:
        """Check that each is a port."""
        for name in self.__struct_fields__:
            _check_port(name, getattr(self, name))


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the mesh listens."""

    address: str  # public listeners, and the source of outgoing mail
    pipe_address: str = "127.0.0.1"
    own_networks: tuple[str, ...] = ()
    ports: Ports = Ports()
    pipes: Port = 21000  # first of the inner ports, one per cell

    def __post_init__(self) -> None:
        """Check addresses and ports."""
        _check_address("address", self.address)
        _check_address("pipe_address", self.pipe_address)
        _check_port("pipes", self.pipes)
        if self.pipes > MAX_PORT - MAX_INNER_PORTS:
            raise ValueError(f"pipes: the inner ports begin at {MAX_PORT - MAX_INNER_PORTS} at most, not {self.pipes}")
        for network in self.own_networks:
            _check_network("own_networks", network)


class WorldPorts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the Internet listens on."""

    smtp_port: Port = 25
    dns_port: Port = 53
    root_hints: str = ""  # a file; empty: the root servers of the Internet

    def __post_init__(self) -> None:
        """Check that each is a port."""
        _check_port("smtp_port", self.smtp_port)
        _check_port("dns_port", self.dns_port)


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public certificate: PEM files."""

    certificate: str = "tls/public.pem"
    key: str = "tls/public.key"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on what others may ask of us."""

    message_octets: int = 52_428_800
    recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least 100
    connections: int = 500  # at once, per public listener
    connections_per_address: int = 50
    idle_seconds: int = 300  # RFC 5321 §4.5.3.2.7: at least 5 minutes
    ban_seconds: int = 3600  # how long the receiver hangs up on an address that misbehaved
    account_octets: int = 10_737_418_240

    def __post_init__(self) -> None:
        """Check that each is positive."""
        for name in self.__struct_fields__:
            if getattr(self, name) <= 0:
                raise ValueError(f"{name}: a limit is a positive number, not {getattr(self, name)}")


class Resolver(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Zones that are asked for at given servers: `{ "corp.test" = ["127.0.0.1:5300"] }`."""

    stub: dict[str, tuple[str, ...]] = {}


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One organisation's whole mesh. Paths are absolute once the supervisor has read them."""

    domain: str
    network: Network
    hostname: str = ""  # default: mx.<domain>
    state: str = "state"
    world: WorldPorts = WorldPorts()
    tls: Tls = Tls()
    limits: Limits = Limits()
    resolver: Resolver = Resolver()
    require_confinement: bool = False

    def __post_init__(self) -> None:
        """Check the names."""
        for name, value in (("domain", self.domain), ("hostname", self.hostname or f"mx.{self.domain}")):
            labels = value.split(".")
            if (
                len(labels) < 2
                or value != value.lower()
                or not value.isascii()
                or not all(0 < len(label) < 64 for label in labels)
            ):
                hint = "" if value.isascii() else " (write an international name in its xn-- form)"
                raise ValueError(f"{name}: {value!r} is no lower-case domain name with a dot in it{hint}")

    @property
    def mail_host(self) -> str:
        """The name we greet with, stamp with and are MX as."""
        return self.hostname or f"mx.{self.domain}"

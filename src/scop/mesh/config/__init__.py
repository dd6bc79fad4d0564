"""The configuration as typed values: what `scop.toml` says, checked, with every default filled in.

Reading the file, and saying which line is wrong, is the supervisor's; cells are handed these values
on their control socket and never see the file.
"""

from __future__ import annotations

import msgspec

from scop.mesh.config.attachments import Attachments
from scop.mesh.config.checks import MAX_PORT, Port, check_address, check_network, check_port, check_positive
from scop.mesh.config.firewall import Firewall
from scop.mesh.config.primary import Primary
from scop.mesh.config.publish import Publish
from scop.mesh.config.receiver import PerAddress, PerNetwork, Receiver
from scop.mesh.config.relay import Relay, Smarthost
from scop.mesh.config.reports import Reports
from scop.mesh.config.resolver import Resolver
from scop.mesh.config.signer import Signer
from scop.mesh.config.spam import Spam
from scop.mesh.config.submission import Device, Submission
from scop.mesh.config.verifier import Verifier

__all__ = [
    "Attachments",
    "Config",
    "Device",
    "Firewall",
    "Limits",
    "Network",
    "PerAddress",
    "PerNetwork",
    "Ports",
    "Primary",
    "Publish",
    "Receiver",
    "Relay",
    "Reports",
    "Resolver",
    "Signer",
    "Smarthost",
    "Spam",
    "Submission",
    "Tls",
    "Verifier",
    "WorldPorts",
]

MAX_STAMPS_OCTETS = 65_536  # what our own cells may add to a mail of the largest size
MAX_INNER_PORTS = 100  # room for the inner ports, one per cell


class Ports(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public ports."""

    smtp: Port = 25
    submission: Port = 587
    submissions: Port = 465
    dns: Port = 53
    dot: Port = 853  # DNS over TLS

    def __post_init__(self) -> None:
        """Check that each is a port, and another one."""
        taken: dict[int, str] = {}
        for name in self.__struct_fields__:
            port = getattr(self, name)
            check_port(name, port)
            if taken.setdefault(port, name) != name:
                raise ValueError(f"{name}: {port} is the port of {taken[port]} already")


class Network(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where the mesh listens."""

    address: str  # public listeners, and the source of outgoing mail
    pipe_address: str = "127.0.0.1"
    own_networks: tuple[str, ...] = ()
    proxies: tuple[str, ...] = ()  # networks whose connections to mail ports begin with a PROXY header (v2)
    ports: Ports = Ports()
    pipes: Port = 21000  # first of the inner ports, one per cell

    def __post_init__(self) -> None:
        """Check addresses and ports."""
        check_address("address", self.address)
        check_address("pipe_address", self.pipe_address)
        check_port("pipes", self.pipes)
        if self.pipes > MAX_PORT - MAX_INNER_PORTS:
            raise ValueError(f"pipes: the inner ports begin at {MAX_PORT - MAX_INNER_PORTS} at most, not {self.pipes}")
        for name in ("own_networks", "proxies"):
            for network in getattr(self, name):
                check_network(name, network)


class WorldPorts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the Internet listens on."""

    smtp_port: Port = 25
    dns_port: Port = 53
    https_port: Port = 443
    root_hints: str = ""  # a file; empty: the root servers of the Internet
    # A file of DS or DNSKEY lines, from which DNSSEC is proved. Empty: the keys of the Internet's root, or, below a
    # root of one's own, none, and nothing is proved.
    trust_anchor: str = ""
    certificate_authorities: str = ""  # a file of PEM; empty: those that this machine trusts

    def __post_init__(self) -> None:
        """Check that each is a port."""
        for name in ("smtp_port", "dns_port", "https_port"):
            check_port(name, getattr(self, name))


class Tls(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The public certificate: PEM files."""

    certificate: str = "tls/public.pem"
    key: str = "tls/public.key"


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Bounds on what others may ask of us."""

    message_octets: int = 52_428_800
    recipients: int = 100  # RFC 5321 §4.5.3.1.8: at least 100
    # At once, of each cell that listens to the public: a few KB each, so that who holds two thousand open shuts
    # nobody else out; a cell may have 4096 files open.
    connections: int = 2500
    connections_per_address: int = 50
    idle_seconds: int = 300  # RFC 5321 §4.5.3.2.7: at least 5 minutes
    ban_seconds: float = 3600  # how long the receiver refuses an address that misbehaved
    account_octets: int = 10_737_418_240

    def __post_init__(self) -> None:
        """Check that each is positive."""
        for name in self.__struct_fields__:
            check_positive(name, getattr(self, name))

    @property
    def inner_message_octets(self) -> int:
        """How large a mail may be on pipes: one of the largest size, under the stamps of our own cells."""
        return self.message_octets + MAX_STAMPS_OCTETS


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One organisation's whole mesh. Paths are absolute once the supervisor has read them."""

    domain: str
    network: Network
    hostname: str = ""  # default: mx.<domain>
    state: str = "state"
    world: WorldPorts = WorldPorts()
    tls: Tls = Tls()
    limits: Limits = Limits()
    receiver: Receiver = Receiver()
    submission: Submission = Submission()
    devices: dict[str, Device] = {}
    relay: Relay = Relay()
    resolver: Resolver = Resolver()
    primary: Primary = Primary()
    publish: Publish = Publish()
    verifier: Verifier = Verifier()
    signer: Signer = Signer()
    reports: Reports = Reports()
    firewall: Firewall = Firewall()
    spam: Spam = Spam()
    attachments: Attachments = Attachments()
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

    @property
    def list_zone(self) -> str:
        """The zone in which the receiver shows whom it shuts out, '' where it is not published."""
        return f"bl.{self.domain}" if self.firewall.publish else ""

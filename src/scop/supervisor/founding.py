"""Founds a mesh: writes `scop.toml`, a self-signed public certificate, the first zone and the TSIG keys.

Nothing that exists is ever overwritten, and nothing is left behind when a step fails.
"""

from __future__ import annotations

import datetime
import ipaddress
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scop.cells.primary.list_zone import LIST_KEY
from scop.cells.primary.site import ADDRESS_KEY, PLAN_KEY, site_of
from scop.dns.tsig import new_tsig_key
from scop.dns.zone.first_zone import first_zone_of
from scop.mesh.config import Config, Ports
from scop.mesh.tsig_file import TSIG_FILE
from scop.supervisor.config_file import ConfigurationError, parse_config

__all__ = ["Founding", "found", "found_list_key", "self_signed"]

CERTIFICATE_DAYS = 365
STANDARD = Ports()
UNPRIVILEGED = Ports(smtp=2525, submission=2587, submissions=2465, dns=5300, dot=8853)


@dataclass(frozen=True, slots=True)
class Founding:
    """What a new mesh is to be."""

    domain: str
    address: str = "127.0.0.1"
    ports: Ports = STANDARD
    pipes: int = 21000
    pipe_address: str = "127.0.0.1"
    world_smtp_port: int = 25
    world_dns_port: int = 53
    root_hints: str = ""  # the text of the file; empty: the root servers of the Internet
    trust_anchor: str = ""  # the text of the file, for a root of one's own

    @property
    def hostname(self) -> str:
        """The name of the mail host."""
        return f"mx.{self.domain}"


def _toml(founding: Founding) -> str:
    ports = ", ".join(f"{name} = {port}" for name, port in msgspec.structs.asdict(founding.ports).items())
    server = f"[{founding.address}]" if ":" in founding.address else founding.address
    stub = (
        "[resolver]                         # our own zone is asked at our own primary\n"
        f'stub = {{ "{founding.domain}" = ["{server}:{founding.ports.dns}"] }}\n'
        f'negative_trust_anchors = ["{founding.domain}"]   # until the parent zone has our DS: `scop dns ds`\n\n'
    )
    hints = 'root_hints = "root.hints"\n' if founding.root_hints else ""
    hints += 'trust_anchor = "root.anchor"\n' if founding.trust_anchor else ""
    return (
        f'domain = "{founding.domain}"\n'
        f'hostname = "{founding.hostname}"\n'
        'state = "state"                    # relative to this file\n\n'
        "[network]\n"
        f'address = "{founding.address}"            # public listeners, and the source of outgoing mail\n'
        f'pipe_address = "{founding.pipe_address}"       # inner pipes\n'
        "own_networks = []\n"
        f"ports = {{ {ports} }}\n"
        f"pipes = {founding.pipes}                      # first of the inner ports, one per cell\n\n"
        '[world]                            # what "the Internet" listens on\n'
        f"smtp_port = {founding.world_smtp_port}\n"
        f"dns_port = {founding.world_dns_port}\n"
        f"{hints}\n"
        f"{'' if founding.root_hints else stub}"
        "[tls]\n"
        'certificate = "tls/public.pem"\n'
        'key = "tls/public.key"\n'
    )


def self_signed(hostname: str, address: str) -> tuple[bytes, bytes]:
    """Return a self-signed certificate and its key as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, hostname)])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName(hostname), x509.IPAddress(ipaddress.ip_address(address))]
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(minutes=5))
        .not_valid_after(now + datetime.timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def _files(founding: Founding) -> Iterator[tuple[str, bytes, int]]:
    """Yield every file of a new mesh: its path, octets and mode."""
    certificate, key = self_signed(founding.hostname, founding.address)
    tsig = new_tsig_key(f"signer.{founding.domain}", secrets.token_bytes(32)).to_text().encode()
    config = parse_config(_toml(founding), "the new scop.toml")
    zone = first_zone_of(site_of(config, certificate=certificate.decode("ascii")))
    yield "tls/public.pem", certificate, 0o644
    yield "tls/public.key", key, 0o600
    yield f"state/primary/{founding.domain}.zone", zone.encode(), 0o600
    yield "state/primary/tsig.key", tsig, 0o600
    yield "state/signer/tsig.key", tsig, 0o600
    list_key = _list_key(founding.domain)
    yield f"state/primary/{LIST_KEY}", list_key, 0o600
    yield f"state/receiver/{TSIG_FILE}", list_key, 0o600
    for name in (PLAN_KEY, ADDRESS_KEY):
        key_name = f"{name.removesuffix('.key')}.{founding.domain}"
        key = new_tsig_key(key_name, secrets.token_bytes(32)).to_text().encode()
        yield f"state/primary/{name}", key, 0o600
        yield name, key, 0o600
    if founding.root_hints:
        yield "root.hints", founding.root_hints.encode(), 0o644
    if founding.trust_anchor:
        yield "root.anchor", founding.trust_anchor.encode(), 0o644
    yield "scop.toml", _toml(founding).encode(), 0o644


def _list_key(domain: str) -> bytes:
    return new_tsig_key(f"receiver.{domain}", secrets.token_bytes(32)).to_text().encode()


def found_list_key(config: Config, state: Path) -> None:
    """Make the key by which the receiver writes its list, in a mesh that was founded before there was one."""
    ends = (state / "primary" / LIST_KEY, state / "receiver" / TSIG_FILE)
    if not config.firewall.publish or any(end.exists() for end in ends):
        return
    key = _list_key(config.domain)
    for end in ends:
        _write(end, key, 0o600)


def _write(path: Path, octets: bytes, mode: int) -> None:
    path.parent.mkdir(mode=0o755 if path.parent.name == "tls" else 0o700, parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(octets)


def found(founding: Founding, folder: Path) -> Path:
    """Write a new mesh's files below `folder` and return its `scop.toml`."""
    files = tuple(_files(founding))
    for name, _, _ in files:
        if (folder / name).exists():
            raise ConfigurationError(f"{folder / name} is already there; `scop init` never overwrites a mesh")
    written: list[Path] = []
    try:
        (folder / "state").mkdir(mode=0o711, parents=True, exist_ok=True)
        for name, octets, mode in files:
            _write(folder / name, octets, mode)
            written.append(folder / name)
    except OSError as error:
        for path in written:
            path.unlink()
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}; choose a folder of yours") from None
    return folder / "scop.toml"

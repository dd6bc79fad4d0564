"""`[primary]`: our own zones and how they are signed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlsplit

import msgspec

from scop.mesh.config.checks import check_limit, check_positive
from scop.mesh.config.resolver import server_place

__all__ = ["Primary", "RemotePlace"]

_GIT_PORTS = {"ssh": 22, "https": 443, "git": 9418}


@dataclass(frozen=True, slots=True)
class RemotePlace:
    """Where a git repository is: a folder of this machine, or a host and its port."""

    folder: str = ""
    host: str = ""
    port: int = 0


class Primary(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How the zones that we are primary for are kept."""

    # Off after it was on: the parent is asked to vouch for no key, and signatures stay until it does.
    sign: bool = True
    algorithm: Literal["ecdsap256sha256", "ecdsap384sha384", "ed25519"] = "ecdsap256sha256"
    keys: Literal["csk", "ksk+zsk"] = "csk"  # one key for everything, or one for the parent and one for the zone
    denial: Literal["nsec", "nsec3"] = "nsec"  # nsec3: the names of a zone are not to be walked through with ease
    signature_days: float = 14.0  # signatures are made anew when half of it is over
    zone_key_days: float = 90.0  # 0: rolled by `scop dns roll` only; a csk always is
    propagation_seconds: int = 3600  # until the last secondary has a new version
    parent_propagation_seconds: int = 3600  # until the parent's last secondary has
    parent_ds_ttl_seconds: int = 86_400  # how long caches hold the parent's DS, at least
    # A git repository that the zones' history is pushed to and pulled from: an absolute path, ssh://, https:// or
    # git://. Its secrets lie in the primary's state: remote.key and .ssh/known_hosts, or remote.ca and remote.login.
    remote: str = ""

    # What the holders of keys in the primary's state folder (`tsig.keys`: name algorithm base64) may do beside the
    # signer: write (KEY:NAMES:TYPES, `home:mx.harbor.test:A,AAAA`), and fetch whole zones.
    allow_update: tuple[str, ...] = ()
    transfer_keys: tuple[str, ...] = ()
    notify: tuple[str, ...] = ()  # ADDR[:KEY]: secondaries that are told of new versions
    secondary: tuple[str, ...] = ()  # NAME=ADDR:KEY: zones of other primaries that we show too

    def __post_init__(self) -> None:
        """Check that each time is one."""
        check_positive("signature_days", self.signature_days)
        if self.signature_days < 1:
            raise ValueError("signature_days: caches and secondaries need signatures that last a day at least")
        for name in ("zone_key_days", "propagation_seconds", "parent_propagation_seconds", "parent_ds_ttl_seconds"):
            check_limit(name, getattr(self, name))
        _place(self.remote)
        self.primaries_ports(0)

    def primaries_ports(self, default_port: int) -> tuple[int, ...]:
        """Return the ports at which zones of others are fetched; raises `ValueError`."""
        return tuple(_primary_port(text, default_port) for text in self.secondary)

    @property
    def remote_place(self) -> RemotePlace | None:
        """Where the remote is, None where there is none."""
        return _place(self.remote)


def _primary_port(secondary: str, default_port: int) -> int:
    place, _, key = secondary.partition("=")[2].rpartition(":")
    if not place or not key:
        raise ValueError(f"secondary: {secondary!r} is not of the form NAME=ADDR:KEY")
    return server_place(place, default_port or 1)[1]


def _place(url: str) -> RemotePlace | None:
    """Return where a repository is; raises `ValueError` where that is no place we know to speak with."""
    if not url:
        return None
    path = url.removeprefix("file://")
    if path.startswith("/"):
        return RemotePlace(folder=path)
    parts = urlsplit(url)
    if parts.scheme not in _GIT_PORTS or not parts.hostname or parts.password:
        raise ValueError(f"remote: {url!r} is no absolute path, and no URL with a host that begins ssh, https or git")
    return RemotePlace(host=parts.hostname, port=parts.port or _GIT_PORTS[parts.scheme])

"""`[publish]`: what our zone is to say beyond what follows from the rest; `scop dns plan` sees to it."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from scop.mesh.config.checks import check_address

__all__ = ["Publish"]

_HOST = re.compile(r"(?=.{3,253}\Z)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_PLACE = re.compile(r"(?P<host>[^:]+)(?::(?P<port>[0-9]{1,5}))?")
_SOURCE = re.compile(r"(?:interface|command):.+")
MATRIX_PORT = 8448
MAX_TEXT = 512


class Publish(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The wishes of a person; what is left empty is not wanted."""

    addresses: tuple[str, ...] = ()  # where the world reaches the mail host; default: [network] address
    # Where they are read in place of that, by `scop dns plan` and `apply`: interface:NAME, or command:WORDS that print
    # addresses, run as whoever types.
    address_from: str = ""
    dmarc: str = ""  # v=DMARC1; …; empty: any policy that is there, or p=reject with reports to [reports] mailbox
    # Where TLS reports are sent: mailto:… or https://…; empty: as a record that is there says, or to [reports] mailbox
    tls_reports: str = ""
    mta_sts: Literal["none", "testing", "enforce"] = "none"
    mta_sts_host: str = ""  # who serves the policy at https://mta-sts.<domain>/.well-known/mta-sts.txt
    autoconfig_host: str = ""  # who serves autoconfig.<domain>
    certificate_authorities: tuple[str, ...] = ()  # who may issue certificates for the domain; empty: anybody
    matrix: str = ""  # host or host:port of the homeserver

    def __post_init__(self) -> None:
        """Check each wish."""
        for address in self.addresses:
            check_address("addresses", address)
        if self.address_from and not _SOURCE.fullmatch(self.address_from):
            raise ValueError(f"address_from: {self.address_from!r} is neither interface:NAME nor command:WORDS")
        if self.address_from and self.addresses:
            raise ValueError("address_from: addresses are named already, say one of both")
        for name in ("dmarc", "tls_reports"):
            _check_text(name, getattr(self, name))
        if self.dmarc and not self.dmarc.startswith("v=DMARC1;"):
            raise ValueError(f"dmarc: {self.dmarc!r} does not begin with v=DMARC1;")
        if self.tls_reports and not self.tls_reports.startswith(("mailto:", "https://")):
            raise ValueError(f"tls_reports: {self.tls_reports!r} begins with neither mailto: nor https://")
        for name in ("mta_sts_host", "autoconfig_host"):
            _check_host(name, getattr(self, name))
        for authority in self.certificate_authorities:
            _check_host("certificate_authorities", authority)
        if self.matrix:
            _check_host("matrix", self.matrix_place[0])

    @property
    def matrix_place(self) -> tuple[str, int]:
        """Host and port of the homeserver; ('', 8448) where there is none."""
        found = _PLACE.fullmatch(self.matrix)
        if found is None:
            return self.matrix, MATRIX_PORT
        return found["host"], int(found["port"] or MATRIX_PORT)


def _check_host(name: str, host: str) -> None:
    if host and not _HOST.fullmatch(host):
        raise ValueError(f"{name}: {host!r} is no lower-case name of a host")


def _check_text(name: str, text: str) -> None:
    if len(text) > MAX_TEXT or not text.isascii() or not text.isprintable() or '"' in text:
        raise ValueError(f"{name}: {text!r} cannot stand in a TXT record")

"""What a cell shows at both ends of its pipes: its leaf inside two TLS contexts, renewed while it runs."""

from __future__ import annotations

import os
import ssl
from pathlib import Path

from scop.mesh.identity import Leaf, cell_uri

__all__ = ["PipeIdentity"]


class PipeIdentity:
    """The name of a cell with the contexts that prove it as server and as client."""

    def __init__(self, domain: str, name: str, leaf: Leaf) -> None:
        cell_uri(domain, name)
        self.domain = domain
        self.name = name
        self.server_context = _context(ssl.PROTOCOL_TLS_SERVER, leaf)
        # RFC 8446 §4.6.1: without tickets each connection is judged anew by the leaf of that hour.
        self.server_context.num_tickets = 0
        self.client_context = _context(ssl.PROTOCOL_TLS_CLIENT, leaf)
        self.not_after_unix = leaf.not_after_unix

    def rotate(self, leaf: Leaf) -> None:
        """Show `leaf` on every connection from now on; open ones go on as they are."""
        _load(self.server_context, leaf)
        _load(self.client_context, leaf)
        self.not_after_unix = leaf.not_after_unix


def _context(side: int, leaf: Leaf) -> ssl.SSLContext:
    context = ssl.SSLContext(side)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    # Cells are known by URI names (check_identity), which ssl cannot compare; both ends must show one.
    context.check_hostname = False
    context.verify_mode = ssl.CERT_REQUIRED
    context.verify_flags |= ssl.VerifyFlags.VERIFY_X509_STRICT
    context.load_verify_locations(cadata=leaf.authority_pem)
    _load(context, leaf)
    return context


def _load(context: ssl.SSLContext, leaf: Leaf) -> None:
    """Put the leaf into the context.

    `ssl` reads key and certificate from a path only. This one leads to anonymous memory, so the key
    never reaches a disk: a confined cell may open it, because Landlock rules speak of file systems
    that are mounted and memory files are on none, and /proc/self/fd is always open to its own process.
    """
    descriptor = os.memfd_create("leaf", os.MFD_CLOEXEC)
    try:
        _write_all(descriptor, (leaf.key_pem + leaf.certificate_pem).encode("ascii"))
        context.load_cert_chain(Path(f"/proc/self/fd/{descriptor}"))
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, octets: bytes) -> None:
    while octets:
        octets = octets[os.write(descriptor, octets) :]

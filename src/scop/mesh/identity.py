"""Who a cell is: a name in the trust domain of one mail domain, proven by a certificate of a day.

One function judges the certificate at both ends of every pipe, after TLS has checked its chain and
its dates. It does not look at the chain again and decides nothing but the name.

Standards: RFC 5280 §4.2.1.6 (subject alternative name), SPIFFE-ID and X509-SVID (SPIFFE project).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping

import msgspec

from scop.base import printable
from scop.net.faults import PermanentFailure

__all__ = ["Leaf", "cell_uri", "check_identity"]

_CELL_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
# Lower case and ASCII only: a trust domain is compared octet by octet, so it has one spelling.
_TRUST_DOMAIN = re.compile(r"(?=.{1,253}\Z)[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*")


class Leaf(msgspec.Struct, frozen=True):
    """One cell's certificate with its key, and the authority that it believes: all it needs for pipes.

    A plain struct, so that it travels over the control socket and no cell imports `cryptography`.
    """

    certificate_pem: str
    key_pem: str
    authority_pem: str
    not_after_unix: float

    def __repr__(self) -> str:
        """Show what is no secret: a leaf in a traceback must not give its key away."""
        return f"Leaf(not_after_unix={self.not_after_unix}, key_pem=…)"


def cell_uri(domain: str, name: str) -> str:
    """Return the URI that names cell `name` of the mesh of `domain`; ValueError where either is malformed."""
    if not _TRUST_DOMAIN.fullmatch(domain):
        raise ValueError(f"not a trust domain (lower-case ASCII labels): {printable(domain)!r}")
    if not _CELL_NAME.fullmatch(name):
        raise ValueError(f"not a cell's name: {printable(name)!r}")
    return f"spiffe://{domain}/cell/{name}"


def check_identity(certificate: Mapping[str, object], *, domain: str, allowed: Collection[str]) -> str:
    """Return which of the `allowed` cells of `domain` the certificate names; raise `PermanentFailure` else.

    `certificate` has the shape of `ssl.SSLSocket.getpeercert()`. The names are compared as whole URIs,
    so no spelling but the one we issue is ever accepted.
    """
    uris = _uris(certificate)
    # X509-SVID §2: exactly one URI SAN; a second one could be what another check looks at.
    if len(uris) != 1:
        raise PermanentFailure(f"the certificate bears {len(uris)} URI names, not one")
    for name in allowed:
        if uris[0] == cell_uri(domain, name):
            return name
    if not uris[0].startswith(f"spiffe://{domain}/"):
        raise PermanentFailure(f"another trust domain: {printable(uris[0])}")
    raise PermanentFailure(f"no pipe is granted to {printable(uris[0])}")


def _uris(certificate: Mapping[str, object]) -> list[str]:
    names = certificate.get("subjectAltName", ())
    if not isinstance(names, tuple):
        return []
    return [str(value) for kind, value in names if kind == "URI"]

"""Whom we believe certificates of: the authorities of this machine, or those in a file.

Read in full before a cell is confined: OpenSSL's own way looks into folders only when a certificate is checked,
and by then nothing outside of the cell's state can be read.

Standards: RFC 5280 §6 (validation, by OpenSSL), RFC 8997 (TLS 1.2 at least), RFC 8461 §3.3, §4.1 (names).
"""

from __future__ import annotations

import ssl
from pathlib import Path

__all__ = ["web_trust"]

USUAL_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",  # Debian, Alpine, Arch
    "/etc/pki/tls/certs/ca-bundle.crt",  # Fedora
    "/etc/ssl/ca-bundle.pem",  # openSUSE
)


def web_trust(file: str = "") -> ssl.SSLContext:
    """Return a client's context that checks certificates and names, by the PEM in `file` or this machine's.

    A machine without authorities trusts nobody; raises `OSError` for a file that cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    # RFC 8461 §3.3, §4.1: one of the DNS names of a certificate counts, never the common name of its subject.
    context.hostname_checks_common_name = False
    bundle = file or _bundle()
    if bundle:
        context.load_verify_locations(cafile=bundle)
    return context


def _bundle() -> str:
    usual = (ssl.get_default_verify_paths().cafile or "", *USUAL_BUNDLES)
    return next((path for path in usual if path and Path(path).is_file()), "")

"""A self-signed certificate for the tests of public listeners: made once a run, in memory."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["certificate_pem", "client_context", "server_context", "write_pem"]

HOSTNAME = "mx.harbor.test"


@cache
def _pem() -> tuple[bytes, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOSTNAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOSTNAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return certificate.public_bytes(serialization.Encoding.PEM), private


def certificate_pem() -> bytes:
    """Return the certificate that the server shows."""
    return _pem()[0]


def write_pem(folder: Path) -> Path:
    """Write certificate and key into one file, and return it."""
    path = folder / "both.pem"
    path.write_bytes(b"".join(_pem()))
    return path


def server_context() -> ssl.SSLContext:
    """Return the context of a server that bears `mx.harbor.test`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        context.load_cert_chain(write_pem(Path(folder)))
    return context


def client_context() -> ssl.SSLContext:
    """Return the context of a client that trusts it."""
    return ssl.create_default_context(cadata=_pem()[0].decode())

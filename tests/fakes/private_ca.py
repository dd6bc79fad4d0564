"""A certificate authority for tests: made in memory, with leaves for whatever names and dates a test wants."""

from __future__ import annotations

import datetime
import ssl
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

__all__ = ["Authority", "Leaf", "authority"]

HOUR = datetime.timedelta(hours=1)


@dataclass(frozen=True)
class Leaf:
    """A server's certificate with its key; `above` is sent with it."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    above: tuple[x509.Certificate, ...]

    @property
    def chain(self) -> tuple[bytes, ...]:
        """DER of what the server sends."""
        return tuple(each.public_bytes(serialization.Encoding.DER) for each in (self.certificate, *self.above))

    def server(self) -> ssl.SSLContext:
        """Return the context of a server that shows it."""
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem = b"".join(each.public_bytes(serialization.Encoding.PEM) for each in (self.certificate, *self.above))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "both.pem")
            path.write_bytes(pem + private)
            context.load_cert_chain(path)
        return context


@dataclass(frozen=True)
class Authority:
    """A root."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> str:
        """The root's certificate."""
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self) -> bytes:
        """The same in DER."""
        return self.certificate.public_bytes(serialization.Encoding.DER)

    def leaf(self, *names: str, expired: bool = False) -> Leaf:
        """Return a certificate for DNS names, valid for an hour yet or expired an hour ago."""
        key = ec.generate_private_key(ec.SECP256R1())
        end = _now() - HOUR if expired else _now() + HOUR
        certificate = (
            _builder(names[0], self.certificate.subject, key, end)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name) for name in names]), critical=False)
            .sign(self.key, hashes.SHA256())
        )
        return Leaf(certificate, key, (self.certificate,))

    def unnamed_leaf(self, common_name: str) -> Leaf:
        """Return a certificate that has no DNS names, only a subject that looks like one."""
        key = ec.generate_private_key(ec.SECP256R1())
        builder = _builder(common_name, self.certificate.subject, key, _now() + HOUR)
        return Leaf(builder.sign(self.key, hashes.SHA256()), key, (self.certificate,))


@cache
def authority(name: str = "a private authority") -> Authority:
    """Return the authority of this name, the same for a whole run."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        _builder(name, None, key, _now() + HOUR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(certificate, key)


def _builder(
    subject: str, issuer: x509.Name | None, key: ec.EllipticCurvePrivateKey, end: datetime.datetime
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer or name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 10 * HOUR)
        .not_valid_after(end)
    )


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)

"""Certificates of mail clients, and who issues them: for tests of EXTERNAL."""

from __future__ import annotations

import datetime
import ssl
from dataclasses import dataclass, field
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fakes.self_signed import client_context

__all__ = ["ClientAuthority"]

_HOUR = datetime.timedelta(hours=1)


def _name(common_name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common_name)] if common_name else [])


@dataclass
class ClientAuthority:
    """Issues certificates that name a person."""

    name: str = "harbor's people"
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def pem(self) -> bytes:
        """Return the certificate that others trust."""
        made = self._builder(_name(self.name), self.key.public_key()).add_extension(
            x509.BasicConstraints(ca=True, path_length=0), critical=True
        )
        return made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def client(self, folder: Path, *mails: str, common_name: str = "somebody") -> ssl.SSLContext:
        """Return the context of a client that shows a certificate with these addresses and this name."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(_name(common_name), key.public_key())
        if mails:
            names = x509.SubjectAlternativeName([x509.RFC822Name(mail) for mail in mails])
            made = made.add_extension(names, critical=not common_name)
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        path = folder / f"{abs(hash((self.name, mails, common_name)))}.pem"
        path.write_bytes(made.sign(self.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM) + private)
        context = client_context()
        context.load_cert_chain(path)
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePublicKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(_name(self.name))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _HOUR)
            .not_valid_after(now + _HOUR)
        )

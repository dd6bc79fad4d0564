"""The authority of one mesh: signs who each cell is, lives in the supervisor's memory, dies with it.

It is made anew at each start, so there is no key to steal from a disk and nothing to revoke: a leaf
lives a day, and no leaf of yesterday's authority is believed. Only the supervisor imports this module,
because `cryptography` costs a process some 10 MB.

Standards: RFC 5280 (certificates), RFC 5480 (P-256 keys), X509-SVID (SPIFFE project).
"""

from __future__ import annotations

import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from scop.base import Clock
from scop.mesh.identity import Leaf, cell_uri
from scop.net.clock import SystemClock

__all__ = ["Authority", "Leaf"]

LEAF_HOURS = 24
AUTHORITY_DAYS = 3650  # it ends with the supervisor's process; the date only has to be later
CLOCK_SKEW = datetime.timedelta(minutes=5)  # one machine, but its clock may be stepped back


class Authority:
    """Issues the leaves of the mesh of `domain`; its key never leaves this object."""

    def __init__(self, domain: str, clock: Clock | None = None) -> None:
        self.domain = domain
        self._clock: Clock = clock or SystemClock()
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._certificate = self._certify_itself()
        self.certificate_pem = self._certificate.public_bytes(Encoding.PEM).decode("ascii")

    def leaf(self, name: str, hours: float = LEAF_HOURS) -> Leaf:
        """Return a fresh key and certificate for cell `name`, good for both ends of a pipe."""
        key = ec.generate_private_key(ec.SECP256R1())
        until = self._now() + datetime.timedelta(hours=hours)
        certificate = self._certify(key.public_key(), cell_uri(self.domain, name), until)
        return Leaf(
            certificate_pem=certificate.public_bytes(Encoding.PEM).decode("ascii"),
            key_pem=key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode("ascii"),
            authority_pem=self.certificate_pem,
            not_after_unix=until.timestamp(),
        )

    def _now(self) -> datetime.datetime:
        return datetime.datetime.fromtimestamp(int(self._clock.unix()), datetime.UTC)

    def _certify_itself(self) -> x509.Certificate:
        cell_uri(self.domain, "supervisor")  # a malformed trust domain is refused here, not at the first pipe
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"mesh of {self.domain}"[:64])])
        # RFC 5280 §4.2.1.10: whatever is signed by mistake, another domain's cells it cannot name.
        only_ours = x509.NameConstraints([x509.UniformResourceIdentifier(self.domain)], None)
        return (
            self._builder(self._key.public_key(), self._now() + datetime.timedelta(days=AUTHORITY_DAYS))
            .subject_name(name)
            .issuer_name(name)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_key_usage(signs_certificates=True), critical=True)
            .add_extension(only_ours, critical=True)
            .sign(self._key, hashes.SHA256())
        )

    def _certify(self, key: ec.EllipticCurvePublicKey, uri: str, until: datetime.datetime) -> x509.Certificate:
        both_ends = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH])
        # RFC 5280 §4.2.1.6: the subject is empty, so the alternative name is critical.
        names = x509.SubjectAlternativeName([x509.UniformResourceIdentifier(uri)])
        return (
            self._builder(key, until)
            .subject_name(x509.Name([]))
            .issuer_name(self._certificate.subject)
            .add_extension(names, critical=True)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_key_usage(signs_certificates=False), critical=True)
            .add_extension(both_ends, critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False)
            .sign(self._key, hashes.SHA256())
        )

    def _builder(self, key: ec.EllipticCurvePublicKey, until: datetime.datetime) -> x509.CertificateBuilder:
        return (
            x509.CertificateBuilder()
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(self._now() - CLOCK_SKEW)
            .not_valid_after(until)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key), critical=False)
        )


def _key_usage(*, signs_certificates: bool) -> x509.KeyUsage:
    # RFC 5280 §4.2.1.3: a key that signs certificates signs nothing else, and the other way round.
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )

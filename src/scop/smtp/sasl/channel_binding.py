"""What ties an authentication to its TLS connection: the hash of the server's certificate.

Who sits between two TLS connections has another certificate, so a proof that covers this hash is of no use
to it. The hash function is the one of the certificate's own signature; only that much of the DER is read.

Standards: RFC 5929 §4 (tls-server-end-point); RFC 5280 §4.1; RFC 4055 §3.1 (RSASSA-PSS); X.690 §8.1 (DER).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from scop.base import Cursor, RemoteProtocolError
from scop.base.der import OBJECT_IDENTIFIER, SEQUENCE, element, explicit, next_tag

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["tls_server_end_point"]

_FIRST_EXPLICIT = explicit(0)

_RSA = bytes.fromhex("2a864886f70d0101")  # 1.2.840.113549.1.1
_ECDSA = bytes.fromhex("2a8648ce3d04")  # 1.2.840.10045.4
_NIST = bytes.fromhex("60864801650304")  # 2.16.840.1.101.3.4
_RSASSA_PSS = _RSA + b"\x0a"

# RFC 5929 §4.1: MD5 and SHA-1 are replaced by SHA-256, every other hash is used as it is.
_HASH_OF_SIGNATURE: Mapping[bytes, str] = {
    _RSA + b"\x04": "sha256",  # MD5
    _RSA + b"\x05": "sha256",  # SHA-1
    _RSA + b"\x0b": "sha256",
    _RSA + b"\x0c": "sha384",
    _RSA + b"\x0d": "sha512",
    _RSA + b"\x0e": "sha224",
    _ECDSA + b"\x01": "sha256",  # SHA-1
    _ECDSA + b"\x03\x01": "sha224",
    _ECDSA + b"\x03\x02": "sha256",
    _ECDSA + b"\x03\x03": "sha384",
    _ECDSA + b"\x03\x04": "sha512",
    _NIST + b"\x03\x01": "sha224",  # DSA
    _NIST + b"\x03\x02": "sha256",
}
_HASH: Mapping[bytes, str] = {
    _NIST + b"\x02\x01": "sha256",
    _NIST + b"\x02\x02": "sha384",
    _NIST + b"\x02\x03": "sha512",
    _NIST + b"\x02\x04": "sha224",
}


def tls_server_end_point(certificate_der: bytes) -> bytes:
    """Return the channel binding of a server's certificate; raises `RemoteProtocolError` where it has none."""
    certificate = element(Cursor(certificate_der), SEQUENCE)
    element(certificate, SEQUENCE)  # RFC 5280 §4.1: tbsCertificate, then signatureAlgorithm
    algorithm = element(certificate, SEQUENCE)
    identifier = element(algorithm, OBJECT_IDENTIFIER).rest()
    name = _hash_of_pss(algorithm) if identifier == _RSASSA_PSS else _HASH_OF_SIGNATURE.get(identifier)
    if name is None:  # RFC 5929 §4.1: undefined, as for Ed25519, which names no hash
        raise RemoteProtocolError("a signature algorithm of no single hash has no tls-server-end-point")
    return hashlib.new(name, certificate_der).digest()


def _hash_of_pss(algorithm: Cursor) -> str | None:
    parameters = element(algorithm, SEQUENCE)
    if next_tag(parameters) != _FIRST_EXPLICIT:
        return "sha256"  # RFC 4055 §3.1: SHA-1 where nothing is said
    named = element(element(parameters, _FIRST_EXPLICIT), SEQUENCE)
    return _HASH.get(element(named, OBJECT_IDENTIFIER).rest())

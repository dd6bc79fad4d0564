"""What ties an authentication to its TLS connection: the hash of the server's certificate.

Who sits between two TLS connections has another certificate, so a proof that covers this hash is of no use
to it. The hash function is the one of the certificate's own signature; only that much of the DER is read.

Standards: RFC 5929 §4 (tls-server-end-point); RFC 5280 §4.1; RFC 4055 §3.1 (RSASSA-PSS); X.690 §8.1 (DER).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from scop.base import Cursor, RemoteProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["tls_server_end_point"]

_SEQUENCE, _OBJECT_IDENTIFIER, _FIRST_EXPLICIT = 0x30, 0x06, 0xA0

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
    certificate = _within(Cursor(certificate_der), _SEQUENCE)
    _within(certificate, _SEQUENCE)  # RFC 5280 §4.1: tbsCertificate, then signatureAlgorithm
    algorithm = _within(certificate, _SEQUENCE)
    identifier = _within(algorithm, _OBJECT_IDENTIFIER).rest()
    name = _hash_of_pss(algorithm) if identifier == _RSASSA_PSS else _HASH_OF_SIGNATURE.get(identifier)
    if name is None:  # RFC 5929 §4.1: undefined, as for Ed25519, which names no hash
        raise RemoteProtocolError("a signature algorithm of no single hash has no tls-server-end-point")
    return hashlib.new(name, certificate_der).digest()


def _hash_of_pss(algorithm: Cursor) -> str | None:
    parameters = _within(algorithm, _SEQUENCE)
    if not parameters.remaining or parameters.octets[parameters.position] != _FIRST_EXPLICIT:
        return "sha256"  # RFC 4055 §3.1: SHA-1 where nothing is said
    named = _within(_within(parameters, _FIRST_EXPLICIT), _SEQUENCE)
    return _HASH.get(_within(named, _OBJECT_IDENTIFIER).rest())


def _within(cursor: Cursor, tag: int) -> Cursor:
    """Step over one element, which must bear `tag`, and return a cursor over what it holds."""
    found = cursor.u8()
    if found != tag:
        raise RemoteProtocolError(f"DER tag {found:#x} where {tag:#x} belongs")
    length = cursor.u8()
    if length >= 0x80:  # X.690 §8.1.3.5: the long form; four octets are far above any certificate
        count = length & 0x7F
        if not 1 <= count <= 4:
            raise RemoteProtocolError("a DER length that no certificate has")
        length = int.from_bytes(cursor.take(count), "big")
    start = cursor.position
    cursor.take(length)
    return Cursor(cursor.octets, start, start + length)

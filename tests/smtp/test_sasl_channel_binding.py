"""Laws of tls-server-end-point."""

from __future__ import annotations

import contextlib
import datetime
import hashlib
from functools import cache

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from scop.base import RemoteProtocolError
from scop.smtp.sasl import tls_server_end_point

Hash = hashes.SHA224 | hashes.SHA256 | hashes.SHA384 | hashes.SHA512
HASHES: dict[str, Hash] = {
    "sha224": hashes.SHA224(),
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}


@cache
def _rsa() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def _ec() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _unsigned(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey,
) -> x509.CertificateBuilder:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.harbor.test")])
    now = datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now)
    )


def _der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.DER)


@pytest.mark.parametrize("name", HASHES)
@pytest.mark.parametrize("kind", ["rsa", "pss", "ecdsa"])
def test_tls_server_end_point_takes_the_hash_of_the_signature(name: str, kind: str) -> None:
    """RFC 5929 §4.1: the certificate is hashed by the function that its signature uses."""
    if kind == "ecdsa":
        der = _der(_unsigned(_ec()).sign(_ec(), HASHES[name]))
    elif kind == "rsa":
        der = _der(_unsigned(_rsa()).sign(_rsa(), HASHES[name]))
    else:
        pss = padding.PSS(padding.MGF1(HASHES[name]), padding.PSS.DIGEST_LENGTH)
        der = _der(_unsigned(_rsa()).sign(_rsa(), HASHES[name], rsa_padding=pss))
    assert hashlib.new(name, der).digest() == tls_server_end_point(der)


@pytest.mark.parametrize("identifier", ["2a864886f70d010104", "2a864886f70d010105", "2a8648ce3d0401"])
def test_tls_server_end_point_replaces_weak_hashes(identifier: str) -> None:
    """RFC 5929 §4.1: MD5 and SHA-1 become SHA-256."""
    oid = bytes.fromhex(identifier)
    algorithm = b"\x06" + bytes([len(oid)]) + oid + b"\x05\x00"
    inner = b"\x30\x00" + b"\x30" + bytes([len(algorithm)]) + algorithm + b"\x03\x01\x00"
    der = b"\x30" + bytes([len(inner)]) + inner
    assert hashlib.sha256(der).digest() == tls_server_end_point(der)


def test_tls_server_end_point_of_pss_by_default() -> None:
    """RFC 4055 §3.1: RSASSA-PSS that names no hash means SHA-1, which becomes SHA-256."""
    algorithm = bytes.fromhex("06092a864886f70d01010a") + b"\x30\x00"
    inner = b"\x30\x00" + b"\x30" + bytes([len(algorithm)]) + algorithm + b"\x03\x01\x00"
    der = b"\x30" + bytes([len(inner)]) + inner
    assert hashlib.sha256(der).digest() == tls_server_end_point(der)


def test_tls_server_end_point_of_no_hash_is_undefined() -> None:
    """RFC 5929 §4.1: a signature that names no hash has no such binding."""
    key = ed25519.Ed25519PrivateKey.generate()
    with pytest.raises(RemoteProtocolError, match="no single hash"):
        tls_server_end_point(_der(_unsigned(key).sign(key, None)))


@given(st.binary(max_size=64))
def test_tls_server_end_point_lets_only_protocol_errors_escape(octets: bytes) -> None:
    """Any octets are a certificate or none."""
    for der in (octets, b"\x30" + octets, _der(_unsigned(_ec()).sign(_ec(), hashes.SHA256()))[: len(octets)]):
        with contextlib.suppress(RemoteProtocolError):
            tls_server_end_point(der)

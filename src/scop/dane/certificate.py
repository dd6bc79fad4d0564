"""The public key out of a certificate, as the octets that a TLSA record with selector SPKI is made of.

Standards: RFC 6698 §2.1.2 (selectors), RFC 5280 §4.1 (what stands in a certificate).
"""

from __future__ import annotations

from scop.base import Cursor, LimitExceeded, RemoteProtocolError
from scop.base.der import INTEGER, SEQUENCE, element, explicit, next_tag

__all__ = ["public_key_info"]

MAX_CERTIFICATE_OCTETS = 65_536  # a TLSA record, which may hold one, is no longer

_VERSION = explicit(0)


def public_key_info(certificate: bytes) -> bytes:
    """Return the DER of a certificate's subjectPublicKeyInfo; raises `RemoteProtocolError` where it is none."""
    if len(certificate) > MAX_CERTIFICATE_OCTETS:
        raise LimitExceeded(f"a certificate is longer than {MAX_CERTIFICATE_OCTETS} octets")
    whole = Cursor(certificate)
    to_be_signed = element(element(whole, SEQUENCE), SEQUENCE)
    if whole.remaining:
        raise RemoteProtocolError("something stands behind the certificate")
    # RFC 5280 §4.1: version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo
    if next_tag(to_be_signed) == _VERSION:
        element(to_be_signed, _VERSION)
    element(to_be_signed, INTEGER)
    for _ in range(4):
        element(to_be_signed, SEQUENCE)
    start = to_be_signed.position
    element(to_be_signed, SEQUENCE)
    return certificate[start : to_be_signed.position]

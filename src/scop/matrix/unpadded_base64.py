"""Base64 without padding: how Matrix writes keys, signatures and hashes into JSON, in both alphabets.

Standards: Matrix v1.19, Appendices §Unpadded Base64; RFC 4648 §4, §5.
"""

from __future__ import annotations

from binascii import Error, a2b_base64, b2a_base64

from scop.base import RemoteProtocolError

__all__ = ["decode", "decode_url_safe", "encode", "encode_url_safe"]

_TO_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_FROM_URL_SAFE = {ord("-"): "+", ord("_"): "/", ord("+"): "!", ord("/"): "!"}  # "!" is in no alphabet


def encode(octets: bytes) -> str:
    """Return octets in standard base64 without padding."""
    return b2a_base64(octets, newline=False).rstrip(b"=").decode("ascii")


def encode_url_safe(octets: bytes) -> str:
    """Return octets in URL-safe base64 without padding."""
    return b2a_base64(octets, newline=False).rstrip(b"=").translate(_TO_URL_SAFE).decode("ascii")


def decode(text: str) -> bytes:
    """Return the octets of standard base64; raises `RemoteProtocolError`.

    # Lenient: padding is taken where it is right, and bits that are left over need not be zero (the appendix's own
    # signing seed has such): "implementations SHOULD accept input with or without padding".
    """
    try:
        octets = text.encode("ascii")
        padding = 0 if octets.endswith(b"=") else -len(octets) % 4
        if (len(octets) + padding) % 4:
            raise RemoteProtocolError("base64 with too little or too much padding")
        return a2b_base64(octets + b"=" * padding, strict_mode=True)
    except (Error, UnicodeEncodeError) as error:
        raise RemoteProtocolError("not unpadded base64") from error


def decode_url_safe(text: str) -> bytes:
    """Return the octets of URL-safe base64; raises `RemoteProtocolError`."""
    return decode(text.translate(_FROM_URL_SAFE))

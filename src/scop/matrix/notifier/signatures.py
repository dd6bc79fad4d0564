"""Whether a webhook comes from who knows the secret: each forge's own proof, compared in constant time.

Standards: RFC 2104 (HMAC) with SHA-256; the documents of the forges; Standard Webhooks 1.0 (webhook-signature).
"""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from enum import StrEnum

__all__ = ["Proof", "is_proved", "is_standard", "signature_of"]

TOLERANCE_SECONDS = 300.0  # of a proof that names its moment, as Standard Webhooks advises
_WHSEC = "whsec_"


class Proof(StrEnum):
    """How a sender proves that it knows the secret."""

    HUB_SHA256 = "x-hub-signature-256"  # sha256=HEX over the body
    HEX_SHA256 = "hex-hmac-sha256"  # HEX over the body, with or without sha256= before it
    TOKEN = "token"  # noqa: S105 - the word for it: the secret itself
    STANDARD = "standard-webhooks"  # webhook-id, webhook-timestamp and webhook-signature


def signature_of(body: bytes, secret: str) -> str:
    """Return the HMAC of a body in hex."""
    return hmac.new(secret.encode(), body, "sha256").hexdigest()


def is_proved(proof: Proof, claimed: str, body: bytes, secrets: Iterable[str]) -> bool:
    """Say whether what a header claims was made with one of the secrets."""
    return any(_fits(proof, claimed.strip(), body, secret) for secret in secrets)


def _fits(proof: Proof, claimed: str, body: bytes, secret: str) -> bool:
    if not secret:
        return False
    if proof is Proof.TOKEN:
        return _same(claimed.removeprefix("Bearer "), secret)
    if proof is Proof.HUB_SHA256 and not claimed.startswith("sha256="):
        return False
    return _same(claimed.removeprefix("sha256=").lower(), signature_of(body, secret))


def _same(one: str, other: str) -> bool:
    return hmac.compare_digest(one.encode("utf-8", "surrogatepass"), other.encode())


def is_standard(headers: Mapping[str, str], body: bytes, secrets: Iterable[str], now_unix: float) -> bool:
    """Say whether a webhook is signed as Standard Webhooks 1.0 says, and newly so."""
    moment, claims = headers.get("webhook-timestamp", ""), headers.get("webhook-signature", "").split()
    if not moment.isdecimal() or len(moment) > 12 or abs(int(moment) - now_unix) > TOLERANCE_SECONDS:
        return False
    signed = b".".join((headers.get("webhook-id", "").encode(), moment.encode(), body))
    wanted = [
        "v1," + base64.b64encode(hmac.digest(_octets(secret), signed, "sha256")).decode()
        for secret in secrets
        if secret
    ]
    return any(_same(claim, each) for each in wanted for claim in claims)


def _octets(secret: str) -> bytes:
    """Return a key; behind whsec_ it stands in base64."""
    if secret.startswith(_WHSEC):
        try:
            return base64.b64decode(secret.removeprefix(_WHSEC), validate=True)
        except binascii.Error:
            return secret.encode()
    return secret.encode()

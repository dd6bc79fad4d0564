"""What two devices compute from a shared secret in a SAS verification: pictures, numbers, commitment, MACs.

Standards: Matrix v1.19 CS §Short Authentication String (SAS) verification; RFC 7748, RFC 5869, RFC 2104.
"""

from __future__ import annotations

import hashlib
import hmac
from binascii import b2a_base64
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

from scop.base import RemoteProtocolError
from scop.matrix import canonical_json, unpadded_base64
from scop.matrix.json_values import JsonObject
from scop.matrix.verification.aes_hmac import hkdf_sha256
from scop.matrix.verification.parties import Side
from scop.matrix.verification.sas_emoji import SAS_EMOJI, Emoji

__all__ = ["EphemeralKey", "SasSecret", "commitment", "overlapping_base64"]

_KEY_OCTETS = 32


@dataclass(frozen=True, slots=True)
class EphemeralKey:
    """A Curve25519 key that serves one verification."""

    seed: bytes = field(repr=False)
    public: str = field(init=False)  # in unpadded base64

    def __post_init__(self) -> None:
        public = X25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()
        object.__setattr__(self, "public", unpadded_base64.encode(public))

    def agree(self, theirs: str) -> bytes:
        """Return the secret shared with the holder of a public key; raises `RemoteProtocolError`."""
        octets = unpadded_base64.decode(theirs)
        if len(octets) != _KEY_OCTETS:
            raise RemoteProtocolError("a Curve25519 key has 32 octets")
        try:
            return X25519PrivateKey.from_private_bytes(self.seed).exchange(X25519PublicKey.from_public_bytes(octets))
        except ValueError as error:  # a point of small order: the secret would be known to everyone
            raise RemoteProtocolError("a Curve25519 key that gives no secret") from error


def commitment(public: str, start: JsonObject) -> bytes:
    """Return the hash by which one commits to a key before the other's is known; `start` is the content it answers."""
    # Matrix v1.19 CS §m.key.verification.accept: of the public key in base64, and the canonical JSON of the start.
    return hashlib.sha256(public.encode() + canonical_json.encode(start)).digest()


@dataclass(frozen=True, slots=True)
class SasSecret:
    """The shared secret of two devices, and who of them is who."""

    secret: bytes = field(repr=False)
    starter: Side  # who sent m.key.verification.start
    accepter: Side
    starter_key: str  # ephemeral, in unpadded base64
    accepter_key: str
    flow_id: str

    def decimals(self) -> tuple[int, int, int]:
        """Return three numbers of four digits to compare."""
        # Matrix v1.19 CS §SAS method: decimal: 13 bits each.
        bits = int.from_bytes(self._string(5), "big") >> 1
        return (bits >> 26) + 1000, (bits >> 13 & 0x1FFF) + 1000, (bits & 0x1FFF) + 1000

    def emoji(self) -> tuple[Emoji, ...]:
        """Return seven pictures to compare."""
        # Matrix v1.19 CS §SAS method: emoji: the first 42 bits, 6 for each.
        bits = int.from_bytes(self._string(6), "big") >> 6
        return tuple(SAS_EMOJI[bits >> shift & 0x3F] for shift in range(36, -1, -6))

    def _string(self, octets: int) -> bytes:
        # Matrix v1.19 CS §SAS HKDF calculation (curve25519-hkdf-sha256).
        parts = (
            *("MATRIX_KEY_VERIFICATION_SAS", self.starter.user_id, self.starter.device_id, self.starter_key),
            *(self.accepter.user_id, self.accepter.device_id, self.accepter_key, self.flow_id),
        )
        return hkdf_sha256(self.secret, "|".join(parts).encode(), octets)

    def mac(self, sender: Side, item: str, text: str) -> bytes:
        """Return the MAC that `sender` makes of a key (by its key id) or of the list of them (`KEY_IDS`)."""
        # Matrix v1.19 CS §MAC calculation 1, 2.
        receiver = self.accepter if sender == self.starter else self.starter
        parts = ("MATRIX_KEY_VERIFICATION_MAC", sender.user_id, sender.device_id, receiver.user_id, receiver.device_id)
        key = hkdf_sha256(self.secret, "".join((*parts, self.flow_id, item)).encode(), 32)
        return hmac.digest(key, text.encode(), "sha256")


def overlapping_base64(octets: bytes) -> str:
    """Return a MAC as `hkdf-hmac-sha256` writes it: libolm encoded it into the buffer that it read from."""
    # Matrix v1.19 CS §MAC calculation, note: "an incorrect base64 encoding, due to a bug".
    buffer = bytearray(octets) + bytes(len(octets))
    written = 0
    for start in range(0, len(octets), 3):
        end = min(start + 3, len(octets))
        group = b2a_base64(buffer[start:end], newline=False).rstrip(b"=")
        buffer[written : written + len(group)] = group
        written += len(group)
    return buffer[:written].decode("ascii")

"""Room keys as a key backup holds them: sealed by a public key, opened by the private one.

Standards: Matrix v1.19 CS §Backup algorithm: m.megolm_backup.v1.curve25519-aes-sha2.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
from vodozemac import Curve25519PublicKey, Curve25519SecretKey, Message, PkDecryption, PkEncryption

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.encryption.values import ExportedSession
from scop.matrix.json_values import JsonObject

__all__ = ["BackupKey", "seal_session"]

_KEY_OCTETS = 32
_MAC_OCTETS = 8


@dataclass(frozen=True, slots=True)
class BackupKey:
    """The private key of a backup."""

    octets: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.octets) != _KEY_OCTETS:
            raise RemoteProtocolError("the key of a backup has 32 octets")

    @classmethod
    def from_base64(cls, text: str) -> BackupKey:
        """Return the key as secrets have it; raises `RemoteProtocolError`."""
        return cls(unpadded_base64.decode(text.strip()))

    @property
    def secret(self) -> str:
        """The key as secrets have it."""
        return unpadded_base64.encode(self.octets)

    @property
    def public(self) -> str:
        """The public half, in unpadded base64."""
        return Curve25519SecretKey.from_bytes(self.octets).public_key().to_base64()

    def open(self, room_id: str, session_id: str, session_data: JsonObject) -> ExportedSession:
        """Return a session; raises `RemoteProtocolError` where it is broken, or sealed for another key."""
        parts = tuple(session_data.get(name) for name in ("ciphertext", "mac", "ephemeral"))
        octets = tuple(unpadded_base64.decode(part) for part in parts if isinstance(part, str))
        if [len(part) for part in octets[1:]] != [_MAC_OCTETS, _KEY_OCTETS]:
            raise RemoteProtocolError("a session in the backup that lacks a part")
        try:
            # The MAC is of nothing, as the standard says of all implementations; the session is checked when it is
            # taken in, and what came by a backup never proves who made it.
            plain = PkDecryption.from_key(Curve25519SecretKey.from_bytes(self.octets)).decrypt(Message(*octets))
            json = msgspec.json.decode(plain, type=dict[str, object])
            return msgspec.convert({**json, "room_id": room_id, "session_id": session_id}, ExportedSession)
        except (ValueError, RecursionError) as error:  # also those of msgspec and vodozemac
            raise RemoteProtocolError("a session in the backup that cannot be opened") from error


def seal_session(session: ExportedSession, public: str) -> JsonObject:
    """Return `session_data` of a session; raises `RemoteProtocolError` for a public key that is none."""
    json = session.to_json()
    # Matrix v1.19 CS §BackedUpSessionData: without the ids, which stand around it.
    plain = msgspec.json.encode({key: value for key, value in json.items() if key not in ("room_id", "session_id")})
    try:
        sealed = PkEncryption.from_key(Curve25519PublicKey.from_base64(public)).encrypt(plain)
    except ValueError as error:
        raise RemoteProtocolError("the public key of the backup is none") from error
    parts = {"ephemeral": sealed.ephemeral_key, "ciphertext": sealed.ciphertext, "mac": sealed.mac}
    return {name: unpadded_base64.encode(bytes(octets)) for name, octets in parts.items()}

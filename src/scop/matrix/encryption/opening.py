"""Opens events of encrypted rooms: finds the key, holds the event to what the key proves, and says what to warn of.

Standards: Matrix v1.19 CS §m.megolm.v1.aes-sha2, §Recommended client behaviour.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.inbound import Inbound, InboundSession, Opened
from scop.matrix.encryption.shapes import object_at, text_at
from scop.matrix.encryption.trust import Shield, Trust, Trusting
from scop.matrix.encryption.values import (
    MEGOLM,
    Decrypted,
    Device,
    KeySource,
    Obstacle,
    RoomKeyInfo,
    Undecryptable,
    Withheld,
)
from scop.matrix.encryption.withheld import WithheldNotes
from scop.matrix.json_values import JsonObject

__all__ = ["Opener", "Sealed", "shield_of"]

# Servers say who may redact, and cannot where they do not see that it is a redaction. One seal is enough.
_NEVER_WITHIN = frozenset(["m.room.redaction", "m.room.encrypted"])
_SHIELDS = {
    Trust.VERIFIED: Shield.VERIFIED,
    Trust.SIGNED: Shield.SIGNED,
    Trust.UNVERIFIED: Shield.UNSIGNED_DEVICE,
    Trust.CHANGED: Shield.IDENTITY_CHANGED,
    Trust.BLOCKED: Shield.BLOCKED_DEVICE,
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted event of a room, as far as it can be read."""

    room_id: str
    event: JsonObject
    content: JsonObject = field(init=False)
    event_id: str = field(init=False)
    sender: str = field(init=False)
    session_id: str | None = field(init=False)

    def __post_init__(self) -> None:
        content = object_at(self.event, "content")
        object.__setattr__(self, "content", content)
        object.__setattr__(self, "event_id", text_at(self.event, "event_id") or "")
        object.__setattr__(self, "sender", text_at(self.event, "sender") or "")
        object.__setattr__(self, "session_id", text_at(content, "session_id"))

    def mark(self) -> str:
        """Return what tells this event from another that bears the same message."""
        return f"{self.event_id} {self.event.get('origin_server_ts')}"

    def blocked(
        self, obstacle: Obstacle, withheld: Withheld | None = None, *, is_waiting: bool = False
    ) -> Undecryptable:
        """Return that it cannot be read, and why."""
        return Undecryptable(
            self.room_id, self.event_id, self.sender, obstacle, self.session_id, withheld, is_waiting, self.event
        )


class Opener:
    """Opens events by the keys that are there."""

    def __init__(self, directory: Directory, inbound: Inbound, withheld: WithheldNotes) -> None:
        self._directory = directory
        self._inbound = inbound
        self._withheld = withheld

    def open(self, sealed: Sealed, trusting: Trusting) -> Decrypted | Undecryptable:
        """Return the event in the clear, or why not."""
        ciphertext = text_at(sealed.content, "ciphertext")
        if sealed.content.get("algorithm") != MEGOLM:
            return sealed.blocked(Obstacle.UNKNOWN_ALGORITHM)
        if sealed.session_id is None or ciphertext is None or not sealed.event_id:
            return sealed.blocked(Obstacle.MALFORMED)
        session = self._inbound.get(sealed.room_id, sealed.session_id)
        if session is None:
            said = self._withheld.get(sealed.room_id, sealed.session_id, sealed.sender)
            return sealed.blocked(Obstacle.WITHHELD if said else Obstacle.UNKNOWN_SESSION, said)
        # Matrix v1.19 CS §m.megolm.v1.aes-sha2: the sender is who the session came from, whatever the event's keys say.
        if session.info.sender_id not in (None, sealed.sender):
            return sealed.blocked(Obstacle.WRONG_SENDER)
        return self._open(sealed, session, ciphertext, trusting)

    def _open(
        self, sealed: Sealed, session: InboundSession, ciphertext: str, trusting: Trusting
    ) -> Decrypted | Undecryptable:
        try:
            opened = self._inbound.open(session, ciphertext, sealed.mark())
        except IndexError:
            said = self._withheld.get(sealed.room_id, session.info.session_id, sealed.sender)
            return sealed.blocked(Obstacle.UNKNOWN_INDEX, said)
        except RemoteProtocolError:
            return sealed.blocked(Obstacle.MALFORMED)
        if opened.is_replay:
            return sealed.blocked(Obstacle.REPLAYED)
        return self._clear(sealed, session, opened, trusting)

    def _clear(
        self, sealed: Sealed, session: InboundSession, opened: Opened, trusting: Trusting
    ) -> Decrypted | Undecryptable:
        try:
            payload = msgspec.json.decode(opened.plaintext, type=dict[str, object])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return sealed.blocked(Obstacle.MALFORMED)
        event_type, content = text_at(payload, "type"), payload.get("content")
        if event_type is None or event_type in _NEVER_WITHIN or not isinstance(content, dict):
            return sealed.blocked(Obstacle.MALFORMED)
        # Matrix v1.19 CS §m.megolm.v1.aes-sha2: "otherwise the homeserver would be able to change the room".
        if payload.get("room_id") != sealed.room_id:
            return sealed.blocked(Obstacle.WRONG_ROOM)
        # Matrix v1.19 CS §Forming relationships between events: the copy in the clear counts, also where it is absent.
        content.pop("m.relates_to", None)
        if "m.relates_to" in sealed.content:
            content["m.relates_to"] = sealed.content["m.relates_to"]
        device = self._directory.by_curve25519(sealed.sender, session.info.sender_key)
        return Decrypted(
            room_id=sealed.room_id,
            event_id=sealed.event_id,
            sender=sealed.sender,
            type=event_type,
            content=content,
            event={**sealed.event, "type": event_type, "content": content},
            key=session.info,
            message_index=opened.index,
            device=device,
            shield=shield_of(session.info, device, trusting),
        )


def shield_of(key: RoomKeyInfo, device: Device | None, trusting: Trusting) -> Shield:
    """Return what a reader is to be told of an event by a key, whose maker's device is the one given."""
    if key.source is KeySource.OWN:
        return Shield.VERIFIED
    if device is None or device.ed25519 != key.sender_ed25519:
        return Shield.UNKNOWN_DEVICE
    shield = _SHIELDS[trusting.trust(device)]
    if shield in (Shield.BLOCKED_DEVICE, Shield.IDENTITY_CHANGED):
        return shield
    if device.is_deleted:
        return Shield.UNKNOWN_DEVICE
    # Whoever handed the key on could have made it: §Key requests and key backups prove nothing of its maker.
    return shield if key.source is KeySource.DIRECT else Shield.UNSAFE_SOURCE

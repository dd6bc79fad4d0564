"""Shares the history of a room with somebody who is invited, and takes in what was shared with us.

    bundle = machine.history.bundle(room_id)               # JSON: upload it as an encrypted file, then
    told = yield from machine.history.send(guest, room_id, file)     # and invite

Standards: Matrix v1.19 CS §Sharing keys between users.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scop.matrix.encryption.attachments import EncryptedFile
from scop.matrix.encryption.channel import Channel
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.inbound import Inbound, InboundSession
from scop.matrix.encryption.key_bundles import Bundles, bundle_of, read_bundle
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.trust import Trust, Trusting
from scop.matrix.encryption.values import Device, KeyBundle
from scop.matrix.encryption.withheld import WithheldNotes
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Steps

__all__ = ["History"]


@dataclass(frozen=True, slots=True)
class History:
    """Bundles of keys, given and taken."""

    _directory: Directory
    _channel: Channel
    _inbound: Inbound
    _bundles: Bundles
    _withheld: WithheldNotes
    _ledger: Ledger
    _learn: Callable[[InboundSession], bool]
    _trusting: Callable[[], Trusting]

    def bundle(self, room_id: str) -> JsonObject:
        """Return the keys of a room that may be shared, and which may not."""
        return bundle_of(self._inbound, room_id)

    def readers(self, user_id: str) -> Steps[tuple[Device, ...]]:
        """Return the devices of a user that may be told where a room's keys are."""
        self._directory.track([user_id])
        yield from self._ledger.flush()
        yield from self._directory.query([user_id])
        # Matrix v1.19 CS §Construction and sharing of the key bundle: "MUST NOT" to devices that are not cross-signed.
        return tuple(filter(self._is_signed, self._directory.of(user_id)))

    def send(self, user_id: str, room_id: str, file: EncryptedFile) -> Steps[tuple[Device, ...]]:
        """Tell the cross-signed devices of a user where a room's keys are; return those that were told."""
        signed = yield from self.readers(user_id)
        yield from self._channel.reach(signed)
        content: JsonObject = {"room_id": room_id, "file": file.to_json()}
        unreached = yield from self._channel.send_sealed(signed, "m.room_key_bundle", content)
        return tuple(device for device in signed if device not in unreached)

    def accepted(self, room_id: str, inviter: str) -> Steps[None]:
        """Remember that an invitation was accepted: what its sender announces of the room is due for a day."""
        self._bundles.accept(room_id, inviter)
        yield from self._ledger.flush()

    def due(self) -> tuple[KeyBundle, ...]:
        """Return what is to be fetched now."""
        # Stricter than Matrix v1.19 CS §Receiving a key bundle event: a device that its user did not sign may be one
        # that a server made up, and what it says of others' keys is not that user's word.
        return tuple(bundle for bundle in self._bundles.due() if self._is_by_signed(bundle))

    def _is_by_signed(self, bundle: KeyBundle) -> bool:
        device = self._directory.by_curve25519(bundle.sender, bundle.sender_key)
        return device is not None and not device.is_deleted and self._is_signed(device)

    def _is_signed(self, device: Device) -> bool:
        return self._trusting().trust(device) in (Trust.VERIFIED, Trust.SIGNED)

    def announced(self, room_id: str) -> tuple[KeyBundle, ...]:
        """Return what was announced for a room: fetch one when an invitation of its sender was accepted."""
        return self._bundles.of(room_id)

    def take(self, bundle: KeyBundle, octets: bytes | None) -> Steps[int]:
        """Take in a bundle that was fetched and decrypted, None where it is gone; return how many keys were better.

        It is forgotten then; raises `RemoteProtocolError` where it is no bundle.
        """
        self._bundles.drop(bundle)
        try:
            sessions, withheld = read_bundle(bundle, octets) if octets is not None else ([], [])
            taken = sum(map(self._learn, sessions))
            for content in withheld:
                self._withheld.take_of_bundle(bundle.sender, content)
        finally:
            yield from self._ledger.flush()
        return taken

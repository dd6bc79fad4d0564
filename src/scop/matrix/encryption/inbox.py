"""Takes in to-device messages: opens those by Olm, and gives each to the part that it is for.

Room keys count only where Olm brought them. A message that no session opens has its device's session mended.

Standards: Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2, §Recovering from undecryptable messages.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scop.base import RemoteProtocolError
from scop.matrix.encryption.devices import Directory
from scop.matrix.encryption.inbound import Inbound, InboundSession
from scop.matrix.encryption.key_bundles import Bundles
from scop.matrix.encryption.key_requests import KeyRequests, read_forwarded
from scop.matrix.encryption.olm_payloads import Opened, read_payload
from scop.matrix.encryption.olm_sessions import OlmSessions
from scop.matrix.encryption.outbound import Outbound
from scop.matrix.encryption.received import OwnRecord, Received, digest_of
from scop.matrix.encryption.repairs import Repairs
from scop.matrix.encryption.shapes import is_key, object_at, text_at
from scop.matrix.encryption.trust import Trust, Trusting
from scop.matrix.encryption.values import MEGOLM, OLM, KeySource, RoomKeyInfo, ToDevice
from scop.matrix.encryption.withheld import NO_OLM, WithheldNotes
from scop.matrix.json_values import JsonObject, JsonView

__all__ = ["Inbox"]

_ENCRYPTED = "m.room.encrypted"
# These count only when they come by Olm, or are the machine's own business.
_OLM_ONLY = frozenset(["m.room_key", "m.forwarded_room_key", "m.room_key_bundle", "m.dummy", "m.secret.send"])


@dataclass(frozen=True, slots=True)
class Inbox:
    """What a to-device message may be for."""

    directory: Directory
    sessions: OlmSessions
    inbound: Inbound
    outbound: Outbound
    repairs: Repairs
    requests: KeyRequests
    withheld: WithheldNotes
    received: Received
    bundles: Bundles
    learn: Callable[[InboundSession], bool]

    def take(self, sender: str, event_type: str, content: JsonObject, trusting: Trusting) -> ToDevice | None:
        """Take in one message; return it where it is for others."""
        if event_type == _ENCRYPTED:
            return self._take_encrypted(sender, content, trusting)
        if event_type == "m.room_key_request":
            self.requests.take(sender, content)
        elif event_type == "m.room_key.withheld":
            self._take_withheld(sender, content)
        elif event_type not in _OLM_ONLY:
            return ToDevice(sender, event_type, content)
        return None

    def _take_encrypted(self, sender: str, content: JsonObject, trusting: Trusting) -> ToDevice | None:
        digest = digest_of(sender, content)
        if self.received.known(digest):
            return _passed_on(sender, self.received.again(digest))
        opened = self._open(sender, content)
        record = None
        if opened is not None and not self._take_own(opened, trusting):
            record = OwnRecord(opened.type, opened.content, opened.sender_key, opened.device)
        self.received.note(digest, record)
        return _passed_on(sender, record)

    def _open(self, sender: str, content: JsonView) -> Opened | None:
        own, sender_key = self.directory.own, text_at(content, "sender_key")
        message = object_at(content, "ciphertext").get(own.curve25519)
        if content.get("algorithm") != OLM or sender_key is None or message is None or sender_key == own.curve25519:
            return None
        # A key in another spelling would be another device's, whose session takes the one-time key with it.
        if not is_key(sender_key):
            return None
        try:
            plaintext = self.sessions.decrypt(sender_key, message)
        except RemoteProtocolError:
            self._note_broken(sender, sender_key)
            return None
        try:
            return read_payload(plaintext, sender, sender_key, self.directory)
        except RemoteProtocolError:
            return None

    def _note_broken(self, sender: str, sender_key: str) -> None:
        device = self.directory.by_curve25519(sender, sender_key)
        if device is not None and not device.is_deleted:
            self.repairs.note(device)

    def _take_own(self, opened: Opened, trusting: Trusting) -> bool:
        """Take in what is for the machine, and return whether it was."""
        if opened.device is None or self.directory.by_curve25519(opened.sender, opened.sender_key) is None:
            # Whose devices we do not know yet we are to know: also to show who wrote what.
            self.directory.track([opened.sender])
            self.directory.mark_changed([opened.sender])
        if opened.type == "m.room_key":
            self._take_room_key(opened)
        elif opened.type == "m.forwarded_room_key":
            self._take_forwarded(opened, trusting)
        elif opened.type == "m.dummy":
            # The other side could not open what we sent, perhaps keys among it.
            if opened.device is not None:
                self.outbound.give_again(opened.device)
        elif opened.type == "m.room_key_bundle":
            self.bundles.take(opened)
        else:
            return False
        return True

    def _take_room_key(self, opened: Opened) -> None:
        content = opened.content
        room_id, session_id = text_at(content, "room_id"), text_at(content, "session_id")
        session_key = text_at(content, "session_key")
        if content.get("algorithm") != MEGOLM or room_id is None or session_id is None or session_key is None:
            return
        info = RoomKeyInfo(
            room_id=room_id,
            session_id=session_id,
            sender_key=opened.sender_key,
            sender_ed25519=opened.sender_ed25519,
            sender_id=opened.sender,
            source=KeySource.DIRECT,
            first_index=0,
            has_shared_history=content.get("shared_history") is True,
        )
        self._learn(lambda: InboundSession.from_key(info, session_key))

    def _take_forwarded(self, opened: Opened, trusting: Trusting) -> None:
        # Matrix v1.19 CS §Key requests: "only request and accept forwarded keys from verified devices" of ours.
        device = self.directory.by_curve25519(opened.sender, opened.sender_key)
        is_ours = opened.sender == self.directory.own.user_id and device is not None and not device.is_deleted
        if device is None or not is_ours or trusting.trust(device) is not Trust.VERIFIED:
            return
        room_id, session_id = text_at(opened.content, "room_id"), text_at(opened.content, "session_id")
        if opened.content.get("algorithm") == MEGOLM and self.requests.is_wanted(room_id or "", session_id or ""):
            self._learn(lambda: read_forwarded(opened))

    def _learn(self, read: Callable[[], InboundSession]) -> None:
        try:
            self.learn(read())
        except RemoteProtocolError:
            return

    def _take_withheld(self, sender: str, content: JsonView) -> None:
        code = self.withheld.take(sender, content)
        sender_key = text_at(content, "sender_key")
        # Matrix v1.19 CS §m.room_key.withheld, m.no_olm: "the recipient may start an olm session with the sender".
        if code == NO_OLM and sender_key is not None:
            self._note_broken(sender, sender_key)


def _passed_on(sender: str, record: OwnRecord | None) -> ToDevice | None:
    if record is None:
        return None
    return ToDevice(
        sender, record.type, record.content, was_encrypted=True, sender_key=record.sender_key, device=record.device
    )

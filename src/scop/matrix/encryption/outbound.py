"""Megolm sessions of rooms as we write by them: when another is taken, and which devices have its key.

An index is used once in the life of a session: the session after it is durable before the message is handed out.

Standards: Matrix v1.19 CS §m.megolm.v1.aes-sha2, §m.room.encryption.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec
import vodozemac

from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.pickles import PICKLE_KEY
from scop.matrix.encryption.room_settings import RoomSettings
from scop.matrix.encryption.values import Device, EncryptedRoom
from scop.matrix.steps import Shelf, Surroundings

__all__ = ["Outbound", "OutboundSession"]

# Who has the key: Curve25519 key of the device, and the index from which on it was given. It counts as one that may
# have the key before that is sent; until then, and where it seems to have lost it, the index is this:
_TO_BE_GIVEN = -1
_Given = tuple[str, int]


class _Kept(msgspec.Struct):
    pickle: str
    made_ms: int
    has_shared_history: bool


class _Sharing(msgspec.Struct):
    """By user id and device id."""

    given: dict[str, dict[str, _Given]] = msgspec.field(default_factory=dict)
    refused: dict[str, dict[str, str]] = msgspec.field(default_factory=dict)  # codes of m.room_key.withheld


class OutboundSession:
    """The session that a room is written to by."""

    def __init__(self, room_id: str, session: vodozemac.GroupSession, made_ms: int, shared: bool, /) -> None:
        self.room_id = room_id
        self.session = session
        self.made_ms = made_ms
        self.has_shared_history = shared
        self.sharing = _Sharing()

    @property
    def session_id(self) -> str:
        """Return its id."""
        return self.session.session_id

    def has(self, device: Device) -> bool:
        """Return whether a device was given the key."""
        given = self.sharing.given.get(device.user_id, {}).get(device.device_id)
        return given is not None and given[0] == device.curve25519 and given[1] != _TO_BE_GIVEN

    def refused(self, device: Device) -> str | None:
        """Return the code by which a device was told that it gets no key."""
        return self.sharing.refused.get(device.user_id, {}).get(device.device_id)

    def is_spent(self, settings: RoomSettings, now_ms: int) -> bool:
        """Return whether it was used for as long, or for as many messages, as the room allows."""
        # A clock that was set back does not make a session younger than new.
        is_old = not 0 <= now_ms - self.made_ms < settings.rotation_period_ms
        return is_old or self.session.message_index >= settings.rotation_period_messages

    def leaks_to_others(self, allowed: Mapping[tuple[str, str], str]) -> bool:
        """Return whether a device has the key that is not among those (place → Curve25519 key) who may read now."""
        return any(
            allowed.get((user_id, device_id)) != key
            for user_id, devices in self.sharing.given.items()
            for device_id, (key, _) in devices.items()
        )


class Outbound:
    """Sessions and settings by room."""

    def __init__(self, ledger: Ledger, surroundings: Surroundings) -> None:
        self._ledger = ledger
        self._surroundings = surroundings
        self._sessions: dict[str, OutboundSession] = {}
        self._settings: dict[str, RoomSettings] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            kind, _, room_id = key.partition(":")
            if kind == "settings":
                self._settings[room_id] = msgspec.msgpack.decode(octets, type=RoomSettings)
            elif kind == "session":
                kept = msgspec.msgpack.decode(octets, type=_Kept)
                session = vodozemac.GroupSession.from_pickle(kept.pickle, PICKLE_KEY)
                self._sessions[room_id] = OutboundSession(room_id, session, kept.made_ms, kept.has_shared_history)
        for room_id, held in self._sessions.items():
            if (sharing := entries.get(f"sharing:{room_id}")) is not None:
                held.sharing = msgspec.msgpack.decode(sharing, type=_Sharing)

    def settings(self, room_id: str) -> RoomSettings | None:
        """Return the settings of a room that was ever seen encrypted."""
        return self._settings.get(room_id)

    def note_settings(self, room_id: str, content: Mapping[str, object]) -> RoomSettings:
        """Return the settings that count, after the room says these."""
        known = self._settings.get(room_id)
        settings = RoomSettings.read(content)
        if known is not None:
            settings = known.tightened(settings)
        if settings != known:
            self._settings[room_id] = settings
            self._ledger.put(Shelf.OUTBOUND, f"settings:{room_id}", lambda: msgspec.msgpack.encode(settings))
        return settings

    def current(self, room: EncryptedRoom, allowed: Mapping[tuple[str, str], str]) -> OutboundSession | None:
        """Return the session to go on with, or None where another is to be taken."""
        held, settings = self._sessions.get(room.room_id), self._settings[room.room_id]
        if held is None or held.is_spent(settings, self._surroundings.unix_ms()):
            return None
        # Matrix v1.19 CS §Shareable encryption sessions: "clients MUST rotate" where this changes.
        if held.has_shared_history != room.has_shared_history or held.leaks_to_others(allowed):
            return None
        return held

    def begin(self, room: EncryptedRoom) -> OutboundSession:
        """Take another session for a room."""
        now = self._surroundings.unix_ms()
        held = OutboundSession(room.room_id, vodozemac.GroupSession(), now, room.has_shared_history)
        self._sessions[room.room_id] = held
        self._put_session(held)
        self._put_sharing(held)
        return held

    def discard(self, room_id: str) -> None:
        """Write no more by the session of a room."""
        if self._sessions.pop(room_id, None) is not None:
            self._ledger.put(Shelf.OUTBOUND, f"session:{room_id}", None)
            self._ledger.put(Shelf.OUTBOUND, f"sharing:{room_id}", None)

    def encrypt(self, held: OutboundSession, plaintext: bytes) -> str:
        """Return a message by the next index: flush before it is handed out."""
        message = held.session.encrypt(plaintext)
        self._put_session(held)
        return message.to_base64()

    def note_to_be_given(self, held: OutboundSession, devices: Iterable[Device]) -> None:
        """Note that devices may have the key from now on: if they are to have no more, another is taken."""
        self.note_given(held, ((device, _TO_BE_GIVEN) for device in devices))

    def note_given(self, held: OutboundSession, devices: Iterable[tuple[Device, int]]) -> None:
        """Note that devices have the key, each from an index on."""
        for device, index in devices:
            held.sharing.given.setdefault(device.user_id, {})[device.device_id] = (device.curve25519, index)
            held.sharing.refused.get(device.user_id, {}).pop(device.device_id, None)
        self._put_sharing(held)

    def note_refused(self, held: OutboundSession, devices: Iterable[tuple[Device, str]]) -> None:
        """Note that devices were told that they get no key, each by a code."""
        for device, code in devices:
            held.sharing.refused.setdefault(device.user_id, {})[device.device_id] = code
        self._put_sharing(held)

    def give_again(self, device: Device) -> None:
        """Give a device the keys of all rooms again: it may have lost them."""
        for held in self._sessions.values():
            if held.has(device):
                self.note_to_be_given(held, [device])

    def _put_session(self, held: OutboundSession) -> None:
        def encoded() -> bytes:
            return msgspec.msgpack.encode(_Kept(held.session.pickle(PICKLE_KEY), held.made_ms, held.has_shared_history))

        if self._sessions.get(held.room_id) is held:
            self._ledger.put(Shelf.OUTBOUND, f"session:{held.room_id}", encoded)

    def _put_sharing(self, held: OutboundSession) -> None:
        if self._sessions.get(held.room_id) is held:
            self._ledger.put(Shelf.OUTBOUND, f"sharing:{held.room_id}", lambda: msgspec.msgpack.encode(held.sharing))

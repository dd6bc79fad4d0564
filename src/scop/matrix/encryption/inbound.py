"""Megolm sessions of rooms as those who read have them: where each key came from, and which of its indices were used.

A session is known by its room and id, never by what an event says of its sender's device. A key takes the place of
another of the same id only if both belong to one ratchet and it reaches further back, or proves more.

Standards: Matrix v1.19 CS §m.megolm.v1.aes-sha2, §Shareable encryption sessions.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import blake2b

import msgspec
import vodozemac

from scop.base import RemoteProtocolError
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.pickles import PICKLE_KEY
from scop.matrix.encryption.values import ExportedSession, KeySource, RoomKeyInfo
from scop.matrix.steps import Shelf

__all__ = ["Inbound", "InboundSession", "Opened"]

_PROVING = (KeySource.OWN, KeySource.DIRECT)
_MARK_OCTETS = 12  # of which event an index was used for


class _Kept(msgspec.Struct):
    info: RoomKeyInfo
    pickle: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What a Megolm message holds."""

    plaintext: bytes
    index: int
    is_replay: bool


class InboundSession:
    """One session, and for which event each of its indices was used."""

    def __init__(self, info: RoomKeyInfo, session: vodozemac.InboundGroupSession) -> None:
        self.info = info
        self.session = session

    @classmethod
    def from_key(cls, info: RoomKeyInfo, session_key: str) -> InboundSession:
        """Return the session of a m.room_key; raises `RemoteProtocolError`."""
        try:
            return cls._checked(info, vodozemac.InboundGroupSession(vodozemac.SessionKey(session_key)))
        except ValueError as error:
            raise RemoteProtocolError("not a session key") from error

    @classmethod
    def from_export(cls, info: RoomKeyInfo, session_key: str) -> InboundSession:
        """Return the session of a key that was exported or forwarded; raises `RemoteProtocolError`."""
        try:
            exported = vodozemac.ExportedSessionKey(session_key)
            return cls._checked(info, vodozemac.InboundGroupSession.import_session(exported))
        except ValueError as error:
            raise RemoteProtocolError("not an exported session key") from error

    @classmethod
    def _checked(cls, info: RoomKeyInfo, session: vodozemac.InboundGroupSession) -> InboundSession:
        if session.session_id != info.session_id:
            raise RemoteProtocolError("the session key is of another session")
        return cls(msgspec.structs.replace(info, first_index=session.first_known_index), session)

    def is_one_with(self, other: InboundSession) -> bool:
        """Return whether two keys of one session id are of the same ratchet."""
        index = max(self.session.first_known_index, other.session.first_known_index)
        ours, theirs = self.session.export_at(index), other.session.export_at(index)
        return ours is not None and theirs is not None and ours.to_base64() == theirs.to_base64()

    def export(self, index: int | None = None) -> str | None:
        """Return its key from an index on, the first that is known by default."""
        exported = self.session.export_at(self.session.first_known_index if index is None else index)
        return None if exported is None else exported.to_base64()


class Inbound:
    """Sessions by room and id."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._kept: dict[str, bytes] = {}  # not used yet since the start
        self._sessions: dict[str, InboundSession] = {}
        self._marks: dict[str, dict[int, bytes]] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            kind, _, rest = key.partition(":")
            if kind == "session":
                self._kept[rest] = octets
            else:
                self._marks[rest] = msgspec.msgpack.decode(octets, type=dict[int, bytes])

    def get(self, room_id: str, session_id: str) -> InboundSession | None:
        """Return a session of a room."""
        key = _key(room_id, session_id)
        if (octets := self._kept.pop(key, None)) is not None:
            kept = msgspec.msgpack.decode(octets, type=_Kept)
            session = vodozemac.InboundGroupSession.from_pickle(kept.pickle, PICKLE_KEY)
            self._sessions[key] = InboundSession(kept.info, session)
        return self._sessions.get(key)

    def infos(self) -> Iterable[RoomKeyInfo]:
        """Return what is known of each session."""
        for octets in list(self._kept.values()):
            yield msgspec.msgpack.decode(octets, type=_Kept).info
        for session in list(self._sessions.values()):
            yield session.info

    def add(self, new: InboundSession) -> bool:
        """Take in a session; return whether it is new, or better than what was there."""
        known = self.get(new.info.room_id, new.info.session_id)
        better = new if known is None else _better(known, new)
        if better is None:
            return False
        key = _key(new.info.room_id, new.info.session_id)
        self._sessions[key] = better
        self._ledger.put(Shelf.INBOUND, f"session:{key}", lambda: _encoded(self._sessions[key]))
        return True

    def open(self, session: InboundSession, ciphertext: str, event_mark: str) -> Opened:
        """Return what a message holds; raises `RemoteProtocolError`, `IndexError` where the key starts later."""
        try:
            message = vodozemac.MegolmMessage.from_base64(ciphertext)
        except ValueError as error:
            raise RemoteProtocolError("not a Megolm message") from error
        try:
            opened = session.session.decrypt(message)
        except ValueError as error:
            if message.message_index() < session.session.first_known_index:
                raise IndexError("the key starts after this message") from error
            raise RemoteProtocolError("the Megolm message does not verify") from error
        return Opened(
            opened.plaintext, opened.message_index, self._is_replay(session, opened.message_index, event_mark)
        )

    def _is_replay(self, session: InboundSession, index: int, event_mark: str) -> bool:
        """Return whether an index was used for another event, and note for which it is."""
        key = _key(session.info.room_id, session.info.session_id)
        mark = blake2b(event_mark.encode(), digest_size=_MARK_OCTETS).digest()
        marks = self._marks.setdefault(key, {})
        if (known := marks.get(index)) is not None:
            return known != mark
        marks[index] = mark
        self._ledger.put(Shelf.INBOUND, f"marks:{key}", lambda: msgspec.msgpack.encode(self._marks[key]))
        return False

    def export(self, room_id: str, session_id: str) -> ExportedSession | None:
        """Return a session as key files have it."""
        session = self.get(room_id, session_id)
        key = None if session is None else session.export()
        if session is None or key is None:
            return None
        info = session.info
        return ExportedSession(
            room_id=room_id,
            session_id=session_id,
            sender_key=info.sender_key,
            sender_claimed_keys={} if info.sender_ed25519 is None else {"ed25519": info.sender_ed25519},
            session_key=key,
            forwarding_curve25519_key_chain=info.forwarders,
            shared_history=info.has_shared_history,
        )


def _better(known: InboundSession, new: InboundSession) -> InboundSession | None:
    """Return what takes the place of a known session, or None where it stays."""
    proves = new.info.source in _PROVING, known.info.source in _PROVING
    if not known.is_one_with(new):
        # Two ratchets under one id: only its maker can sign, so what came from it directly is right.
        return new if proves == (True, False) else None
    if proves[1] and not _is_same_maker(known.info, new.info):
        return None
    reaches = new.info.first_index < known.info.first_index
    if proves == (True, False):
        session = new.session if reaches else known.session
        first = min(new.info.first_index, known.info.first_index)
        return InboundSession(msgspec.structs.replace(new.info, first_index=first), session)
    if not reaches:
        return None
    # It reaches further back on the same ratchet: who made it stays proved as it was.
    info = known.info if proves == (False, True) else new.info
    return InboundSession(msgspec.structs.replace(info, first_index=new.info.first_index), new.session)


def _is_same_maker(known: RoomKeyInfo, new: RoomKeyInfo) -> bool:
    return known.sender_key == new.sender_key and new.sender_id in (None, known.sender_id)


def _encoded(session: InboundSession) -> bytes:
    return msgspec.msgpack.encode(_Kept(session.info, session.session.pickle(PICKLE_KEY)))


def _key(room_id: str, session_id: str) -> str:
    return f"{room_id}|{session_id}"

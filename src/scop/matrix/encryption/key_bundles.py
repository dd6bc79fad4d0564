"""Key bundles: the keys of a room's history for somebody who is invited, as one encrypted file.

Who invites takes `bundle_of`, uploads it as an encrypted file, and sends where it is to the cross-signed devices of the
guest. A guest keeps that until an invitation of the same user is accepted; only then the file is fetched, and its keys
count as what that user says they are.

Standards: Matrix v1.19 CS §Sharing keys between users, RoomKeyBundle, m.room_key_bundle.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.encryption.attachments import EncryptedFile
from scop.matrix.encryption.inbound import Inbound, InboundSession
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.olm_payloads import Opened
from scop.matrix.encryption.shapes import object_at, text_at
from scop.matrix.encryption.values import MEGOLM, KeyBundle, KeySource, RoomKeyInfo
from scop.matrix.encryption.withheld import HISTORY_NOT_SHARED, withheld_content
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf, Surroundings

__all__ = ["Bundles", "bundle_of", "read_bundle"]

_PREFIX, _ACCEPTED = "bundle:", "accepted:"
_RECENT_MS = 24 * 3_600_000  # Matrix v1.19 CS §Receiving a key bundle event: "24 hours is a recommended time limit"
_MAX_BUNDLES = 50
_MAX_SESSIONS = 100_000


def bundle_of(inbound: Inbound, room_id: str) -> JsonObject:
    """Return the RoomKeyBundle of a room: what may be shared, and for the rest that it may not."""
    shared: list[JsonObject] = []
    withheld: list[JsonObject] = []
    for info in inbound.infos():
        if info.room_id != room_id:
            continue
        exported = inbound.export(room_id, info.session_id) if info.has_shared_history else None
        if exported is None:
            withheld.append(withheld_content(info.sender_key, HISTORY_NOT_SHARED, room_id, info.session_id))
            continue
        json = exported.to_json()
        shared.append(
            {key: json[key] for key in json if key not in ("forwarding_curve25519_key_chain", "shared_history")}
        )
    return {"room_keys": shared, "withheld": withheld}


def read_bundle(bundle: KeyBundle, octets: bytes) -> tuple[list[InboundSession], list[JsonObject]]:
    """Return the sessions of a bundle, and what it says of others; raises `RemoteProtocolError` where it is none.

    Keys of other rooms, and what are no keys, are left out.
    """
    try:
        json = msgspec.json.decode(octets, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RemoteProtocolError("the key bundle is no JSON") from error
    sessions: list[InboundSession] = []
    for given in _objects(json.get("room_keys"))[:_MAX_SESSIONS]:
        if given.get("room_id") != bundle.room_id or given.get("algorithm") != MEGOLM:
            continue
        try:
            sessions.append(_read_session(bundle, given))
        except RemoteProtocolError:
            continue
    return sessions, [one for one in _objects(json.get("withheld")) if one.get("room_id") == bundle.room_id]


def _read_session(bundle: KeyBundle, given: JsonObject) -> InboundSession:
    info = RoomKeyInfo(
        room_id=bundle.room_id,
        session_id=text_at(given, "session_id") or "",
        sender_key=text_at(given, "sender_key") or "",
        sender_ed25519=text_at(object_at(given, "sender_claimed_keys"), "ed25519"),
        sender_id=None,
        source=KeySource.BUNDLE,
        first_index=0,
        # Matrix v1.19 CS §Shareable encryption sessions: what came by a bundle may be handed on.
        has_shared_history=True,
        given_by=bundle.sender,
    )
    return InboundSession.from_export(info, text_at(given, "session_key") or "")


class _Accepted(msgspec.Struct):
    """Whose invitation into a room was accepted, and when."""

    inviter: str
    unix_ms: int


class Bundles:
    """Bundles that were announced and not fetched: one of each sender for each room, the newest."""

    def __init__(self, ledger: Ledger, surroundings: Surroundings) -> None:
        self._ledger = ledger
        self._surroundings = surroundings
        self._bundles: dict[str, KeyBundle] = {}
        self._accepted: dict[str, _Accepted] = {}  # by room

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        for key, octets in entries.items():
            if key.startswith(_PREFIX):
                self._bundles[key.removeprefix(_PREFIX)] = msgspec.msgpack.decode(octets, type=KeyBundle)
            elif key.startswith(_ACCEPTED):
                self._accepted[key.removeprefix(_ACCEPTED)] = msgspec.msgpack.decode(octets, type=_Accepted)

    def accept(self, room_id: str, inviter: str) -> None:
        """Note that the invitation of a user was accepted."""
        accepted = _Accepted(inviter, self._surroundings.unix_ms())
        self._accepted[room_id] = accepted
        self._ledger.put(Shelf.WAITING, _ACCEPTED + room_id, lambda: msgspec.msgpack.encode(accepted))

    def due(self) -> tuple[KeyBundle, ...]:
        """Return what was announced by whom we followed into a room lately."""
        now = self._surroundings.unix_ms()
        for room_id in [one for one, accepted in self._accepted.items() if now - accepted.unix_ms >= _RECENT_MS]:
            del self._accepted[room_id]
            self._ledger.put(Shelf.WAITING, _ACCEPTED + room_id, None)
        inviters = {room_id: accepted.inviter for room_id, accepted in self._accepted.items()}
        return tuple(bundle for bundle in self._bundles.values() if inviters.get(bundle.room_id) == bundle.sender)

    def take(self, opened: Opened) -> None:
        """Keep what a m.room_key_bundle announces; without the sender's device keys in it, it is ignored."""
        room_id = text_at(opened.content, "room_id")
        if room_id is None or not opened.states_device:
            return
        try:
            file = EncryptedFile.parse(object_at(opened.content, "file"))
        except RemoteProtocolError:
            return
        bundle = KeyBundle(
            room_id=room_id,
            sender=opened.sender,
            sender_key=opened.sender_key,
            file=file,
            received_ms=self._surroundings.unix_ms(),
        )
        key = f"{room_id}|{opened.sender}"
        while len(self._bundles) >= _MAX_BUNDLES and key not in self._bundles:
            self._drop(min(self._bundles, key=lambda one: self._bundles[one].received_ms))
        self._bundles[key] = bundle
        self._ledger.put(Shelf.WAITING, _PREFIX + key, lambda: msgspec.msgpack.encode(bundle))

    def of(self, room_id: str) -> tuple[KeyBundle, ...]:
        """Return what was announced for a room, by whom ever."""
        return tuple(bundle for bundle in self._bundles.values() if bundle.room_id == room_id)

    def drop(self, bundle: KeyBundle) -> None:
        """Forget a bundle that was fetched, or cannot be."""
        self._drop(f"{bundle.room_id}|{bundle.sender}")

    def _drop(self, key: str) -> None:
        if self._bundles.pop(key, None) is not None:
            self._ledger.put(Shelf.WAITING, _PREFIX + key, None)


def _objects(given: object) -> list[JsonObject]:
    found: Iterable[object] = given if isinstance(given, list) else ()
    return [one for one in found if isinstance(one, dict)]

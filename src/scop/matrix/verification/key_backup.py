"""Room keys kept at the server, which cannot read them, so that a new device reads old messages.

A backup is written to only when it is known to be our user's: its public key is that of a private key we have, or it is
signed by our verified master key or a verified device of ours. Which sessions are in it is remembered.

Standards: Matrix v1.19 CS §Server-side key backups.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import islice

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix.api.client_server.account_data import SetAccountData
from scop.matrix.api.client_server.key_backup import (
    DeleteRoomKeysVersion,
    GetRoomKeyBySessionId,
    GetRoomKeys,
    GetRoomKeysByRoomId,
    GetRoomKeysVersionCurrent,
    KeyBackupData,
    PostRoomKeysVersion,
    PutRoomKeys,
)
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption.trust import Trust
from scop.matrix.encryption.values import ExportedSession, KeySource, RoomKeyInfo
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import sign_json, verify_json
from scop.matrix.steps import Change, Shelf, Steps, Surroundings, ask, keep
from scop.matrix.verification.backup_cipher import BackupKey, seal_session
from scop.matrix.verification.encrypting import Encrypting
from scop.matrix.verification.sought_keys import SoughtKeys
from scop.matrix.verification.trust_book import TrustBook

__all__ = ["BackupVersion", "KeyBackup", "Restored"]

BACKUP_NAME = "m.megolm_backup.v1"
_DUE = "restore."  # on the shelf of secrets
ALGORITHM = "m.megolm_backup.v1.curve25519-aes-sha2"
_BATCH = 100
_LOOK_AGAIN_MS = 60 * 60 * 1000  # where there was no backup: another device may have made one
_Found = dict[tuple[str, str], KeyBackupData]  # by room and session
_WRONG_VERSION = "M_WRONG_ROOM_KEYS_VERSION"


@dataclass(frozen=True, slots=True)
class BackupVersion:
    """The backup that the server has."""

    version: str
    public_key: str
    auth_data: JsonObject
    count: int


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of restoring: sessions in the backup, those that were better than what was here, and broken ones."""

    found: int
    taken: int
    broken: int


class _Mark(msgspec.Struct, frozen=True, array_like=True):
    """In which backup a session is, from which message on."""

    version: str
    first_index: int


class KeyBackup:
    """The backup of our user; `entries` are those of all shelves."""

    def __init__(
        self,
        machine: Encrypting,
        book: TrustBook,
        entries: Mapping[Shelf, Mapping[str, bytes]],
        surroundings: Surroundings,
    ) -> None:
        self._machine = machine
        self._book = book
        self._surroundings = surroundings
        kept = entries.get(Shelf.SECRETS, {}).get(BACKUP_NAME)
        self._key = None if kept is None else BackupKey(kept)
        self._is_due = _DUE in entries.get(Shelf.SECRETS, {})  # the key came, and nothing was restored by it yet
        self._marks = {
            session_id: msgspec.msgpack.decode(octets, type=_Mark)
            for session_id, octets in entries.get(Shelf.BACKED_UP, {}).items()
        }
        self.current: BackupVersion | None = None
        self._sought = SoughtKeys(machine.awaited_sessions(), surroundings.unix_ms())
        self._look_at_ms = 0  # when it is to be looked for

    # ── which backup ──

    def find(self) -> Steps[BackupVersion | None]:
        """Ask for the backup that there is."""
        self.current = None
        try:
            answer = yield from ask(GetRoomKeysVersionCurrent())
        except MatrixError as error:
            if error.status != 404:
                raise
        else:
            public_key = answer.auth_data.get("public_key")
            if answer.algorithm == ALGORITHM and isinstance(public_key, str):
                self.current = BackupVersion(answer.version, public_key, answer.auth_data, answer.count)
        self._look_at_ms = self._surroundings.unix_ms() + _LOOK_AGAIN_MS
        return self.current

    def create(self) -> Steps[BackupVersion]:
        """Make a new backup, in place of the one that there is; its key is then kept here."""
        key = BackupKey(self._surroundings.chance(32))
        auth_data = self._machine.sign({"public_key": key.public})
        if (master := self._book.private.master) is not None:
            auth_data = sign_json(auth_data, self._machine.user_id, master)
        # Before the server has it: its answer may not reach us, and a key without a backup does no harm.
        yield from self._keep_key(key)
        answer = yield from ask(PostRoomKeysVersion(algorithm=ALGORITHM, auth_data=auth_data))
        self.current = BackupVersion(answer.version, key.public, auth_data, 0)
        self._look_at_ms = self._surroundings.unix_ms() + _LOOK_AGAIN_MS
        yield from self._prefer(is_enabled=True)
        return self.current

    def delete(self) -> Steps[None]:
        """Delete the backup at the server, and forget its key."""
        current = self.current or (yield from self.find())
        if current is not None:
            yield from ask(DeleteRoomKeysVersion(version=current.version))
        self.current, self._key = None, None
        yield from keep(Change(Shelf.SECRETS, BACKUP_NAME, None))
        yield from self._prefer(is_enabled=False)

    def _prefer(self, *, is_enabled: bool) -> Steps[None]:
        # Matrix v1.19 CS §Key backup enabled preference: clients MUST say so when it is turned on or off.
        content: JsonObject = {"enabled": is_enabled}
        yield from ask(SetAccountData(user_id=self._machine.user_id, type="m.key_backup", content=content))

    @property
    def secret(self) -> str | None:
        """The private key as secrets are shared, as far as it is of the backup that there is."""
        return self._key.secret if self._key is not None and self._is_key_of_current() else None

    def adopt(self, secret: str) -> Steps[bool]:
        """Take the private key from a trusted source; False where it is not that of the backup that there is."""
        try:
            key = BackupKey.from_base64(secret)
        except RemoteProtocolError:
            return False
        current = self.current or (yield from self.find())
        if current is None or key.public != current.public_key:
            return False
        yield from self._keep_key(key, Change(Shelf.SECRETS, _DUE, b"1"))
        self._is_due = True
        return True

    def _keep_key(self, key: BackupKey, *more: Change) -> Steps[None]:
        yield from keep(Change(Shelf.SECRETS, BACKUP_NAME, key.octets), *more)
        self._key = key

    def _is_key_of_current(self) -> bool:
        return self._key is not None and self.current is not None and self._key.public == self.current.public_key

    @property
    def is_trusted(self) -> bool:
        """Whether the backup that there is is known to be our user's."""
        current, own_id = self.current, self._machine.user_id
        if current is None:
            return False
        # Matrix v1.19 CS §Server-side key backups: "clients must only store keys in backups after …".
        if self._is_key_of_current():
            return True
        # Stricter than Matrix v1.19 CS §Server-side key backups: what is a key as well was signed as that key, by a
        # client that did not look what else the server had put into it (`PublicKey.says_more`).
        if "keys" in current.auth_data:
            return False
        identity = self._book.identity(own_id)
        if identity is not None and self._book.is_verified(own_id) and identity.master.has_signed(current.auth_data):
            return True
        devices = (self._machine.own_device, *self._machine.devices.of(own_id))
        return any(
            self._book.trust(device) is Trust.VERIFIED
            and verify_json(current.auth_data, own_id, f"ed25519:{device.device_id}", device.ed25519)
            for device in devices
        )

    # ── into it ──

    def upload(self, batches: int = 10) -> Steps[int]:
        """Put sessions in that are not yet, so many batches at most; return how many there were."""
        if self.current is None and self._surroundings.unix_ms() >= self._look_at_ms:
            yield from self.find()
        uploaded = 0
        for _ in range(batches):
            batch = tuple(islice(self._missing(), _BATCH))
            if not batch or not self.is_trusted:
                break
            uploaded += yield from self._upload(batch)
        return uploaded

    def missing_count(self) -> int:
        """Return how many sessions are not in the backup yet."""
        return sum(1 for _ in self._missing())

    def _missing(self) -> Iterable[RoomKeyInfo]:
        version = self.current.version if self.current is not None else ""
        for info in self._machine.sessions():
            mark = self._marks.get(info.session_id)
            if mark is None or mark.version != version or mark.first_index > info.first_index:
                yield info

    def _upload(self, batch: tuple[RoomKeyInfo, ...]) -> Steps[int]:
        assert self.current is not None
        version, rooms = self.current.version, self._sealed(batch, self.current.public_key)
        try:
            yield from ask(msgspec.convert({"version": version, "rooms": rooms}, PutRoomKeys))
        except MatrixError as error:
            if error.errcode != _WRONG_VERSION and error.status != 404:
                raise
            yield from self.find()  # another device made a new one: what it is worth is seen next time
            return 0
        yield from self._mark({info.session_id: _Mark(version, info.first_index) for info in batch})
        return len(batch)

    def _sealed(self, batch: tuple[RoomKeyInfo, ...], public_key: str) -> dict[str, dict[str, JsonObject]]:
        rooms: dict[str, dict[str, JsonObject]] = {}
        for info in batch:
            session = self._machine.export(info.room_id, info.session_id)
            if session is None:
                continue
            rooms.setdefault(info.room_id, {"sessions": {}})["sessions"][info.session_id] = {
                "first_message_index": info.first_index,
                "forwarded_count": len(info.forwarders),
                "is_verified": self._is_verified(info),
                "session_data": seal_session(session, public_key),
            }
        return rooms

    def _is_verified(self, info: RoomKeyInfo) -> bool:
        """Return whether the device that made a session is verified, and proved to have made it."""
        if info.source is KeySource.OWN:
            return True
        if info.source is not KeySource.DIRECT or info.sender_id is None:
            return False
        device = self._machine.devices.by_curve25519(info.sender_id, info.sender_key)
        return device is not None and self._book.trust(device) is Trust.VERIFIED

    def _mark(self, marks: dict[str, _Mark]) -> Steps[None]:
        yield from keep(*(Change(Shelf.BACKED_UP, key, msgspec.msgpack.encode(mark)) for key, mark in marks.items()))
        self._marks |= marks

    # ── out of it ──

    def restore(self, room_id: str | None = None, session_id: str | None = None) -> Steps[Restored]:
        """Take sessions out of the backup: all, those of a room, or one."""
        current = self.current or (yield from self.find())
        if current is None or self._key is None or not self._is_key_of_current():
            raise LocalProtocolError("there is no backup, or its key is not here")
        found = yield from self._fetch(current.version, room_id, session_id)
        sessions: list[ExportedSession] = []
        marks: dict[str, _Mark] = {}
        for (room, session), data in found.items():
            try:
                sessions.append(self._key.open(room, session, data.session_data))
            except RemoteProtocolError:
                continue
            marks[session] = _Mark(current.version, data.first_message_index)
        taken = yield from self._machine.import_sessions(sessions, KeySource.BACKUP)
        yield from self._mark(marks)
        if room_id is None:
            yield from self._settle()
        return Restored(len(found), taken, len(found) - len(sessions))

    def restore_once(self) -> Steps[None]:
        """Take all out of the backup after its key came; not where another backup has taken its place by then."""
        if not self._is_due:
            return
        if self.current is None:
            yield from self.find()
        if self._is_key_of_current():
            yield from self.restore()
        else:
            yield from self._settle()

    def _settle(self) -> Steps[None]:
        if self._is_due:
            yield from keep(Change(Shelf.SECRETS, _DUE, None))
            self._is_due = False

    def seek(self, room_id: str, session_id: str) -> Steps[bool]:
        """Look for the key of an event that cannot be read; False where it is not there, or was just looked for."""
        place = room_id, session_id
        if not self._is_key_of_current():
            self._sought.note(place)
            return False
        if not self._sought.take(place, self._surroundings.unix_ms()):
            return False
        try:
            restored = yield from self.restore(room_id, session_id)
        except (MatrixError, RemoteProtocolError):
            return False  # sought again later
        if restored.taken:
            self._sought.drop(place)
        return restored.taken > 0

    def seek_again(self) -> Steps[None]:
        """Look once more for keys that were not there: another device may have put them there since."""
        due = self._sought.due(self._surroundings.unix_ms()) if self._is_key_of_current() else ()
        for room_id, session_id in due:
            if self._machine.export(room_id, session_id) is not None:
                self._sought.drop((room_id, session_id))
            else:
                yield from self.seek(room_id, session_id)

    def _fetch(self, version: str, room_id: str | None, session_id: str | None) -> Steps[_Found]:
        rooms: dict[str, dict[str, KeyBackupData]]
        try:
            if room_id is None:
                everything = yield from ask(GetRoomKeys(version=version))
                rooms = {room: found.sessions for room, found in everything.rooms.items()}
            elif session_id is None:
                some = yield from ask(GetRoomKeysByRoomId(version=version, room_id=room_id))
                rooms = {room_id: some.sessions}
            else:
                one = yield from ask(GetRoomKeyBySessionId(version=version, room_id=room_id, session_id=session_id))
                rooms = {room_id: {session_id: one.session}}
        except MatrixError as error:
            if error.status != 404:
                raise
            return {}
        return {(room, session): data for room, sessions in rooms.items() for session, data in sessions.items()}

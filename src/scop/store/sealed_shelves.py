"""What a Matrix client keeps (tokens, keys, rooms, what is not sent yet) in one file that is dark to who copies it.

Each thing is sealed on its own under a key that only the passphrase opens, and bound to its shelf and its name, so
that none can be put in another's place; names are hashed with a key. What stays visible: how many things of what kind
there are, how long each is, and when the file was written. It does not notice a thing that was taken out, nor one,
or the whole file, that was put back as it was at another time: whoever may write the file is trusted so far. Without a
passphrase the key lies in the file, and only the file's mode guards it.

`put` returns when all of its changes are on the disk together (`scop.store.database`: one writer, group commit).

One process uses the file at a time, in turn with others (`scop.store.turn_lock`). Who has it open may `let_go` of it
while it waits for something, and is told by `take_back` whether another changed anything meanwhile.

Standards: NIST SP 800-38D (AES-GCM), RFC 7914 (scrypt), RFC 5869 (HKDF), RFC 2104 (HMAC).
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from scop.matrix.steps import Change, Shelf
from scop.store.database import Database
from scop.store.faults import StoreError
from scop.store.turn_lock import TurnLock

__all__ = ["Entries", "InUse", "Removed", "SealedShelves", "WrongPassphrase"]

Entries: TypeAlias = dict[Shelf, dict[str, bytes]]

KEY_OCTETS = 32
NONCE_OCTETS = 12  # NIST SP 800-38D §8.2.2: random ones, far fewer than 2**32 for one key
SALT_OCTETS = 16
SCRYPT_LOG_COST = 15  # 32 MiB and about 0.1 s for each guess
MAX_SCRYPT_LOG_COST = 20  # 1 GiB: a file may not ask for more
SCRYPT_BLOCK = 8
_LENGTH_OCTETS = 4
_THE_KEY = b"the key of the shelves"

# It has one row: how the passphrase opens the key of the shelves. Without a passphrase log_cost is 0 and sealed_key the
# key itself.
_OPENING = """
    CREATE TABLE IF NOT EXISTS opening (log_cost INTEGER NOT NULL, salt BLOB NOT NULL, sealed_key BLOB NOT NULL)
"""
_MIGRATIONS = (
    """
    CREATE TABLE kept (
        shelf TEXT NOT NULL, name_hash BLOB NOT NULL, sealed BLOB NOT NULL, PRIMARY KEY (shelf, name_hash)
    )
    """,  # with rowids: https://sqlite.org/withoutrowid.html is for rows far shorter than a page
)


class WrongPassphrase(StoreError):
    """The passphrase does not open the file; or the file was altered, which looks the same."""


class InUse(StoreError):
    """Another process has the file open."""


class Removed(StoreError):
    """Another process removed the file meanwhile."""


@dataclass(frozen=True, slots=True)
class _Seal:
    """Seals and opens what is kept."""

    sealing: AESGCM
    naming: bytes

    @classmethod
    def of(cls, key: bytes) -> _Seal:
        """Return the seal of a key; each of its two uses has a key of its own."""
        return cls(AESGCM(_expand(key, b"seal")), _expand(key, b"names"))

    def name_hash(self, shelf: str, name: str) -> bytes:
        """Return what stands in the file for a name."""
        return hmac.digest(self.naming, f"{shelf}\0{name}".encode(), "sha256")

    def close(self, change: Change) -> tuple[str, bytes, bytes]:
        """Return the row that keeps a change."""
        shelf, name, octets = str(change.shelf), change.key.encode(), change.octets or b""
        hashed = self.name_hash(shelf, change.key)
        nonce = secrets.token_bytes(NONCE_OCTETS)
        inside = len(name).to_bytes(_LENGTH_OCTETS) + name + octets
        return shelf, hashed, nonce + self.sealing.encrypt(nonce, inside, _bound_to(shelf, hashed))

    def open(self, shelf: str, hashed: bytes, sealed: bytes) -> tuple[str, bytes]:
        """Return the name and the octets of a row."""
        try:
            inside = self.sealing.decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], _bound_to(shelf, hashed))
        except (InvalidTag, ValueError):  # a nonce that is cut off
            raise StoreError("something in the store was altered, or is damaged") from None
        start = _LENGTH_OCTETS + int.from_bytes(inside[:_LENGTH_OCTETS])
        return inside[_LENGTH_OCTETS:start].decode(), inside[start:]


class SealedShelves:
    """Opened by `SealedShelves.open`; all else is awaited on one event loop."""

    def __init__(self, path: Path, database: Database, seal: _Seal, turn: TurnLock) -> None:
        self._path = path
        self._database = database
        self._seal = seal
        self._turn = turn
        self._version = 0

    @classmethod
    def open(
        cls,
        place: Path | str,
        passphrase: str | None,
        *,
        log_cost: int = SCRYPT_LOG_COST,
        patience_seconds: float = 0.0,
        is_there: bool = False,
    ) -> SealedShelves:
        """Open or make the file, for this process alone; takes about 0.1 s and may be called on any thread.

        Raises `WrongPassphrase`, `InUse` where another process does not let it go so soon, or another `StoreError`
        where the file is none of ours. `log_cost` is what a guess costs where the file is made (scrypt's N is 2 to
        this power). One that is there is not made: raises `Removed` where it no longer is when our turn comes.
        """
        path = Path(place)
        turn = TurnLock(path)  # files beside it, since closing SQLite's own would lose its locks
        try:
            is_taken = turn.take(patience_seconds)
        except FileNotFoundError:  # the folder, too
            raise Removed(f"{path.name} was removed meanwhile") from None
        if not is_taken:
            raise InUse(f"{path.name} is in use by another process")
        try:
            if is_there and not path.exists():
                if turn.is_alone():
                    turn.remove()
                raise Removed(f"{path.name} was removed meanwhile")
            _make_private(path)
            database, key = _open(path, passphrase, log_cost)
        except BaseException:
            turn.close()
            raise
        return cls(path, database, _Seal.of(key), turn)

    async def entries(self) -> Entries:
        """Return all that is kept, by shelf and name. Shelves of a newer release are left where they are."""
        return await self._database.read(self._read)

    async def put(self, changes: Sequence[Change]) -> None:
        """Make changes durable, all together."""
        await self._database.write(lambda connection: self._write(connection, changes))

    async def clear(self) -> None:
        """Keep nothing of what was kept: the session is over. What stood in the file is overwritten."""
        await self._database.write(_clear)

    async def let_go(self) -> None:
        """Let other processes use the file, which stays open; nothing may be asked of it until it is taken back."""
        self._version = await self._database.write(_version)
        self._turn.let_go()

    async def take_back(self) -> bool:
        """Have the file for this process alone again, however long others need it; return whether they changed it.

        Raises `Removed` where they removed it.
        """
        if not await self._turn.take_back():
            raise Removed("the store was removed meanwhile")
        try:
            return self._version != await self._database.write(_version)
        except BaseException:  # whoever is cancelled has not taken it back
            self._turn.let_go()
            raise

    async def remove(self, *beside: Path) -> bool:
        """Close the file and remove it, with what belongs to it, unless other processes have it open.

        Return whether it was removed. SQLite takes files away by their names: those of one that was made anew, too.
        """
        await self._database.close()
        if is_ours_alone := self._turn.is_alone():
            for path in (self._path, *beside):
                path.unlink(missing_ok=True)
            self._turn.remove()  # at last: who comes before waits for us, and finds nothing then
        self._turn.close()
        return is_ours_alone

    async def close(self) -> None:
        """Finish what was asked for and let the file go."""
        await self._database.close()
        self._turn.close()

    def _read(self, connection: sqlite3.Connection) -> Entries:
        entries: Entries = {shelf: {} for shelf in Shelf}
        for shelf, hashed, sealed in connection.execute("SELECT shelf, name_hash, sealed FROM kept"):
            if shelf in entries:
                name, octets = self._seal.open(shelf, hashed, sealed)
                entries[Shelf(shelf)][name] = octets
        return entries

    def _write(self, connection: sqlite3.Connection, changes: Sequence[Change]) -> None:
        for change in changes:
            if change.octets is None:
                row = (str(change.shelf), self._seal.name_hash(change.shelf, change.key))
                connection.execute("DELETE FROM kept WHERE shelf = ? AND name_hash = ?", row)
            else:
                connection.execute("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", self._seal.close(change))


def _version(connection: sqlite3.Connection) -> int:
    """Return a number that is another one once somebody else changed anything."""
    # https://sqlite.org/pragma.html#pragma_data_version: what this connection writes leaves it as it is.
    return int(connection.execute("PRAGMA data_version").fetchone()[0])


def _clear(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA secure_delete = ON")
    connection.execute("DELETE FROM kept")


def _open(path: Path, passphrase: str | None, log_cost: int) -> tuple[Database, bytes]:
    try:
        key = _key_of(path, passphrase, log_cost)
        return Database.open(path, _MIGRATIONS), key
    except sqlite3.DatabaseError as fault:
        raise StoreError(f"{path.name} is no store of a Matrix client: {fault}") from None


def _key_of(path: Path, passphrase: str | None, log_cost: int) -> bytes:
    """Return the key of the shelves, made where there is none yet."""
    connection = sqlite3.connect(path, isolation_level=None)
    try:
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute(_OPENING)
        row = connection.execute("SELECT log_cost, salt, sealed_key FROM opening").fetchone()
        if row is not None:
            return _unsealed_key(path, passphrase, row)
        key = secrets.token_bytes(KEY_OCTETS)
        connection.execute("INSERT INTO opening VALUES (?, ?, ?)", _sealed_key(key, passphrase, log_cost))
        return key
    finally:
        connection.close()


def _sealed_key(key: bytes, passphrase: str | None, log_cost: int) -> tuple[int, bytes, bytes]:
    if passphrase is None:
        return 0, b"", key
    salt, nonce = secrets.token_bytes(SALT_OCTETS), secrets.token_bytes(NONCE_OCTETS)
    stretched = AESGCM(_stretch(passphrase, salt, log_cost))
    return log_cost, salt, nonce + stretched.encrypt(nonce, key, _THE_KEY)


def _unsealed_key(path: Path, passphrase: str | None, row: tuple[int, bytes, bytes]) -> bytes:
    log_cost, salt, sealed = row
    if passphrase is None:
        if log_cost:
            raise WrongPassphrase(f"{path.name} is sealed by a passphrase, and none was given")
        return sealed
    if not log_cost:  # whoever believes that it is sealed must hear that it is not
        raise WrongPassphrase(f"{path.name} is not sealed by a passphrase, and one was given")
    if log_cost > MAX_SCRYPT_LOG_COST:
        raise StoreError(f"{path.name} asks for more than we spend on a passphrase")
    try:
        stretched = AESGCM(_stretch(passphrase, salt, log_cost))
        return stretched.decrypt(sealed[:NONCE_OCTETS], sealed[NONCE_OCTETS:], _THE_KEY)
    except (InvalidTag, ValueError):
        raise WrongPassphrase(f"the passphrase does not open {path.name}") from None


def _stretch(passphrase: str, salt: bytes, log_cost: int) -> bytes:
    cost = 1 << log_cost
    memory = 256 * SCRYPT_BLOCK * cost  # twice what it takes
    return hashlib.scrypt(passphrase.encode(), salt=salt, n=cost, r=SCRYPT_BLOCK, p=1, maxmem=memory, dklen=KEY_OCTETS)


def _expand(key: bytes, purpose: bytes) -> bytes:
    return HKDFExpand(SHA256(), KEY_OCTETS, b"scop shelves: " + purpose).derive(key)


def _bound_to(shelf: str, hashed: bytes) -> bytes:
    return shelf.encode() + b"\0" + hashed


def _make_private(path: Path) -> None:
    """Make the file before SQLite does, so that nobody else may ever read it; those beside it have its mode."""
    if not path.exists():  # to close it would lose locks of SQLite's on one that is open already
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    path.chmod(0o600)

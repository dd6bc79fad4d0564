"""End-to-end encryption of one device: its keys, other devices, Olm between two, Megolm in rooms, files.

`Machine` is all of it behind one face; it does no I/O. It asks by `Steps` and keeps what it must not forget by `Keep`
before anything leaves that rests on it: a crash between any two steps costs at most a repetition that does no harm.
Private halves leave it pickled under a fixed key: whoever keeps them seals them (`scop.store` does). It does not know
who is verified; it asks that of a `Trusting` (`scop.matrix.verification`).

    machine, changes = Machine.create("@me:example.org", "LAPTOP", surroundings)   # keep the changes
    content = yield from machine.encrypt(room, "m.room.message", {"msgtype": "m.text", "body": "hello"})
    opened = yield from machine.decrypt("!sea:example.org", event)                 # Decrypted or Undecryptable

Standards: Matrix v1.19, Client-Server API §End-to-End Encryption, §Send-to-Device messaging; Olm and Megolm version 1
(vodozemac); RFC 7517 (JSON Web Key) for files.
"""

from scop.matrix.encryption.attachments import (
    EncryptedFile,
    FileDecryption,
    FileEncryption,
    decrypt_file,
    encrypt_file,
)
from scop.matrix.encryption.machine import Machine, Options
from scop.matrix.encryption.trust import Newcomer, Recipients, Shield, Trust, Trusting
from scop.matrix.encryption.values import (
    Decrypted,
    Device,
    EncryptedRoom,
    ExportedSession,
    KeyBundle,
    KeySource,
    Obstacle,
    RoomKeyInfo,
    ToDevice,
    Undecryptable,
    UserKeys,
    Withheld,
)

__all__ = [
    "Decrypted",
    "Device",
    "EncryptedFile",
    "EncryptedRoom",
    "ExportedSession",
    "FileDecryption",
    "FileEncryption",
    "KeyBundle",
    "KeySource",
    "Machine",
    "Newcomer",
    "Obstacle",
    "Options",
    "Recipients",
    "RoomKeyInfo",
    "Shield",
    "ToDevice",
    "Trust",
    "Trusting",
    "Undecryptable",
    "UserKeys",
    "Withheld",
    "decrypt_file",
    "encrypt_file",
]

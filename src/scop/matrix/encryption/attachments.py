"""Encrypts files for encrypted rooms and decrypts them, in pieces of any size.

Each file has a key of its own, which travels in the event; the hash is of the ciphertext. What `update` of a
`FileDecryption` returns is not to be used before `finish` has found the hash right.

    encryption = FileEncryption(chance)
    upload(encryption.update(octets)); upload(encryption.finish())
    content["file"] = encryption.file("mxc://example.org/abc")

Standards: Matrix v1.19 CS §Sending encrypted attachments; RFC 7517 (JSON Web Key).
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

import msgspec
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES256
from cryptography.hazmat.primitives.ciphers.modes import CTR

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.encryption.shapes import object_at, text_at, texts_at
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.steps import Chance

__all__ = ["EncryptedFile", "FileDecryption", "FileEncryption", "decrypt_file", "encrypt_file"]

_KEY_OCTETS = 32
_BLOCK_OCTETS = 16
_HASH_OCTETS = 32


class EncryptedFile(msgspec.Struct, frozen=True, kw_only=True):
    """What opens a file: its key, counter block and the hash of its ciphertext; `url` says where that is."""

    url: str
    key: bytes
    counter_block: bytes
    sha256: bytes

    def __repr__(self) -> str:
        return f"EncryptedFile({self.url!r})"  # its key is for who may read it, and not for logs

    @classmethod
    def parse(cls, json: JsonView) -> EncryptedFile:
        """Return what a `file` or `thumbnail_file` of an event says; raises `RemoteProtocolError`."""
        key = object_at(json, "key")
        # Matrix v1.19 CS EncryptedFile, JWK: what "must be" is.
        if json.get("v") != "v2" or key.get("kty") != "oct" or key.get("alg") != "A256CTR":
            raise RemoteProtocolError("the file is encrypted in a way that is not known")
        if key.get("ext") is not True or not {"encrypt", "decrypt"} <= set(texts_at(key, "key_ops")):
            raise RemoteProtocolError("the key of the file is not for this")
        return cls(
            url=text_at(json, "url") or "",
            key=_sized(unpadded_base64.decode_url_safe(text_at(key, "k") or ""), _KEY_OCTETS),
            counter_block=_sized(unpadded_base64.decode(text_at(json, "iv") or ""), _BLOCK_OCTETS),
            sha256=_sized(unpadded_base64.decode(text_at(object_at(json, "hashes"), "sha256") or ""), _HASH_OCTETS),
        )

    def to_json(self) -> JsonObject:
        """Return it as an event has it."""
        return {
            "url": self.url,
            "v": "v2",
            "key": {
                "kty": "oct",
                "alg": "A256CTR",
                "ext": True,
                "key_ops": ["encrypt", "decrypt"],
                "k": unpadded_base64.encode_url_safe(self.key),
            },
            "iv": unpadded_base64.encode(self.counter_block),
            "hashes": {"sha256": unpadded_base64.encode(self.sha256)},
        }


class FileEncryption:
    """Encrypts one file by a new key."""

    def __init__(self, chance: Chance) -> None:
        self._key = chance(_KEY_OCTETS)
        # Matrix v1.19 CS §Sending encrypted attachments: "The counter is 64 bits long, starting at 0 and prefixed by a
        # random 64-bit Initialization Vector".
        self._counter_block = chance(_BLOCK_OCTETS // 2) + bytes(_BLOCK_OCTETS // 2)
        self._cipher = Cipher(AES256(self._key), CTR(self._counter_block)).encryptor()
        self._hash = sha256()

    def update(self, octets: bytes) -> bytes:
        """Return the next piece of the ciphertext."""
        ciphertext = self._cipher.update(octets)
        self._hash.update(ciphertext)
        return ciphertext

    def finish(self) -> bytes:
        """Return the last piece."""
        return self._cipher.finalize()

    def file(self, url: str) -> EncryptedFile:
        """Return what opens it, when all of it is encrypted and its ciphertext is at the url."""
        return EncryptedFile(url=url, key=self._key, counter_block=self._counter_block, sha256=self._hash.digest())


class FileDecryption:
    """Decrypts one file."""

    def __init__(self, file: EncryptedFile) -> None:
        self._cipher = Cipher(AES256(file.key), CTR(file.counter_block)).decryptor()
        self._expected = file.sha256
        self._hash = sha256()

    def update(self, ciphertext: bytes) -> bytes:
        """Return the next piece of the file: not to be used before `finish` returned."""
        self._hash.update(ciphertext)
        return self._cipher.update(ciphertext)

    def finish(self) -> bytes:
        """Return the last piece; raises `RemoteProtocolError` where the file is not the one that was sent."""
        # Matrix v1.19 CS §Sending encrypted attachments: "Clients MUST verify the hash before using" it.
        if not compare_digest(self._hash.digest(), self._expected):
            raise RemoteProtocolError("the file is not the one that was sent: its hash differs")
        return self._cipher.finalize()


def encrypt_file(octets: bytes, chance: Chance) -> tuple[bytes, EncryptedFile]:
    """Return the ciphertext of a whole file, and what opens it but for its url."""
    encryption = FileEncryption(chance)
    ciphertext = encryption.update(octets) + encryption.finish()
    return ciphertext, encryption.file("")


def decrypt_file(ciphertext: bytes, file: EncryptedFile) -> bytes:
    """Return a whole file; raises `RemoteProtocolError` where it is not the one that was sent."""
    decryption = FileDecryption(file)
    octets = decryption.update(ciphertext)
    return octets + decryption.finish()


def _sized(octets: bytes, count: int) -> bytes:
    if len(octets) != count:
        raise RemoteProtocolError(f"the key of the file has a part that is not of {count} octets")
    return octets

"""Files of encrypted rooms, against a vector of matrix-nio and the specification's example."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.matrix_keys import counted
from scop.base import RemoteProtocolError
from scop.matrix.encryption import (
    EncryptedFile,
    FileDecryption,
    FileEncryption,
    decrypt_file,
    encrypt_file,
)
from scop.matrix.json_values import JsonObject

# Made by matrix-nio 0.26 (nio.crypto.attachments.encrypt_attachment).
_CIPHERTEXT = bytes.fromhex("dd7e47e71caa5a5c177c02bfe13bd3f485c6d2b60aca0ceaeba7d9ff1dcee830927965e1e2514b130d12")
_FILE: JsonObject = {
    "url": "mxc://example.org/abc",
    "v": "v2",
    "key": {
        "kty": "oct",
        "alg": "A256CTR",
        "ext": True,
        "k": "UH8yzhIVwDmQqC5H7oKqr19hA1GyczUOmqyRVw6XYz8",
        "key_ops": ["encrypt", "decrypt"],
    },
    "iv": "L1pWnY3jm1gAAAAAAAAAAA",
    "hashes": {"sha256": "Pd7tr/uu4tfxc2AUnvKCgxzGwQVER1uiQna1l4jiRYo"},
}


def test_attachments_open_what_another_client_encrypted() -> None:
    """Matrix v1.19 CS §Sending encrypted attachments: AES-CTR, a hash of the ciphertext, URL-safe and other base64."""
    file = EncryptedFile.parse(_FILE)
    assert decrypt_file(_CIPHERTEXT, file) == b"The sea is calm tonight, the tide is full."
    assert file.to_json() == _FILE


@given(st.lists(st.binary(max_size=70), max_size=6), st.integers(1, 40))
def test_attachments_come_out_whole_whatever_the_pieces(pieces: list[bytes], size: int) -> None:
    """Any cut into pieces on either side gives the file again."""
    encryption = FileEncryption(counted())
    ciphertext = b"".join(map(encryption.update, pieces)) + encryption.finish()
    decryption = FileDecryption(EncryptedFile.parse(encryption.file("mxc://a/b").to_json()))
    cut = [ciphertext[start : start + size] for start in range(0, len(ciphertext), size)]
    assert b"".join(map(decryption.update, cut)) + decryption.finish() == b"".join(pieces)


def test_attachments_never_use_a_key_twice() -> None:
    """Two files have other keys and counters, and the lower half of each counter starts at zero."""
    chance = counted()
    (first, one), (second, other) = encrypt_file(b"wave", chance), encrypt_file(b"wave", chance)
    assert (one.key, one.counter_block) != (other.key, other.counter_block)
    assert first != second
    assert one.counter_block[8:] == bytes(8)


@pytest.mark.parametrize("at", [0, 20, len(_CIPHERTEXT) - 1])
def test_attachments_that_were_changed_are_refused(at: int) -> None:
    """Matrix v1.19 CS: clients must verify the hash before using the file contents."""
    changed = bytearray(_CIPHERTEXT)
    changed[at] ^= 1
    with pytest.raises(RemoteProtocolError, match="its hash differs"):
        decrypt_file(bytes(changed), EncryptedFile.parse(_FILE))


@pytest.mark.parametrize(
    "change",
    [
        {"v": "v1"},
        {"key": {**_FILE["key"], "alg": "A128CTR"}},  # type: ignore[dict-item]
        {"key": {**_FILE["key"], "kty": "RSA"}},  # type: ignore[dict-item]
        {"key": {**_FILE["key"], "ext": False}},  # type: ignore[dict-item]
        {"key": {**_FILE["key"], "key_ops": ["encrypt"]}},  # type: ignore[dict-item]
        {"key": {**_FILE["key"], "k": "AAAA"}},  # type: ignore[dict-item]
        {"key": None},
        {"iv": "AAAA"},
        {"iv": "!"},
        {"hashes": {}},
    ],
)
def test_attachments_of_another_kind_are_refused(change: JsonObject) -> None:
    """Matrix v1.19 CS EncryptedFile, JWK: what must be there is there."""
    with pytest.raises(RemoteProtocolError):
        EncryptedFile.parse({**_FILE, **change})

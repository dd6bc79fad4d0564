"""Secrets that are kept at the server, which cannot read them: sealed by a key that people write down or remember.

Standards: Matrix v1.19 CS §Secrets (Storage), appendices §Cryptographic key representation.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.account_data import GetAccountData, SetAccountData
from scop.matrix.api.errors import MatrixError
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Chance, Steps, Surroundings, ask, stretch
from scop.matrix.verification.aes_hmac import counter_start, derive_keys
from scop.matrix.verification.recovery_key import parse_recovery_key, write_recovery_key

__all__ = ["LEAST_ROUNDS", "STORAGE_ROUNDS", "SecretStorage", "StorageKey", "WrongKey"]

ALGORITHM = "m.secret_storage.v1.aes-hmac-sha2"
STORAGE_ROUNDS = 500_000  # what Element writes
LEAST_ROUNDS = 100_000  # of what others wrote; with fewer the server soon guesses what it keeps
_MAX_ROUNDS = 10_000_000  # some seconds; the server says how many
_KEY_TYPE = "m.secret_storage.key."
_DEFAULT_TYPE = "m.secret_storage.default_key"
_KEY_OCTETS = 32
_IV_OCTETS = 16
_Shape = TypeVar("_Shape", bound=msgspec.Struct)
_ALPHABET = "abcdefghijklmnopqrstuvwxyz012345"


class WrongKey(Exception):
    """The recovery key or passphrase is not the one that the secrets are sealed by."""


class _Passphrase(msgspec.Struct, frozen=True):
    """How a key comes from a passphrase."""

    algorithm: str
    salt: str
    iterations: int
    bits: int = 256


class _Description(msgspec.Struct, frozen=True):
    """What the server keeps of a key."""

    algorithm: str
    name: str | None = None
    passphrase: _Passphrase | None = None
    iv: str | None = None
    mac: str | None = None


class _Sealed(msgspec.Struct, frozen=True):
    """A secret under one key."""

    iv: str
    ciphertext: str
    mac: str


@dataclass(frozen=True, slots=True)
class StorageKey:
    """A key that seals secrets; whoever has it can read them."""

    key_id: str
    octets: bytes = field(repr=False)

    def recovery_key(self) -> str:
        """Return it as it is shown, for writing down."""
        return write_recovery_key(self.octets)

    def seal(self, name: str, secret: str, chance: Chance) -> JsonObject:
        """Return a secret sealed under its name."""
        # Matrix v1.19 CS §Secret storage, m.secret_storage.v1.aes-hmac-sha2, steps 1 to 5.
        keys, iv = derive_keys(self.octets, name), counter_start(chance)
        ciphertext = keys.crypt(secret.encode(), iv)
        parts = {"iv": iv, "ciphertext": ciphertext, "mac": keys.authenticate(ciphertext)}
        return {part: unpadded_base64.encode(octets) for part, octets in parts.items()}

    def open(self, name: str, sealed: object) -> str:
        """Return a secret; raises `RemoteProtocolError` where it is broken, or not sealed by this key and name."""
        found = _converted(sealed, _Sealed)
        iv, ciphertext, mac = (unpadded_base64.decode(text) for text in (found.iv, found.ciphertext, found.mac))
        keys = derive_keys(self.octets, name)
        if len(iv) != _IV_OCTETS or not hmac.compare_digest(keys.authenticate(ciphertext), mac):
            raise RemoteProtocolError("the secret was changed, or sealed by another key")
        try:
            return keys.crypt(ciphertext, iv).decode()
        except UnicodeDecodeError as error:
            raise RemoteProtocolError("the secret is no text") from error

    def describe(self, chance: Chance, name: str | None, passphrase: JsonObject | None) -> JsonObject:
        """Return what the server keeps, by which others check that they have the right key."""
        check = self._check(iv := counter_start(chance))
        described = {"iv": unpadded_base64.encode(iv), "mac": unpadded_base64.encode(check)}
        optional = {"name": name, "passphrase": passphrase}
        given = {part: value for part, value in optional.items() if value is not None}
        return {"algorithm": ALGORITHM, **described, **given}

    def fits(self, description: JsonObject) -> bool:
        """Return whether a description is of this key, as far as it says."""
        described = _read_description(description)
        # Matrix v1.19 CS §Key storage: where there is no check, "clients must assume that the key is valid".
        if described.iv is None or described.mac is None:
            return True
        iv = unpadded_base64.decode(described.iv)
        return len(iv) == _IV_OCTETS and hmac.compare_digest(self._check(iv), unpadded_base64.decode(described.mac))

    def _check(self, iv: bytes) -> bytes:
        # Matrix v1.19 CS §Key storage steps 1 to 4: the MAC of 32 octets of 0, encrypted.
        keys = derive_keys(self.octets, "")
        return keys.authenticate(keys.crypt(bytes(32), iv))


class SecretStorage:
    """The secrets of our user at the server; a passphrase stretched by less than `least_rounds` opens none."""

    def __init__(self, user_id: str, surroundings: Surroundings, least_rounds: int = LEAST_ROUNDS) -> None:
        self.least_rounds = least_rounds
        self._user_id = user_id
        self._surroundings = surroundings

    def create(
        self, passphrase: str | None = None, *, name: str | None = None, rounds: int = STORAGE_ROUNDS
    ) -> Steps[StorageKey]:
        """Make a key, of a passphrase if there is one, and make it the default; secrets are yet to be put."""
        chance = self._surroundings.chance
        how: JsonObject | None = None
        if passphrase is None:
            octets = chance(_KEY_OCTETS)
        else:
            salt = _random_text(chance)
            how = {"algorithm": "m.pbkdf2", "salt": salt, "iterations": rounds, "bits": 8 * _KEY_OCTETS}
            octets = yield from _stretched(passphrase, _converted(how, _Passphrase))
        key = StorageKey(_random_text(chance), octets)
        yield from self._write(_KEY_TYPE + key.key_id, key.describe(chance, name, how))
        yield from self._write(_DEFAULT_TYPE, {"key": key.key_id})
        return key

    def default_key_id(self) -> Steps[str | None]:
        """Return the id of the default key, or None where secret storage was not set up."""
        content = yield from self._read(_DEFAULT_TYPE)
        key_id = (content or {}).get("key")
        return key_id if isinstance(key_id, str) else None

    def unlock(self, credential: str, key_id: str | None = None) -> Steps[StorageKey]:
        """Return a key (the default one) by its recovery key or passphrase; raises `WrongKey`.

        Raises `RemoteProtocolError` where the server describes no key, or one by which it could guess the passphrase.
        """
        key_id = key_id if key_id is not None else (yield from self.default_key_id())
        description = None if key_id is None else (yield from self._read(_KEY_TYPE + key_id))
        if key_id is None or description is None:
            raise LocalProtocolError("secret storage was not set up")
        described = _read_description(description)
        key = StorageKey(key_id, (yield from self._octets_of(credential, described.passphrase)))
        if not key.fits(description):
            raise WrongKey("this is not the recovery key or passphrase")
        return key

    def put(self, name: str, secret: str, *keys: StorageKey) -> Steps[None]:
        """Seal a secret by each of the keys, and keep it at the server in place of what was there."""
        sealed: JsonObject = {key.key_id: key.seal(name, secret, self._surroundings.chance) for key in keys}
        yield from self._write(name, {"encrypted": sealed})

    def get(self, name: str, key: StorageKey) -> Steps[str | None]:
        """Return a secret, or None where there is none for this key; raises `RemoteProtocolError` for a broken one."""
        content = yield from self._read(name)
        encrypted = (content or {}).get("encrypted")
        if not isinstance(encrypted, dict) or key.key_id not in encrypted:
            return None
        return key.open(name, encrypted[key.key_id])

    def _octets_of(self, credential: str, passphrase: _Passphrase | None) -> Steps[bytes]:
        """Return the key that was typed: a recovery key, or else a passphrase."""
        try:
            return parse_recovery_key(credential)
        except RemoteProtocolError:
            if passphrase is None:
                raise
        # Stricter than Matrix v1.19: the server says how often, and could have us seal by what is soon guessed.
        if passphrase.iterations < self.least_rounds:
            raise RemoteProtocolError(f"a passphrase that is to be stretched by {passphrase.iterations} rounds only")
        return (yield from _stretched(credential, passphrase))

    def _read(self, data_type: str) -> Steps[JsonObject | None]:
        try:
            answer = yield from ask(GetAccountData(user_id=self._user_id, type=data_type))
        except MatrixError as error:
            if error.status == 404:
                return None
            raise
        return answer.content

    def _write(self, data_type: str, content: JsonObject) -> Steps[None]:
        yield from ask(SetAccountData(user_id=self._user_id, type=data_type, content=content))


def _stretched(passphrase: str, how: _Passphrase) -> Steps[bytes]:
    # Matrix v1.19 CS §Deriving keys from passphrases: m.pbkdf2.
    if how.algorithm != "m.pbkdf2" or not 0 < how.iterations <= _MAX_ROUNDS or how.bits not in (128, 256, 512):
        raise RemoteProtocolError("a key that comes from its passphrase in no known way")
    return (yield from stretch(passphrase, how.salt.encode(), how.iterations, how.bits // 8))


def _read_description(json: JsonObject) -> _Description:
    description = _converted(json, _Description)
    if description.algorithm != ALGORITHM:
        raise RemoteProtocolError("a key of secret storage of an unknown algorithm")
    return description


def _random_text(chance: Chance) -> str:
    """Return 32 characters that nobody can guess."""
    return "".join(_ALPHABET[octet & 31] for octet in chance(32))


def _converted(json: object, kind: type[_Shape]) -> _Shape:
    try:
        return msgspec.convert(json, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise RemoteProtocolError(f"account data of another shape: {error}") from error

"""The keys by which users vouch for their devices and for each other: public halves as published, private ones as ours.

Standards: Matrix v1.19 CS §Cross-signing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.encryption.values import Device, UserKeys
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.signing import SigningKey, sign_json, verify_json
from scop.matrix.steps import Chance

__all__ = ["KeyUsage", "PrivateKeys", "PublicKey", "UserIdentity", "key_of_seed", "read_identity"]

_ALGORITHM = "ed25519:"
_KEY_OCTETS = 32
_MEMBERS = frozenset(["user_id", "usage", "keys", "signatures", "unsigned"])  # Matrix v1.19 CS §CrossSigningKey


class KeyUsage(StrEnum):
    """What a cross-signing key is for."""

    MASTER = "master"
    SELF_SIGNING = "self_signing"
    USER_SIGNING = "user_signing"

    @property
    def secret_name(self) -> str:
        """By what its private half is called where secrets are kept."""
        return f"m.cross_signing.{self.value}"


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A published key; `json` is the object that others sign."""

    user_id: str
    usage: KeyUsage
    key: str  # in unpadded base64
    json: JsonObject

    @property
    def key_id(self) -> str:
        """The id of signatures by it."""
        return _ALGORITHM + self.key

    def has_signed(self, json: JsonView) -> bool:
        """Return whether an object bears a right signature by it."""
        return verify_json(json, self.user_id, self.key_id, self.key)

    @property
    def says_more(self) -> bool:
        """Whether the object has what no key has to say, which whoever signs the key would sign as well."""
        # Stricter than Matrix v1.19 CS §Cross-signing: nothing signs a master key when a server shows it. With a
        # `public_key` in it, and signed, it would pass for the `auth_data` of a backup that the server can read.
        usages = self.json.get("usage")
        return not (self.json.keys() <= _MEMBERS and isinstance(usages, list | tuple) and [*usages] == [self.usage])


def _read_key(json: JsonObject | None, user_id: str, usage: KeyUsage) -> PublicKey | None:
    """Return the key that an object of /keys/query describes, or None where it is not what it should be."""
    if json is None or json.get("user_id") != user_id:
        return None
    usages, keys = json.get("usage"), json.get("keys")
    if not isinstance(usages, list | tuple) or usage.value not in usages:
        return None
    # Matrix v1.19 CS §CrossSigningKey `keys`: exactly one, whose name is what it is.
    if not isinstance(keys, dict) or len(keys) != 1:
        return None
    ((key_id, key),) = keys.items()
    if not isinstance(key, str) or key_id != _ALGORITHM + key:
        return None
    try:
        octets = unpadded_base64.decode(key)
    except RemoteProtocolError:
        return None
    if len(octets) != _KEY_OCTETS or unpadded_base64.encode(octets) != key:
        return None
    return PublicKey(user_id, usage, key, json)


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """The cross-signing keys of a user that hold together: those below the master key are signed by it."""

    master: PublicKey
    self_signing: PublicKey | None = None
    user_signing: PublicKey | None = None
    _signed: dict[str, tuple[Device, bool]] = field(default_factory=dict, compare=False, repr=False)
    _vouched: dict[str, bool] = field(default_factory=dict, compare=False, repr=False)

    @property
    def keys(self) -> tuple[PublicKey, ...]:
        """All of them."""
        return tuple(one for one in (self.master, self.self_signing, self.user_signing) if one is not None)

    def has_signed(self, device: Device) -> bool:
        """Return whether the self-signing key vouches for a device of its user."""
        known = self._signed.get(device.device_id)
        if known is None or known[0] is not device:
            # Matrix v1.19 CS §Key and signature security: a device with the id of a key could pass for that key.
            is_own = device.user_id == self.master.user_id and device.device_id not in {one.key for one in self.keys}
            is_signed = is_own and self.self_signing is not None and self.self_signing.has_signed(device.keys)
            known = self._signed[device.device_id] = (device, is_signed)
        return known[1]

    def is_signed_by(self, user_signing: PublicKey) -> bool:
        """Return whether another user's key vouches for the master key; signatures are checked once."""
        known = self._vouched.get(user_signing.key)
        if known is None:
            known = self._vouched[user_signing.key] = user_signing.has_signed(self.master.json)
        return known


def read_identity(user_id: str, keys: UserKeys) -> UserIdentity | None:
    """Return what a user's published keys come to; None without a master key. Keys it did not sign are left out."""
    master = _read_key(keys.master, user_id, KeyUsage.MASTER)
    if master is None:
        return None

    def below(json: JsonObject | None, usage: KeyUsage) -> PublicKey | None:
        key = _read_key(json, user_id, usage)
        return key if key is not None and key.key != master.key and master.has_signed(key.json) else None

    self_signing = below(keys.self_signing, KeyUsage.SELF_SIGNING)
    return UserIdentity(master, self_signing, below(keys.user_signing, KeyUsage.USER_SIGNING))


def key_of_seed(seed: bytes) -> SigningKey:
    """Return a private key whose id is its own public half, as cross-signing names keys."""
    return SigningKey(seed, SigningKey(seed, "").verify_key.to_base64())


@dataclass(frozen=True, slots=True)
class PrivateKeys:
    """Private halves of our own user's keys, as far as this device has them."""

    master: SigningKey | None = None
    self_signing: SigningKey | None = None
    user_signing: SigningKey | None = None

    @classmethod
    def generate(cls, chance: Chance) -> PrivateKeys:
        """Return three new keys."""
        return cls(*(key_of_seed(chance(_KEY_OCTETS)) for _ in KeyUsage))

    def of(self, usage: KeyUsage) -> SigningKey | None:
        """Return the key for a use."""
        key: SigningKey | None = getattr(self, usage.value)
        return key

    @property
    def is_whole(self) -> bool:
        """Whether all three are here."""
        return None not in (self.master, self.self_signing, self.user_signing)

    def public_json(self, user_id: str, usage: KeyUsage) -> JsonObject:
        """Return the public half as it is uploaded: those below the master key signed by it."""
        key, master = self.of(usage), self.master
        assert key is not None
        assert master is not None
        public = key.verify_key.to_base64()
        json: JsonObject = {"user_id": user_id, "usage": [usage.value], "keys": {_ALGORITHM + public: public}}
        return json if usage is KeyUsage.MASTER else sign_json(json, user_id, master)

    def user_keys(self, user_id: str) -> UserKeys:
        """Return all public halves."""
        master, self_signing, user_signing = (self.public_json(user_id, usage) for usage in KeyUsage)
        return UserKeys(master=master, self_signing=self_signing, user_signing=user_signing)

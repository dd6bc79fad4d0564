"""Our user's own cross-signing keys: made, kept, published, and used to sign our devices and other users.

Standards: Matrix v1.19 CS §Cross-signing.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from scop.base import LocalProtocolError, RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.api.client_server.cross_signing import (
    UploadCrossSigningKeys,
    UploadCrossSigningSignatures,
)
from scop.matrix.api.client_server.definitions import AuthenticationData
from scop.matrix.confirming import Credentials, confirmed
from scop.matrix.encryption.values import Device
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import SigningKey, sign_json, verify_json
from scop.matrix.steps import Change, Shelf, Steps, Surroundings, ask, keep
from scop.matrix.verification.cross_signing_keys import KeyUsage, PrivateKeys, key_of_seed
from scop.matrix.verification.encrypting import Encrypting
from scop.matrix.verification.trust_book import TrustBook

__all__ = ["CrossSigning"]

_PENDING = "pending."  # before the name of a key that is made and perhaps not yet published
_NOTHING = Credentials()


class CrossSigning:
    """The private keys of our user that this device has; `entries` are those of Shelf.SECRETS."""

    def __init__(
        self, machine: Encrypting, book: TrustBook, entries: Mapping[str, bytes], surroundings: Surroundings
    ) -> None:
        self._machine = machine
        self._book = book
        self._surroundings = surroundings
        self._seeds = {name: octets for name, octets in entries.items() if "m.cross_signing." in name}
        self._take_in()

    def _take_in(self) -> None:
        self._book.private = self._private("")

    def _private(self, prefix: str) -> PrivateKeys:
        def key(usage: KeyUsage) -> SigningKey | None:
            seed = self._seeds.get(prefix + usage.secret_name)
            return None if seed is None else key_of_seed(seed)

        return PrivateKeys(*map(key, KeyUsage))

    @property
    def is_whole(self) -> bool:
        """Whether this device can sign devices and users: it has all the private keys that are in force."""
        return all(self._book.held(usage) for usage in KeyUsage)

    @property
    def is_published(self) -> bool:
        """Whether our user has cross-signing keys."""
        return self._book.identity(self._machine.user_id) is not None

    def secret(self, usage: KeyUsage) -> str | None:
        """Return a private key as secrets are shared: unpadded base64; None where it is not here or not in force."""
        key = self._book.private.of(usage)
        return unpadded_base64.encode(key.seed) if key is not None and self._book.held(usage) else None

    # ── making them ──

    def bootstrap(self, shown: Credentials = _NOTHING) -> Steps[None]:
        """Give our user keys where there are none, and sign this device; may be called again at any time.

        Raises `LocalProtocolError` where another device made keys that are not here: then this one is to be verified
        (or `Identity.load_secrets`, or `reset`); also where a server shows none any more, which only `reset` takes for
        the truth. Raises `MatrixError` where the server wants more.
        """
        yield from self.refresh()
        if not self.is_whole:
            identity, pending = self._book.identity(self._machine.user_id), self._private(_PENDING).master
            if identity is not None and (pending is None or _public_of(pending) != identity.master.key):
                raise LocalProtocolError("our user has cross-signing keys already, which are not on this device")
            if identity is None and pending is None and self._book.has_identity(self._machine.user_id):
                raise LocalProtocolError("our user had cross-signing keys, which the server does not show any more")
            yield from self._make(shown)
        yield from self._vouch_for_ourselves()

    def reset(self, shown: Credentials = _NOTHING) -> Steps[None]:
        """Give our user new keys in place of those there are: other devices of ours, and others, see an alarm."""
        yield from self._make(shown)
        yield from self._vouch_for_ourselves()

    def _make(self, shown: Credentials) -> Steps[None]:
        """Make and publish new keys; after a fault, also one in between, the same are published."""
        new = self._private(_PENDING)
        if not new.is_whole:
            new = PrivateKeys.generate(self._surroundings.chance)
            # Before the server has them: its answer may not reach us.
            yield from self._keep({_PENDING + usage.secret_name: _seed_of(new, usage) for usage in KeyUsage})
        yield from confirmed(lambda auth: _upload_request(new, self._machine.user_id, auth), shown)
        seeds: dict[str, bytes | None] = {usage.secret_name: _seed_of(new, usage) for usage in KeyUsage}
        yield from self._keep(seeds | {_PENDING + usage.secret_name: None for usage in KeyUsage})
        yield from self.refresh()

    def _vouch_for_ourselves(self) -> Steps[None]:
        yield from keep(*self._book.note_master(self._machine.user_id, _public_of(self._book.private.master)))
        yield from self.sign_own()

    # ── taking them over ──

    def adopt(self, usage: KeyUsage, secret: str) -> Steps[bool]:
        """Take a private key from secret storage or another device; False where it is not the one in force."""
        try:
            seed = unpadded_base64.decode(secret.strip())
            key = key_of_seed(seed)
        except RemoteProtocolError:
            return False
        identity = self._book.identity(self._machine.user_id)
        public = getattr(identity, usage.value) if identity is not None else None
        if public is None or key.verify_key.to_base64() != public.key:
            return False
        yield from self._keep({usage.secret_name: seed})
        return True

    # ── signing ──

    def sign_own(self) -> Steps[None]:
        """Sign this device by the self-signing key, and the master key by this device, as far as is not done yet."""
        own_id = self._machine.user_id
        identity = self._book.identity(own_id)
        signed: dict[str, JsonObject] = {}
        if identity is None or not self._book.is_verified(own_id):
            raise LocalProtocolError("our own cross-signing keys are not there, or not verified")
        device = self._machine.own_device
        seen = self._machine.devices.get(own_id, self._machine.device_id) or device
        if self._book.held(KeyUsage.SELF_SIGNING) and not identity.has_signed(seen):
            signed[device.device_id] = self._signed(device.keys, KeyUsage.SELF_SIGNING)
        # Matrix v1.19 CS §Cross-signing: "may also be signed by the user's own device keys".
        master = identity.master
        if not (master.says_more or verify_json(master.json, own_id, f"ed25519:{device.device_id}", device.ed25519)):
            signed[master.key] = self._machine.sign(_bare(master.json))
        if signed:
            yield from self._publish({own_id: signed})

    def sign_device(self, device: Device) -> Steps[None]:
        """Vouch for another device of our user."""
        if device.user_id != self._machine.user_id:
            raise LocalProtocolError("devices of other users are vouched for by those users")
        yield from self._publish({device.user_id: {device.device_id: self._signed(device.keys, KeyUsage.SELF_SIGNING)}})

    def sign_user(self, user_id: str, master_key: str) -> Steps[None]:
        """Vouch for another user's master key, which must still be the one that was verified."""
        identity = self._book.identity(user_id)
        if identity is None or identity.master.key != master_key or user_id == self._machine.user_id:
            raise LocalProtocolError("the master key of the user is not the one that was verified")
        if identity.master.says_more:
            raise RemoteProtocolError("the master key says more than a key has to: it is not signed")
        signed = self._signed(identity.master.json, KeyUsage.USER_SIGNING)
        yield from self._publish({user_id: {master_key: signed}})

    def _signed(self, json: JsonObject, usage: KeyUsage) -> JsonObject:
        key = self._book.private.of(usage)
        if key is None or not self._book.held(usage):
            raise LocalProtocolError(f"the {usage.value} key is not here")
        return sign_json(_bare(json), self._machine.user_id, key)

    def _publish(self, content: dict[str, dict[str, JsonObject]]) -> Steps[None]:
        answer = yield from ask(UploadCrossSigningSignatures(signatures=content))
        failures = {user_id: found for user_id, found in (answer.failures or {}).items() if found}
        if failures:
            raise RemoteProtocolError(f"the server does not take our signatures: {failures}")
        yield from self.refresh(content)

    def refresh(self, user_ids: Mapping[str, object] | None = None) -> Steps[None]:
        """Read again what is published of users, our own by default."""
        users = frozenset(user_ids or (self._machine.user_id,))
        self._machine.devices.mark_changed(users)
        yield from self._machine.track(users)

    def _keep(self, seeds: Mapping[str, bytes | None]) -> Steps[None]:
        yield from keep(*(Change(Shelf.SECRETS, name, seed) for name, seed in seeds.items()))
        for name, seed in seeds.items():
            if seed is None:
                self._seeds.pop(name, None)
            else:
                self._seeds[name] = seed
        self._take_in()


def _bare(json: JsonObject) -> JsonObject:
    """Return what is signed, without the signatures of others: only new ones are uploaded."""
    return {key: value for key, value in json.items() if key not in ("signatures", "unsigned")}


def _seed_of(keys: PrivateKeys, usage: KeyUsage) -> bytes:
    key = keys.of(usage)
    assert key is not None
    return key.seed


def _public_of(key: SigningKey | None) -> str:
    assert key is not None
    return key.verify_key.to_base64()


def _upload_request(keys: PrivateKeys, user_id: str, auth: AuthenticationData | None) -> UploadCrossSigningKeys:
    body = {f"{usage.value}_key": keys.public_json(user_id, usage) for usage in KeyUsage}
    return msgspec.structs.replace(msgspec.convert(body, UploadCrossSigningKeys), auth=auth)

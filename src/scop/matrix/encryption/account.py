"""The account of a device: its identity keys, and the one-time and fallback keys by which others begin to talk to it.

Private halves are durable before the public ones leave; keys count as published once the server has answered, so a
crash between offers the same keys again, under the same ids.

Standards: Matrix v1.19 CS §One-time and fallback keys, §Uploading keys.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, cast

import msgspec
import vodozemac

from scop.base import LocalProtocolError
from scop.matrix.api.client_server.keys import DeviceKeys, KeyObject, UploadKeys
from scop.matrix.api.errors import MatrixError
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.pickles import PICKLE_KEY
from scop.matrix.encryption.values import MEGOLM, OLM, Device
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.signing import signed_octets
from scop.matrix.steps import Shelf, Steps, Surroundings, ask

__all__ = ["Account"]

_ENTRY = "account"
_SIGNED_CURVE25519 = "signed_curve25519"
_HOUR_MS = 3_600_000


class _Kept(msgspec.Struct):
    """What is kept beside the keys."""

    pickle: str
    is_published: bool = False  # the identity keys
    on_server: int = 0  # one-time keys, as far as the server said
    fallback_made_ms: int | None = None
    has_used_fallback: bool = False  # the server gave the newest one away
    forget_at_ms: int | None = None  # when the used one before the newest is no longer to be taken


class _Fallbacks(Protocol):
    """What vodozemac's accounts can, and its type stubs leave out."""

    fallback_key: dict[str, vodozemac.Curve25519PublicKey]  # that is not published yet

    def generate_fallback_key(self) -> object:
        """Make a new one, keep the one before, forget the one before that."""


class Account:
    """Keys of one device; `olm` is vodozemac's account, whose changes `put` writes down."""

    def __init__(self, user_id: str, device_id: str, ledger: Ledger, surroundings: Surroundings) -> None:
        self.olm = vodozemac.Account()
        self._place = user_id, device_id
        self._ledger = ledger
        self._surroundings = surroundings
        self._kept = _Kept(pickle="")
        self._is_uploading = False

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take the keys that were kept; raises `LocalProtocolError` where none were."""
        if (entry := entries.get(_ENTRY)) is None:
            raise LocalProtocolError("there are no keys of this device: it is to be created")
        self._kept = msgspec.msgpack.decode(entry, type=_Kept)
        self.olm = vodozemac.Account.from_pickle(self._kept.pickle, PICKLE_KEY)

    @property
    def _fallbacks(self) -> _Fallbacks:
        return cast("_Fallbacks", self.olm)

    def put(self) -> None:
        """Write down how the keys are now."""
        self._ledger.put(Shelf.ACCOUNT, _ENTRY, self._encoded)

    def _encoded(self) -> bytes:
        self._kept.pickle = self.olm.pickle(PICKLE_KEY)
        return msgspec.msgpack.encode(self._kept)

    @property
    def device(self) -> Device:
        """Return the device, its keys signed by itself."""
        user_id, device_id = self._place
        curve25519, ed25519 = self.olm.curve25519_key.to_base64(), self.olm.ed25519_key.to_base64()
        keys: JsonObject = {
            "user_id": user_id,
            "device_id": device_id,
            "algorithms": [OLM, MEGOLM],
            "keys": {f"curve25519:{device_id}": curve25519, f"ed25519:{device_id}": ed25519},
        }
        return Device(
            user_id=user_id,
            device_id=device_id,
            curve25519=curve25519,
            ed25519=ed25519,
            algorithms=(OLM, MEGOLM),
            keys=self.sign(keys),
        )

    def sign(self, json: JsonView) -> JsonObject:
        """Return an object with a signature of this device beside those that are there."""
        user_id, device_id = self._place
        signature = self.olm.sign(signed_octets(json)).to_base64()
        theirs = json.get("signatures")
        signatures: JsonObject = dict(theirs) if isinstance(theirs, dict) else {}
        ours = signatures.get(user_id)
        signatures[user_id] = {**(ours if isinstance(ours, dict) else {}), f"ed25519:{device_id}": signature}
        return {**json, "signatures": signatures}

    def note_counts(self, one_time_keys: dict[str, int] | None, unused_fallbacks: tuple[str, ...] | None) -> None:
        """Take in what a sync says of keys on the server."""
        # Matrix v1.19 CS §Extensions to /sync: servers may leave out what is zero.
        on_server = (one_time_keys or {}).get(_SIGNED_CURVE25519, 0)
        is_used = (
            unused_fallbacks is not None
            and _SIGNED_CURVE25519 not in unused_fallbacks
            and self._kept.fallback_made_ms is not None
            and not self._fallbacks.fallback_key  # one that is not uploaded yet cannot have been used
        )
        if (on_server, is_used) != (self._kept.on_server, self._kept.has_used_fallback):
            self._kept.on_server, self._kept.has_used_fallback = on_server, is_used
            self.put()

    @property
    def is_published(self) -> bool:
        """Whether the server has our identity keys, as far as it said."""
        return self._kept.is_published

    def publish_again(self) -> None:
        """Take the keys of the device for ones that the server does not have."""
        self._kept.is_published = False
        self.put()

    def upload(self) -> Steps[None]:
        """Upload what the server has too few of; nothing where it has enough, or where this is already under way."""
        if self._is_uploading:
            return
        self._is_uploading = True
        try:
            self._make_keys()
            yield from self._ledger.flush()
            if (request := self._request()) is not None:
                yield from self._send(request)
        finally:
            self._is_uploading = False

    def _make_keys(self) -> None:
        # vodozemac's maximum is already half of what it keeps private halves for: the others are under way to us.
        missing = self.olm.max_number_of_one_time_keys - self._kept.on_server
        if missing > self.olm.max_number_of_one_time_keys // 10 or not self._kept.is_published:
            missing -= len(self.olm.one_time_keys)
            if missing > 0:
                self.olm.generate_one_time_keys(missing)
                self.put()
        if not self._fallbacks.fallback_key and self._wants_fallback():
            self._fallbacks.generate_fallback_key()
            self.put()

    def _wants_fallback(self) -> bool:
        """Return whether it is time for another fallback key, and note what follows from that."""
        kept, now = self._kept, self._surroundings.unix_ms()
        if kept.fallback_made_ms is None:
            kept.fallback_made_ms = now
            return True
        if kept.has_used_fallback and now - kept.fallback_made_ms >= _HOUR_MS:
            kept.fallback_made_ms, kept.has_used_fallback, kept.forget_at_ms = now, False, now + _HOUR_MS
            return True
        # Matrix v1.19 CS §One-time and fallback keys: an hour after the first message the old one should be removed.
        # The account keeps two, so another new one makes it forget the used one.
        if kept.forget_at_ms is not None and now >= kept.forget_at_ms:
            kept.fallback_made_ms, kept.forget_at_ms = now, None
            return True
        return False

    def _request(self) -> UploadKeys | None:
        one_time = {key_id: self._signed(key) for key_id, key in _named(self.olm.one_time_keys)}
        fallback = {key_id: self._signed(key, fallback=True) for key_id, key in _named(self._fallbacks.fallback_key)}
        if self._kept.is_published and not one_time and not fallback:
            return None
        device_keys = None if self._kept.is_published else msgspec.convert(self.device.keys, DeviceKeys)
        return UploadKeys(
            device_keys=device_keys, one_time_keys=dict(one_time) or None, fallback_keys=dict(fallback) or None
        )

    def _signed(self, key: str, **marks: object) -> KeyObject:
        signed = self.sign({"key": key, **marks})
        return KeyObject(
            key=key, signatures=msgspec.convert(signed["signatures"], dict[str, JsonObject]), unknown=marks
        )

    def _send(self, request: UploadKeys) -> Steps[None]:
        try:
            answer = yield from ask(request)
        except MatrixError as refusal:
            if refusal.status != 400 or "already exists" not in refusal.error:
                raise
            # The server has other keys under these ids: it saw a later state of ours than was kept. Take new ids.
            self.olm.mark_keys_as_published()
        else:
            self.olm.mark_keys_as_published()
            self._kept.is_published = True
            self._kept.on_server = answer.one_time_key_counts.get(_SIGNED_CURVE25519, 0)
        self.put()
        yield from self._ledger.flush()


def _named(keys: dict[str, vodozemac.Curve25519PublicKey]) -> list[tuple[str, str]]:
    return [(f"{_SIGNED_CURVE25519}:{key_id}", key.to_base64()) for key_id, key in keys.items()]

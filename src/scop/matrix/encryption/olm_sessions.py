"""Olm sessions with other devices: several for each, the one last heard from is used.

Standards: Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
import vodozemac

from scop.base import RemoteProtocolError
from scop.matrix import unpadded_base64
from scop.matrix.encryption.account import Account
from scop.matrix.encryption.ledger import Ledger
from scop.matrix.encryption.pickles import PICKLE_KEY
from scop.matrix.json_values import JsonObject
from scop.matrix.steps import Shelf, Surroundings

__all__ = ["SESSION_PREFIX", "OlmSessions"]

SESSION_PREFIX = "session:"
_MAX_SESSIONS = 8  # Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: for each device "at least 4"
_PRE_KEY, _NORMAL = 0, 1
_MAX_MESSAGE_OCTETS = 1_048_576  # no server carries more


class _Kept(msgspec.Struct):
    pickle: str
    used_ms: int


class _Held:
    """A session and when it was made or last heard from."""

    __slots__ = ("session", "used_ms")

    def __init__(self, session: vodozemac.Session, used_ms: int) -> None:
        self.session = session
        self.used_ms = used_ms


class OlmSessions:
    """Sessions by the Curve25519 key of the other device."""

    def __init__(self, account: Account, ledger: Ledger, surroundings: Surroundings) -> None:
        self._account = account
        self._ledger = ledger
        self._surroundings = surroundings
        self._kept: dict[str, bytes] = {}  # not used yet since the start
        self._held: dict[str, list[_Held]] = {}

    def load(self, entries: Mapping[str, bytes]) -> None:
        """Take in what was kept."""
        start = len(SESSION_PREFIX)
        self._kept = {key[start:]: octets for key, octets in entries.items() if key.startswith(SESSION_PREFIX)}

    def has(self, key: str) -> bool:
        """Return whether there is a session with a device."""
        return bool(self._held.get(key)) or key in self._kept

    def begin(self, key: str, one_time_key: str) -> None:
        """Make a session towards a device by a key of its; raises `RemoteProtocolError` for a key that is none."""
        try:
            session = self._account.olm.create_outbound_session(
                vodozemac.Curve25519PublicKey.from_base64(key), vodozemac.Curve25519PublicKey.from_base64(one_time_key)
            )
        except ValueError as error:
            raise RemoteProtocolError("not a one-time key") from error
        self._add(key, session)

    def encrypt(self, key: str, plaintext: bytes) -> JsonObject | None:
        """Return a message by the best session with a device, or None where there is no session."""
        held = self._sessions(key)
        if not held:
            return None
        best = max(held, key=lambda one: one.used_ms)
        kind, octets = best.session.encrypt(plaintext).to_parts()
        self._put(key)
        return {"type": kind, "body": unpadded_base64.encode(octets)}

    def decrypt(self, key: str, message: object) -> bytes:
        """Return what a device sent; raises `RemoteProtocolError` where no session opens it, and nothing changed."""
        kind, body = (message.get("type"), message.get("body")) if isinstance(message, dict) else (None, None)
        if kind not in (_PRE_KEY, _NORMAL) or not isinstance(body, str) or len(body) > _MAX_MESSAGE_OCTETS:
            raise RemoteProtocolError("not an Olm message")
        try:
            octets = unpadded_base64.decode(body)
            if kind == _PRE_KEY:
                return self._open_first(key, vodozemac.PreKeyMessage.from_base64(unpadded_base64.encode(octets)))
            return self._open(key, vodozemac.AnyOlmMessage.normal(octets))
        except ValueError as error:
            raise RemoteProtocolError("no Olm session opens the message") from error

    def _open_first(self, key: str, message: vodozemac.PreKeyMessage) -> bytes:
        # Matrix v1.19 CS §m.olm.v1.curve25519-aes-sha2: "it must first check if it already has a matching session";
        # then no other is tried.
        for held in self._sessions(key):
            if held.session.session_matches(message):
                return self._heard(key, held, held.session.decrypt(message.to_any()))
        identity = vodozemac.Curve25519PublicKey.from_base64(key)
        session, plaintext = self._account.olm.create_inbound_session(identity, message)
        self._account.put()  # its one-time key is gone
        self._add(key, session)
        return plaintext

    def _open(self, key: str, message: vodozemac.AnyOlmMessage) -> bytes:
        for held in sorted(self._sessions(key), key=lambda one: -one.used_ms):
            try:
                plaintext = held.session.decrypt(message)
            except ValueError:
                continue
            return self._heard(key, held, plaintext)
        raise RemoteProtocolError("no Olm session with the device opens the message")

    def _heard(self, key: str, held: _Held, plaintext: bytes) -> bytes:
        held.used_ms = self._now(key)
        self._put(key)
        return plaintext

    def _now(self, key: str) -> int:
        """Return the time, later than that of any session with a device: the clock may stand."""
        newest = max((one.used_ms for one in self._sessions(key)), default=0)
        return max(self._surroundings.unix_ms(), newest + 1)

    def _add(self, key: str, session: vodozemac.Session) -> None:
        now, held = self._now(key), self._sessions(key)
        held.append(_Held(session, now))
        held.sort(key=lambda one: -one.used_ms)
        del held[_MAX_SESSIONS:]
        self._held[key] = held
        self._put(key)

    def _sessions(self, key: str) -> list[_Held]:
        if (octets := self._kept.pop(key, None)) is not None:
            kept = msgspec.msgpack.decode(octets, type=list[_Kept])
            self._held[key] = [
                _Held(vodozemac.Session.from_pickle(one.pickle, PICKLE_KEY), one.used_ms) for one in kept
            ]
        return self._held.get(key, [])

    def _put(self, key: str) -> None:
        self._ledger.put(Shelf.OLM, SESSION_PREFIX + key, lambda: self._encoded(key))

    def _encoded(self, key: str) -> bytes:
        kept = [_Kept(one.session.pickle(PICKLE_KEY), one.used_ms) for one in self._held[key]]
        return msgspec.msgpack.encode(kept)

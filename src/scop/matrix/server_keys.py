"""The keys that servers publish: read from what a server, or a notary for it, says, and published for our own.

A server signs the list of its keys by these keys, so the list shows that they are held by whoever answers at its name;
that the answer comes from there is shown by TLS, or by a notary's signature.

Standards: Matrix v1.19, Server-Server API §Retrieving server keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from scop.base import LimitExceeded, RemoteProtocolError
from scop.matrix.events.signatures import ServerKey
from scop.matrix.json_values import JsonObject, JsonView, object_in
from scop.matrix.signing import SigningKey, VerifyKey, key_version, sign_json, verify_json

__all__ = ["MAX_CURRENT_KEYS", "is_signed_by_notary", "published_keys", "read_server_keys"]

# Our own: each signs the whole list, so the work grows with the square of their number; servers have one or two.
MAX_CURRENT_KEYS = 64


def read_server_keys(said: JsonView, server_name: str) -> dict[tuple[str, str], ServerKey]:
    """Return the keys of a server, current and old, by its name and key id; raises `RemoteProtocolError`.

    Keys of algorithms that nobody knows are left out; of the current ones at least one must have signed, and all that
    have must have signed rightly.
    """
    if said.get("server_name") != server_name:
        raise RemoteProtocolError("keys that are another server's")
    valid_until = _time(said, "valid_until_ts")
    current = {key_id: _key(entry) for key_id, entry in _known(said.get("verify_keys")).items()}
    if len(current) > MAX_CURRENT_KEYS:
        raise LimitExceeded(f"a server has at most {MAX_CURRENT_KEYS} current keys")
    by_server = object_in(object_in(said, "signatures"), server_name)
    signed = [key_id for key_id in current if key_id in by_server]
    if not signed or not all(verify_json(said, server_name, key_id, current[key_id]) for key_id in signed):
        raise RemoteProtocolError("keys that their server has not signed by them")
    found = {(server_name, key_id): ServerKey(key, valid_until) for key_id, key in current.items()}
    for key_id, entry in _known(said.get("old_verify_keys")).items():
        # A key that is current is not old, whatever a server says besides.
        found.setdefault((server_name, key_id), ServerKey(_key(entry), valid_until, _time(entry, "expired_ts")))
    return found


def is_signed_by_notary(said: JsonView, notary: str, keys: Mapping[tuple[str, str], ServerKey]) -> bool:
    """Return whether a notary whose keys are known vouches for what another server said of its keys."""
    return any(
        verify_json(said, notary, key_id, key.verify_key)
        for (server, key_id), key in keys.items()
        if server == notary and key.expired_ms is None
    )


def published_keys(
    server_name: str, keys: Sequence[SigningKey], old: Mapping[tuple[str, str], ServerKey], valid_until_ms: int
) -> JsonObject:
    """Return what our own server says of its keys, signed by each of the current ones."""
    said: JsonObject = {
        "server_name": server_name,
        "verify_keys": {key.key_id: {"key": key.verify_key.to_base64()} for key in keys},
        "old_verify_keys": {
            key_id: {"key": key.verify_key.to_base64(), "expired_ts": key.expired_ms}
            for (_, key_id), key in old.items()
            if key.expired_ms is not None
        },
        "valid_until_ts": valid_until_ms,
    }
    for key in keys:
        said = sign_json(said, server_name, key)
    return said


def _known(written: object) -> dict[str, JsonView]:
    """Return the entries of keys whose ids are in the grammar and of our algorithm."""
    if written is None:
        return {}
    if not isinstance(written, dict):
        raise RemoteProtocolError("keys that are no object")
    known: dict[str, JsonView] = {}
    for key_id, entry in written.items():
        try:
            key_version(key_id)
        except RemoteProtocolError:
            continue
        if not isinstance(entry, dict):
            raise RemoteProtocolError("a key that is no object")
        known[key_id] = entry
    return known


def _key(entry: JsonView) -> VerifyKey:
    written = entry.get("key")
    if not isinstance(written, str):
        raise RemoteProtocolError("a key that is no string")
    return VerifyKey.from_base64(written)


def _time(said: JsonView, name: str) -> int:
    value = said.get(name)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise RemoteProtocolError(f"the {name} of keys is no time")
    return value

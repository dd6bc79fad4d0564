"""Policy servers: whether a room has one, and whether it has recommended an event.

Standards: Matrix v1.19, SS §Policy Servers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from scop.base import RemoteProtocolError
from scop.matrix.auth_rules.selection import StateKey
from scop.matrix.events import Pdu, redact
from scop.matrix.ids import server_name_of
from scop.matrix.json_values import JsonView, object_in
from scop.matrix.signing import VerifyKey, verify_json

__all__ = ["PolicyServer", "policy_server_of"]

_POLICY: StateKey = ("m.room.policy", "")
_KEY_ID = "ed25519:policy_server"  # SS §Validating Policy Server signatures: it "is always" this


@dataclass(frozen=True, slots=True)
class PolicyServer:
    """The server that a room's events are shown to, and the key by which it recommends them."""

    server_name: str
    verify_key: VerifyKey

    def recommends(self, event: Pdu) -> bool:
        """Return whether an event needs no recommendation, or has it."""
        # SS §Validating Policy Server signatures: the server "is not asked to sign m.room.policy state events with
        # empty string state_keys".
        if (event.type, event.state_key) == _POLICY:
            return True
        signed = {**redact(event.json, event.rules), "signatures": event.json.get("signatures")}
        strict = event.rules.is_canonical_json_strict
        return verify_json(signed, self.server_name, _KEY_ID, self.verify_key, strict=strict)

    def added_to(self, event: Pdu, signatures: JsonView) -> Pdu:
        """Return an event with its signature out of what the server answered, and with all that it had before."""
        signature = object_in(signatures, self.server_name).get(_KEY_ID)
        known = object_in(event.json, "signatures")
        # Of a server that writes in the room too, another signature stands here already.
        merged = {**known, self.server_name: {**object_in(known, self.server_name), _KEY_ID: signature}}
        return replace(event, json={**event.json, "signatures": merged})


def policy_server_of(state: Mapping[StateKey, Pdu]) -> PolicyServer | None:
    """Return the policy server that a room uses by its current state, all of it."""
    policy = state.get(_POLICY)
    if policy is None:
        return None
    # SS §Determining if a Policy Server is enabled in a room: "A string value for via. An object value for public_keys
    # containing at least a string value for ed25519."
    via, keys = policy.content.get("via"), policy.content.get("public_keys")
    key = keys.get("ed25519") if isinstance(keys, dict) else None
    if not isinstance(via, str) or not isinstance(key, str) or not _has_joined(via, state):
        return None
    try:
        return PolicyServer(via, VerifyKey.from_base64(key))
    except RemoteProtocolError:
        return None  # no valid policy: one whose key is none could recommend nothing


def _has_joined(server_name: str, state: Mapping[StateKey, Pdu]) -> bool:
    # Ibid.: "has at least one joined user in the room in current state".
    return any(
        kind == "m.room.member" and server_name_of(user_id) == server_name and event.content.get("membership") == "join"
        for (kind, user_id), event in state.items()
    )

"""Policy servers: whether a room has one, and whether it recommends an event.

What it does not recommend is soft-failed, or not sent at all; authorisation rules know nothing of it.

Standards: Matrix v1.19, Server-Server API §Policy Servers; Client-Server API §m.room.policy.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from scop.base import RemoteProtocolError
from scop.matrix.events import Pdu, redact
from scop.matrix.json_values import JsonView
from scop.matrix.signing import VerifyKey, verify_json

__all__ = ["POLICY_KEY_ID", "PolicyServer"]

POLICY_KEY_ID = "ed25519:policy_server"  # Matrix v1.19 SS §Validating Policy Server signatures: "always"
_TYPE = "m.room.policy"


@dataclass(frozen=True, slots=True)
class PolicyServer:
    """The policy server of a room: whom to ask, and by which key it signs."""

    server_name: str
    key: VerifyKey

    @classmethod
    def of(cls, content: JsonView, joined_servers: Collection[str]) -> PolicyServer | None:
        """Return the one that m.room.policy names in the current state, None where the room uses none."""
        # Matrix v1.19 SS §Determining if a Policy Server is enabled in a room: `via`, `public_keys`, and a joined user.
        via, keys = content.get("via"), content.get("public_keys")
        written = keys.get("ed25519") if isinstance(keys, dict) else None
        if not isinstance(via, str) or not isinstance(written, str) or via not in joined_servers:
            return None
        try:
            return cls(via, VerifyKey.from_base64(written))
        except RemoteProtocolError:
            return None

    def recommends(self, pdu: Pdu) -> bool:
        """Return whether an event needs no signature of it, or bears a right one."""
        # Ibid.: it "is not asked to sign m.room.policy state events with empty string state_keys".
        if pdu.type == _TYPE and pdu.state_key == "":
            return True
        signed = {**redact(pdu.json, pdu.rules), "signatures": pdu.json.get("signatures")}
        strict = pdu.rules.is_canonical_json_strict
        return verify_json(signed, self.server_name, POLICY_KEY_ID, self.key, strict=strict)

"""Who verifies whom, and by what their messages are known to belong together.

Standards: Matrix v1.19 CS §Key verification framework.
"""

from __future__ import annotations

from dataclasses import dataclass

from scop.matrix.json_values import JsonObject

__all__ = ["FlowId", "Side", "VerifiedKeys"]


@dataclass(frozen=True, slots=True)
class FlowId:
    """By what a verification is known: a transaction id, or in a room the event id of the request."""

    text: str
    room_id: str | None = None

    def mark(self, content: JsonObject) -> JsonObject:
        """Return the content of a message with what makes it one of this verification."""
        if self.room_id is None:
            return {**content, "transaction_id": self.text}
        return {**content, "m.relates_to": {"rel_type": "m.reference", "event_id": self.text}}


@dataclass(frozen=True, slots=True)
class Side:
    """One of two devices and the keys it is believed to have; they stay these until the verification ends.

    # Matrix v1.19 CS §Key and signature security 2: keys are fixed at the beginning.
    """

    user_id: str
    device_id: str
    device_key: str  # Ed25519, in unpadded base64
    master_key: str | None = None  # of its user, as far as is known
    trusts_master: bool = False  # whether this device believes in it; asked of ours only
    is_ambiguous: bool = False  # a device of the user has the id of a cross-signing key: ids do not tell keys apart


@dataclass(frozen=True, slots=True)
class VerifiedKeys:
    """What was verified of the other side."""

    user_id: str
    device_id: str
    device_key: str | None = None
    master_key: str | None = None

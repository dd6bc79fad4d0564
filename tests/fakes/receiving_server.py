"""A server that answers what a receipt of a Matrix event asks, from a room that it knows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from fakes.matrix_rooms import RoomBuilder
from scop.matrix.auth_rules import (
    CurrentStateNeed,
    EventsNeed,
    KeysNeed,
    KnownEvents,
    Need,
    PolicySignatureNeed,
    Received,
    StateBeforeNeed,
    StateKey,
    receive_pdu,
)
from scop.matrix.events import Pdu, ServerKey, countersign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.signing import SigningKey

__all__ = ["POLICY_KEY", "ReceivingServer", "key_of"]

NOW_MS = 1_000_000
POLICY_KEY = SigningKey(bytes(range(1, 33)), "policy_server")


def key_of(server_name: str) -> SigningKey:
    """Return the signing key of a server of the tests."""
    return SigningKey(server_name.encode().ljust(32, b"\0")[:32], "1")


@dataclass
class ReceivingServer:
    """What it knows; `asked` are the kinds of its questions, in turn."""

    room: RoomBuilder
    before: Mapping[StateKey, Pdu] | None
    current: Mapping[StateKey, Pdu]
    will_policy_server_sign: bool = False
    answers_nothing: bool = False  # the policy server: signatures, and none among them
    asked: list[str] = field(default_factory=list)

    def receive(self, json: JsonObject) -> Received:
        """Return what becomes of an event."""
        receipt = receive_pdu(json, self.room.rules, now_ms=NOW_MS)
        try:
            need = next(receipt)
            while True:
                self.asked.append(type(need).__name__)
                need = receipt.send(self._answer(need))
        except StopIteration as end:
            received = end.value
            assert isinstance(received, Received)
            return received

    def _answer(self, need: Need[object]) -> object:
        match need:
            case KeysNeed(keys):
                return {(server, key_id): ServerKey(key_of(server).verify_key, 2 * NOW_MS) for server, key_id in keys}
            case EventsNeed(_, event_ids):
                return KnownEvents(self.room.fetch(event_ids), self.room.rejected)
            case StateBeforeNeed():
                return self.before
            case CurrentStateNeed():
                return self.current
            case PolicySignatureNeed() if self.answers_nothing:
                return {}
            case PolicySignatureNeed(event, server_name) if self.will_policy_server_sign:
                return countersign_pdu({**event.json, "signatures": {}}, event.rules, server_name, POLICY_KEY)[
                    "signatures"
                ]
            case _:
                return None

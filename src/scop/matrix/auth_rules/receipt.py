"""The checks on receipt of a PDU: what becomes of an event that another server sent.

A check that asks: it yields what it lacks, one `Need` after the other, is sent the answer, and returns what became of
the event. It asks in the order of the checks and stops at the first that decides, so that nobody fetches in vain.

Standards: Matrix v1.19, SS §Checks performed on receipt of a PDU, §Rejection, §Soft failure, §Policy Servers.
"""

from __future__ import annotations

from collections.abc import Container, Generator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeAlias, TypeVar, cast

from scop.base import RemoteProtocolError, printable
from scop.matrix.auth_rules.authorisation import Authorisation
from scop.matrix.auth_rules.policy import PolicyServer, policy_server_of
from scop.matrix.auth_rules.rules import authorise, judge_auth_events
from scop.matrix.auth_rules.selection import StateKey
from scop.matrix.events import Pdu, ServerKey, are_signatures_right, check_hashes, parse_pdu, required_signers
from scop.matrix.json_values import JsonObject, JsonView, object_in
from scop.matrix.room_versions import RoomVersion

__all__ = [
    "CurrentStateNeed",
    "EventsNeed",
    "KeysNeed",
    "KnownEvents",
    "Need",
    "PolicySignatureNeed",
    "Receipt",
    "Received",
    "Reception",
    "StateBeforeNeed",
    "receive_pdu",
]

_Answer = TypeVar("_Answer")
_Wanted_co = TypeVar("_Wanted_co", covariant=True)
_State: TypeAlias = Mapping[StateKey, Pdu]
_PerhapsState: TypeAlias = _State | None
_Signatures: TypeAlias = JsonObject | None


class Reception(StrEnum):
    """What becomes of an event."""

    ACCEPTED = "accepted"
    SOFT_FAILED = "soft_failed"  # counts for state resolution; is shown to nobody and not built on
    REJECTED = "rejected"  # changes no state, allows nothing; others may still refer to it
    DROPPED = "dropped"  # as if it had never come


@dataclass(frozen=True, slots=True)
class Received:
    """What became of an event, why, and the event as it may be used; None where it is dropped."""

    outcome: Reception
    event: Pdu | None
    reason: str
    authorisation: Authorisation | None = None  # of the rule that rejected it or let it fail softly


class Need(Generic[_Wanted_co]):
    """Something that a receipt asks for; its parameter is what is to be sent in."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class KeysNeed(Need[Mapping[tuple[str, str], ServerKey]]):
    """Asks for keys of servers by server name and key id; those that nobody knows are left out."""

    keys: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class KnownEvents:
    """Events by id, as far as they could be had, and which of them were rejected."""

    events: Mapping[str, Pdu]
    rejected: Container[str] = ()


@dataclass(frozen=True, slots=True)
class EventsNeed(Need[KnownEvents]):
    """Asks for the auth events of an event, which have gone through these checks themselves."""

    event: Pdu
    event_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StateBeforeNeed(Need[_PerhapsState]):
    """Asks for the state before an event: of its previous events, resolved; None where it cannot be had."""

    event: Pdu


@dataclass(frozen=True, slots=True)
class CurrentStateNeed(Need[_State]):
    """Asks for the room's current state, all of it."""

    event: Pdu


@dataclass(frozen=True, slots=True)
class PolicySignatureNeed(Need[_Signatures]):
    """Asks a policy server to sign an event; its answer are the signatures by server, None where it will not."""

    event: Pdu
    server_name: str


# Any: the answer of each need is its own; `_ask` says which.
Receipt: TypeAlias = Generator[Need[Any], object, Received]
_Check: TypeAlias = Generator[Need[Any], object, Received | None]


def _ask(need: Need[_Answer]) -> Generator[Need[Any], object, _Answer]:
    answer = yield need
    return cast("_Answer", answer)  # who answers reads the need's own type


def receive_pdu(json: JsonView, rules: RoomVersion, *, now_ms: int) -> Receipt:
    """Check an event that another server sent, by what is asked for; return what becomes of it."""
    # 1: "Is a valid event, otherwise it is dropped."
    try:
        event = parse_pdu(json, rules)
    except RemoteProtocolError as fault:
        return Received(Reception.DROPPED, None, str(fault))
    # 2: "Passes signature checks, otherwise it is dropped."
    keys = yield from _ask(KeysNeed(_keys_named(event)))
    if not are_signatures_right(event, keys, now_ms):
        return Received(Reception.DROPPED, None, "a server that must sign has not validly signed")
    # 3: "Passes hash checks, otherwise it is redacted before being processed further."
    event = check_hashes(event)
    decided = (yield from _by_auth_events(event)) or (yield from _by_state(event))
    return decided or Received(Reception.ACCEPTED, event, "it passes all checks")


def _keys_named(event: Pdu) -> tuple[tuple[str, str], ...]:
    signatures = object_in(event.json, "signatures")
    return tuple((server, key_id) for server in required_signers(event) for key_id in object_in(signatures, server))


def _by_auth_events(event: Pdu) -> _Check:
    # 4: "Passes authorisation rules based on the event's auth events, otherwise it is rejected."
    is_implied = event.rules.is_room_id_of_create and event.type != "m.room.create"
    implied = ("$" + event.room_id[1:],) if is_implied else ()
    wanted = (*implied, *event.auth_event_ids)
    known = (yield from _ask(EventsNeed(event, wanted))) if wanted else KnownEvents({})
    missing = [one for one in event.auth_event_ids if one not in known.events]
    if missing:
        return Received(Reception.REJECTED, event, printable(f"auth events that nobody has: {', '.join(missing)}"))
    auth_events = [known.events[one] for one in event.auth_event_ids]
    create = known.events.get(implied[0]) if implied else None
    verdict = judge_auth_events(event, auth_events, known.rejected, create=create)
    if verdict.is_allowed:
        deciding = [*auth_events, *([] if create is None else [create])]
        verdict = authorise(event, {(one.type, one.state_key or ""): one for one in deciding})
    return None if verdict.is_allowed else Received(Reception.REJECTED, event, verdict.reason, verdict)


def _by_state(event: Pdu) -> _Check:
    if event.type == "m.room.create":  # with which the room begins: there is no state that its rules look at
        return None
    # 5: "Passes authorisation rules based on the state before the event, otherwise it is rejected."
    before = yield from _ask(StateBeforeNeed(event))
    if before is None:
        return Received(Reception.REJECTED, event, "the state before the event cannot be had")
    verdict = authorise(event, before)
    if not verdict.is_allowed:
        return Received(Reception.REJECTED, event, verdict.reason, verdict)
    # 6: "Passes authorisation rules based on the current state of the room, otherwise it is soft failed."
    current = yield from _ask(CurrentStateNeed(event))
    verdict = authorise(event, current)
    if not verdict.is_allowed:
        return Received(Reception.SOFT_FAILED, event, verdict.reason, verdict)
    # 7: "Is validated by the Policy Server, if the room is using a Policy Server, otherwise it is soft failed."
    server = policy_server_of(current)
    return None if server is None else (yield from _by_policy(event, server))


def _by_policy(event: Pdu, server: PolicyServer) -> _Check:
    if server.recommends(event):
        return None
    # SS §Validating Policy Server signatures: "If the Policy Server's signature is invalid or missing, the homeserver
    # SHOULD ask for a new signature."
    signatures = yield from _ask(PolicySignatureNeed(event, server.server_name))
    if signatures is not None:
        signed = server.added_to(event, signatures)
        if server.recommends(signed):
            return Received(Reception.ACCEPTED, signed, "it passes all checks, and the policy server has signed")
    return Received(Reception.SOFT_FAILED, event, "the policy server does not recommend it")

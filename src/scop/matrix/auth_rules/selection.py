"""Which state an event is authorised by, and so refers to.

Standards: Matrix v1.19, SS §Auth events selection.
"""

from __future__ import annotations

from typing import TypeAlias

from scop.matrix.events import Pdu

__all__ = ["CREATE", "JOIN_RULES", "POWER_LEVELS", "StateKey", "auth_event_keys", "deciding_keys"]

StateKey: TypeAlias = tuple[str, str]  # type and state key

CREATE: StateKey = ("m.room.create", "")
POWER_LEVELS: StateKey = ("m.room.power_levels", "")
JOIN_RULES: StateKey = ("m.room.join_rules", "")


def auth_event_keys(event: Pdu) -> tuple[StateKey, ...]:
    """Return the keys of the state that goes into `auth_events`, as far as a room has it; each once."""
    if event.type == "m.room.create":
        return ()
    # SS §Auth events selection: "Depending on the room version, the m.room.create event." Rooms v12 imply it.
    return deciding_keys(event) if not event.rules.is_room_id_of_create else deciding_keys(event)[1:]


def deciding_keys(event: Pdu) -> tuple[StateKey, ...]:
    """Return the keys of the state that the rules look at: the auth events and, first, m.room.create."""
    sender = ("m.room.member", event.sender)
    if event.type != "m.room.member":
        return (CREATE, POWER_LEVELS, sender)
    keys = [CREATE, POWER_LEVELS, sender]
    if event.state_key is not None and event.state_key != event.sender:
        keys.append(("m.room.member", event.state_key))
    membership = event.content.get("membership")
    if membership in ("join", "invite", "knock"):
        keys.append(JOIN_RULES)
    further = _third_party_invite(event) if membership == "invite" else None
    if membership == "join" and event.rules.allows_restricted_joins:
        further = _authoriser(event)
    if further is not None and further not in keys:
        keys.append(further)
    return tuple(keys)


def _third_party_invite(event: Pdu) -> StateKey | None:
    invite = event.content.get("third_party_invite")
    signed = invite.get("signed") if isinstance(invite, dict) else None
    token = signed.get("token") if isinstance(signed, dict) else None
    return ("m.room.third_party_invite", token) if isinstance(token, str) else None


def _authoriser(event: Pdu) -> StateKey | None:
    user_id = event.content.get("join_authorised_via_users_server")
    return ("m.room.member", user_id) if isinstance(user_id, str) else None

"""The authorisation rules of all room versions: whether an event may stand in a room of a given state.

The rules that only look at the event and its `auth_events` are `judge_auth_events`; the others are `authorise`. Both
are asked when an event is received, each with another state; state resolution asks `authorise` alone.
Numbers in comments are those of room version 12; `clauses` counts those of the others.

Standards: Matrix v1.19, Rooms v1 to v12 §Authorisation rules.
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence

from scop.matrix.auth_rules.authorisation import Authorisation, allow, refuse
from scop.matrix.auth_rules.clauses import Clause
from scop.matrix.auth_rules.levels import is_user_id, judge_power_levels
from scop.matrix.auth_rules.membership import judge_membership
from scop.matrix.auth_rules.selection import CREATE, StateKey, auth_event_keys
from scop.matrix.auth_rules.standing import Standing
from scop.matrix.events import Pdu
from scop.matrix.ids import server_name_of
from scop.matrix.room_versions import ROOM_VERSIONS

__all__ = ["authorise", "judge_auth_events"]


def authorise(event: Pdu, state: Mapping[StateKey, Pdu], *, signers: Container[str] | None = None) -> Authorisation:
    """Judge an event by the state of its room, as far as `auth_event_keys` names it and m.room.create.

    `signers` are the servers whose signatures on the event were found valid, which a restricted join needs; None where
    that was seen to before, as for all events that have once been accepted.
    """
    # 1: "If type is m.room.create"
    if event.type == "m.room.create":
        return _judge_create(event)
    room = Standing.of(event.rules, state)
    if room is None:
        return refuse(event.rules, _missing_create(event))
    # 2: "If the event's room_id is not an event ID for an accepted (not rejected) m.room.create event, …, reject."
    if event.rules.is_room_id_of_create and event.room_id[1:] != room.create.event_id[1:]:
        return refuse(event.rules, Clause.ROOM_ID)
    # 4: "has the property m.federate set to false, and the sender domain of the event does not match the sender domain
    # of the create event, reject".
    if not room.is_federated() and server_name_of(event.sender) != server_name_of(room.create.sender):
        return refuse(event.rules, Clause.FEDERATE)
    # v1 to v5, 4: "If type is m.room.aliases"
    if event.type == "m.room.aliases" and event.rules.has_aliases_rule:
        return _judge_aliases(event)
    # 5: "If type is m.room.member"
    if event.type == "m.room.member":
        return judge_membership(event, room, signers)
    return _judge_of_member(event, room)


def judge_auth_events(
    event: Pdu, auth_events: Sequence[Pdu], rejected: Container[str] = (), *, create: Pdu | None = None
) -> Authorisation:
    """Judge an event by what it refers to: the rules that come before the state is looked at.

    `create` is the accepted m.room.create of the room, which events of version 12 imply and do not refer to.
    """
    rules = event.rules
    if event.type == "m.room.create":
        return _judge_create(event)
    # 2: "If the event's room_id is not an event ID for an accepted (not rejected) m.room.create event, …, reject."
    if rules.is_room_id_of_create and not _is_room_of(event, create, rejected):
        return refuse(rules, Clause.ROOM_ID)
    # 3: "Considering the event's auth_events"
    keys = [(auth.type, auth.state_key) for auth in auth_events]
    # 3.1: "If there are duplicate entries for a given type and state_key pair, reject."
    if len(set(keys)) < len(keys):
        return refuse(rules, Clause.AUTH_TWICE)
    # 3.2: "If there are entries whose type and state_key don't match those specified by the auth events selection
    # algorithm …, reject."
    if not set(keys).issubset(auth_event_keys(event)):
        return refuse(rules, Clause.AUTH_UNSELECTED)
    # 3.3: "If there are entries which were themselves rejected under the checks performed on receipt of a PDU, reject."
    if any(auth.event_id in rejected for auth in auth_events):
        return refuse(rules, Clause.AUTH_REJECTED)
    # v1 to v11, 2.4: "If there is no m.room.create event among the entries, reject."
    if not rules.is_room_id_of_create and CREATE not in keys:
        return refuse(rules, Clause.AUTH_NO_CREATE)
    # 3.4 (written as 5): "If any event in auth_events has a room_id which does not match that of the event being
    # authorised, reject."
    if any(auth.room_id != event.room_id for auth in auth_events):
        return refuse(rules, Clause.AUTH_OTHER_ROOM)
    return allow(rules, Clause.AUTH_EVENTS)


def _is_room_of(event: Pdu, create: Pdu | None, rejected: Container[str]) -> bool:
    return create is not None and create.event_id[1:] == event.room_id[1:] and create.event_id not in rejected


def _missing_create(event: Pdu) -> Clause:
    return Clause.ROOM_ID if event.rules.is_room_id_of_create else Clause.AUTH_NO_CREATE


def _judge_create(event: Pdu) -> Authorisation:
    rules, content = event.rules, event.content
    # 1.1: "If it has any prev_events, reject."
    if event.prev_event_ids:
        return refuse(rules, Clause.CREATE_IS_FIRST)
    # 1.2: "If the event has a room_id, reject." Until v11: "If the domain of the room_id does not match the domain of
    # the sender, reject."
    is_elsewhere = server_name_of(event.room_id) != server_name_of(event.sender)
    if "room_id" in event.json if rules.is_room_id_of_create else is_elsewhere:
        return refuse(rules, Clause.CREATE_ROOM_ID)
    # 1.3: "If content.room_version is present and is not a recognised version, reject."
    version = content.get("room_version", rules.id)
    if not isinstance(version, str) or version not in ROOM_VERSIONS:
        return refuse(rules, Clause.CREATE_VERSION)
    # v1 to v10, 1.4: "If content has no creator property, reject."
    if rules.has_creator_in_content and "creator" not in content:
        return refuse(rules, Clause.CREATE_CREATOR)
    # 1.4: "If additional_creators is present in content and is not an array of strings where each string passes the
    # same user ID validation applied to sender, reject."
    if rules.are_creators_above_all and not _is_of_user_ids(content.get("additional_creators", [])):
        return refuse(rules, Clause.CREATE_ADDITIONAL)
    # 1.5: "Otherwise, allow."
    return allow(rules, Clause.CREATE_OTHERWISE)


def _is_of_user_ids(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) and is_user_id(entry) for entry in value)


def _judge_aliases(event: Pdu) -> Authorisation:
    # v1 to v5, 4.1: "If event has no state_key, reject."
    if event.state_key is None:
        return refuse(event.rules, Clause.ALIASES_KEY)
    # v1 to v5, 4.2: "If sender's domain doesn't match state_key, reject."
    if server_name_of(event.sender) != event.state_key:
        return refuse(event.rules, Clause.ALIASES_SERVER)
    # v1 to v5, 4.3: "Otherwise, allow."
    return allow(event.rules, Clause.ALIASES_OTHERWISE)


def _judge_of_member(event: Pdu, room: Standing) -> Authorisation:
    rules = event.rules
    # 6: "If the sender's current membership state is not join, reject."
    if room.membership(event.sender) != "join":
        return refuse(rules, Clause.OUTSIDER)
    level = room.level(event.sender)
    # 7.1: "Allow if and only if sender's current power level is greater than or equal to the invite level."
    if event.type == "m.room.third_party_invite":
        is_high_enough = level >= room.levels.named("invite")
        return (allow if is_high_enough else refuse)(rules, Clause.THIRD_PARTY_INVITE_LEVEL)
    # 8: "If the event type's required power level is greater than the sender's power level, reject."
    if room.levels.to_send(event.type, event.state_key) > level:
        return refuse(rules, Clause.REQUIRED_LEVEL)
    # 9: "If the event has a state_key that starts with an @ and does not match the sender, reject."
    if event.state_key is not None and event.state_key.startswith("@") and event.state_key != event.sender:
        return refuse(rules, Clause.OWN_STATE)
    # 10: "If type is m.room.power_levels"
    if event.type == "m.room.power_levels":
        return judge_power_levels(event, room)
    # v1 and v2, 11: "If type is m.room.redaction"
    if event.type == "m.room.redaction" and rules.redaction_needs_power:
        return _judge_redaction(event, room)
    # 11: "Otherwise, allow."
    return allow(rules, Clause.OTHERWISE)


def _judge_redaction(event: Pdu, room: Standing) -> Authorisation:
    # v1 and v2, 11.1: "If the sender's power level is greater than or equal to the redact level, allow."
    if room.level(event.sender) >= room.levels.named("redact"):
        return allow(event.rules, Clause.REDACTION_LEVEL)
    # v1 and v2, 11.2: "If the domain of the event_id of the event being redacted is the same as the domain of the
    # event_id of the m.room.redaction, allow."
    redacted = event.json.get("redacts")
    if isinstance(redacted, str) and server_name_of(redacted) == server_name_of(event.event_id):
        return allow(event.rules, Clause.REDACTION_SERVER)
    # v1 and v2, 11.3: "Otherwise, reject."
    return refuse(event.rules, Clause.REDACTION_OTHERWISE)

"""The rules of m.room.member: joins, invitations, departures, bans and knocks.

Numbers in comments are those of room version 12; `clauses` counts those of the others.

Standards: Matrix v1.19, Rooms v12 §Authorisation rules 5, Rooms v1 to v11.
"""

from __future__ import annotations

from collections.abc import Container

from scop.matrix.auth_rules.authorisation import Authorisation, allow, refuse
from scop.matrix.auth_rules.clauses import Clause
from scop.matrix.auth_rules.standing import Standing
from scop.matrix.auth_rules.third_party import judge_third_party_invite
from scop.matrix.events import Pdu
from scop.matrix.ids import server_name_of

__all__ = ["judge_membership"]


def judge_membership(event: Pdu, room: Standing, signers: Container[str] | None) -> Authorisation:
    """Judge an m.room.member; `signers` are the servers that have validly signed it, None where that was seen to."""
    rules = event.rules
    membership = event.content.get("membership")
    # 5.1: "If there is no state_key property, or no membership property in content, reject."
    # Stricter than that, as on the network: who is a member is of a server.
    if event.state_key is None or membership is None or ":" not in event.state_key:
        return refuse(rules, Clause.MEMBER_SHAPE)
    # 5.2.1: "not validly signed by the homeserver of the user ID denoted by the key, reject".
    if rules.allows_restricted_joins and not _is_authoriser_signed(event, signers):
        return refuse(rules, Clause.MEMBER_UNSIGNED)
    match membership:
        case "join":  # 5.3
            return _join(event, event.state_key, room)
        case "invite":  # 5.4
            return _invite(event, event.state_key, room)
        case "leave":  # 5.5
            return _leave(event, event.state_key, room)
        case "ban":  # 5.6
            return _ban(event, event.state_key, room)
        case "knock" if rules.allows_knocking:  # 5.7
            return _knock(event, event.state_key, room)
        case _:  # 5.8: "Otherwise, the membership is unknown. Reject."
            return refuse(rules, Clause.MEMBER_OTHERWISE)


def _is_authoriser_signed(event: Pdu, signers: Container[str] | None) -> bool:
    if "join_authorised_via_users_server" not in event.content:
        return True
    user_id = event.content["join_authorised_via_users_server"]
    return isinstance(user_id, str) and (signers is None or server_name_of(user_id) in signers)


def _join(event: Pdu, target: str, room: Standing) -> Authorisation:
    rules = event.rules
    # 5.3.1: "If the only previous event is an m.room.create and the state_key is the sender of the m.room.create,
    # allow." Until v10 it is the `creator` that content names.
    creator = room.create.content.get("creator") if rules.has_creator_in_content else room.create.sender
    if event.prev_event_ids == (room.create.event_id,) and target == creator:
        return allow(rules, Clause.JOIN_FIRST)
    # 5.3.2: "If the sender does not match state_key, reject."
    if event.sender != target:
        return refuse(rules, Clause.JOIN_OTHER)
    membership = room.membership(target)
    # 5.3.3: "If the sender is banned, reject."
    if membership == "ban":
        return refuse(rules, Clause.JOIN_BANNED)
    return _enter(event, membership, room)


def _enter(event: Pdu, membership: str, room: Standing) -> Authorisation:
    rules = event.rules
    is_let_in = membership in ("invite", "join")
    match room.join_rule():
        # 5.3.4: "If the join_rule is invite or knock then allow if membership state is invite or join."
        case ("invite" | "knock") as rule if is_let_in and (rule == "invite" or rules.allows_knocking):
            return allow(rules, Clause.JOIN_INVITED)
        # 5.3.5: "If the join_rule is restricted or knock_restricted"
        case ("restricted" | "knock_restricted") as rule if rules.allows_restricted_joins and (
            rule == "restricted" or rules.allows_knock_restricted
        ):
            return _enter_restricted(event, is_let_in=is_let_in, room=room)
        case "public":  # 5.3.6: "If the join_rule is public, allow."
            return allow(rules, Clause.JOIN_PUBLIC)
        case _:  # 5.3.7: "Otherwise, reject."
            return refuse(rules, Clause.JOIN_OTHERWISE)


def _enter_restricted(event: Pdu, *, is_let_in: bool, room: Standing) -> Authorisation:
    rules = event.rules
    # 5.3.5.1: "If membership state is join or invite, allow."
    if is_let_in:
        return allow(rules, Clause.JOIN_RESTRICTED_IN)
    # 5.3.5.2: "is not a user with sufficient permission to invite other users or is not a joined member of the room,
    # reject".
    authoriser = event.content.get("join_authorised_via_users_server")
    if (
        not isinstance(authoriser, str)
        or room.membership(authoriser) != "join"
        or room.level(authoriser) < room.levels.named("invite")
    ):
        return refuse(rules, Clause.JOIN_UNAUTHORISED)
    # 5.3.5.3: "Otherwise, allow."
    return allow(rules, Clause.JOIN_AUTHORISED)


def _invite(event: Pdu, target: str, room: Standing) -> Authorisation:
    rules = event.rules
    # 5.4.1: "If content has a third_party_invite property"
    if "third_party_invite" in event.content:
        return judge_third_party_invite(event, target, room)
    # 5.4.2: "If the sender's current membership state is not join, reject."
    if room.membership(event.sender) != "join":
        return refuse(rules, Clause.INVITE_OUTSIDER)
    # 5.4.3: "If target user's current membership state is join or ban, reject."
    if room.membership(target) in ("join", "ban"):
        return refuse(rules, Clause.INVITE_TARGET)
    # 5.4.4: "If the sender's power level is greater than or equal to the invite level, allow."
    if room.level(event.sender) >= room.levels.named("invite"):
        return allow(rules, Clause.INVITE_LEVEL)
    # 5.4.5: "Otherwise, reject."
    return refuse(rules, Clause.INVITE_OTHERWISE)


def _leave(event: Pdu, target: str, room: Standing) -> Authorisation:
    rules = event.rules
    membership = room.membership(target)
    # 5.5.1: "If the sender matches state_key, allow if and only if that user's current membership state is invite,
    # join, or knock."
    if event.sender == target:
        left = ("invite", "join", "knock") if rules.allows_knocking else ("invite", "join")
        return (allow if membership in left else refuse)(rules, Clause.LEAVE_SELF)
    # 5.5.2: "If the sender's current membership state is not join, reject."
    if room.membership(event.sender) != "join":
        return refuse(rules, Clause.LEAVE_OUTSIDER)
    level = room.level(event.sender)
    # 5.5.3: "If the target user's current membership state is ban, and the sender's power level is less than the ban
    # level, reject."
    if membership == "ban" and level < room.levels.named("ban"):
        return refuse(rules, Clause.LEAVE_BANNED)
    # 5.5.4: "greater than or equal to the kick level, and the target user's power level is less than the sender's
    # power level, allow".
    if level >= room.levels.named("kick") and room.level(target) < level:
        return allow(rules, Clause.LEAVE_KICK)
    # 5.5.5: "Otherwise, reject."
    return refuse(rules, Clause.LEAVE_OTHERWISE)


def _ban(event: Pdu, target: str, room: Standing) -> Authorisation:
    rules = event.rules
    # 5.6.1: "If the sender's current membership state is not join, reject."
    if room.membership(event.sender) != "join":
        return refuse(rules, Clause.BAN_OUTSIDER)
    # 5.6.2: "greater than or equal to the ban level, and the target user's power level is less than the sender's power
    # level, allow".
    level = room.level(event.sender)
    if level >= room.levels.named("ban") and room.level(target) < level:
        return allow(rules, Clause.BAN_LEVEL)
    # 5.6.3: "Otherwise, reject."
    return refuse(rules, Clause.BAN_OTHERWISE)


def _knock(event: Pdu, target: str, room: Standing) -> Authorisation:
    rules = event.rules
    # 5.7.1: "If the join_rule is anything other than knock or knock_restricted, reject."
    rule = room.join_rule()
    if rule != "knock" and not (rule == "knock_restricted" and rules.allows_knock_restricted):
        return refuse(rules, Clause.KNOCK_RULE)
    # 5.7.2: "If sender does not match state_key, reject."
    if event.sender != target:
        return refuse(rules, Clause.KNOCK_OTHER)
    # 5.7.3: "If the sender's current membership is not ban, invite, or join, allow."
    if room.membership(target) not in ("ban", "invite", "join"):
        return allow(rules, Clause.KNOCK_OUTSIDER)
    # 5.7.4: "Otherwise, reject."
    return refuse(rules, Clause.KNOCK_OTHERWISE)

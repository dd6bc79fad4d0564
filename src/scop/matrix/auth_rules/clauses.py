"""The clauses of the authorisation rules: what each says, and the number that it bears in a room version's text.

A number is counted, as the published text counts: over the clauses that a version has by its switches, in their order.
So one function decides for all versions, and its outcome names the rule as the text of the room's own version does.

Standards: Matrix v1.19, Room Versions 1 to 12, §Authorisation rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from scop.matrix.room_versions import RoomVersion

__all__ = ["Clause", "numbers_of"]


class Clause(Enum):
    """One clause; its value is the reason that an outcome gives where the clause decides."""

    CREATE = "the event is m.room.create"
    CREATE_IS_FIRST = "m.room.create has previous events"
    CREATE_ROOM_ID = "m.room.create bears the room id of another"
    CREATE_VERSION = "the room version is not known"
    CREATE_CREATOR = "m.room.create names no creator"
    CREATE_ADDITIONAL = "additional_creators is not an array of user ids"
    CREATE_OTHERWISE = "m.room.create begins a room"
    ROOM_ID = "the room id is not that of an accepted m.room.create"
    AUTH_EVENTS = "the auth events are considered"
    AUTH_TWICE = "two auth events have the same type and state key"
    AUTH_UNSELECTED = "an auth event is not of those that are to be selected"
    AUTH_REJECTED = "an auth event was rejected"
    AUTH_NO_CREATE = "m.room.create is not among the auth events"
    AUTH_OTHER_ROOM = "an auth event is of another room"
    FEDERATE = "the room is not federated, and the sender is of another server than its creator"
    ALIASES = "the event is m.room.aliases"
    ALIASES_KEY = "m.room.aliases has no state key"
    ALIASES_SERVER = "the state key is not the server of the sender"
    ALIASES_OTHERWISE = "the aliases are of the sender's own server"
    MEMBER = "the event is m.room.member"
    MEMBER_SHAPE = "m.room.member lacks its membership, or its state key names nobody"
    MEMBER_AUTHORISER = "a user authorises the join"
    MEMBER_UNSIGNED = "the server of the authorising user has not signed"
    JOIN = "the membership is join"
    JOIN_FIRST = "the creator joins first"
    JOIN_OTHER = "one cannot join another user"
    JOIN_BANNED = "the sender is banned"
    JOIN_INVITED = "the user is invited or has joined"
    JOIN_RESTRICTED = "joins are restricted"
    JOIN_RESTRICTED_IN = "the user is invited or has joined to a restricted room"
    JOIN_UNAUTHORISED = "the authorising user has not joined or may not invite"
    JOIN_AUTHORISED = "a user who may invite authorises the join"
    JOIN_PUBLIC = "the room is public"
    JOIN_OTHERWISE = "the join rule does not let the user in"
    INVITE = "the membership is invite"
    THIRD_PARTY = "the invitation goes back to one of a third party"
    THIRD_PARTY_BANNED = "the target is banned"
    THIRD_PARTY_UNSIGNED = "third_party_invite has no signed"
    THIRD_PARTY_SHAPE = "signed lacks mxid or token"
    THIRD_PARTY_OTHER = "mxid is not the state key"
    THIRD_PARTY_UNKNOWN = "no m.room.third_party_invite has this token"
    THIRD_PARTY_SENDER = "the sender is not that of the m.room.third_party_invite"
    THIRD_PARTY_SIGNED = "a key of the m.room.third_party_invite has signed"
    THIRD_PARTY_SINGLE = "a single public key"
    THIRD_PARTY_LIST = "a list of public keys"
    THIRD_PARTY_OTHERWISE = "no key of the m.room.third_party_invite has signed"
    INVITE_OUTSIDER = "the sender has not joined, and invites"
    INVITE_TARGET = "the target has joined or is banned"
    INVITE_LEVEL = "the sender may invite"
    INVITE_OTHERWISE = "the sender's level is below the invite level"
    LEAVE = "the membership is leave"
    LEAVE_SELF = "the user leaves"
    LEAVE_OUTSIDER = "the sender has not joined, and removes another"
    LEAVE_BANNED = "the sender's level is below the ban level"
    LEAVE_KICK = "the sender may kick the target"
    LEAVE_OTHERWISE = "the sender's level is below the kick level or not above the target's"
    BAN = "the membership is ban"
    BAN_OUTSIDER = "the sender has not joined, and bans"
    BAN_LEVEL = "the sender may ban the target"
    BAN_OTHERWISE = "the sender's level is below the ban level or not above the target's"
    KNOCK = "the membership is knock"
    KNOCK_RULE = "the join rule allows no knocking"
    KNOCK_OTHER = "one cannot knock for another user"
    KNOCK_OUTSIDER = "the user knocks"
    KNOCK_OTHERWISE = "the user is banned, invited or has joined"
    MEMBER_OTHERWISE = "the membership is unknown"
    OUTSIDER = "the sender has not joined"
    THIRD_PARTY_INVITE = "the event is m.room.third_party_invite"
    THIRD_PARTY_INVITE_LEVEL = "the sender's level against the invite level"
    REQUIRED_LEVEL = "the sender's level is below what the type of the event requires"
    OWN_STATE = "the state key is another user"
    LEVELS = "the event is m.room.power_levels"
    LEVELS_NAMED = "a level is not an integer"
    LEVELS_ENTRIES = "events or notifications is not an object of integers"
    LEVELS_USERS = "users is not an object of user ids with integers"
    LEVELS_CREATORS = "users names a creator"
    LEVELS_FIRST = "there were no power levels"
    NAMED_ALTERED = "a level is altered"
    NAMED_ABOVE = "a level above the sender's is altered"
    NAMED_TO_ABOVE = "a level is set above the sender's"
    ENTRY_LOST = "an entry of events or notifications is changed or removed"
    ENTRY_LOST_ABOVE = "an entry above the sender's level is changed or removed"
    ENTRY_GAINED = "an entry of events or notifications is added or changed"
    ENTRY_GAINED_ABOVE = "an entry is set above the sender's level"
    USER_LOST = "the level of another user is changed or removed"
    USER_LOST_ABOVE = "the level of a user who is not below the sender is changed or removed"
    USER_GAINED = "the level of a user is added or changed"
    USER_GAINED_ABOVE = "a user is set above the sender's level"
    LEVELS_OTHERWISE = "the sender may set these power levels"
    REDACTION = "the event is m.room.redaction"
    REDACTION_LEVEL = "the sender may redact"
    REDACTION_SERVER = "the redacted event is of the same server"
    REDACTION_OTHERWISE = "the sender's level is below the redact level"
    OTHERWISE = "no rule is against it"


_Switch: TypeAlias = Callable[[RoomVersion], bool]


@dataclass(frozen=True, slots=True)
class _Line:
    """One line of the text: how deep it is set, and which versions have it."""

    depth: int
    clause: Clause
    is_in: _Switch | None = None


# Every line whose depth is above the one before it is under that. What a version lacks, it lacks with all under it.
_TEXT = (
    _Line(1, Clause.CREATE),
    _Line(2, Clause.CREATE_IS_FIRST),
    _Line(2, Clause.CREATE_ROOM_ID),
    _Line(2, Clause.CREATE_VERSION),
    _Line(2, Clause.CREATE_CREATOR, lambda rules: rules.has_creator_in_content),
    _Line(2, Clause.CREATE_ADDITIONAL, lambda rules: rules.are_creators_above_all),
    _Line(2, Clause.CREATE_OTHERWISE),
    _Line(1, Clause.ROOM_ID, lambda rules: rules.is_room_id_of_create),
    _Line(1, Clause.AUTH_EVENTS),
    _Line(2, Clause.AUTH_TWICE),
    _Line(2, Clause.AUTH_UNSELECTED),
    _Line(2, Clause.AUTH_REJECTED),
    _Line(2, Clause.AUTH_NO_CREATE, lambda rules: not rules.is_room_id_of_create),
    _Line(2, Clause.AUTH_OTHER_ROOM),
    _Line(1, Clause.FEDERATE),
    _Line(1, Clause.ALIASES, lambda rules: rules.has_aliases_rule),
    _Line(2, Clause.ALIASES_KEY),
    _Line(2, Clause.ALIASES_SERVER),
    _Line(2, Clause.ALIASES_OTHERWISE),
    _Line(1, Clause.MEMBER),
    _Line(2, Clause.MEMBER_SHAPE),
    _Line(2, Clause.MEMBER_AUTHORISER, lambda rules: rules.allows_restricted_joins),
    _Line(3, Clause.MEMBER_UNSIGNED),
    _Line(2, Clause.JOIN),
    _Line(3, Clause.JOIN_FIRST),
    _Line(3, Clause.JOIN_OTHER),
    _Line(3, Clause.JOIN_BANNED),
    _Line(3, Clause.JOIN_INVITED),
    _Line(3, Clause.JOIN_RESTRICTED, lambda rules: rules.allows_restricted_joins),
    _Line(4, Clause.JOIN_RESTRICTED_IN),
    _Line(4, Clause.JOIN_UNAUTHORISED),
    _Line(4, Clause.JOIN_AUTHORISED),
    _Line(3, Clause.JOIN_PUBLIC),
    _Line(3, Clause.JOIN_OTHERWISE),
    _Line(2, Clause.INVITE),
    _Line(3, Clause.THIRD_PARTY),
    _Line(4, Clause.THIRD_PARTY_BANNED),
    _Line(4, Clause.THIRD_PARTY_UNSIGNED),
    _Line(4, Clause.THIRD_PARTY_SHAPE),
    _Line(4, Clause.THIRD_PARTY_OTHER),
    _Line(4, Clause.THIRD_PARTY_UNKNOWN),
    _Line(4, Clause.THIRD_PARTY_SENDER),
    _Line(4, Clause.THIRD_PARTY_SIGNED),
    _Line(5, Clause.THIRD_PARTY_SINGLE),
    _Line(5, Clause.THIRD_PARTY_LIST),
    _Line(4, Clause.THIRD_PARTY_OTHERWISE),
    _Line(3, Clause.INVITE_OUTSIDER),
    _Line(3, Clause.INVITE_TARGET),
    _Line(3, Clause.INVITE_LEVEL),
    _Line(3, Clause.INVITE_OTHERWISE),
    _Line(2, Clause.LEAVE),
    _Line(3, Clause.LEAVE_SELF),
    _Line(3, Clause.LEAVE_OUTSIDER),
    _Line(3, Clause.LEAVE_BANNED),
    _Line(3, Clause.LEAVE_KICK),
    _Line(3, Clause.LEAVE_OTHERWISE),
    _Line(2, Clause.BAN),
    _Line(3, Clause.BAN_OUTSIDER),
    _Line(3, Clause.BAN_LEVEL),
    _Line(3, Clause.BAN_OTHERWISE),
    _Line(2, Clause.KNOCK, lambda rules: rules.allows_knocking),
    _Line(3, Clause.KNOCK_RULE),
    _Line(3, Clause.KNOCK_OTHER),
    _Line(3, Clause.KNOCK_OUTSIDER),
    _Line(3, Clause.KNOCK_OTHERWISE),
    _Line(2, Clause.MEMBER_OTHERWISE),
    _Line(1, Clause.OUTSIDER),
    _Line(1, Clause.THIRD_PARTY_INVITE),
    _Line(2, Clause.THIRD_PARTY_INVITE_LEVEL),
    _Line(1, Clause.REQUIRED_LEVEL),
    _Line(1, Clause.OWN_STATE),
    _Line(1, Clause.LEVELS),
    _Line(2, Clause.LEVELS_NAMED, lambda rules: not rules.takes_levels_as_strings),
    _Line(2, Clause.LEVELS_ENTRIES, lambda rules: not rules.takes_levels_as_strings),
    _Line(2, Clause.LEVELS_USERS),
    _Line(2, Clause.LEVELS_CREATORS, lambda rules: rules.are_creators_above_all),
    _Line(2, Clause.LEVELS_FIRST),
    _Line(2, Clause.NAMED_ALTERED),
    _Line(3, Clause.NAMED_ABOVE),
    _Line(3, Clause.NAMED_TO_ABOVE),
    _Line(2, Clause.ENTRY_LOST),
    _Line(3, Clause.ENTRY_LOST_ABOVE),
    _Line(2, Clause.ENTRY_GAINED),
    _Line(3, Clause.ENTRY_GAINED_ABOVE),
    _Line(2, Clause.USER_LOST),
    _Line(3, Clause.USER_LOST_ABOVE),
    _Line(2, Clause.USER_GAINED),
    _Line(3, Clause.USER_GAINED_ABOVE),
    _Line(2, Clause.LEVELS_OTHERWISE),
    _Line(1, Clause.REDACTION, lambda rules: rules.redaction_needs_power),
    _Line(2, Clause.REDACTION_LEVEL),
    _Line(2, Clause.REDACTION_SERVER),
    _Line(2, Clause.REDACTION_OTHERWISE),
    _Line(1, Clause.OTHERWISE),
)


def numbers_of(rules: RoomVersion) -> Mapping[Clause, str]:
    """Return the number of each clause that a room version has, as "5.3.7"."""
    numbers: dict[Clause, str] = {}
    counted: list[int] = []
    absent_depth: int | None = None  # of the line whose inner lines are passed over with it
    for line in _TEXT:
        if absent_depth is not None and line.depth > absent_depth:
            continue
        absent_depth = None
        if line.is_in is not None and not line.is_in(rules):
            absent_depth = line.depth
            continue
        counted = [*counted, 0][: line.depth]
        counted[-1] += 1
        numbers[line.clause] = ".".join(map(str, counted))
    return numbers

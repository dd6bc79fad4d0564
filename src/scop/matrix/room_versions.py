"""Room versions as frozen records of rules: each is the one before it with its switches turned.

Everything that differs between versions is a field here and is asked for by its meaning; no code compares versions.

Standards: Matrix v1.19, Room Versions 1 to 12.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import Enum, StrEnum
from types import MappingProxyType

from scop.base import RemoteProtocolError, printable

__all__ = ["ROOM_VERSIONS", "EventIdFormat", "RoomVersion", "StateResolution", "room_version"]


class EventIdFormat(Enum):
    """What an event id is made of."""

    SERVER = "made up by its server"  # v1, v2: a field of the event; references carry hashes beside it
    HASH = "its reference hash, in standard base64"  # v3
    URL_SAFE_HASH = "its reference hash, in URL-safe base64"  # v4 onwards


class StateResolution(StrEnum):
    """Which algorithm decides between states."""

    V1 = "1"
    V2 = "2"
    V2_1 = "2.1"


@dataclass(frozen=True, slots=True)
class RoomVersion:
    """What a version of rooms demands; each switch names the version that turned it."""

    id: str
    event_id_format: EventIdFormat = EventIdFormat.SERVER
    state_resolution: StateResolution = StateResolution.V1
    enforces_key_validity: bool = False  # v5: keys count only while they are valid
    is_canonical_json_strict: bool = False  # v6: no floats, no integers beyond 2^53-1
    max_depth: int = 2**63 - 1  # v6: 2^53-1
    has_aliases_rule: bool = True  # until v5: m.room.aliases by its server alone
    checks_notification_levels: bool = False  # v6
    allows_knocking: bool = False  # v7: join rule `knock`
    allows_restricted_joins: bool = False  # v8: join rule `restricted`
    allows_knock_restricted: bool = False  # v10
    takes_levels_as_strings: bool = True  # until v9: "50"
    takes_levels_as_floats: bool = True  # until v5: 50.57 is 50
    has_creator_in_content: bool = True  # until v10: the creator is a field, not the sender
    has_redacts_in_content: bool = False  # v11: what a redaction redacts
    redaction_needs_power: bool = True  # until v2: the redact level is an auth rule
    is_room_id_of_create: bool = False  # v12: the id of the room is the hash of its create event
    are_creators_above_all: bool = False  # v12: no power level reaches creators
    # What redaction leaves of `content`, by type; True leaves all of it, a dotted name one key of an object.
    kept_content: Mapping[str, tuple[str, ...] | bool] = field(default_factory=dict, compare=False, repr=False)
    kept_keys: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


_KEPT_KEYS_V1 = frozenset(
    [
        "event_id",
        "type",
        "room_id",
        "sender",
        "state_key",
        "content",
        "hashes",
        "signatures",
        "depth",
        "prev_events",
        "prev_state",
        "auth_events",
        "origin",
        "origin_server_ts",
        "membership",
    ]
)
_LEVELS = ("ban", "events", "events_default", "kick", "redact", "state_default", "users", "users_default")
_KEPT_V1: dict[str, tuple[str, ...] | bool] = {
    "m.room.member": ("membership",),
    "m.room.create": ("creator",),
    "m.room.join_rules": ("join_rule",),
    "m.room.power_levels": _LEVELS,
    "m.room.aliases": ("aliases",),
    "m.room.history_visibility": ("history_visibility",),
}
_KEPT_V6 = {kind: keys for kind, keys in _KEPT_V1.items() if kind != "m.room.aliases"}
_KEPT_V8 = {**_KEPT_V6, "m.room.join_rules": ("join_rule", "allow")}
_KEPT_V9 = {**_KEPT_V8, "m.room.member": ("membership", "join_authorised_via_users_server")}
_KEPT_V11 = {
    **_KEPT_V9,
    "m.room.create": True,
    "m.room.member": ("membership", "join_authorised_via_users_server", "third_party_invite.signed"),
    "m.room.power_levels": (*_LEVELS, "invite"),
    "m.room.redaction": ("redacts",),
}

ROOM_V1 = RoomVersion("1", kept_content=MappingProxyType(_KEPT_V1), kept_keys=_KEPT_KEYS_V1)
ROOM_V2 = replace(ROOM_V1, id="2", state_resolution=StateResolution.V2)
ROOM_V3 = replace(ROOM_V2, id="3", event_id_format=EventIdFormat.HASH, redaction_needs_power=False)
ROOM_V4 = replace(ROOM_V3, id="4", event_id_format=EventIdFormat.URL_SAFE_HASH)
ROOM_V5 = replace(ROOM_V4, id="5", enforces_key_validity=True)
ROOM_V6 = replace(
    ROOM_V5,
    id="6",
    is_canonical_json_strict=True,
    max_depth=2**53 - 1,
    takes_levels_as_floats=False,
    has_aliases_rule=False,
    checks_notification_levels=True,
    kept_content=MappingProxyType(_KEPT_V6),
)
ROOM_V7 = replace(ROOM_V6, id="7", allows_knocking=True)
ROOM_V8 = replace(ROOM_V7, id="8", allows_restricted_joins=True, kept_content=MappingProxyType(_KEPT_V8))
ROOM_V9 = replace(ROOM_V8, id="9", kept_content=MappingProxyType(_KEPT_V9))
ROOM_V10 = replace(ROOM_V9, id="10", allows_knock_restricted=True, takes_levels_as_strings=False)
ROOM_V11 = replace(
    ROOM_V10,
    id="11",
    has_creator_in_content=False,
    has_redacts_in_content=True,
    kept_content=MappingProxyType(_KEPT_V11),
    kept_keys=_KEPT_KEYS_V1 - {"origin", "prev_state", "membership"},
)
ROOM_V12 = replace(
    ROOM_V11, id="12", state_resolution=StateResolution.V2_1, is_room_id_of_create=True, are_creators_above_all=True
)

ROOM_VERSIONS = {
    version.id: version
    for version in (
        ROOM_V1,
        ROOM_V2,
        ROOM_V3,
        ROOM_V4,
        ROOM_V5,
        ROOM_V6,
        ROOM_V7,
        ROOM_V8,
        ROOM_V9,
        ROOM_V10,
        ROOM_V11,
        ROOM_V12,
    )
}


def room_version(version_id: str) -> RoomVersion:
    """Return the rules of a version; raises `RemoteProtocolError` for one that is not known."""
    found = ROOM_VERSIONS.get(version_id)
    if found is None:
        raise RemoteProtocolError(f"room version {printable(version_id)} is not one of {', '.join(ROOM_VERSIONS)}")
    return found

"""The format of events: what a room version demands before anybody asks whether an event is allowed.

An event that breaks it is dropped, so nothing here is stricter than what all servers agree on.

Standards: Matrix v1.19, Room Versions 1, 3, 4, 6, 11, 12 §Event format; Client-Server API §Size limits.
"""

from __future__ import annotations

from functools import lru_cache

from scop.base import LimitExceeded, RemoteProtocolError
from scop.matrix import canonical_json
from scop.matrix.events.hashes import event_id_of
from scop.matrix.events.pdu import Pdu
from scop.matrix.ids import MAX_ID_OCTETS, EventId, RoomId, UserId
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.room_versions import EventIdFormat, RoomVersion

__all__ = ["MAX_AUTH_EVENTS", "MAX_EVENT_DEPTH", "MAX_EVENT_OCTETS", "MAX_PREV_EVENTS", "parse_pdu"]

MAX_EVENT_OCTETS = 65536  # Matrix v1.19 CS §Size limits: as canonical JSON, signatures and all
MAX_EVENT_DEPTH = canonical_json.MAX_DEPTH - 20  # our own: what bears it between servers is signed too, and as deep
MAX_KEY_OCTETS = 255  # ibid.: type and state_key
MAX_AUTH_EVENTS = 10  # Matrix v1.19 rooms/v1 §Event format
MAX_PREV_EVENTS = 20


def parse_pdu(event: object, rules: RoomVersion, *, is_history: bool = False) -> Pdu:
    """Return an event that another server sent into a room of a version; raises `RemoteProtocolError`.

    Its signatures and content hash are not looked at: see `scop.matrix.events.signatures`.

    # Lenient, for history (/backfill): events of long ago may name more others, and "MUST NOT be validated on these
    # specific restrictions".
    """
    if not isinstance(event, dict):
        raise RemoteProtocolError("an event is an object")
    _check_size(event, rules)
    kind, sender = _text(event, "type"), _text(event, "sender")
    _check_sender(sender)
    state_key = _text(event, "state_key") if "state_key" in event else None
    _check_octets("type", kind)
    _check_octets("state_key", state_key or "")
    _check_hashes_and_signatures(event)
    if "redacts" in event and not rules.has_redacts_in_content:
        _text(event, "redacts")
    event_id = _event_id(event, rules)
    return Pdu(
        event_id=event_id,
        room_id=_room_id(event, kind, event_id, rules),
        type=kind,
        sender=sender,
        origin_server_ts=_integer(event, "origin_server_ts", canonical_json.MAX_INTEGER),
        content=_object(event, "content"),
        auth_event_ids=_references(event, "auth_events", None if is_history else MAX_AUTH_EVENTS, rules),
        prev_event_ids=_references(event, "prev_events", None if is_history else MAX_PREV_EVENTS, rules),
        json=event,
        rules=rules,
        state_key=state_key,
        depth=_integer(event, "depth", rules.max_depth),
    )


def _check_size(event: JsonView, rules: RoomVersion) -> None:
    # Matrix v1.19 rooms/v6 §Canonical JSON: what has no canonical form is discarded.
    strict = rules.is_canonical_json_strict
    size = len(canonical_json.encode(event, strict=strict, max_depth=MAX_EVENT_DEPTH))
    if size > MAX_EVENT_OCTETS:
        raise LimitExceeded(f"an event has at most {MAX_EVENT_OCTETS} octets, not {size}")


def _check_octets(key: str, text: str) -> None:
    if len(text.encode("utf-8")) > MAX_KEY_OCTETS:
        raise LimitExceeded(f"the {key} of an event has at most {MAX_KEY_OCTETS} octets")


def _text(event: JsonView, key: str) -> str:
    value = event.get(key)
    if not isinstance(value, str):
        raise RemoteProtocolError(f"the {key} of an event is a string")
    return value


def _object(event: JsonView, key: str) -> JsonObject:
    value = event.get(key)
    if not isinstance(value, dict):
        raise RemoteProtocolError(f"the {key} of an event is an object")
    return value


def _integer(event: JsonView, key: str, limit: int) -> int:
    value = event.get(key)
    if not isinstance(value, int) or isinstance(value, bool):
        raise RemoteProtocolError(f"the {key} of an event is an integer")
    if not 0 <= value <= limit:
        raise LimitExceeded(f"the {key} of an event is at least 0 and at most {limit}")
    return value


def _check_hashes_and_signatures(event: JsonView) -> None:
    if not isinstance(_object(event, "hashes").get("sha256"), str):
        raise RemoteProtocolError("the hashes of an event have a sha256")
    for signatures in _object(event, "signatures").values():
        if not isinstance(signatures, dict) or not all(isinstance(one, str) for one in signatures.values()):
            raise RemoteProtocolError("the signatures of an event are strings by key id by server")
    if "unsigned" in event:
        _object(event, "unsigned")


# Rooms see the same few ids again and again.


@lru_cache(maxsize=4096)
def _check_sender(sender: str) -> None:
    UserId.parse(sender, historical=True)


@lru_cache(maxsize=4096)
def _has_domain(room_id: str) -> bool:
    return RoomId.parse(room_id).server_name is not None


def _event_id(event: JsonView, rules: RoomVersion) -> str:
    event_id = event_id_of(event, rules)
    if rules.event_id_format is EventIdFormat.SERVER:
        EventId.parse_in(rules, event_id)
    return event_id


def _room_id(event: JsonView, kind: str, event_id: str, rules: RoomVersion) -> str:
    # Matrix v1.19 rooms/v12 §Event format: "Omitted from m.room.create events", whose id it is.
    if rules.is_room_id_of_create and kind == "m.room.create" and "room_id" not in event:
        return "!" + event_id[1:]
    room_id = _text(event, "room_id")
    if _has_domain(room_id) is rules.is_room_id_of_create:
        raise RemoteProtocolError(f"not the id of a room of version {rules.id}")
    return room_id


def _references(event: JsonView, key: str, limit: int | None, rules: RoomVersion) -> tuple[str, ...]:
    """Return the ids of other events that an event names."""
    references = event.get(key)
    if not isinstance(references, list):
        raise RemoteProtocolError(f"the {key} of an event are a list")
    if limit is not None and len(references) > limit:
        raise LimitExceeded(f"an event has at most {limit} {key}")
    if rules.event_id_format is EventIdFormat.SERVER:
        references = [_id_of_pair(one, key) for one in references]
    for one in references:
        # No more is asked than a sigil and a length: an id that names nothing is never found.
        if not isinstance(one, str) or not one.startswith("$") or len(one.encode("utf-8")) > MAX_ID_OCTETS:
            raise RemoteProtocolError(f"the {key} of an event are event ids")
    return tuple(references)


def _id_of_pair(reference: object, key: str) -> object:
    """Return the id of a reference as room versions 1 and 2 write it: with the event's hash."""
    if not isinstance(reference, list) or len(reference) != 2 or not isinstance(reference[1], dict):
        raise RemoteProtocolError(f"the {key} of an event are pairs of an id and hashes")
    return reference[0]

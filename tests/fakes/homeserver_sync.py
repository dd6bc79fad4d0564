"""What the fake homeserver answers to a sync."""

from __future__ import annotations

from dataclasses import dataclass

from fakes.homeserver_rooms import FakeRoom, FakeRooms
from scop.matrix.json_values import JsonObject

__all__ = ["Reader", "rooms_since"]


@dataclass(frozen=True)
class Reader:
    """Who syncs, and how."""

    user_id: str
    device: str
    after: int | None  # the position of `since`
    limit: int = 10
    is_lazy: bool = False
    is_state_after: bool = True


def rooms_since(rooms: FakeRooms, reader: Reader) -> dict[str, dict[str, JsonObject]]:
    """Return `rooms` of a sync."""
    found: dict[str, dict[str, JsonObject]] = {"join": {}, "invite": {}, "knock": {}, "leave": {}}
    for room in rooms.rooms.values():
        membership = room.membership(reader.user_id, rooms.position)
        member = room.state_at(rooms.position).get(("m.room.member", reader.user_id))
        changed = _position_of(room, member)
        is_news = reader.after is None or changed > reader.after
        if membership in ("invite", "knock") and is_news:
            shown = [_stripped(event) for event in room.state_at(rooms.position).values() if _is_shown(event, reader)]
            found[membership][room.room_id] = {f"{membership}_state": {"events": shown}}
            if (gone := _left_at(rooms, room, reader)) is not None:  # as Synapse does: in both places
                found["leave"][room.room_id] = _leaving(rooms, room, reader, gone)
        elif membership == "join":
            news = _room_news(rooms, room, reader, rooms.position)
            if news is not None:
                found["join"][room.room_id] = news
        elif member is not None and membership in ("leave", "ban") and reader.after is not None and is_news:
            found["leave"][room.room_id] = _leaving(rooms, room, reader, changed)
    return {kind: of_kind for kind, of_kind in found.items() if of_kind}


def _left_at(rooms: FakeRooms, room: FakeRoom, reader: Reader) -> int | None:
    """Return where the reader left since `since`, if then."""
    after = rooms.position if reader.after is None else reader.after
    places = [
        position
        for position, event in room.between(after, rooms.position)
        if (event["type"], event.get("state_key")) == ("m.room.member", reader.user_id)
        and room.membership(reader.user_id, position) == "leave"
    ]
    return places[-1] if places else None


def _leaving(rooms: FakeRooms, room: FakeRoom, reader: Reader, until: int) -> JsonObject:
    news = _room_news(rooms, room, reader, until) or {}
    return {key: news[key] for key in news if key in ("timeline", "state", "state_after")}


def _room_news(rooms: FakeRooms, room: FakeRoom, reader: Reader, until: int) -> JsonObject | None:
    after = reader.after
    if after is not None and room.membership(reader.user_id, after) != "join":
        after = None  # all of a room that was just joined
    events = room.between(-1 if after is None else after, until)
    if after is not None and not events:
        return None
    shown = events[-reader.limit :] if reader.limit else []
    start = (shown[0][0] if shown else until + 1) - 1
    state_until = until if reader.is_state_after else start
    before = {} if after is None else room.state_at(after)
    state = [event for key, event in room.state_at(state_until).items() if before.get(key) != event]
    if reader.is_lazy:
        state = _lazy(reader, [event for _, event in shown], state, room.state_at(state_until))
    members = [event for key, event in room.state_at(until).items() if key[0] == "m.room.member"]
    joined = [event for event in members if event["content"]["membership"] == "join"]  # type: ignore[index]
    invited = [event for event in members if event["content"]["membership"] == "invite"]  # type: ignore[index]
    heroes = [event["state_key"] for event in [*joined, *invited] if event["state_key"] != reader.user_id][:5]
    return {
        "summary": {
            "m.heroes": heroes,
            "m.joined_member_count": len(joined),
            "m.invited_member_count": len(invited),
        },
        "timeline": {
            "events": [rooms.seen_by(room.room_id, event, reader.device) for _, event in shown],
            "limited": len(shown) < len(events),
            "prev_batch": f"s{start}",
        },
        ("state_after" if reader.is_state_after else "state"): {"events": state},
        "unread_notifications": {"notification_count": 0, "highlight_count": 0},
    }


def _lazy(
    reader: Reader, shown: list[JsonObject], state: list[JsonObject], now: dict[tuple[str, str], JsonObject]
) -> list[JsonObject]:
    """Return state with those members alone who speak, or who changed since the last sync."""
    senders = {event["sender"] for event in shown} | {reader.user_id}
    speakers = [event for (kind, user_id), event in now.items() if kind == "m.room.member" and user_id in senders]
    rest = [event for event in state if event["type"] != "m.room.member" or reader.after is not None]
    return [*(event for event in speakers if event not in rest), *rest]


def _position_of(room: FakeRoom, event: JsonObject | None) -> int:
    return next((at for at, one in room.events if event is not None and one is event), -1)


def _is_shown(event: JsonObject, reader: Reader) -> bool:
    kinds = ("m.room.create", "m.room.name", "m.room.join_rules", "m.room.encryption", "m.room.canonical_alias")
    return event["type"] in kinds or (event["type"] == "m.room.member" and event["state_key"] == reader.user_id)


def _stripped(event: JsonObject) -> JsonObject:
    return {key: event[key] for key in ("type", "state_key", "sender", "content")}

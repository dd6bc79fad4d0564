"""Rooms of Matrix built event by event: states after each, auth events selected, ids made up or of real hashes."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from scop.matrix.auth_rules import StateKey, auth_event_keys
from scop.matrix.events import Pdu, content_hash, event_id_of
from scop.matrix.json_values import JsonObject
from scop.matrix.power_levels import NAMED_LEVELS, creators_of
from scop.matrix.room_versions import EventIdFormat, RoomVersion
from scop.matrix.state_resolution import resolve
from scop.matrix.unpadded_base64 import encode

__all__ = ["Entry", "RoomBuilder", "levels_content", "user_id"]

SERVER = "one.test"


def user_id(name: str) -> str:
    """Return the id of a user: `bob` is of the first server, `bob@two` of two.test, what begins with @ is an id."""
    if name.startswith("@"):
        return name
    localpart, _, server = name.partition("@")
    return f"@{localpart}:{server + '.test' if server else SERVER}"


def levels_content(levels: Mapping[str, object]) -> JsonObject:
    """Return what m.room.power_levels says: named levels, `m.…` for events, `room` of notifications, else users."""
    content: JsonObject = {}
    for name, level in levels.items():
        if name in NAMED_LEVELS:
            content[name] = level
            continue
        group = "events" if "." in name else "notifications" if name == "room" else "users"
        entries = content.setdefault(group, {})
        assert isinstance(entries, dict)
        entries[user_id(name) if group == "users" else name] = level
    return content


@dataclass(frozen=True)
class Entry:
    """One event to be built; references are names of events built before."""

    name: str
    type: str
    sender: str
    content: JsonObject
    state_key: str | None = None
    after: tuple[str, ...] = ()
    timestamp: int | None = None
    auth: tuple[str, ...] | None = None  # instead of those that the selection takes
    further: JsonObject = field(default_factory=dict)  # other fields of the event
    is_rejected: bool = False
    is_literal: bool = False  # the content is not made to fit the version


class RoomBuilder:
    """A room that grows; `hashed` gives events the ids that their content has."""

    def __init__(self, rules: RoomVersion, *, hashed: bool = False) -> None:
        self.rules = rules
        self.hashed = hashed
        self.room_id = f"!room:{SERVER}"
        self.named: dict[str, Pdu] = {}
        self.names: dict[str, str] = {}
        self.events: dict[str, Pdu] = {}
        self.rejected: set[str] = set()
        self.state_after: dict[str, dict[StateKey, str]] = {}

    def add(self, entry: Entry) -> Pdu:
        """Build an event after others; the state after it is theirs, resolved, and it, unless it is rejected."""
        before = self.state_before(entry.after)
        auth = (
            self._auth(self.draft(entry), before) if entry.auth is None else [self.named[name] for name in entry.auth]
        )
        event = self._pdu(entry, "", [one.event_id for one in auth])
        self._keep(entry, event, before)
        return event

    def draft(self, entry: Entry) -> Pdu:
        """Return an event as it would be, without an id and auth events; it is not kept."""
        has_server = self.rules.event_id_format is EventIdFormat.SERVER
        return self._pdu(entry, f"$draft:{SERVER}" if has_server else "$draft", ())

    def state_before(self, names: Iterable[str]) -> dict[StateKey, str]:
        """Return the state after events together."""
        return self.resolved([self.state_after[name] for name in names])

    def resolved(self, states: Sequence[Mapping[StateKey, str]]) -> dict[StateKey, str]:
        """Return what states resolve to."""
        return resolve(states, self.rules, self.fetch, rejected=self.rejected)

    def fetch(self, event_ids: Collection[str]) -> dict[str, Pdu]:
        """Return events by id, as far as the room has them."""
        return {one: self.events[one] for one in event_ids if one in self.events}

    def pdus(self, state: Mapping[StateKey, str]) -> dict[StateKey, Pdu]:
        """Return a state with its events."""
        return {key: self.events[event_id] for key, event_id in state.items()}

    def names_of(self, state: Mapping[StateKey, str]) -> set[str]:
        """Return the names of the events of a state."""
        return {self.names[event_id] for event_id in state.values()}

    def _keep(self, entry: Entry, event: Pdu, before: dict[StateKey, str]) -> None:
        if entry.type == "m.room.create":
            self.room_id = event.room_id
        assert event.event_id not in self.events, f"{entry.name} is {self.names[event.event_id]} again"
        self.named[entry.name] = self.events[event.event_id] = event
        self.names[event.event_id] = entry.name
        if entry.is_rejected:
            self.rejected.add(event.event_id)
        elif event.state_key is not None:
            before[event.type, event.state_key] = event.event_id
        self.state_after[entry.name] = before

    def _auth(self, event: Pdu, state: Mapping[StateKey, str]) -> list[Pdu]:
        return [self.events[state[key]] for key in auth_event_keys(event) if key in state]

    def _content(self, entry: Entry) -> JsonObject:
        """Return the content as the version has it: with a creator, or without levels of creators."""
        content = dict(entry.content)
        if entry.is_literal:
            return content
        if entry.type == "m.room.create":
            content = {"room_version": self.rules.id, **content}
            if self.rules.has_creator_in_content:
                content.setdefault("creator", entry.sender)
        users = content.get("users")
        if entry.type == "m.room.power_levels" and isinstance(users, dict) and self.rules.are_creators_above_all:
            creators = creators_of(self.events["$" + self.room_id[1:]])
            content["users"] = {user: level for user, level in users.items() if user not in creators}
        return content

    def _pdu(self, entry: Entry, event_id: str, auth_ids: Sequence[str]) -> Pdu:
        prev = [self.named[name] for name in entry.after]
        room_id, depth = self.room_id, 1 + max((one.depth for one in prev), default=0)
        timestamp = 1000 * (len(self.events) + 1) if entry.timestamp is None else entry.timestamp
        json: JsonObject = {
            "type": entry.type,
            "sender": entry.sender,
            "content": self._content(entry),
            "origin_server_ts": timestamp,
            "depth": depth,
            "prev_events": self._references([one.event_id for one in prev]),
            "auth_events": self._references(auth_ids),
            **({} if entry.state_key is None else {"state_key": entry.state_key}),
            **({} if self._is_room_of(entry) else {"room_id": room_id}),
            **entry.further,
        }
        event_id = event_id or self._event_id(entry, json)
        content = json["content"]
        assert isinstance(content, dict)
        return Pdu(
            event_id=event_id,
            room_id="!" + event_id[1:] if self._is_room_of(entry) else room_id,
            type=entry.type,
            sender=entry.sender,
            origin_server_ts=timestamp,
            content=content,
            auth_event_ids=tuple(auth_ids),
            prev_event_ids=tuple(one.event_id for one in prev),
            json=json,
            rules=self.rules,
            state_key=entry.state_key,
            depth=depth,
        )

    def _is_room_of(self, entry: Entry) -> bool:
        return self.rules.is_room_id_of_create and entry.type == "m.room.create"

    def _references(self, event_ids: Iterable[str]) -> list[object]:
        if self.rules.event_id_format is EventIdFormat.SERVER:
            return [[event_id, {}] for event_id in event_ids]
        return list(event_ids)

    def _event_id(self, entry: Entry, json: JsonObject) -> str:
        if self.rules.event_id_format is EventIdFormat.SERVER:
            json["event_id"] = f"${entry.name}:{SERVER}"
        if self.hashed:
            json["hashes"] = {"sha256": encode(content_hash(json, self.rules))}
            json["signatures"] = {}
            return event_id_of(json, self.rules)
        return f"${entry.name}:{SERVER}" if "event_id" in json else f"${entry.name}"

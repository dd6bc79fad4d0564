"""A room of a thousand members that fell into ten branches, for what is measured on its state."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from scop.matrix.auth_rules import StateKey, auth_event_keys
from scop.matrix.events import Pdu, parse_pdu, sign_pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion
from scop.matrix.signing import SigningKey

__all__ = ["ForkedRoom", "forked_room"]

_KEY = SigningKey(bytes(range(32)), "1")
_ADMIN = "@admin:one.test"


def _user(number: int) -> str:
    return f"@user{number}:one.test"


@dataclass
class ForkedRoom:
    """The events of a room in the order of their making, and the states at the ends of its branches."""

    rules: RoomVersion
    events: dict[str, Pdu] = field(default_factory=dict)
    states: list[dict[StateKey, str]] = field(default_factory=list)
    room_id: str = "!harbor:one.test"

    def fetch(self, event_ids: Collection[str]) -> Mapping[str, Pdu]:
        """Return events by id."""
        return {one: self.events[one] for one in event_ids if one in self.events}

    def auth_events(self, event: Pdu) -> list[Pdu]:
        """Return what an event refers to."""
        return [self.events[one] for one in event.auth_event_ids]

    @property
    def create(self) -> Pdu:
        """The m.room.create."""
        return next(iter(self.events.values()))


class _Branch:
    """One branch as it grows."""

    def __init__(self, room: ForkedRoom, state: Mapping[StateKey, str], head: Pdu | None) -> None:
        self._room, self.state, self.head = room, dict(state), head

    def add(self, kind: str, sender: str, state_key: str, content: JsonObject) -> None:
        """Add an event of state."""
        room, head = self._room, self.head
        rules = room.rules
        json: JsonObject = {
            "type": kind,
            "sender": sender,
            "state_key": state_key,
            "content": content,
            "origin_server_ts": 1_700_000_000_000 + 1000 * len(room.events),
            "depth": 1 if head is None else head.depth + 1,
            "prev_events": [] if head is None else [head.event_id],
            "auth_events": [],
        }
        if kind != "m.room.create" or not rules.is_room_id_of_create:
            json["room_id"] = room.room_id
        draft = parse_pdu(sign_pdu(json, rules, "one.test", _KEY), rules)
        json["auth_events"] = [self.state[key] for key in auth_event_keys(draft) if key in self.state]
        event = parse_pdu(sign_pdu(json, rules, "one.test", _KEY), rules)
        room.room_id = event.room_id
        room.events[event.event_id] = self.head = event
        self.state[kind, state_key] = event.event_id


def forked_room(rules: RoomVersion, members: int = 1000, forks: int = 10) -> ForkedRoom:
    """Return the room: an administrator and ten moderators, one of whom rules in each branch."""
    room = ForkedRoom(rules)
    trunk = _Branch(room, {}, None)
    trunk.add("m.room.create", _ADMIN, "", {"room_version": rules.id, "creator": _ADMIN})
    trunk.add("m.room.member", _ADMIN, _ADMIN, {"membership": "join"})
    trunk.add("m.room.power_levels", _ADMIN, "", _levels(rules, forks, 0))
    trunk.add("m.room.join_rules", _ADMIN, "", {"join_rule": "public"})
    for number in range(members):
        trunk.add("m.room.member", _user(number), _user(number), {"membership": "join", "displayname": f"{number}"})
    for number in range(forks):
        branch = _Branch(room, trunk.state, trunk.head)
        for kind, sender, state_key, content in _deeds(number, forks, rules):
            branch.add(kind, sender, state_key, content)
        room.states.append(branch.state)
    return room


def _levels(rules: RoomVersion, forks: int, changes: int) -> JsonObject:
    users: JsonObject = {_user(number): 50 for number in range(forks)}
    users |= {_user(900 + number): 10 for number in range(changes)}
    return {"users": users if rules.are_creators_above_all else {_ADMIN: 100, **users}}


def _deeds(number: int, forks: int, rules: RoomVersion) -> Iterator[tuple[str, str, str, JsonObject]]:
    """Yield what happens in one branch: a moderator shows who rules, and people come and go."""
    moderator = _user(number)
    yield "m.room.topic", moderator, "", {"topic": f"Branch {number}"}
    yield "m.room.power_levels", moderator, "", _levels(rules, forks, number)
    for place in range(5):
        target = _user(100 + 5 * number + place)
        yield "m.room.member", moderator, target, {"membership": "ban", "reason": "rule 1"}
    for place in range(10):
        member = _user(300 + 10 * number + place)
        yield "m.room.member", member, member, {"membership": "join", "displayname": f"{number} {place}"}
        yield (
            "m.room.member",
            f"@new{number}x{place}:one.test",
            f"@new{number}x{place}:one.test",
            {"membership": "join"},
        )
    yield "m.room.name", moderator, "", {"name": f"Branch {number}"}
    yield "m.room.member", moderator, _user(50), {"membership": "leave"}

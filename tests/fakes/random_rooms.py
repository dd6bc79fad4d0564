"""Forked rooms made from numbers: the same seed, the same room on every machine."""

from __future__ import annotations

from random import Random

from fakes.auth_rule_cases import Judgement
from fakes.matrix_rooms import Entry, RoomBuilder, levels_content, user_id
from scop.matrix.auth_rules import StateKey, authorise
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import RoomVersion

__all__ = ["random_deeds", "random_room", "random_states"]

_USERS = ("alice", "bob", "carol", "dave", "erin@two", "frank@two")
_LEVELS = (0, 10, 50, 60, 100)
_DEEDS: tuple[str, ...] = (
    *("join", "join", "join", "leave", "knock", "via", "member", "member", "levels", "levels", "rules"),
    *("topic", "topic", "own", "say"),
)
_RULES = ("public", "public", "invite", "knock", "private", "restricted", "knock_restricted")


def random_room(seed: int, rules: RoomVersion, *, events: int = 30, hashed: bool = False) -> RoomBuilder:
    """Return a room of so many events, in which people fight; what the rules refuse is not in it."""
    random = Random(seed)
    room = RoomBuilder(rules, hashed=hashed)
    _add(room, "create", "alice", "m.room.create", {}, "", ())
    _add(room, "ja", "alice", "m.room.member", {"membership": "join"}, user_id("alice"), ("create",))
    levels = levels_content({"alice": 100, "bob": 50})
    _add(room, "pl", "alice", "m.room.power_levels", levels, "", ("ja",))
    _add(room, "jr", "alice", "m.room.join_rules", {"join_rule": "public"}, "", ("pl",))
    heads = ["jr"]
    for _ in range(8 * events):  # a room in which nothing is allowed any more stays as it is
        if len(room.events) == events:
            break
        name = f"e{len(room.events)}"
        after = tuple(random.sample(heads, min(len(heads), random.choice((1, 1, 1, 2)))))
        if not _grow(room, random, name, after):
            continue
        if random.random() < 0.7:
            heads = [head for head in heads if head not in after]
        heads = [*heads, name][-4:]
    return room


def random_states(seed: int, room: RoomBuilder) -> list[dict[StateKey, str]]:
    """Return the states after some events of a room, two to five, not all of them heads."""
    random = Random(seed)
    return [room.state_after[name] for name in random.sample(list(room.state_after), random.randint(2, 5))]


def random_deeds(random: Random, room: RoomBuilder, count: int) -> list[Judgement]:
    """Try so many things somewhere in a room, allowed or not; return what the rules say of each."""
    judgements = []
    for number in range(count):
        after = (random.choice([name for name in room.state_after if name[0] != "d"]),)
        sender = random.choice(_USERS)
        kind, content, state_key = _deed(random, sender, f"d{number}")
        state = room.pdus(room.state_before(after))
        event = room.add(Entry(f"d{number}", kind, user_id(sender), content, state_key, after))
        judgements.append(Judgement(authorise(event, state), event, tuple(state.values())))
    return judgements


def _grow(room: RoomBuilder, random: Random, name: str, after: tuple[str, ...]) -> bool:
    """Try something; tell whether it is allowed and so was done."""
    sender = random.choice(_USERS)
    kind, content, state_key = _deed(random, sender, name)
    # Clocks are wrong, and some of them equal.
    entry = Entry(name, kind, user_id(sender), content, state_key, after, timestamp=1000 * random.randint(1, 40))
    state = room.pdus(room.state_before(after))
    if not authorise(room.draft(entry), state).is_allowed:
        return False
    room.add(entry)
    return True


def _deed(random: Random, sender: str, name: str) -> tuple[str, JsonObject, str | None]:
    target = user_id(random.choice(_USERS))
    match random.choice(_DEEDS):
        case "join" | "leave" | "knock" as own:
            return "m.room.member", {"membership": own, "displayname": name}, user_id(sender)
        case "via":
            via: JsonObject = {"membership": "join", "join_authorised_via_users_server": target, "displayname": name}
            return "m.room.member", via, user_id(sender)
        case "member":
            membership = random.choice(("invite", "ban", "leave"))
            return "m.room.member", {"membership": membership, "reason": name}, target
        case "levels":
            levels = {user: random.choice(_LEVELS) for user in random.sample(_USERS, 3)}
            levels |= {
                random.choice(("ban", "kick", "invite", "state_default", "m.room.topic")): random.choice(_LEVELS)
            }
            return "m.room.power_levels", {**levels_content({"alice": 100, **levels}), "why": name}, ""
        case "rules":
            return "m.room.join_rules", {"join_rule": random.choice(_RULES), "why": name}, ""
        case "topic":
            return random.choice(("m.room.topic", "m.room.name")), {"topic": name}, ""
        case "own":
            return "org.example.own", {"of": name}, user_id(sender)
        case _:
            return "m.room.message", {"body": name, "msgtype": "m.text"}, None


def _add(
    room: RoomBuilder, name: str, sender: str, kind: str, content: JsonObject, state_key: str, after: tuple[str, ...]
) -> None:
    room.add(Entry(name, kind, user_id(sender), content, state_key, after))

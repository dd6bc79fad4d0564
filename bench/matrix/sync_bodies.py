"""Answers to a first /sync as a homeserver gives them, made from a seed: one large room, and many rooms."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import msgspec

from scop.matrix.json_values import JsonObject
from scop.matrix.push_rules import default_push_rules

__all__ = ["OWN_USER_ID", "large_room", "many_rooms"]

OWN_USER_ID = "@me:sea.test"
_SERVERS = ("sea.test", "harbor.test", "matrix.example.org", "pier.example.net")
_NAMES = ("Ada", "Björn", "Chloé", "Dmitri", "Elif", "Fatou", "Grace", "Hana", "Inês", "Jörg", "Käthe", "Łukasz")
_WORDS = (
    "the",
    "tide",
    "turns",
    "at",
    "nine",
    "so",
    "be",
    "on",
    "time",
    "and",
    "bring",
    "charts",
    "of",
    "northern",
    "sounds",
)
_LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
_NOW_MS = 1_764_000_000_000


def large_room(members: int = 1000, messages: int = 50) -> bytes:
    """Return a sync of one room with all of its members."""
    maker = _Maker(Random(1))
    users = [OWN_USER_ID, *maker.users(members - 1)]
    state = [*maker.room_state(users, is_encrypted=False), *map(maker.member, users)]
    return maker.sync({maker.room_id(): maker.room(users, state, messages)}, users)


def many_rooms(rooms: int = 200, state_events: int = 30, messages: int = 20) -> bytes:
    """Return a sync of many rooms with lazy members; every fifth is encrypted."""
    maker = _Maker(Random(2))
    everybody = maker.users(400)
    joined: dict[str, JsonObject] = {}
    for number in range(rooms):
        users = [OWN_USER_ID, *maker.random.sample(everybody, 60)]
        shared = list(maker.room_state(users, is_encrypted=number % 5 == 0))
        seen = users[: state_events - len(shared)]  # who speaks in the timeline, and we
        state = [*shared, *map(maker.member, seen)]
        joined[maker.room_id()] = maker.room(seen, state, messages, is_encrypted=number % 5 == 0)
    return maker.sync(joined, everybody)


class _Maker:
    """Makes what a sync is made of."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self._age = 40_000_000
        self._sessions = 0

    def sync(self, joined: dict[str, JsonObject], users: list[str]) -> bytes:
        """Return the whole answer."""
        direct = {user: [room_id] for user, room_id in zip(users, list(joined)[::10], strict=False)}
        return msgspec.json.encode(
            {
                "next_batch": "s4242_17_3_9_11_1_5_42_0_1",
                "account_data": {
                    "events": [
                        {"type": "m.push_rules", "content": default_push_rules(OWN_USER_ID)},
                        {"type": "m.direct", "content": direct},
                    ]
                },
                "presence": {"events": [self._presence(user) for user in users[:50]]},
                "device_lists": {"changed": users[:50]},
                "device_one_time_keys_count": {"signed_curve25519": 50},
                "device_unused_fallback_key_types": ["signed_curve25519"],
                "org.matrix.msc2732.device_unused_fallback_key_types": ["signed_curve25519"],
                "rooms": {"join": joined},
            }
        )

    def users(self, count: int) -> list[str]:
        """Return ids of users."""
        return [f"@{self._text(4, 12).lower()}{number}:{self.random.choice(_SERVERS)}" for number in range(count)]

    def room_id(self) -> str:
        """Return the id of a room."""
        return f"!{self._text(18, 18)}:{self.random.choice(_SERVERS)}"

    def room(
        self, users: list[str], state: list[JsonObject], messages: int, *, is_encrypted: bool = False
    ) -> JsonObject:
        """Return the news of one room."""
        self._sessions += 1
        speak = self._sealed if is_encrypted else self._message
        said = [speak(self.random.choice(users)) for _ in range(messages)]
        return {
            "summary": {"m.heroes": users[1:6], "m.joined_member_count": 1000, "m.invited_member_count": 0},
            "state": {"events": state},
            "timeline": {"events": said, "limited": True, "prev_batch": f"t{self.random.randrange(10**9)}_17_3"},
            "ephemeral": {"events": [self._receipts(users[:20], said)]},
            "account_data": {"events": [{"type": "m.fully_read", "content": {"event_id": said[0]["event_id"]}}]},
            "unread_notifications": {"notification_count": self.random.randrange(9), "highlight_count": 0},
            "unread_thread_notifications": {},
        }

    def member(self, user_id: str) -> JsonObject:
        """Return who is in the room."""
        name = f"{self.random.choice(_NAMES)} {self._text(4, 9).title()}"
        content: JsonObject = {"membership": "join", "displayname": name, "avatar_url": self._uri(user_id)}
        event = self._event("m.room.member", user_id, content, user_id)
        if self.random.random() < 0.25:  # had another name before; as Synapse shows it
            unsigned: JsonObject = {"replaces_state": self._event_id(), "prev_content": {"membership": "join"}}
            event["unsigned"] = {**unsigned, "prev_sender": user_id, "age": self._age}
        return event

    def room_state(self, users: list[str], *, is_encrypted: bool) -> Iterator[JsonObject]:
        """Give the state that is not of members."""
        maker = users[1]
        alias, joins = f"#{self._text(5, 12)}:sea.test", ["invite", "public", "knock"]
        powers: JsonObject = {
            "users": {user: 100 if user == maker else 50 for user in users[1:8]},
            "users_default": 0,
            "events": dict.fromkeys(("m.room.name", "m.room.power_levels", "m.room.encryption", "m.room.avatar"), 50),
            "events_default": 0,
            "state_default": 50,
            "ban": 50,
            "kick": 50,
            "redact": 50,
            "invite": 0,
        }
        contents: dict[str, JsonObject] = {
            "m.room.create": {"room_version": "11"},
            "m.room.power_levels": powers,
            "m.room.join_rules": {"join_rule": self.random.choice(joins)},
            "m.room.history_visibility": {"history_visibility": "shared"},
            "m.room.guest_access": {"guest_access": "forbidden"},
            "m.room.name": {"name": f"Pier {self._text(4, 10)}"},
            "m.room.topic": {"topic": self._words(18)},
            "m.room.avatar": {"url": self._uri(maker)},
            "m.room.canonical_alias": {"alias": alias, "alt_aliases": [alias + ".net"]},
            "m.room.server_acl": {"allow": ["*"], "deny": ["bad.test", "worse.test"], "allow_ip_literals": False},
            "m.room.pinned_events": {"pinned": [self._event_id() for _ in range(3)]},
        }
        if is_encrypted:
            contents["m.room.encryption"] = {
                "algorithm": "m.megolm.v1.aes-sha2",
                "rotation_period_ms": 604_800_000,
                "rotation_period_msgs": 100,
            }
        for kind, content in contents.items():
            yield self._event(kind, maker, content, "")
        for _ in range(3):
            widget: JsonObject = {"type": "m.custom", "url": "https://sea.test/map", "name": self._words(2)}
            yield self._event("im.vector.modular.widgets", maker, widget, self._text(12, 12))

    def _message(self, sender: str) -> JsonObject:
        body = self._words(self.random.randint(3, 40))
        content: JsonObject = {"msgtype": "m.text", "body": body, "m.mentions": {}}
        if self.random.random() < 0.3:
            content |= {"format": "org.matrix.custom.html", "formatted_body": f"<p><strong>{body}</strong> ⛵</p>"}
        if self.random.random() < 0.3:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": self._event_id()}}
        return self._event("m.room.message", sender, content)

    def _sealed(self, sender: str) -> JsonObject:
        own = Random(f"{sender} in {self._sessions}")  # who speaks on in a room does so by one session
        content: JsonObject = {
            "algorithm": "m.megolm.v1.aes-sha2",
            "ciphertext": self._text(300, 700),
            "session_id": _text(own, 43),
            "sender_key": _text(own, 43),
            "device_id": _text(own, 10).upper(),
        }
        return self._event("m.room.encrypted", sender, content)

    def _event(self, kind: str, sender: str, content: JsonObject, state_key: str | None = None) -> JsonObject:
        self._age -= self.random.randrange(3000)
        event: JsonObject = {
            "content": content,
            "event_id": self._event_id(),
            "origin_server_ts": _NOW_MS - self._age,
            "sender": sender,
            "type": kind,
            "unsigned": {"age": self._age, "membership": "join"},
        }
        return event if state_key is None else {**event, "state_key": state_key}

    def _receipts(self, users: list[str], said: list[JsonObject]) -> JsonObject:
        content: dict[str, JsonObject] = {}
        for number, user in enumerate(users):
            read = content.setdefault(str(said[-1 - number % 5]["event_id"]), {"m.read": {}})["m.read"]
            assert isinstance(read, dict)
            read[user] = {"ts": _NOW_MS - number, "thread_id": "main"}
        return {"type": "m.receipt", "content": content}

    def _presence(self, user: str) -> JsonObject:
        content: JsonObject = {"presence": "online", "last_active_ago": 1234, "currently_active": True}
        return {"type": "m.presence", "sender": user, "content": content}

    def _event_id(self) -> str:
        return "$" + self._text(43, 43)

    def _uri(self, user_id: str) -> str:
        return f"mxc://{user_id.partition(':')[2]}/{self._text(24, 24)}"

    def _words(self, count: int) -> str:
        return " ".join(self.random.choices(_WORDS, k=count)).capitalize() + "."

    def _text(self, least: int, most: int) -> str:
        return _text(self.random, self.random.randint(least, most))


def _text(random: Random, length: int) -> str:
    return "".join(random.choices(_LETTERS, k=length))

"""Where is told: which pipelines a room hears of, and how the room itself should be.

Only the bot may post: what others say would drown what builds say. Reactions are free, so that somebody can show that
they are at it.

Standards: Matrix v1.19 CS §Creation (createRoom), §m.room.power_levels, §m.room.encryption; rooms/v12 (creators).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeAlias

import msgspec

from scop.base import RemoteProtocolError
from scop.matrix.globs import glob_matcher
from scop.matrix.ids import RoomAlias, RoomId, UserId
from scop.matrix.json_values import JsonObject, JsonView
from scop.matrix.notifier.pipeline import Pipeline
from scop.matrix.notifier.shown import EVERYBODY
from scop.matrix.notifier.status import Status

__all__ = ["AUTHOR", "Room", "StateOfRoom", "Upkeep", "creation", "is_user", "mentioned", "upkeep"]

AUTHOR = "author"
MEGOLM = "m.megolm.v1.aes-sha2"
_ADMIN_LEVEL, _POST_LEVEL = 100, 50

StateOfRoom: TypeAlias = Mapping[tuple[str, str], JsonView]  # (type, state key) → content


class Room(msgspec.Struct, frozen=True, kw_only=True):
    """One room: its address, what it hears of, who is called, and how it should be."""

    room: str  # #alias:server, or !id of one that is there
    name: str | None = None  # None: left as it is
    topic: str | None = None
    encrypted: bool = False
    open: bool = False  # people may write in it, too
    public: bool = False  # anybody may join and read, instead of those who are invited
    invite: tuple[str, ...] = ()
    admins: tuple[str, ...] = ()  # may do all that the bot may
    mention: tuple[str, ...] = ()  # user ids, "author", "@room"
    sources: tuple[str, ...] = ()
    projects: tuple[str, ...] = ()
    branches: tuple[str, ...] = ()
    statuses: tuple[Status, ...] = ()

    def __post_init__(self) -> None:
        if not _is_id(self.room, RoomId.parse if self.room.startswith("!") else RoomAlias.parse):
            raise ValueError(
                f"room: {self.room!r} is neither an alias as #ci:example.org nor an id as !abc:example.org"
            )
        for key in ("invite", "admins"):
            for user in getattr(self, key):
                if not is_user(user):
                    raise ValueError(f"{key}: {user!r} is no user id as @alice:example.org")
        for word in self.mention:
            if word not in (AUTHOR, EVERYBODY) and not is_user(word):
                raise ValueError(f'mention: {word!r} is neither a user id, nor "{AUTHOR}", nor "{EVERYBODY}"')

    def hears_of(self, pipeline: Pipeline) -> bool:
        """Say whether a pipeline as it stands now is told here; what was told once is kept in step for good."""
        return (
            _is_one_of(pipeline.source, self.sources)
            and _is_one_of(pipeline.project, self.projects)
            and _is_one_of(pipeline.text("ref"), self.branches)
            and (not self.statuses or pipeline.status in self.statuses)
        )


def is_user(text: str) -> bool:
    """Say whether a text names a user; those of old servers have any name."""
    return _is_id(text, lambda text: UserId.parse(text, historical=True))


def _is_id(text: str, parse: Callable[[str], object]) -> bool:
    """Say whether a text is an identifier of some kind, and can be shown."""
    try:
        parse(text)
    except RemoteProtocolError:
        return False
    return text.isprintable()


def _is_one_of(name: str, patterns: tuple[str, ...]) -> bool:
    """Say whether a name fits: to one that is wanted, where some are, and to none that is not (with ! before it)."""
    wanted = [each for each in patterns if not each.startswith("!")]
    unwanted = [each[1:] for each in patterns if each.startswith("!")]
    if any(_matches(each)(name) for each in unwanted):
        return False
    return not wanted or any(_matches(each)(name) for each in wanted)


@cache  # patterns come from the configuration alone
def _matches(pattern: str) -> Callable[[str], bool]:
    return glob_matcher(pattern, ignores_case=False)


def mentioned(room: Room, pipeline: Pipeline, people: Mapping[str, str]) -> tuple[str, ...]:
    """Return who is called in a room when a branch breaks; `people` are user ids by login or address."""
    found: list[str] = []
    for word in room.mention:
        if word == AUTHOR:
            found.extend(people[each] for each in pipeline.author_ids if each in people)
        else:
            found.append(word)
    return tuple(dict.fromkeys(found))


def creation(room: Room) -> JsonObject:
    """Return the body of createRoom for a room that is not there."""
    body: JsonObject = {
        "room_alias_name": room.room[1:].partition(":")[0],
        "preset": "public_chat" if room.public else "private_chat",
        "visibility": "private",  # found by its alias; the directory is for rooms that people look for
        # Servers put each key in the place of the preset's, so no map stands here: `users` would leave the creator out,
        # and rooms/v12 has no creator there. `upkeep` adds what is missing.
        "power_level_content_override": {"events_default": 0 if room.open else _POST_LEVEL},
        "initial_state": [
            {"type": kind, "state_key": "", "content": dict(content)} for kind, content in _initial(room)
        ],
    }
    if room.name is not None:
        body["name"] = room.name
    if room.topic is not None:
        body["topic"] = room.topic
    if invited := sorted({*room.invite, *room.admins}):
        body["invite"] = invited
    return body


def _initial(room: Room) -> list[tuple[str, JsonView]]:
    found: list[tuple[str, JsonView]] = [("m.room.guest_access", {"guest_access": "forbidden"})]
    if room.encrypted:
        found.append(("m.room.encryption", {"algorithm": MEGOLM}))
    return found


class Upkeep(msgspec.Struct, frozen=True):
    """One state event that brings a room in step."""

    kind: str
    content: JsonObject


def upkeep(room: Room, state: StateOfRoom, *, is_ours: bool) -> tuple[Upkeep, ...]:
    """Return what has to be set in a room that is there, so that it is as it should be.

    Who may write is decided only in a room that we have made: a team's own room must not fall silent.
    """
    wanted: list[Upkeep] = []
    if room.name is not None and _text(state, "m.room.name", "name") != room.name:
        wanted.append(Upkeep("m.room.name", {"name": room.name}))
    if room.topic is not None and _text(state, "m.room.topic", "topic") != room.topic:
        wanted.append(Upkeep("m.room.topic", {"topic": room.topic}))
    if room.encrypted and ("m.room.encryption", "") not in state:
        wanted.append(Upkeep("m.room.encryption", {"algorithm": MEGOLM}))
    levels = state.get(("m.room.power_levels", ""), {})
    merged = {**levels, **_levels(room, levels)}
    if is_ours and merged != dict(levels):
        wanted.append(Upkeep("m.room.power_levels", merged))
    return tuple(wanted)


def _levels(room: Room, known: JsonView) -> JsonObject:
    """Return the power levels that hold in the room, over those that are known."""
    wanted: JsonObject = {"events_default": 0 if room.open else _POST_LEVEL, "events": _events(known.get("events"))}
    if room.admins:
        users = known.get("users")
        before = dict(users) if isinstance(users, dict) else {}
        wanted["users"] = {**before, **{user: _ADMIN_LEVEL for user in room.admins if user not in before}}
    return wanted


def _events(known: object) -> JsonObject:
    # CS §m.room.power_levels: reactions and taking them back are free, all other messages need events_default.
    free: JsonObject = {"m.reaction": 0, "m.room.redaction": 0}
    return {**(known if isinstance(known, dict) else {}), **free}


def _text(state: StateOfRoom, kind: str, key: str) -> object:
    return state.get((kind, ""), {}).get(key)

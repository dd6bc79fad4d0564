"""Forked rooms as text: who does what after what, which states meet, and what they resolve to.

    shows: a ban wins over what the banned one does at the same time (MSC1442)
    versions: 2-12
    create  alice creates
    ja      alice joins
    pl      alice levels alice=100 bob=50
    ban     alice bans bob            after jb
    topic   bob sets m.room.topic {"topic": "mine"}    after jb
    merge: ban topic
    resolved: create ja pl ban

An event comes after the one above it unless it says so; then `at` a time, `citing` auth events, `rejected`. `<bob>` in
JSON is Bob's id. `state NAME: …` is a state of the events named; `unknown: …` are events that nobody has.
`resolved 2-11: …` holds for those versions.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from fakes.matrix_rooms import Entry, RoomBuilder, levels_content, user_id
from scop.matrix.auth_rules import StateKey
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS, RoomVersion

__all__ = ["BuiltScenario", "Scenario", "entry_of", "scenarios"]

FOLDER = Path(__file__).parents[1] / "scenarios" / "matrix"

_LINE = re.compile(
    r"(?P<name>\w+)\s+(?P<sender>\S+)\s+(?P<verb>\w+)(?:\s+(?P<rest>.*?))??"
    r"(?:\s+after\s+(?P<after>[\w ]+?))?(?:\s+at\s+(?P<at>\d+))?(?:\s+citing\s+(?P<citing>[\w ]+?))?"
    r"(?P<rejected>\s+rejected)?\s*"
)
_USER = re.compile(r"<([^>]+)>")


def _versions(text: str) -> tuple[str, ...]:
    found: list[str] = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += [str(number) for number in range(int(first), int(last or first) + 1)]
    return tuple(found)


@dataclass
class Scenario:
    """One file, read but not built."""

    name: str
    shows: str = ""
    versions: tuple[str, ...] = ()
    lines: list[str] = field(default_factory=list)
    merge: tuple[str, ...] = ()
    states: dict[str, tuple[str, ...]] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()
    resolved: dict[str, set[str]] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> Scenario:
        """Return what a file says."""
        scenario = cls(path.stem)
        for line in path.read_text("utf-8").splitlines():
            line = line.split("#", 1)[0].strip() if line.lstrip().startswith("#") else line.strip()
            if line:
                scenario._take(line)
        return scenario

    def _take(self, line: str) -> None:
        head, colon, rest = line.partition(":")
        word, _, which = head.partition(" ")
        match word if colon else "":
            case "shows":
                self.shows = rest.strip()
            case "versions":
                self.versions = _versions(rest)
            case "merge":
                self.merge = tuple(rest.split())
            case "unknown":
                self.unknown = tuple(rest.split())
            case "state" if which.isidentifier():
                self.states[which] = tuple(rest.split())
            case "resolved":
                for version in _versions(which) if which else self.versions:
                    self.resolved[version] = set(rest.split())
            case _:
                self.lines.append(line)

    def build(self, rules: RoomVersion, *, hashed: bool = False) -> BuiltScenario:
        """Return the room in one version."""
        room = RoomBuilder(rules, hashed=hashed)
        previous: tuple[str, ...] = ()
        for line in self.lines:
            entry = entry_of(line, previous)
            room.add(entry)
            previous = (entry.name,)
        return BuiltScenario(self, room, [self._state(room, name) for name in self.merge])

    def _state(self, room: RoomBuilder, name: str) -> dict[StateKey, str]:
        if name not in self.states:
            return room.state_after[name]
        events = [room.named[one] for one in self.states[name]]
        return {(event.type, event.state_key or ""): event.event_id for event in events}


@dataclass
class BuiltScenario:
    """A scenario's room in one version, with the states that meet."""

    scenario: Scenario
    room: RoomBuilder
    states: list[dict[StateKey, str]]

    def __post_init__(self) -> None:
        for name in self.scenario.unknown:
            del self.room.events[self.room.named[name].event_id]

    @property
    def expected(self) -> set[str]:
        """The names of the events that they resolve to."""
        return self.scenario.resolved[self.room.rules.id]


def scenarios() -> Iterator[tuple[Scenario, RoomVersion]]:
    """Yield all scenarios with each version that they are for."""
    for path in sorted(FOLDER.glob("*.room")):
        scenario = Scenario.read(path)
        for version in scenario.versions:
            yield scenario, ROOM_VERSIONS[version]


def entry_of(line: str, previous: tuple[str, ...]) -> Entry:
    """Return what a line of a scenario says; without an `after` the event comes after those before it."""
    found = _LINE.fullmatch(line)
    assert found, f"not a line of a scenario: {line}"
    sender = user_id(found["sender"])
    kind, content, state_key = _VERBS[found["verb"]](sender, found["rest"] or "")
    return Entry(
        name=found["name"],
        type=kind,
        sender=sender,
        content=content,
        state_key=state_key,
        after=previous if found["after"] is None else tuple(found["after"].split()),
        timestamp=None if found["at"] is None else int(found["at"]),
        auth=None if found["citing"] is None else tuple(found["citing"].split()),
        is_rejected=found["rejected"] is not None,
        is_literal=found["verb"] == "sets",
    )


_What = tuple[str, JsonObject, str | None]


def _json(text: str) -> JsonObject:
    return msgspec.json.decode(_USER.sub(lambda name: user_id(name[1]), text) or "{}", type=JsonObject)


def _member(membership: str) -> Callable[[str, str], _What]:
    def what(sender: str, rest: str) -> _What:
        name, _, further = rest.partition("{")
        content = {"membership": membership, **_json("{" + further if further else "")}
        return "m.room.member", content, user_id(name.strip()) if name.strip() else sender

    return what


def _levels(sender: str, rest: str) -> _What:
    levels = (part.rsplit("=", 1) for part in rest.split())
    return "m.room.power_levels", levels_content({name: int(level) for name, level in levels}), ""


def _sets(sender: str, rest: str) -> _What:
    kind, _, json = rest.partition(" ")
    kind, _, state_key = kind.partition("|")
    return kind, _json(json), user_id(state_key[1:-1]) if state_key.startswith("<") else state_key


_VERBS: dict[str, Callable[[str, str], _What]] = {
    "creates": lambda sender, rest: ("m.room.create", _json(rest), ""),
    "joins": _member("join"),
    "leaves": _member("leave"),
    "kicks": _member("leave"),
    "invites": _member("invite"),
    "bans": _member("ban"),
    "knocks": _member("knock"),
    "levels": _levels,
    "rules": lambda sender, rest: ("m.room.join_rules", {"join_rule": rest}, ""),
    "sets": _sets,
    "sends": lambda sender, rest: (rest.partition(" ")[0], _json(rest.partition(" ")[2]), None),
    "says": lambda sender, rest: ("m.room.message", {"body": rest, "msgtype": "m.text"}, None),
}

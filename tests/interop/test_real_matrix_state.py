"""Synapse's own modules beside ours: each scenario, each case of the rules, and hundreds of rooms made from numbers.

A program run by the interpreter that has Synapse builds its own events from ours, resolves and authorises. What it says
differently is explained by the classes below, each with the sentence of the specification that we keep; any other
difference fails.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from random import Random

import msgspec
import pytest

from fakes.auth_rule_cases import CASES, Judgement, P, judged
from fakes.matrix_rooms import RoomBuilder
from fakes.matrix_scenarios import scenarios
from fakes.random_rooms import random_deeds, random_room, random_states
from scop.matrix.auth_rules import Clause, StateKey
from scop.matrix.events import Pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import ROOM_VERSIONS

pytestmark = pytest.mark.interop

PYTHON = Path(__file__).parents[2] / ".venv" / "chat-peers" / "bin" / "python"
PROGRAM = Path(__file__).parent / "programs" / "synapse_states.py"
ROOMS, DEEDS = 40, 12  # of each version, and what is tried in each
# Where Synapse decides otherwise, and what the text says.
DIFFERENCES: Mapping[str, Callable[[Judgement], bool]] = {
    "Synapse looks for the authorising server's signature before these rules, the text in rule 4.2.1": lambda one: (
        one.verdict.clause is Clause.MEMBER_UNSIGNED
    ),
    "Synapse keeps users of other servers out of an unfederated room as targets too, rule 3 as senders": lambda one: (
        one.event.type == "m.room.member" and any(event.content.get("m.federate") is False for event in one.by)
    ),
    "Synapse lets a redaction of nothing pass (v1, v2), rule 11.3 rejects it": lambda one: (
        one.verdict.clause is Clause.REDACTION_OTHERWISE and "redacts" not in one.event.json
    ),
}


_NOTHING_ASKED: JsonObject = {"unknown": [], "states": [], "verdicts": [], "receipts": []}


class _Answer(msgspec.Struct):
    event_ids: list[str]
    verdicts: list[bool | str]
    receipts: list[bool | str]
    state: list[tuple[str, str, str]] | None = None


def _ask(questions: Sequence[JsonObject]) -> list[_Answer]:
    """Return Synapse's answers, one for each room."""
    if not PYTHON.exists():
        pytest.fail("PEER MISSING: Synapse in .venv/chat-peers; `make interop` installs it")
    asked = "\n".join(map(json.dumps, questions)).encode()
    done = subprocess.run([PYTHON, PROGRAM], input=asked, capture_output=True, timeout=600, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return [msgspec.json.decode(line, type=_Answer) for line in done.stdout.splitlines()]


def _question(
    room_id: str,
    events: Iterable[Pdu],
    *,
    rejected: Collection[str] = (),
    **further: object,
) -> JsonObject:
    events = list(events)
    return (
        {
            "version": events[0].rules.id,
            "room_id": room_id,
            "events": [{"json": event.json, "rejected": event.event_id in rejected} for event in events],
        }
        | _NOTHING_ASKED
        | further
    )


def _of_states(room: RoomBuilder, states: Sequence[Mapping[StateKey, str]]) -> JsonObject:
    return _question(
        room.room_id,
        room.named.values(),
        rejected=room.rejected,
        unknown=[event.event_id for event in room.named.values() if event.event_id not in room.events],
        states=[[[*key, event_id] for key, event_id in state.items()] for state in states],
    )


def _theirs(answer: _Answer) -> dict[StateKey, str]:
    return {(kind, key): event_id for kind, key, event_id in answer.state or []}


def test_synapse_resolves_the_scenarios_as_we_do() -> None:
    """Each scenario file in each version that it names, with ids of real hashes."""
    built = [scenario.build(rules, hashed=True) for scenario, rules in scenarios()]
    answers = _ask([_of_states(one.room, one.states) for one in built])
    for one, answer in zip(built, answers, strict=True):
        assert answer.event_ids == [event.event_id for event in one.room.named.values()]
        assert _theirs(answer) == one.room.resolved(one.states), (one.scenario.name, one.room.rules.id)


def test_synapse_resolves_random_rooms_as_we_do() -> None:
    """Hundreds of rooms in which people fight, several states of each."""
    rooms = [
        random_room(seed, rules, events=40, hashed=True) for seed in range(ROOMS) for rules in ROOM_VERSIONS.values()
    ]
    states = [random_states(seed, room) for seed, room in enumerate(rooms)]
    answers = _ask([_of_states(*one) for one in zip(rooms, states, strict=True)])
    disputed = 0
    for room, sets, answer in zip(rooms, states, answers, strict=True):
        ours = room.resolved(sets)
        assert _theirs(answer) == ours, room.rules.id
        disputed += any(ours != state for state in sets)
    assert disputed > len(rooms) * 3 // 4


def test_synapse_judges_the_cases_as_we_do() -> None:
    """Each case of the rules that is about a state, in each version, and the one beside it."""
    judgements = [
        judgement
        for rules in ROOM_VERSIONS.values()
        for case in CASES
        for judgement in (case.decides(rules), case.does_not(rules))
        if judgement.is_by_state
    ]
    _compare(judgements)


def test_synapse_judges_random_deeds_as_we_do() -> None:
    """What people try in rooms made from numbers, most of it refused."""
    judgements: list[Judgement] = []
    for seed in range(ROOMS):
        for rules in ROOM_VERSIONS.values():
            room = random_room(seed, rules, hashed=True)
            judgements += random_deeds(Random(seed), room, DEEDS)
    _compare(judgements)


@pytest.mark.parametrize(
    ("line", "versions"),
    [
        ('alice sets m.room.power_levels {"ban": true, "users": {"<alice>": 100, "<bob>": 50}}', "1 5 6 9"),
        ('alice sets m.room.power_levels {"ban": "1_0", "users": {"<alice>": 100, "<bob>": 50}}', "1 5 6 9"),
        ('alice sets m.room.power_levels {"users": {"<alice>": 100, "<bob>": true}}', "1 5 6 9"),
        ('alice sets m.room.power_levels {"users": {"<alice>": 100, "<bob>": "\\u0665"}}', "1 5 6 9"),
        ('alice sets m.room.power_levels {"users": {"<alice>": 100, "@x:a_b": 50}}', "1 5 6 9 10 11"),
        ('alice sets m.room.power_levels {"users": {"<alice>": 100, "@x:a:65536": 50}}', "1 5 6 9 10 11"),
    ],
)
def test_synapse_takes_more_for_levels_and_users(line: str, versions: str) -> None:
    """What Python's int() takes is a level to Synapse, whatever follows a colon a server; Rooms v1 and v10 say less."""
    judgements = [judged(P, line)(ROOM_VERSIONS[version]) for version in versions.split()]
    assert not any(judgement.verdict.is_allowed for judgement in judgements)
    assert all(theirs is True for theirs in _asked_of(judgements))


def test_synapse_takes_what_is_no_boolean_for_false() -> None:
    """Rooms v1 rule 3: a room is not federated where `m.federate` is "set to false"."""
    lines = 'alice creates {"m.federate": "no"}; alice joins; alice rules public'
    judgements = [judged(lines, "dora@two joins")(rules) for rules in ROOM_VERSIONS.values()]
    assert all(judgement.verdict.clause is Clause.JOIN_PUBLIC for judgement in judgements)
    assert all("unfederatable" in str(theirs) for theirs in _asked_of(judgements))


def _compare(judgements: Sequence[Judgement]) -> None:
    differing: Counter[tuple[str, str, str]] = Counter()
    for judgement, theirs in zip(judgements, _asked_of(judgements), strict=True):
        ours = judgement.verdict
        if ours.is_allowed != (theirs is True) and not any(explains(judgement) for explains in DIFFERENCES.values()):
            differing[judgement.event.rules.id, ours.rule + " " + ours.reason, str(theirs)] += 1
    assert Counter() == differing


def _asked_of(judgements: Sequence[Judgement]) -> list[bool | str]:
    """Return what Synapse says of what we judged: True, or why not."""
    questions = [
        _question(
            judgement.event.room_id,
            {event.event_id: event for event in (*judgement.by, judgement.event)}.values(),
            verdicts=[[judgement.event.event_id, [event.event_id for event in judgement.by]]],
            # Rule 1 is of those that Synapse asks without a state.
            receipts=[judgement.event.event_id] if judgement.event.type == "m.room.create" else [],
        )
        for judgement in judgements
    ]
    return [(answer.receipts or answer.verdicts)[0] for answer in _ask(questions)]

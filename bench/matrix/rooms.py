"""Events authorised and states resolved: ours beside Synapse's own modules, in CPU time.

The room has 1,000 members and ten branches. Synapse's event classes, rules and resolution are those of its wheel (their
events are in Rust), run by the interpreter that has them, in a process that is asked by turns with us. The auth
difference, which Synapse has its database compute, is there before and counts nothing for it; ours is counted.
"""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import IO

import msgspec

from bench.matrix.forked_room import ForkedRoom, forked_room
from scop.cli.shared import console, print_table
from scop.matrix.auth_rules import authorise, judge_auth_events
from scop.matrix.events import Pdu
from scop.matrix.json_values import JsonObject
from scop.matrix.room_versions import room_version
from scop.matrix.state_resolution import resolve

__all__ = ["main"]

VERSIONS = ("11", "12")  # resolution v2 and v2.1
ROUNDS = 7
GOAL = 1.0  # times Synapse, each
_ROOT = Path(__file__).parents[2]
_PYTHON = _ROOT / ".venv" / "chat-peers" / "bin" / "python"
_PROGRAM = _ROOT / "tests" / "interop" / "programs" / "synapse_states.py"
_WORKS = ("rules on auth events", "rules on state", "resolution")


def main() -> bool:
    """Authorise and resolve by each; tell whether the goals are reached."""
    console.rule("Rooms: 1,000 members, 10 forks; each work a second of CPU, medians", align="left")
    rows, reached = [], True
    with _synapse() as ask:
        for version in VERSIONS:
            room = forked_room(room_version(version))
            events = [event for event in room.events.values() if event.type != "m.room.create"]
            rounds = [(_ours(room, events), _theirs(room, events, ask)) for _ in range(ROUNDS)]
            for place, work in enumerate(_WORKS):
                count = 1 if work == "resolution" else len(events)
                ours, theirs = (count / median(one[who][place] for one in rounds) for who in (0, 1))
                rows.append((f"version {version}", work, f"{ours:,.1f}", f"{theirs:,.1f}", f"{ours / theirs:.1f}"))
                reached &= ours / theirs >= GOAL
    print_table(("room", "work", "ours, 1/s", "Synapse, 1/s", "times as fast"), rows)
    console.print(f"goal: each {GOAL:g} times as fast: {'reached' if reached else 'MISSED'}")
    return reached


def _seconds(work: Callable[[], object]) -> float:
    started = time.process_time()
    work()
    return time.process_time() - started


def _ours(room: ForkedRoom, events: list[Pdu]) -> tuple[float, ...]:
    create = room.create
    referred = [(event, room.auth_events(event)) for event in events]
    implied = [create] if room.rules.is_room_id_of_create else []

    def by_auth_events() -> None:
        for event, auths in referred:
            assert judge_auth_events(event, auths, create=create).is_allowed

    def by_state() -> None:
        for event, auths in referred:
            state = {(auth.type, auth.state_key or ""): auth for auth in (*implied, *auths)}
            assert authorise(event, state).is_allowed

    def resolution() -> None:
        resolve(room.states, room.rules, room.fetch)

    return tuple(_seconds(work) for work in (by_auth_events, by_state, resolution))


def _theirs(room: ForkedRoom, events: list[Pdu], ask: Callable[[JsonObject], JsonObject]) -> tuple[float, ...]:
    implied = [room.create.event_id] if room.rules.is_room_id_of_create else []
    ids = [event.event_id for event in events]
    answer = ask(
        {
            "version": room.rules.id,
            "room_id": room.room_id,
            "events": [{"json": event.json, "rejected": False} for event in room.events.values()],
            "unknown": [],
            "states": [[[*key, event_id] for key, event_id in state.items()] for state in room.states],
            "verdicts": [[event.event_id, [*implied, *event.auth_event_ids]] for event in events],
            "receipts": ids,
        }
    )
    assert answer["verdicts"] == answer["receipts"] == [True] * len(ids)
    ours = resolve(room.states, room.rules, room.fetch)
    assert answer["state"] == sorted([*key, event_id] for key, event_id in ours.items())
    return tuple(float(str(answer[f"{part}_seconds"])) for part in ("receipt", "verdict", "resolve"))


@contextmanager
def _synapse() -> Iterator[Callable[[JsonObject], JsonObject]]:
    """Run the program that has Synapse's modules, and yield a way to ask it."""
    command = [str(_PYTHON), str(_PROGRAM)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
        asked, answered = _pipes(process)

        def ask(question: JsonObject) -> JsonObject:
            asked.write(json.dumps(question).encode() + b"\n")
            asked.flush()
            return msgspec.json.decode(answered.readline(), type=JsonObject)

        yield ask
        asked.close()


def _pipes(process: subprocess.Popen[bytes]) -> tuple[IO[bytes], IO[bytes]]:
    assert process.stdin is not None
    assert process.stdout is not None
    return process.stdin, process.stdout

"""The first /sync of a client: ours beside matrix-nio, in CPU time of the same answers.

Each runs in a process of its own, with the collector of Python as it is by itself, and is asked by turns. In memory
ours keeps rooms and keys as octets and nio keeps nothing; on disk ours keeps all of it sealed, so that a restart has
the rooms, and nio keeps the token of the sync and which rooms are encrypted. Over HTTP each asks a server by its
AsyncClient, in memory; what the server needs does not count.

The answers are made (`sync_bodies`); `python -m bench.matrix.client FILE…` takes in answers that a server really gave
instead, asked without `since` and `use_state_after`, which nio does not know.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from statistics import median
from typing import IO, TypeAlias

from bench.matrix.sync_bodies import OWN_USER_ID, large_room, many_rooms
from bench.matrix.sync_server import sync_server
from scop.cli.shared import console, print_table

__all__ = ["main"]

ROUNDS = 11
GOAL = 3.0
_ROOT = Path(__file__).parents[2]
_PEER_PYTHON = _ROOT / ".venv" / "chat-peers" / "bin" / "python"
_COMMANDS: Mapping[str, tuple[str, ...]] = {
    "ours": (sys.executable, "-m", "bench.matrix.intake"),
    "nio": (str(_PEER_PYTHON), str(_ROOT / "tests" / "interop" / "programs" / "nio_intake.py")),
}
_IN_MEMORY, _ON_DISK, _OVER_HTTP = "in memory", "on disk", "over HTTP"
_Taken: TypeAlias = tuple[float, int, int]  # seconds, rooms, members


class _Taker:
    """A process that takes in syncs."""

    def __init__(self, asks: IO[str], answers: IO[str]) -> None:
        self._asks = asks
        self._answers = answers

    def take(self, body: Path, way: str, url: str) -> _Taken:
        """Take in a sync by a new client."""
        with tempfile.TemporaryDirectory() as folder:
            asked = {
                "user_id": OWN_USER_ID,
                "body": str(body),
                "store": folder if way == _ON_DISK else "",
                "url": url if way == _OVER_HTTP else "",
            }
            print(json.dumps(asked), file=self._asks, flush=True)
            answer = json.loads(self._answers.readline())
        return answer["seconds"], answer["rooms"], answer["members"]


def main(*recorded: str) -> bool:
    """Take in each sync by each client; tell whether the goals are reached."""
    console.rule("Matrix client: the first sync, milliseconds of CPU, medians", align="left")
    if not _PEER_PYTHON.exists():
        console.print(f"matrix-nio is MISSING: tests/interop/install_chat_peers.sh puts it into {_PEER_PYTHON.parent}")
        return False
    bodies = {"a room of 1,000 members": large_room(), "200 rooms": many_rooms()}
    if recorded:
        bodies = {Path(name).stem: Path(name).read_bytes() for name in recorded}
    rows, reached = [], True
    with ExitStack() as life:
        takers = {name: life.enter_context(_taker(command)) for name, command in _COMMANDS.items()}
        folder = Path(life.enter_context(tempfile.TemporaryDirectory()))
        for name, body in bodies.items():
            path = folder / f"{len(body)}.json"
            path.write_bytes(body)
            url = life.enter_context(sync_server(body))
            for way in (_IN_MEMORY, _ON_DISK, _OVER_HTTP):
                seconds = _by_turns(takers, partial(_Taker.take, body=path, way=way, url=url))
                ratio = seconds["nio"] / seconds["ours"]
                reached &= ratio >= GOAL
                times = (f"{seconds[who] * 1000:.1f}" for who in ("ours", "nio"))
                rows.append((name, f"{len(body) / 1e6:.2f}", way, *times, f"×{ratio:.1f}"))
    print_table(("sync", "MB", "", "ours, ms", "matrix-nio, ms", ""), rows)
    console.print(f"goal: each ×{GOAL:g}: {'reached' if reached else 'MISSED'}")
    return reached


def _by_turns(takers: Mapping[str, _Taker], take: Callable[[_Taker], _Taken]) -> dict[str, float]:
    """Return what each needs, in the middle of its rounds; who begins changes, and the first round warms up."""
    taken: dict[str, list[_Taken]] = {name: [] for name in takers}
    for number in range(ROUNDS + 1):
        for name in list(takers)[:: 1 if number % 2 else -1]:
            taken[name].append(take(takers[name]))
    ends = {(rooms, members) for rounds in taken.values() for _, rooms, members in rounds}
    if len(ends) != 1:
        raise SystemExit(f"the clients do not know the same rooms and members: {ends}")
    return {name: median(seconds for seconds, _, _ in rounds[1:]) for name, rounds in taken.items()}


@contextmanager
def _taker(command: tuple[str, ...]) -> Iterator[_Taker]:
    with subprocess.Popen(command, cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield _Taker(process.stdin, process.stdout)
        process.stdin.close()


if __name__ == "__main__":
    sys.exit(not main(*sys.argv[1:]))

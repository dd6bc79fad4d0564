"""The lock that processes hold in turn."""

from __future__ import annotations

import asyncio
import fcntl
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fakes.loops import PATIENCE_SECONDS
from scop.store.turn_lock import TurnLock

# Takes the turn, and either has it or waits for it for ever; says which.
HOLDING = """
import sys, threading
from pathlib import Path
from scop.store.turn_lock import TurnLock

lock = TurnLock(Path(sys.argv[1]))
print("has it" if lock.take(0.0) else "waits", flush=True)
lock.take(1e9)
threading.Event().wait()
"""


def _begun(path: Path, says: str) -> subprocess.Popen[str]:
    process = subprocess.Popen([sys.executable, "-c", HOLDING, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert f"{says}\n" == process.stdout.readline()
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _is_held(path: Path) -> bool:
    """Return whether somebody waits for the turn."""
    with path.open() as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def test_turn_is_taken_by_one_at_a_time(tmp_path: Path) -> None:
    """Who finds the turn taken gives up when its patience ends, and leaves nothing behind that holds others up."""
    ours, theirs, third = (TurnLock(tmp_path / "store") for _ in range(3))
    assert ours.take(0.0)
    assert not theirs.take(0.02)
    ours.let_go()
    assert third.take(0.0)
    for lock in (ours, theirs, third):
        lock.close()
    assert theirs.take(0.0)
    theirs.close()


def test_turn_is_not_given_back_at_once_while_another_waits(tmp_path: Path) -> None:
    """Who lets it go and wants it again comes after who waited: however short the pause, nobody starves."""
    ours, theirs = TurnLock(tmp_path / "store"), TurnLock(tmp_path / "store")
    order = list[str]()
    assert ours.take(0.0)

    def wait() -> None:
        assert theirs.take(PATIENCE_SECONDS)
        order.append("theirs")
        theirs.let_go()

    async def again() -> None:
        ours.let_go()
        assert await ours.take_back()
        order.append("ours")

    waiting = threading.Thread(target=wait)
    waiting.start()
    while not _is_held(tmp_path / "store.next"):
        os.sched_yield()
    asyncio.run(again())
    waiting.join()
    assert ["theirs", "ours"] == order
    ours.close()
    theirs.close()


def test_turn_of_the_killed_is_free(tmp_path: Path) -> None:
    """A process that is killed while it has the turn, or while it waits for it, holds nobody up."""
    has_it = _begun(tmp_path / "store", "has it")
    waits = _begun(tmp_path / "store", "waits")
    _end(waits)
    _end(has_it)
    ours = TurnLock(tmp_path / "store")
    assert ours.take(0.0)
    ours.close()


def test_turn_of_removed_files_is_none(tmp_path: Path) -> None:
    """Who waited while the files were removed takes the turn at those that stand there now."""
    ours, theirs, third = (TurnLock(tmp_path / "store") for _ in range(3))
    assert ours.take(0.0)
    taken = list[bool]()
    waiting = threading.Thread(target=lambda: taken.append(theirs.take(PATIENCE_SECONDS)))
    waiting.start()
    for file in tmp_path.iterdir():
        file.unlink()
    ours.close()
    waiting.join()
    assert [True] == taken
    assert not third.take(0.0)
    theirs.close()


def test_turn_is_free_after_who_waited_was_interrupted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever presses Ctrl-C while it waits stands in nobody's way."""

    def interrupt(_seconds: float) -> None:
        raise KeyboardInterrupt

    ours, theirs, third = (TurnLock(tmp_path / "store") for _ in range(3))
    assert ours.take(0.0)
    monkeypatch.setattr(time, "sleep", interrupt)
    with pytest.raises(KeyboardInterrupt):
        theirs.take(PATIENCE_SECONDS)
    ours.close()
    assert third.take(0.0)
    third.close()


def test_turn_ends_with_who_had_it_and_not_with_its_children(tmp_path: Path) -> None:
    """A child that was forked meanwhile has the files open, too: it holds nobody up, and ends no turn but its own."""
    ours, theirs = TurnLock(tmp_path / "store"), TurnLock(tmp_path / "store")
    assert ours.take(0.0)
    fork = multiprocessing.get_context("fork")
    closing = fork.Process(target=ours.close)
    closing.start()
    closing.join(PATIENCE_SECONDS)
    assert (0, False) == (closing.exitcode, theirs.take(0.0))
    living = fork.Process(target=fork.Event().wait)
    living.start()
    ours.close()
    try:
        assert theirs.take(0.0)
    finally:
        living.kill()
        living.join()
    theirs.close()

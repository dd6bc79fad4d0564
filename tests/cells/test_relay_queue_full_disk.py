"""The queue on a disk that has no room, and trouble that a disk makes."""

from __future__ import annotations

import asyncio
import errno
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

import fakes.full_disk
from fakes.full_disk import NOW, letter
from fakes.watched_log import WatchedLog
from scop.cells.relay.letters import Held
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_trouble import is_disk_trouble, is_full

DISK = "6m"
UNSHARE = ("unshare", "--user", "--map-root-user", "--mount")


def can_mount(folder: Path) -> bool:
    """Tell whether a small disk can be mounted here, in a name space of its own."""
    mount = f"mount -t tmpfs -o size={DISK} none {folder}"
    return (
        bool(shutil.which("unshare"))
        and not subprocess.run((*UNSHARE, "sh", "-c", mount), check=False, capture_output=True).returncode
    )


def test_queue_on_a_full_disk_loses_nothing_and_goes_on(tmp_path: Path) -> None:
    """Who gets no yes knows that there is no room; what was settled meanwhile is settled once there is some again."""
    if not can_mount(tmp_path):
        pytest.skip("SKIPPED ALOUD: no disk can be mounted here (needs user name spaces)")
    run = f'mount -t tmpfs -o size={DISK} none "$1" && exec "$2" "$3" "$1"'
    command = (*UNSHARE, "sh", "-c", run, "sh", str(tmp_path), sys.executable, fakes.full_disk.__file__)
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert (0, "") == (done.returncode, done.stderr)
    said = json.loads(done.stdout)
    assert said.pop("taken") > 20
    assert {
        "unsettled": True,
        "full": [True, True, True],
        "lost": [],
        "doubled": 0,
        "came back": False,
        "never taken": [],
        "files without a mail": 0,
        "integrity": "ok",
    } == said


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    """Return an empty queue."""
    opened = Queue(tmp_path, WatchedLog().log("relay"))
    yield opened
    await opened.close()


async def test_queue_whose_database_is_full_says_so_and_takes_mail_again_later(queue: Queue, tmp_path: Path) -> None:
    """SQLite's own limit stands for the disk's; the body of what was refused takes no room."""
    pages = await queue.write(lambda sql: int(sql.execute("PRAGMA page_count").fetchone()[0]))
    await queue.write(lambda sql: sql.execute(f"PRAGMA max_page_count = {pages + 8}").fetchone())
    added = await asyncio.gather(
        *(queue.add(letter(number, 12_000), NOW) for number in range(20)), return_exceptions=True
    )
    faults = [each for each in added if isinstance(each, sqlite3.Error)]
    assert faults
    assert all(map(is_full, faults))
    wide = replace(letter(50, 40_000), octets=b"Subject: " + b"x" * 60_000 + letter(50, 40_000).octets)
    with pytest.raises(sqlite3.OperationalError):
        await queue.add(wide, NOW)
    assert [] == list((tmp_path / "bodies").iterdir())
    waiting = len(await queue.due(NOW, 100, Held()))
    assert 20 - len(faults) == waiting
    await queue.write(lambda sql: sql.execute("PRAGMA max_page_count = 1000000").fetchone())
    assert 1 == await queue.add(letter(99, 12_000), NOW)
    assert waiting + 1 == len(await queue.due(NOW, 100, Held()))


async def test_queue_that_refused_a_mail_sweeps_its_body(queue: Queue, tmp_path: Path) -> None:
    """A file to which no row came refers to nothing: the next sweep takes it, but none that is in use."""
    await queue.add(letter(1, 40_000), NOW)
    (tmp_path / "bodies" / ("ab" * 32)).write_bytes(b"left")
    await queue.sweep()
    assert 1 == len(list((tmp_path / "bodies").iterdir()))
    (load,) = await queue.due(NOW, 100, Held())
    assert (load, letter(1, 40_000).octets) == await queue.begin(load, NOW)


@pytest.mark.parametrize(
    ("fault", "full", "trouble"),
    [
        (OSError(errno.ENOSPC, "no space"), True, True),
        (OSError(errno.EDQUOT, "quota"), True, True),
        (OSError(errno.EFBIG, "too big"), True, True),
        (OSError(errno.EIO, "broken"), False, True),
        (sqlite3.ProgrammingError("closed"), False, False),
        (ValueError("a bug"), False, False),
    ],
)
def test_queue_trouble_is_told_apart(fault: Exception, full: bool, trouble: bool) -> None:
    """No room is 452, a broken disk 451, and a bug is a bug."""
    assert (full, trouble) == (is_full(fault), is_disk_trouble(fault))

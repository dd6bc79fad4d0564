"""A queue on a disk that is small, run as a program: `python full_disk.py FOLDER`.

It takes mails until there is no room, tries to settle one, makes room, and says as JSON what was there in the end.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import sys
from contextlib import closing
from pathlib import Path

from scop.cells.relay.letters import Held, Letter, Settled
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_trouble import is_full
from scop.net.log import Log
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

NOW = 1_800_000_000.0
EVERYTHING = 100_000
PATH = ForwardPath.parse("<bob@harbor.test>")
SIZES = (30_000, 3_000, 8)  # a body in a file, one in the database, and what takes the room that these leave
BALLAST_OCTETS = 1_000_000


def letter(number: int, size_octets: int) -> Letter:
    """Return a mail that is like no other."""
    octets = b"Subject: x\r\n\r\n" + (b"%08d" % number) * (size_octets // 8)
    return Letter(str(number), Mail(ReversePath(None)), (("harbor.test", Recipient(PATH)),), octets, str(number))


async def fill(queue: Queue, size_octets: int, first: int) -> tuple[list[str], bool]:
    """Take mails until one is not taken; return which were, and whether the disk was full then."""
    taken: list[str] = []
    for number in range(first, first + EVERYTHING):
        try:
            await queue.add(letter(number, size_octets), NOW)
        except (OSError, sqlite3.Error) as fault:
            return taken, is_full(fault)
        taken.append(str(number))
    raise AssertionError("the disk is never full")


async def settle_on_a_full_disk(queue: Queue, ballast: Path, failed: asyncio.Event) -> str:
    """Settle one mail as delivered; make room once it was seen to fail, or at once where it did not."""
    load = (await queue.due(NOW, 1, Held()))[0]
    begun = await queue.begin(load, NOW)
    assert begun is not None
    settling = asyncio.ensure_future(queue.settle(begun[0], [Settled(load.recipients[0].id, "250 Ok")], (), NOW))
    watching = asyncio.ensure_future(failed.wait())
    await asyncio.wait({settling, watching}, return_when=asyncio.FIRST_COMPLETED)
    watching.cancel()
    ballast.unlink()
    await settling
    return load.trace


async def traces(queue: Queue) -> list[str]:
    """Return the traces of all that waits, each mail being whole."""
    found = []
    for load in await queue.due(NOW, EVERYTHING, Held()):
        begun = await queue.begin(load, NOW)
        assert begun is not None
        number = int(load.trace)
        assert begun[1] in {letter(number, size).octets for size in SIZES}
        found.append(load.trace)
    return found


async def main(folder: Path) -> None:
    """Say what was taken, what was settled and what is there."""
    ballast = folder / "ballast"
    ballast.write_bytes(b"\0" * BALLAST_OCTETS)
    failed = asyncio.Event()
    queue = Queue(folder, Log("relay", lambda _line: failed.set()), pause_seconds=0.001)
    taken: list[str] = []
    full: list[bool] = []
    for number, size in enumerate(SIZES):
        more, is_full_now = await fill(queue, size, (number + 1) * EVERYTHING)
        taken += more
        full.append(is_full_now)
    settled = await settle_on_a_full_disk(queue, ballast, failed)
    await queue.add(letter(1, SIZES[1]), NOW)
    await queue.close()
    again = Queue(folder, Log("relay", lambda _line: None))
    there = await traces(again)
    await again.sweep()
    files = sum(1 for _ in (folder / "bodies").iterdir())
    large = sum(1 for trace in there if int(trace) // EVERYTHING == 1)
    await again.close()
    with closing(sqlite3.connect(folder / "queue.db")) as sql:
        (integrity,) = sql.execute("PRAGMA integrity_check").fetchone()
    print(
        json.dumps(
            {
                "full": full,
                "lost": sorted({*taken, "1"} - set(there) - {settled}),
                "doubled": len(there) - len(set(there)),
                "came back": settled in there,
                "never taken": sorted(set(there) - {*taken, "1"}),
                "files without a mail": files - large,
                "integrity": integrity,
                "taken": len(taken),
                "unsettled": failed.is_set(),
            }
        )
    )


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))

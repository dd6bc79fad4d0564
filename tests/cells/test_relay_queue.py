"""The durable queue."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest

from fakes.watched_log import WatchedLog
from scop.cells.relay import queue_due
from scop.cells.relay.letters import SIGNER, Departure, Held, Letter, Load, Settled
from scop.cells.relay.queue import Queue
from scop.cells.relay.queue_rows import Kept, add
from scop.cells.relay.queue_schema import SCHEMA
from scop.cells.relay.queue_view import contents, details
from scop.mesh.vocabulary.relay import QueueChoice, QueueList, QueueTry
from scop.net.log import Log
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath
from scop.store import Database

NOW = 1_800_000_000.0
BOB, EVE, CID = (
    Recipient(ForwardPath.parse(path)) for path in ("<bob@harbor.test>", "<eve@island.test>", "<cid@harbor.test>")
)
LETTER = Letter(
    trace="0123456789ab",
    mail=Mail(ReversePath.parse("<ann@lagoon.test>")),
    recipients=(("harbor.test", BOB), ("island.test", EVE)),
    octets=b"From: ann@lagoon.test\r\n\r\nHigh water\r\n",
    delivery_id="d1",
)
BOUNCE = replace(LETTER, mail=Mail(ReversePath(None)), recipients=((SIGNER, BOB),), delivery_id="")
NOTHING_HELD = Held()
EVERYTHING = QueueChoice()

CHILD = """
import asyncio, sys
from dataclasses import replace
from pathlib import Path
from scop.cells.relay.letters import Letter
from scop.cells.relay.queue import Queue
from scop.net.log import Log
from scop.smtp import ForwardPath, Mail, Recipient, ReversePath

async def main():
    queue = Queue(Path(sys.argv[1]), Log("relay", lambda line: None))
    for number in range(100_000):
        name, recipients = str(number), (("h.test", Recipient(ForwardPath(None))),)
        letter = Letter(name, Mail(ReversePath(None)), recipients, name.encode() * (4000 * (number % 2) + 1000), name)
        await queue.add(letter, 0.0)
        print(number, flush=True)

asyncio.run(main())
"""


@pytest.fixture
async def queue(tmp_path: Path) -> AsyncIterator[Queue]:
    """Return an empty queue."""
    opened = Queue(tmp_path, WatchedLog().log("relay"))
    yield opened
    await opened.close()


async def due(queue: Queue, now: float = NOW, held: Held = NOTHING_HELD) -> tuple[Load, ...]:
    """Return what is due."""
    return await queue.due(now, 100, held)


async def listed(queue: Queue, choice: QueueChoice = EVERYTHING, limit: int = 10) -> QueueList:
    """Return what the operator sees."""
    return await queue.read(lambda sql: contents(sql, choice, limit))


async def test_queue_gives_one_load_for_each_destination(queue: Queue) -> None:
    """Recipients of one domain travel together, others apart, octets are there once."""
    both = replace(LETTER, recipients=(*LETTER.recipients, ("harbor.test", CID)))
    assert 3 == await queue.add(both, NOW)
    loads = await due(queue)
    assert [("harbor.test", 2), ("island.test", 1)] == [(load.destination, len(load.recipients)) for load in loads]
    assert (loads[0], LETTER.octets) == await queue.begin(loads[0], NOW)


async def test_queue_takes_the_same_mail_once(queue: Queue) -> None:
    """A second hand-in by the same delivery id adds only recipients that were not there."""
    more = replace(LETTER, recipients=(*LETTER.recipients, ("harbor.test", CID)))
    assert [2, 0, 1] == [await queue.add(letter, NOW) for letter in (LETTER, LETTER, more)]


async def test_queue_tells_recipients_apart_by_the_case_of_their_names(queue: Queue) -> None:
    """RFC 5321 §2.4: only the other host knows whether Bob is bob; domains are one in any case."""
    paths = "<bob@harbor.test>", "<Bob@harbor.test>", "<bob@Harbor.TEST>", "<Postmaster>", "<postmaster>"
    recipients = tuple(("harbor.test", Recipient(ForwardPath.parse(path))) for path in paths)
    assert 3 == await queue.add(replace(LETTER, recipients=recipients), NOW)


async def test_queue_remembers_what_was_delivered(queue: Queue) -> None:
    """A client that missed our 250 and tries again makes no second copy, for days; then it is forgotten."""
    await queue.add(LETTER, NOW)
    for load in await due(queue):
        await queue.settle(load, [Settled(each.id, "250 Ok") for each in load.recipients], (), NOW)
    assert (None, 0) == (await queue.next_due(NOTHING_HELD), await queue.add(LETTER, NOW + 6 * 86_400))
    assert 2 == await queue.add(LETTER, NOW + 8 * 86_400)


async def test_queue_takes_a_mail_again_that_failed(queue: Queue) -> None:
    """Whose bounce says that it failed may send the very same mail once more."""
    await queue.add(LETTER, NOW)
    harbor, island = await due(queue)
    await queue.settle(harbor, [Settled(harbor.recipients[0].id, "550 No", failed=BOB)], (), NOW)
    await queue.settle(island, [Settled(island.recipients[0].id, "250 Ok")], (), NOW)
    assert 1 == await queue.add(LETTER, NOW)


async def test_queue_holds_back_until_the_next_attempt(queue: Queue) -> None:
    """What was deferred is not due before its time, and counts its attempts."""
    await queue.add(LETTER, NOW)
    harbor, island = await due(queue)
    await queue.settle(harbor, [Settled(harbor.recipients[0].id, "451 Later", NOW + 60)], (), NOW)
    await queue.settle(island, [Settled(island.recipients[0].id, "250 Ok")], (), NOW)
    assert ((), NOW + 60) == (await due(queue, NOW + 59), await queue.next_due(NOTHING_HELD))
    (again,) = await due(queue, NOW + 60)
    assert [(BOB, 1)] == [(each.recipient, each.attempts) for each in again.recipients]


async def test_queue_passes_over_what_is_held(queue: Queue) -> None:
    """Recipients that are underway and destinations that are busy are neither due nor next."""
    await queue.add(LETTER, NOW)
    harbor, _ = await due(queue)
    held = Held(frozenset({harbor.recipients[0].id}), frozenset({"island.test"}))
    assert ((), None) == (await due(queue, held=held), await queue.next_due(held))


async def test_queue_settles_and_bounces_at_once(queue: Queue) -> None:
    """The failed recipient goes and the bounce comes in one commit; the message goes with its last recipient."""
    await queue.add(replace(LETTER, recipients=LETTER.recipients[:1]), NOW)
    (load,) = await due(queue)
    await queue.settle(load, [Settled(load.recipients[0].id, "550 No", failed=BOB)], (BOUNCE,), NOW)
    (bounce,) = await due(queue)
    assert (SIGNER, ReversePath(None)) == (bounce.destination, bounce.mail.reverse_path)
    assert 1 == (await listed(queue)).waiting


async def test_queue_tells_the_operator(queue: Queue) -> None:
    """How many wait, how many were tried, and the head of them within the limit."""
    await queue.add(LETTER, NOW)
    harbor, _ = await due(queue)
    await queue.settle(harbor, [Settled(harbor.recipients[0].id, "451 Later", NOW + 60)], (), NOW)
    found = await listed(queue, limit=1)
    assert (2, 1, ["<eve@island.test>"]) == (
        found.waiting,
        found.deferred,
        [entry.forward_path for entry in found.entries],
    )
    assert "451 Later" == (await listed(queue)).entries[1].last_reply


async def test_queue_gives_what_is_urgent_first(queue: Queue) -> None:
    """RFC 6710: by priority, and among equals what has been due for longest."""
    for number, priority in enumerate((None, -9, 9, 0, 4)):
        mail = replace(LETTER.mail, priority=priority)
        await queue.add(replace(LETTER, trace=str(number), mail=mail, delivery_id=str(number)), NOW - number)
    assert ["2", "4", "3", "0", "1"] == list(dict.fromkeys(load.trace for load in await due(queue)))


async def test_queue_walks_past_a_busy_destination_in_one_step(queue: Queue) -> None:
    """However much waits for a host that has enough, a look for other mail takes no longer."""
    held, steps = Held(destinations=frozenset({"harbor.test"})), []
    for start in (0, 20):
        for number in range(start, 10 * start + 20):
            harbor = replace(LETTER, recipients=LETTER.recipients[:1], delivery_id=f"harbor {number}")
            await queue.add(harbor, NOW - 100)
        steps.append(await queue.read(lambda sql: steps_of(sql, held)))
    assert steps[0] == steps[1]


def steps_of(sql: sqlite3.Connection, held: Held) -> int:
    """Return how many steps SQLite takes for both looks."""
    assert ((), None) == (queue_due.due(sql, NOW, 100, held), queue_due.next_due(sql, held))
    return counted_steps(sql, lambda: (queue_due.due(sql, NOW, 100, held), queue_due.next_due(sql, held)))


def counted_steps(sql: sqlite3.Connection, work: Callable[[], object]) -> int:
    """Return how many steps SQLite takes for some work."""
    count = 0

    def step() -> int:
        nonlocal count
        count += 1
        return 0

    sql.set_progress_handler(step, 1)
    work()
    sql.set_progress_handler(None, 1)
    return count


async def test_queue_finds_by_indexes(queue: Queue) -> None:
    """No look of the carrier goes through all that waits."""

    def plans(sql: sqlite3.Connection) -> list[str]:
        rows = [sql.execute(f"EXPLAIN QUERY PLAN {query}", ("0",) * query.count("?")) for query in queue_due.QUERIES]
        return [str(detail) for each in rows for *_, detail in each]

    found = await queue.read(plans)
    assert [] == [detail for detail in found if not detail.startswith("SEARCH")]


async def test_queue_of_an_earlier_release_goes_on(tmp_path: Path) -> None:
    """What waits since before there was a last look is looked at like all other mail."""
    database = Database.open(tmp_path / "queue.db", SCHEMA[:1])
    await database.write(lambda sql: add(sql, Kept(LETTER, LETTER.octets, None), NOW))
    await database.close()
    queue = Queue(tmp_path, WatchedLog().log("relay"))
    loads = await queue.due(NOW, 10, Held())
    await queue.close()
    assert {Departure.ASKED} == {each.departure for load in loads for each in load.recipients}


async def test_queue_list_reads_of_what_waits_no_more_than_it_shows(queue: Queue) -> None:
    """The carrier waits meanwhile: each further mail costs a few steps of counting, and none of joining."""
    steps = []
    for start in (0, 100):
        for number in range(start, start + 100):
            await queue.add(replace(LETTER, recipients=LETTER.recipients[:1], delivery_id=str(number)), NOW)
        steps.append(await queue.read(lambda sql: counted_steps(sql, lambda: contents(sql, EVERYTHING, 10))))
    assert steps[1] - steps[0] < 100 * 40


async def test_queue_keeps_the_last_tries(queue: Queue) -> None:
    """Ten of each recipient, for people to look at; all are counted."""
    await queue.add(replace(LETTER, recipients=LETTER.recipients[:1]), NOW)
    for number in range(1, 13):
        (load,) = await due(queue, NOW + number)
        reply = Settled(load.recipients[0].id, f"451 No {number}", NOW + number, last_host="mx", delay_told=number == 3)
        await queue.settle(load, [reply], (), NOW + number)
    ((kept,),) = (mail.recipients for mail in await queue.read(lambda sql: details(sql, LETTER.trace, ())))
    assert [QueueTry(NOW + number, "mx", f"451 No {number}") for number in range(3, 13)] == list(kept.tries)
    assert (12, True) == (kept.attempts, kept.delay_told)


@pytest.mark.parametrize(
    "change", ["DELETE FROM recipients WHERE id = ?", "UPDATE recipients SET next_unix = NULL WHERE id = ?"]
)
async def test_queue_begins_with_nothing_that_the_operator_has_taken_back(queue: Queue, change: str) -> None:
    """A recipient that was dropped or held while it stood in line is left out; a load of no others is not begun."""
    both = (*LETTER.recipients[:1], ("harbor.test", CID))
    await queue.add(replace(LETTER, recipients=both), NOW)
    (load,) = await due(queue)
    await queue.write(lambda sql: sql.execute(change, (load.recipients[0].id,)))
    begun = await queue.begin(load, NOW)
    assert begun is not None
    assert ([CID], frozenset({load.recipients[1].id})) == (
        [each.recipient for each in begun[0].recipients],
        queue.underway,
    )
    await queue.write(lambda sql: sql.execute(change, (load.recipients[1].id,)))
    assert (None, frozenset()) == (await queue.begin(load, NOW), queue.underway)


async def test_queue_keeps_a_recipient_held_that_was_underway(queue: Queue) -> None:
    """The operator's word counts more than the next attempt."""
    await queue.add(replace(LETTER, recipients=LETTER.recipients[:1]), NOW)
    (load,) = await due(queue)
    await queue.begin(load, NOW)
    await queue.write(lambda sql: sql.execute("UPDATE recipients SET next_unix = NULL"))
    await queue.settle(load, [Settled(load.recipients[0].id, "451 Later", NOW)], (), NOW)
    assert ((), [None]) == (await due(queue), [entry.next_attempt_unix for entry in (await listed(queue)).entries])


async def test_queue_forgets_destinations_with_their_last_recipient(queue: Queue) -> None:
    """Nothing of a mail stays but that it has passed."""
    await queue.add(LETTER, NOW)
    for load in await due(queue):
        await queue.settle(load, [Settled(each.id, "250 Ok") for each in load.recipients], (), NOW)

    def rows(sql: sqlite3.Connection) -> list[int]:
        tables = ("messages", "recipients", "destinations", "tries", "passed")
        return [sql.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables]

    assert [0, 0, 0, 0, 2] == await queue.read(rows)


def test_queue_loses_nothing_when_killed(tmp_path: Path) -> None:
    """A kill -9 in the midst of taking mail: whatever was said to be taken is there at the next start."""
    with subprocess.Popen([sys.executable, "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = [next(child.stdout) for _ in range(200)]
        child.send_signal(signal.SIGKILL)
        said += child.stdout.readlines()
    assert set() == {line.strip() for line in said} - asyncio.run(traces_in(tmp_path))


async def traces_in(state: Path) -> set[str]:
    """Return the traces of what stands in a queue, each mail being whole."""
    queue = Queue(state, Log("relay", lambda _line: None))
    found = set()
    for load in await queue.due(NOW, 100_000, NOTHING_HELD):
        begun = await queue.begin(load, NOW)
        assert begun is not None
        assert load.trace.encode() * (4000 * (int(load.trace) % 2) + 1000) == begun[1]
        found.add(load.trace)
    await queue.close()
    return found

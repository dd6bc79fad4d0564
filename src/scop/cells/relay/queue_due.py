"""What is due: walks over the queue's indexes that take as many steps as are needed and no more.

Every cursor here yields rows one by one as SQLite finds them, so a walk that has enough just stops. What is passed
over costs a step each: at most what is underway (recipients) and what is busy (destinations).
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import TypeAlias

from scop.cells.relay.letters import Departure, Held, Load, Waiting
from scop.cells.relay.queue_parameters import mail_of, recipient_of

__all__ = ["QUERIES", "due", "loads_of", "next_due"]

_Facts: TypeAlias = tuple[str, str, str, int, float, int]
_Row: TypeAlias = tuple[int, int, str, str, int, int, int, str, str, str, int, float, int]

_NEXT_PRIORITY = "SELECT max(priority) FROM destinations WHERE priority < ?"
_DESTINATIONS = "SELECT id, name FROM destinations WHERE priority = ? AND next_unix <= ? ORDER BY next_unix"
_ROWS = """
    SELECT r.id, r.message, r.forward_path, r.parameters, r.attempts, r.delay_told, r.departure,
           m.trace, m.reverse_path, m.parameters, m.tls_optional, m.queued_unix, m.size_octets
    FROM recipients r JOIN messages m ON m.id = r.message
"""
_RECIPIENTS = f"{_ROWS} WHERE r.destination = ? AND r.next_unix <= ? ORDER BY r.next_unix, r.id"
_CHOSEN = f"{_ROWS} WHERE r.id IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants only  # nosec B608
_COMING = "SELECT id, name, next_unix FROM destinations WHERE next_unix > ? ORDER BY next_unix"
_COMING_TO_ONE = "SELECT id, next_unix FROM recipients WHERE destination = ? AND next_unix > ? ORDER BY next_unix"
QUERIES = (_NEXT_PRIORITY, _DESTINATIONS, _RECIPIENTS, _COMING, _COMING_TO_ONE)

ABOVE_PRIORITIES = 10  # RFC 6710 §4: the highest is 9
BEFORE_ALL = -1.0  # no time is NULL, and this leaves out what is held


def due(sql: sqlite3.Connection, now_unix: float, limit: int, held: Held) -> tuple[Load, ...]:
    """Return loads of `limit` recipients at most: higher priorities first, then what has been due for longest."""
    return _loads(islice(_walk(sql, now_unix, held), limit))


def loads_of(sql: sqlite3.Connection, recipients: Sequence[int]) -> tuple[Load, ...]:
    """Return some recipients as one load for each message, to no destination."""
    return _loads(("", row) for row in sql.execute(_CHOSEN, (json.dumps(recipients),)))


def _loads(found: Iterable[tuple[str, _Row]]) -> tuple[Load, ...]:
    groups: dict[tuple[int, str], list[Waiting]] = {}
    facts: dict[int, _Facts] = {}
    for name, row in found:
        id_, message, path, parameters, attempts, told, departure = row[:7]
        waiting = Waiting(id_, recipient_of(path, parameters), attempts, bool(told), Departure(departure))
        groups.setdefault((message, name), []).append(waiting)
        facts[message] = row[7:]
    return tuple(_load(key, recipients, facts[key[0]]) for key, recipients in groups.items())


def next_due(sql: sqlite3.Connection, held: Held) -> float | None:
    """Return when the next recipient is due that is not passed over."""
    earliest: float | None = None
    for destination, name, first_unix in sql.execute(_COMING, (BEFORE_ALL,)):
        if earliest is not None and first_unix >= earliest:
            break
        if name in held.destinations:
            continue
        for id_, next_unix in sql.execute(_COMING_TO_ONE, (destination, BEFORE_ALL)):
            if id_ not in held.recipients:
                earliest = next_unix if earliest is None else min(earliest, next_unix)
                break
    return earliest


def _walk(sql: sqlite3.Connection, now_unix: float, held: Held) -> Iterator[tuple[str, _Row]]:
    for priority in _priorities(sql):
        for destination, name in sql.execute(_DESTINATIONS, (priority, now_unix)):
            if name in held.destinations:
                continue
            for row in sql.execute(_RECIPIENTS, (destination, now_unix)):
                if row[0] not in held.recipients:
                    yield name, row


def _priorities(sql: sqlite3.Connection) -> Iterator[int]:
    """Yield the priorities for which something waits, from above: one step of the index for each."""
    priority: int | None = ABOVE_PRIORITIES
    while priority is not None:
        (priority,) = sql.execute(_NEXT_PRIORITY, (priority,)).fetchone()
        if priority is not None:
            yield priority


def _load(key: tuple[int, str], recipients: list[Waiting], facts: _Facts) -> Load:
    trace, reverse_path, parameters, tls_optional, queued_unix, size_octets = facts
    mail = mail_of(reverse_path, parameters)
    return Load(*key, trace, mail, bool(tls_optional), queued_unix, tuple(recipients), size_octets)

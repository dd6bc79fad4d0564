"""The queue's changes, each inside of one transaction: a letter comes, a load is begun, a load is settled."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from scop.cells.relay.letters import Departure, Letter, Load, Settled, Waiting
from scop.cells.relay.queue_parameters import mail_parameters, recipient_parameters
from scop.smtp import ForwardPath

__all__ = ["Kept", "add", "body_is_used", "hold_lost", "octets_of", "settle", "still_waiting"]

REMEMBERED_SECONDS = 7 * 24 * 3600.0  # longer than any client or host tries
MAX_TRIES = 10  # the last ones of each recipient are kept for people to look at


@dataclass(frozen=True, slots=True)
class Kept:
    """A letter whose body is on the disk already, where it is large; `octets` is what the row takes."""

    letter: Letter
    octets: bytes
    body_key: bytes | None


def add(sql: sqlite3.Connection, kept: Kept, now_unix: float) -> int:
    """Queue a letter for the recipients that do not have it yet; return how many these are."""
    letter = kept.letter
    fresh = [pair for pair in letter.recipients if _is_fresh(sql, letter.delivery_id, pair[1].forward_path, now_unix)]
    if not fresh:
        return 0
    message = _add_message(sql, kept, now_unix)
    next_unix = max(now_unix, letter.release_unix)
    ids = {name: _destination(sql, name, letter.mail.priority or 0) for name in dict(fresh)}
    sql.executemany(
        "INSERT INTO recipients (message, destination, forward_path, parameters, next_unix) VALUES (?, ?, ?, ?, ?)",
        [
            (message, ids[name], str(recipient.forward_path), recipient_parameters(recipient), next_unix)
            for name, recipient in fresh
        ],
    )
    return len(fresh)


def _add_message(sql: sqlite3.Connection, kept: Kept, now_unix: float) -> int | None:
    letter = kept.letter
    return sql.execute(
        "INSERT INTO messages (trace, delivery_id, reverse_path, parameters, tls_optional, queued_unix, release_unix,"
        " size_octets, body_key, octets) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            letter.trace,
            letter.delivery_id,
            str(letter.mail.reverse_path),
            mail_parameters(letter.mail),
            letter.tls_optional,
            now_unix,
            letter.release_unix,
            len(letter.octets),
            kept.body_key,
            kept.octets,
        ),
    ).lastrowid


def _destination(sql: sqlite3.Connection, name: str, priority: int) -> int:
    known: tuple[int] | None = sql.execute(
        "SELECT id FROM destinations WHERE name = ? AND priority = ?", (name, priority)
    ).fetchone()
    if known is not None:
        return known[0]
    made = sql.execute("INSERT INTO destinations (name, priority) VALUES (?, ?)", (name, priority)).lastrowid
    assert made is not None
    return made


def _is_fresh(sql: sqlite3.Connection, delivery_id: str, path: ForwardPath, now_unix: float) -> bool:
    """Remember a recipient of a mail; return whether it was unknown."""
    if not delivery_id:
        return True
    sql.execute("DELETE FROM passed WHERE unix < ?", (now_unix - REMEMBERED_SECONDS,))
    known = sql.execute(
        "INSERT OR IGNORE INTO passed (delivery_id, forward_path, unix) VALUES (?, ?, ?)",
        (delivery_id, _same(path), now_unix),
    )
    return known.rowcount == 1


def _same(path: ForwardPath) -> str:
    """Return the form in which recipients of one mail are compared."""
    mailbox = path.mailbox  # None: the bare <Postmaster>, in any case
    # RFC 5321 §2.4: whether Bob is bob, only the other host knows.
    return "postmaster" if mailbox is None else f"{mailbox.local_part}@{mailbox.domain_key}"


def still_waiting(sql: sqlite3.Connection, load: Load) -> tuple[Waiting, ...]:
    """Return the recipients of a load that are neither dropped nor held by now."""
    alive = {
        id_
        for (id_,) in sql.execute(
            "SELECT id FROM recipients WHERE message = ? AND next_unix IS NOT NULL", (load.message,)
        )
    }
    return tuple(waiting for waiting in load.recipients if waiting.id in alive)


def octets_of(sql: sqlite3.Connection, message: int, read_body: Callable[[bytes, int], bytes]) -> bytes | None:
    """Return a message, None where it is gone; `read_body` finds what lies in a file."""
    found: tuple[bytes, bytes | None, int] | None = sql.execute(
        "SELECT octets, body_key, size_octets FROM messages WHERE id = ?", (message,)
    ).fetchone()
    if found is None:
        return None
    octets, key, size_octets = found
    return octets if key is None else octets + read_body(key, size_octets - len(octets))


def settle(
    sql: sqlite3.Connection, load: Load, settled: Sequence[Settled], notices: Sequence[Kept], now_unix: float
) -> tuple[bytes, ...]:
    """Note what became of a load and queue its notices; return the key of a body that may be needed no more."""
    body: tuple[bytes | None] | None = sql.execute(
        "SELECT body_key FROM messages WHERE id = ?", (load.message,)
    ).fetchone()
    for each in settled:
        if each.failed is not None:
            _forget(sql, load.message, each.failed.forward_path)
        if each.next_unix is None:
            sql.execute("DELETE FROM recipients WHERE id = ?", (each.id,))
        elif each.untried is not None:
            _keep_back(sql, each, now_unix)
        else:
            _defer(sql, each, now_unix)
    for notice in notices:
        add(sql, notice, now_unix)
    return (body[0],) if body is not None and body[0] is not None else ()


def _forget(sql: sqlite3.Connection, message: int, path: ForwardPath) -> None:
    """Let the same mail in again: its sender is told that it failed."""
    sql.execute(
        "DELETE FROM passed WHERE delivery_id = (SELECT delivery_id FROM messages WHERE id = ?) AND forward_path = ?",
        (message, _same(path)),
    )


def _keep_back(sql: sqlite3.Connection, each: Settled, now_unix: float) -> None:
    # No attempt, so that the first host that puts it off is not taken for the tenth. What the operator has let go
    # meanwhile goes.
    sql.execute(
        "UPDATE recipients SET departure = ?1, delay_told = max(delay_told, ?2),"
        " next_unix = CASE WHEN next_unix IS NULL THEN NULL ELSE ?3 END WHERE id = ?4 AND departure <> ?5",
        (each.untried, each.delay_told, each.next_unix, each.id, Departure.WAIVED),
    )
    _note_try(sql, each.id, now_unix, each.last_host, each.last_reply)


def _defer(sql: sqlite3.Connection, each: Settled, now_unix: float) -> None:
    # What was held while it was underway stays so.
    sql.execute(
        "UPDATE recipients SET attempts = attempts + 1, delay_told = max(delay_told, ?1),"
        " next_unix = CASE WHEN next_unix IS NULL THEN NULL ELSE ?2 END,"
        " departure = CASE WHEN departure = ?4 THEN ?4 ELSE 0 END WHERE id = ?3",
        (each.delay_told, each.next_unix, each.id, Departure.WAIVED),
    )
    _note_try(sql, each.id, now_unix, each.last_host, each.last_reply)


def _note_try(sql: sqlite3.Connection, recipient: int, now_unix: float, host: str, words: str) -> None:
    sql.execute(
        "INSERT OR REPLACE INTO tries SELECT id, attempts, ?, ?, ? FROM recipients WHERE id = ?",
        (now_unix, host, words, recipient),
    )
    sql.execute(
        "DELETE FROM tries WHERE recipient = ?1 AND number <= (SELECT attempts FROM recipients WHERE id = ?1) - ?2",
        (recipient, MAX_TRIES),
    )


def hold_lost(sql: sqlite3.Connection, recipients: Iterable[int], now_unix: float, words: str) -> None:
    """Hold recipients whose mail the disk has lost, for the operator to see."""
    for each in recipients:
        sql.execute("UPDATE recipients SET attempts = attempts + 1, next_unix = NULL WHERE id = ?", (each,))
        _note_try(sql, each, now_unix, "", words)


def body_is_used(sql: sqlite3.Connection, key: bytes) -> bool:
    """Tell whether a message refers to the file of a body."""
    return sql.execute("SELECT 1 FROM messages WHERE body_key = ? LIMIT 1", (key,)).fetchone() is not None

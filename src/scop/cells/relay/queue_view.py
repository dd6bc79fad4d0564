"""What the operator sees of the queue."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import Any

from scop.base import a_labels
from scop.cells.relay.letters import Departure
from scop.cells.relay.queue_parameters import mail_of, recipient_of
from scop.mesh.vocabulary.relay import QueueChoice, QueuedMail, QueuedRecipient, QueueEntry, QueueList, QueueTry
from scop.smtp import Mail, Recipient
from scop.smtp.extensions import BUILT_IN

__all__ = ["HELD", "contents", "details", "where"]

MAX_ENTRIES = 2000  # in one answer: about 1 MB
MAX_RECIPIENTS = 200  # of one mail, in one answer
HEADER_OCTETS = 65_536

# By the operator, or because it would not pass.
HELD = f"r.next_unix IS NULL OR r.departure = {Departure.KEPT_BACK:d}"

_MESSAGES = " JOIN messages m ON m.id = r.message"
_DESTINATIONS = " JOIN destinations d ON d.id = r.destination"
_ENTRIES = f"""
    SELECT m.trace, m.reverse_path, r.forward_path, d.name, d.priority, m.size_octets, r.attempts, m.queued_unix,
           r.next_unix, coalesce(t.host, ''), coalesce(t.reply, ''),
           r.departure = {Departure.KEPT_BACK:d}
    FROM (SELECT r.id AS chosen FROM {{}} ORDER BY r.next_unix, r.id LIMIT ?) JOIN recipients r ON r.id = chosen
    {_MESSAGES} {_DESTINATIONS} LEFT JOIN tries t ON t.recipient = r.id AND t.number = r.attempts
    ORDER BY r.next_unix, r.id
"""  # noqa: S608 - constants only  # nosec B608
_MATCHING = "SELECT count(*) FROM {}"
_COUNTS = f"SELECT count(*), coalesce(sum(attempts > 0), 0), coalesce(sum({HELD}), 0) FROM recipients r"  # noqa: S608 - constants only  # nosec B608
_MAILS = """
    SELECT id, trace, reverse_path, parameters, tls_optional, queued_unix, size_octets, octets
    FROM messages WHERE trace = ? ORDER BY id LIMIT 20
"""
_RECIPIENTS = """
    SELECT r.id, r.forward_path, r.parameters, d.name, r.attempts, r.next_unix, r.delay_told, r.departure
    FROM recipients r JOIN destinations d ON d.id = r.destination WHERE r.message = ? ORDER BY r.id LIMIT ?
"""


def where(choice: QueueChoice) -> tuple[str, tuple[str, ...]]:
    """Return the condition that a choice means, over messages m, recipients r and destinations d."""
    terms = [
        ("m.trace = ?", choice.trace),
        ("d.name = ?", a_labels(choice.destination)),
        ("lower(m.reverse_path) = ?", _path(choice.sender)),
        ("lower(r.forward_path) = ?", _path(choice.recipient)),
    ]
    given = [(term, value) for term, value in terms if value]
    conditions = [term for term, _ in given] + [f"({HELD})"] * choice.held
    return " AND ".join(conditions) or "TRUE", tuple(value for _, value in given)


def _path(address: str) -> str:
    # Only ASCII letters in lower case, as SQLite does it.
    lowered = address.encode().lower().decode()
    return lowered if lowered.startswith("<") or not lowered else f"<{lowered}>"


def contents(sql: sqlite3.Connection, choice: QueueChoice, limit: int) -> QueueList:
    """Return the head of what a choice means, and how much waits in all.

    Of what is only counted no more is read than the choice needs: the carrier waits for it.
    """
    condition, values = where(choice)
    joined = _MESSAGES * ("m." in condition) + _DESTINATIONS * ("d." in condition)
    chosen = f"recipients r{joined} WHERE {condition}"
    rows = sql.execute(_ENTRIES.format(chosen), (*values, max(0, min(limit, MAX_ENTRIES))))
    entries = tuple(QueueEntry(*row) for row in map(_with_flag, rows))
    (matching,) = sql.execute(_MATCHING.format(chosen), values).fetchone()
    return QueueList(entries, matching, *sql.execute(_COUNTS).fetchone())


def _with_flag(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:-1], bool(row[-1]))


def details(sql: sqlite3.Connection, trace: str, underway: Collection[int]) -> tuple[QueuedMail, ...]:
    """Return all that is known of the mails with a trace."""
    return tuple(_mail(sql, row, underway) for row in sql.execute(_MAILS, (trace,)).fetchall())


def _mail(
    sql: sqlite3.Connection, row: tuple[int, str, str, str, int, float, int, bytes], underway: Collection[int]
) -> QueuedMail:
    id_, trace, reverse_path, parameters, tls_optional, queued_unix, size_octets, octets = row
    end = octets.find(b"\r\n\r\n", 0, HEADER_OCTETS)
    return QueuedMail(
        id_,
        trace,
        reverse_path,
        _written_mail(mail_of(reverse_path, parameters)),
        bool(tls_optional),
        queued_unix,
        size_octets,
        octets[: end + 2] if end >= 0 else octets[:HEADER_OCTETS],
        tuple(_recipient(sql, each, underway) for each in sql.execute(_RECIPIENTS, (id_, MAX_RECIPIENTS)).fetchall()),
    )


def _recipient(
    sql: sqlite3.Connection, row: tuple[int, str, str, str, int, float | None, int, int], underway: Collection[int]
) -> QueuedRecipient:
    id_, path, parameters, destination, attempts, next_unix, told, departure = row
    tries = sql.execute("SELECT unix, host, reply FROM tries WHERE recipient = ? ORDER BY number", (id_,))
    return QueuedRecipient(
        path,
        _written_recipient(recipient_of(path, parameters)),
        destination,
        attempts,
        next_unix,
        id_ in underway,
        bool(told),
        tuple(QueueTry(*each) for each in tries),
        departure == Departure.KEPT_BACK,
    )


def _written_mail(mail: Mail) -> str:
    return "".join(each.write_mail(mail) for each in BUILT_IN).strip()


def _written_recipient(recipient: Recipient) -> str:
    return "".join(each.write_recipient(recipient) for each in BUILT_IN).strip()

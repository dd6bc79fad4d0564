"""Keeps how TLS went with each destination, as the relay tells it, and how much of that was reported.

The relay tells totals of a day, again and again as they grow; so telling twice does no harm, and what grew after a
report was made is what the next one tells.

Standards: RFC 8460 §4.4 (what is told of a policy and of failures).
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator

import msgspec

from scop.mesh.vocabulary.relay import TlsFailures, TlsSessions

__all__ = ["domains_with_sessions", "forget_sessions", "keep_sessions", "note_told", "untold_sessions"]

MAX_ROWS_OF_DAY = 200_000  # whoever names ever new hosts fills no disk

_encode = msgspec.msgpack.Encoder().encode


class _Row(msgspec.Struct, frozen=True, array_like=True):
    """What is counted apart; without a failure it is the sessions that succeeded."""

    policy_type: str
    policy: tuple[str, ...]
    mx: tuple[str, ...]
    failure: TlsFailures | None  # its own count is 0


_decode = msgspec.msgpack.Decoder(_Row).decode


def keep_sessions(sql: sqlite3.Connection, day: str, sessions: Iterable[TlsSessions]) -> int:
    """Keep totals of a day in place of those that are known; return how many lines there was no room for."""
    room = MAX_ROWS_OF_DAY - int(sql.execute("SELECT count(*) FROM tls WHERE day = ?", (day,)).fetchone()[0])
    left_out = 0
    for of_policy in sessions:
        domain = of_policy.domain.lower()
        for row, count in _rows(of_policy):
            key = (day, domain, _encode(row))
            if sql.execute(
                "UPDATE tls SET sessions = ? WHERE day = ? AND domain = ? AND row = ?", (count, *key)
            ).rowcount:
                continue
            if room <= 0:
                left_out += 1
                continue
            room -= 1
            sql.execute("INSERT INTO tls (day, domain, row, sessions) VALUES (?, ?, ?, ?)", (*key, count))
    return left_out


def domains_with_sessions(sql: sqlite3.Connection, *, up_to_day: str) -> list[tuple[str, str]]:
    """Return day and domain of all that is not told yet, up to a day, the oldest first."""
    rows = sql.execute(
        "SELECT DISTINCT day, domain FROM tls WHERE day <= ? AND sessions > told ORDER BY day, domain", (up_to_day,)
    )
    return [(day, domain) for day, domain in rows]


def untold_sessions(sql: sqlite3.Connection, day: str, domain: str) -> tuple[TlsSessions, ...]:
    """Return what is not told yet of a domain on a day, by policy."""
    rows = sql.execute(
        "SELECT row, sessions - told FROM tls WHERE day = ? AND domain = ? AND sessions > told ORDER BY row",
        (day, domain),
    )
    by_policy: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[tuple[_Row, int]]] = {}
    for octets, count in rows:
        row = _decode(octets)
        by_policy.setdefault((row.policy_type, row.policy, row.mx), []).append((row, count))
    return tuple(_sessions(day, domain, found) for _, found in sorted(by_policy.items()))


def note_told(sql: sqlite3.Connection, day: str, sessions: Iterable[TlsSessions]) -> None:
    """Note that these were told, or that nobody wants to hear of them."""
    sql.executemany(
        "UPDATE tls SET told = told + ? WHERE day = ? AND domain = ? AND row = ?",
        [(count, day, of_policy.domain, _encode(row)) for of_policy in sessions for row, count in _rows(of_policy)],
    )


def forget_sessions(sql: sqlite3.Connection, before_day: str) -> None:
    """Forget what is too old for the relay to speak of."""
    sql.execute("DELETE FROM tls WHERE day < ?", (before_day,))


def _rows(of_policy: TlsSessions) -> Iterator[tuple[_Row, int]]:
    head = of_policy.policy_type, of_policy.policy, of_policy.mx
    if of_policy.successes > 0:
        yield _Row(*head, None), of_policy.successes
    for failed in of_policy.failures:
        yield _Row(*head, msgspec.structs.replace(failed, sessions=0)), failed.sessions


def _sessions(day: str, domain: str, found: list[tuple[_Row, int]]) -> TlsSessions:
    first = found[0][0]
    failures = (msgspec.structs.replace(row.failure, sessions=count) for row, count in found if row.failure)
    successes = sum(count for row, count in found if row.failure is None)
    return TlsSessions(day, domain, first.policy_type, first.policy, first.mx, successes, tuple(failures))

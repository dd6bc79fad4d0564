"""Who sends as us: the records of the reports that others sent us, added up by source and by day."""

from __future__ import annotations

import sqlite3
from collections import Counter
from dataclasses import dataclass, field

from scop.mesh.vocabulary.reporter import ReadSenders, SenderDay, Senders, SendingSource

__all__ = ["MAX_SOURCES", "senders"]

MAX_SOURCES = 1_000  # in one answer: some 300 KB
MAX_NAMES = 20  # of domains or reporters that are named of one source
MAX_ROWS = 500_000  # records that one question looks at: a second or two

_QUERY = """
    SELECT seen.day, source, seen.mails, dkim_aligned, spf_aligned, disposition, header_from, authenticated, reporter
    FROM seen JOIN arrivals ON arrivals.id = seen.arrival
    WHERE seen.day >= ? AND (is_proven OR ?)
    ORDER BY seen.day DESC LIMIT ?
"""


@dataclass(slots=True)
class _Source:
    mails: int = 0
    dkim_aligned: int = 0
    spf_aligned: int = 0
    unaligned: int = 0
    quarantined: int = 0
    rejected: int = 0
    domains: dict[str, None] = field(default_factory=dict)
    authenticated: dict[str, None] = field(default_factory=dict)
    reporters: dict[str, None] = field(default_factory=dict)
    first_day: str = "9999"
    last_day: str = ""


def senders(sql: sqlite3.Connection, asked: ReadSenders, since_day: str) -> Senders:
    """Return who sent as us since a day; names of addresses are not looked up here."""
    passed, failed, sources = Counter[str](), Counter[str](), dict[str, _Source]()
    suffix = f".{asked.domain}"
    for day, source, mails, dkim, spf, disposition, author, authenticated, reporter in sql.execute(
        _QUERY, (since_day, asked.unproven, MAX_ROWS)
    ):
        if asked.domain and author != asked.domain and not author.endswith(suffix):
            continue
        (passed if dkim or spf else failed)[day] += mails
        found = sources.setdefault(source, _Source())
        _add(found, day, mails, dkim=dkim, spf=spf)
        found.quarantined += mails if disposition == "quarantine" else 0
        found.rejected += mails if disposition == "reject" else 0
        _note(found.domains, author)
        _note(found.reporters, reporter)
        for name in authenticated.split():
            _note(found.authenticated, name)
    ranked = sorted(sources.items(), key=lambda item: (-item[1].mails, item[0]))
    days = tuple(SenderDay(day, passed[day], failed[day]) for day in sorted({*passed, *failed}))
    shown = tuple(_shown(address, found) for address, found in ranked[: max(0, min(asked.limit, MAX_SOURCES))])
    reports, unproven = _reports(sql, since_day)
    return Senders(days, shown, len(ranked), reports + (unproven if asked.unproven else 0), unproven)


def _reports(sql: sqlite3.Connection, since_day: str) -> tuple[int, int]:
    """Return how many aggregate reports of that time are proven, and how many are not."""
    found = dict(
        sql.execute(
            "SELECT is_proven, count(*) FROM arrivals WHERE id IN (SELECT arrival FROM seen WHERE day >= ?)"
            " GROUP BY is_proven",
            (since_day,),
        ).fetchall()
    )
    return found.get(1, 0), found.get(0, 0)


def _add(found: _Source, day: str, mails: int, *, dkim: bool, spf: bool) -> None:
    found.mails += mails
    found.dkim_aligned += mails if dkim else 0
    found.spf_aligned += mails if spf else 0
    found.unaligned += 0 if dkim or spf else mails
    found.first_day, found.last_day = min(found.first_day, day), max(found.last_day, day)


def _note(names: dict[str, None], name: str) -> None:
    if name and len(names) < MAX_NAMES:
        names[name] = None


def _shown(address: str, found: _Source) -> SendingSource:
    return SendingSource(
        address=address,
        name="",
        mails=found.mails,
        dkim_aligned=found.dkim_aligned,
        spf_aligned=found.spf_aligned,
        unaligned=found.unaligned,
        quarantined=found.quarantined,
        rejected=found.rejected,
        domains=tuple(sorted(found.domains)),
        authenticated=tuple(sorted(found.authenticated)),
        reporters=tuple(sorted(found.reporters)),
        first_day=found.first_day,
        last_day=found.last_day,
    )

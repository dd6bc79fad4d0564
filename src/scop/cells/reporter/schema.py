"""The tables of the reporter: what was counted, what was made of it, what is on its way, what came in.

A count stands until a report has been made of it: the report, its letters and the end of the counts are one commit,
so nothing is told twice and nothing is forgotten. Of TLS the relay tells totals, so what was told of them is kept.
"""

from __future__ import annotations

__all__ = ["SCHEMA"]

SCHEMA = (
    """
    CREATE TABLE policies (                    -- the freshest record of a domain on a day, and how much is counted
        day TEXT NOT NULL,                     -- UTC, YYYY-MM-DD
        domain TEXT NOT NULL,
        policy BLOB NOT NULL,
        seen_unix REAL NOT NULL,
        rows INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (day, domain)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE judged (
        day TEXT NOT NULL,
        domain TEXT NOT NULL,
        row BLOB NOT NULL,                     -- all that makes two mails different to a report
        mails INTEGER NOT NULL,
        PRIMARY KEY (day, domain, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE days (
        day TEXT PRIMARY KEY,
        rows INTEGER NOT NULL
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE tls (
        day TEXT NOT NULL,
        domain TEXT NOT NULL,
        row BLOB NOT NULL,
        sessions INTEGER NOT NULL,
        told INTEGER NOT NULL DEFAULT 0,
        PRIMARY KEY (day, domain, row)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE told (                        -- up to when a domain was told of a day
        kind TEXT NOT NULL,
        domain TEXT NOT NULL,
        day TEXT NOT NULL,
        until_unix INTEGER NOT NULL,
        PRIMARY KEY (kind, domain, day)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE reports (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        about TEXT NOT NULL,
        report_id TEXT NOT NULL UNIQUE,
        begin_unix INTEGER NOT NULL,
        end_unix INTEGER NOT NULL,
        mails INTEGER NOT NULL,
        made_unix REAL NOT NULL,
        document BLOB NOT NULL                 -- as it was sent, zlib's; empty where it had to make room
    ) STRICT;
    CREATE INDEX reports_made ON reports (made_unix);
    CREATE TABLE letters (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        report INTEGER NOT NULL REFERENCES reports (id) ON DELETE CASCADE,
        destination TEXT NOT NULL,
        trace TEXT NOT NULL,
        octets BLOB NOT NULL,                  -- the whole mail until it is passed on, then nothing
        state TEXT NOT NULL,
        attempts INTEGER NOT NULL DEFAULT 0,
        next_unix REAL,
        words TEXT NOT NULL DEFAULT ''
    ) STRICT;
    CREATE INDEX letters_due ON letters (next_unix) WHERE next_unix IS NOT NULL;
    CREATE INDEX letters_report ON letters (report);
    CREATE TABLE arrivals (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        delivery_id TEXT NOT NULL UNIQUE,
        unix REAL NOT NULL,
        trace TEXT NOT NULL,
        author_domain TEXT NOT NULL,
        is_proven INTEGER NOT NULL,
        subject TEXT NOT NULL,
        state TEXT NOT NULL,
        tries INTEGER NOT NULL DEFAULT 0,      -- to read it
        kind TEXT NOT NULL DEFAULT '',
        reporter TEXT NOT NULL DEFAULT '',
        report_id TEXT NOT NULL DEFAULT '',
        about TEXT NOT NULL DEFAULT '',
        begin_unix INTEGER NOT NULL DEFAULT 0,
        end_unix INTEGER NOT NULL DEFAULT 0,
        mails INTEGER NOT NULL DEFAULT 0,
        reason TEXT NOT NULL DEFAULT '',
        size_octets INTEGER NOT NULL,
        octets BLOB NOT NULL                   -- the mail, zlib's
    ) STRICT;
    CREATE INDEX arrivals_unix ON arrivals (unix);
    CREATE INDEX arrivals_unread ON arrivals (id) WHERE state = 'unread';
    CREATE INDEX arrivals_spare ON arrivals (id) WHERE state <> 'unread' AND (state <> 'read' OR NOT is_proven);
    CREATE INDEX arrivals_report ON arrivals (report_id, about) WHERE report_id <> '';
    CREATE TABLE seen (                        -- what others saw, a line for each record of their reports
        arrival INTEGER NOT NULL REFERENCES arrivals (id) ON DELETE CASCADE,
        day TEXT NOT NULL,
        source TEXT NOT NULL,
        mails INTEGER NOT NULL,
        dkim_aligned INTEGER NOT NULL,
        spf_aligned INTEGER NOT NULL,
        disposition TEXT NOT NULL,
        header_from TEXT NOT NULL,
        authenticated TEXT NOT NULL            -- domains that passed, with spaces between
    ) STRICT;
    CREATE INDEX seen_day ON seen (day);
    CREATE INDEX seen_arrival ON seen (arrival);
    """,
)

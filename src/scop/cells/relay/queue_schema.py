"""The tables of the queue.

A row of `destinations` stands for all that waits for one domain at one priority, and knows when the first of it is
due. So a look for what is due walks over destinations, and one that is busy costs one step however much waits for
it. Triggers keep it true, and take away what nothing waits for any more.
"""

from __future__ import annotations

__all__ = ["SCHEMA"]

_FIRST_DUE = "(SELECT min(next_unix) FROM recipients WHERE destination = {0}.destination)"
_NOTE_FIRST_DUE = "UPDATE destinations SET next_unix = {0} WHERE id = {1}.destination AND next_unix IS NOT {0};"

SCHEMA = (
    f"""
    CREATE TABLE messages (
        id INTEGER PRIMARY KEY AUTOINCREMENT,  -- never used twice: what is underway knows it
        trace TEXT NOT NULL,
        delivery_id TEXT NOT NULL,
        reverse_path TEXT NOT NULL,
        parameters TEXT NOT NULL,              -- of MAIL
        tls_optional INTEGER NOT NULL,
        queued_unix REAL NOT NULL,
        release_unix REAL NOT NULL,            -- not before (RFC 4865)
        size_octets INTEGER NOT NULL,
        body_key BLOB,                         -- of the file that holds all below the header; NULL: all is here
        octets BLOB NOT NULL
    );
    CREATE INDEX messages_trace ON messages (trace);
    CREATE INDEX messages_body ON messages (body_key) WHERE body_key IS NOT NULL;
    CREATE TABLE destinations (
        id INTEGER PRIMARY KEY,
        name TEXT NOT NULL,
        priority INTEGER NOT NULL,             -- RFC 6710: -9 to 9
        next_unix REAL,                        -- the least of its recipients'
        UNIQUE (name, priority)
    );
    CREATE INDEX destinations_due ON destinations (priority, next_unix);
    CREATE INDEX destinations_next ON destinations (next_unix);
    CREATE TABLE recipients (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        message INTEGER NOT NULL REFERENCES messages (id),
        destination INTEGER NOT NULL REFERENCES destinations (id),
        forward_path TEXT NOT NULL,
        parameters TEXT NOT NULL,              -- of RCPT
        attempts INTEGER NOT NULL DEFAULT 0,
        next_unix REAL,                        -- NULL: held by the operator
        delay_told INTEGER NOT NULL DEFAULT 0
    );
    CREATE INDEX recipients_due ON recipients (destination, next_unix);
    CREATE INDEX recipients_message ON recipients (message);
    CREATE TABLE tries (
        recipient INTEGER NOT NULL REFERENCES recipients (id) ON DELETE CASCADE,
        number INTEGER NOT NULL,
        unix REAL NOT NULL,
        host TEXT NOT NULL,
        reply TEXT NOT NULL,
        PRIMARY KEY (recipient, number)
    ) WITHOUT ROWID;
    CREATE TABLE passed (
        delivery_id TEXT NOT NULL,
        forward_path TEXT NOT NULL,
        unix REAL NOT NULL,
        PRIMARY KEY (delivery_id, forward_path)
    ) WITHOUT ROWID;
    CREATE INDEX passed_unix ON passed (unix);
    CREATE TABLE senders (                     -- of forwarded mail, too long to stand in an address (SRS)
        reference TEXT PRIMARY KEY,
        mailbox TEXT NOT NULL,
        unix REAL NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX senders_unix ON senders (unix);

    CREATE TRIGGER recipient_added AFTER INSERT ON recipients BEGIN
        UPDATE destinations SET next_unix = new.next_unix
        WHERE id = new.destination AND (next_unix IS NULL OR next_unix > new.next_unix);
    END;
    CREATE TRIGGER recipient_moved AFTER UPDATE OF next_unix ON recipients BEGIN
        {_NOTE_FIRST_DUE.format(_FIRST_DUE.format("new"), "new")}
    END;
    CREATE TRIGGER recipient_gone AFTER DELETE ON recipients BEGIN
        {_NOTE_FIRST_DUE.format(_FIRST_DUE.format("old"), "old")}
        DELETE FROM destinations WHERE id = old.destination
            AND NOT EXISTS (SELECT 1 FROM recipients WHERE destination = old.destination);
        DELETE FROM messages WHERE id = old.message
            AND NOT EXISTS (SELECT 1 FROM recipients WHERE message = old.message);
    END;
    """,  # noqa: S608 - constants only  # nosec B608
    "ALTER TABLE recipients ADD COLUMN departure INTEGER NOT NULL DEFAULT 0;",  # letters.Departure
)

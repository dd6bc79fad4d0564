"""Durable state: a versioned store of small files that git can read, and a SQL database with group commit.

A cell that answers "yes" has the data on the disk before it does. `Store` keeps what a person may want
to look back on; `Database` keeps what comes in numbers. Either is usable alone:

    store = Store(Path("accounts.git"))
    store.put("alice.json", b"{}", author="operator", message="Add alice")

    database = Database.open(Path("queue.db"), ("CREATE TABLE mail (octets BLOB)",))
    await database.write(lambda sql: sql.execute("INSERT INTO mail VALUES (?)", (octets,)))
"""

from typing import TYPE_CHECKING

from scop.store.database import Database
from scop.store.faults import Conflict, StoreError

if TYPE_CHECKING:
    from scop.store.versioned import Revision, Snapshot, Store

__all__ = ["Conflict", "Database", "Revision", "Snapshot", "Store", "StoreError"]


def __getattr__(name: str) -> object:
    """Load pygit2 only for those who use `Store`: a cell with only a database does without its 12 MB."""
    if name in ("Revision", "Snapshot", "Store"):
        from scop.store import versioned

        return getattr(versioned, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")

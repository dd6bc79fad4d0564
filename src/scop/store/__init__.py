"""Durable state: a versioned store of small files that git can read, a SQL database with group commit, mail in files.

A cell that answers "yes" has the data on the disk before it does. `Store` keeps what a person may want
to look back on; `Database` keeps what comes in numbers. Either is usable alone:

    store = Store(Path("accounts.git"))
    store.put("alice.json", b"{}", author="operator", message="Add alice")

    database = Database.open(Path("queue.db"), ("CREATE TABLE mail (octets BLOB)",))
    await database.write(lambda sql: sql.execute("INSERT INTO mail VALUES (?)", (octets,)))

    await Maildirs(Path("mail"), "mx.harbor.test").keep({"alice": octets})
"""

from importlib import import_module
from typing import TYPE_CHECKING

from scop.store.faults import Conflict, StoreError

if TYPE_CHECKING:
    from scop.store.database import Database
    from scop.store.libgit2 import GitError
    from scop.store.maildir import Maildirs
    from scop.store.mbox import Mbox
    from scop.store.remote import Diverged, Remote
    from scop.store.versioned import Revision, Snapshot, Store

__all__ = [
    "Conflict",
    "Database",
    "Diverged",
    "GitError",
    "Maildirs",
    "Mbox",
    "Remote",
    "Revision",
    "Snapshot",
    "Store",
    "StoreError",
]

# Loaded by whoever uses them: a cell with only a database does without the 12 MB of pygit2, and the keeper without SQL.
_HOMES = {
    "Database": "database",
    "Diverged": "remote",
    "GitError": "libgit2",
    "Maildirs": "maildir",
    "Mbox": "mbox",
    "Remote": "remote",
    "Revision": "versioned",
    "Snapshot": "versioned",
    "Store": "versioned",
}


def __getattr__(name: str) -> object:
    """Load the part that `name` lives in."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"scop.store.{_HOMES[name]}"), name)

"""What those work with who write reports: who they are, where counts and letters lie, who carries them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from scop.base import Clock
from scop.cells.reporter.writing import Author
from scop.net.dns_client import Names
from scop.net.log import Log
from scop.store import Database

__all__ = ["Desk"]


@dataclass(frozen=True, slots=True)
class Desk:
    """One for the reporter's life."""

    author: Author
    names: Names
    database: Database
    wake_posting: Callable[[], None]
    clock: Clock
    log: Log

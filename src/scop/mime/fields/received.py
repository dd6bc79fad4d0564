"""Received: one hop of a mail's way, as the receiving host tells it.

Standards: RFC 5321 §4.4 (clauses), RFC 5322 §3.6.7, RFC 3848 and RFC 6531 §4.3 (protocols).
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

__all__ = ["Clause", "Received"]


@dataclass(frozen=True, slots=True)
class Clause:
    """`name` (from, by, via, with, id, for, …; lower-case), its value, and the comment behind it, without brackets."""

    name: str
    value: str
    comment: str = ""


@dataclass(frozen=True, slots=True)
class Received:
    """The clauses in order, and when the host took the mail (None where the field does not say)."""

    clauses: tuple[Clause, ...]
    date: datetime.datetime | None = None

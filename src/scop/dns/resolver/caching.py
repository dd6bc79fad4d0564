"""What iteration and resolving want of a cache; who keeps one hands it in.

Standards: RFC 2181 §5.4.1 (what may be believed), RFC 9520.
"""

from __future__ import annotations

from typing import Protocol

from scop.dns.answer import Question
from scop.dns.known import Known

__all__ = ["Cache"]


class Cache(Protocol):
    """What is remembered of names; times are of the caller's monotonic clock."""

    def find(self, question: Question, now: float) -> Known | None:
        """Return what is known, its TTLs counted down to now: the RRset, its alias, or its proved absence."""

    def learn(self, question: Question, known: Known, now: float) -> Known:
        """Remember for as long as its TTLs say, and return it with `until`.

        What is `indeterminate` was not judged yet (servers' addresses, keys): it may answer its own question only.
        """
